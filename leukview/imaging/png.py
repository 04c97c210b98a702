"""Of a PNG file, only what its pixels need, so that the decoder has nothing to complain of.

The libpng inside OpenCV writes its warnings ("iCCP: known incorrect sRGB profile", which many
programs cause) straight to the terminal; neither OpenCV's log level nor a flag of imdecode reaches
it. Nearly all of them are about side chunks, which LeukView does not use.
"""

from __future__ import annotations

import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NEEDED = (b"IHDR", b"PLTE", b"IDAT")
_IEND = b"\0\0\0\0IEND\xaeB`\x82"
_WITH_TRANSPARENCY = (2, 3)  # RGB and palette; of grey, OpenCV ignores it, and libpng complains
_MOST_CHUNKS = 200_000  # 512 MB in the usual chunks of 8 kB are 65,536


def bare(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The file without its side chunks.

    Args:
        data: a whole file.

    Returns:
        A file with the same pixels, and a note if a side chunk was damaged.

    Raises:
        ValueError: a chunk that the pixels need is damaged, unknown or missing.
    """
    if data[12:16] != b"IHDR" or len(data) < 26:
        raise ValueError("it does not begin with its size")
    parts, colour = [SIGNATURE], data[25]
    notes: tuple[str, ...] = ()
    at = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        kind = data[at + 4 : at + 8]
        if kind == b"IEND":
            return b"".join([*parts, _IEND]), notes
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data) or len(kind) < 4:
            raise ValueError("it ends early")
        sound = zlib.crc32(memoryview(data)[at + 4 : end - 4]) == int.from_bytes(
            data[end - 4 : end], "big"
        )
        needed = kind in _NEEDED or (kind == b"tRNS" and colour in _WITH_TRANSPARENCY)
        if needed and sound:
            parts.append(data[at:end])
        elif needed or not kind[0] & 0x20:  # an upper first letter: pixels cannot do without it
            raise ValueError(f"its chunk {kind!r} is damaged or unknown")
        elif not sound:
            notes = ("damaged data beside the pixels was left out",)
        at = end
    raise ValueError("it has too many chunks")
