"""From the bytes of a file to pixels: 8-bit RGB, upright, with a note for every conversion.

The size is read from the header before anything is decoded, so that a small file that claims
65,535 x 65,535 pixels costs nothing. libjpeg-turbo decodes JPEG, OpenCV the other everyday files;
what they get wrong without a word (CMYK, TIFF with alpha, other colour spaces) goes through Pillow.
"""

from __future__ import annotations

import hashlib
import io
import stat
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from leukview.domain.errors import ImageError
from leukview.imaging import png

MAX_PIXELS = 64_000_000  # 64 megapixels: 192 MB as RGB, larger than any microscope camera's field
MAX_BYTES = 512 * 1024 * 1024
FORMATS = ("PNG", "JPEG", "BMP", "DIB", "TIFF", "WEBP")
GOES_ON = "The image was left out; the others are not affected."

_ORIENTATION = 274  # EXIF tag
# Modes that OpenCV would hand over as if they were grey or BGR(A).
_PILLOW_ONLY = {"CMYK", "LAB", "YCbCr"}
_PILLOW_IN_TIFF = {"LA", "La", "PA", "RGBA", "RGBa", "RGBX"}

_JPEG = ("JPEG", "MPO")
# What libjpeg warns of (its jerror.h). What else is refused is beyond repair, or is sound and rare:
# a revision of the format or a sampling of colours that TurboJPEG has no name for.
_DAMAGE = (
    "Corrupt JPEG data",
    "Premature end of JPEG file",
    "Inconsistent progression",
    "Invalid SOS parameters",
)

# Our own limit is checked first and with a sentence; Pillow's would come as a warning.
Image.MAX_IMAGE_PIXELS = None
# Every failure becomes an ImageError with its own words; OpenCV and Pillow would print to the
# terminal too. What the libpng inside OpenCV prints, `png.bare` prevents; its libjpeg, which prints
# of damaged files and does not tell, is not used.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_UPRIGHT: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[:, ::-1],
    7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda a: a.transpose(1, 0, 2)[::-1],
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """One image that could be read.

    Attributes:
        pixels: uint8 (height, width, 3), RGB, upright.
        sha256: of the file's bytes.
        notes: conversions on the way, in words.
    """

    pixels: NDArray[np.uint8]
    sha256: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """What the file says about itself before it is decoded."""

    format: str
    mode: str
    width: int
    height: int
    orientation: int = 1
    frames: int = 1


def read(path: Path) -> Decoded:
    """Read and decode one file.

    Raises:
        ImageError: it cannot be read or decoded; `sha256` is set when its bytes could be read.
    """
    data = _bytes_of(path)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        pixels, notes = decode(data)
    except ImageError as error:
        raise ImageError(str(error), sha256=sha256) from error
    return Decoded(pixels, sha256, notes)


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, as hexadecimal digits.

    Raises:
        ImageError: it cannot be read.
    """
    return hashlib.sha256(_bytes_of(path)).hexdigest()


def decode(data: bytes) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode the bytes of one image file.

    Returns:
        Contiguous uint8 (height, width, 3), RGB, and the conversions that were needed.

    Raises:
        ImageError: empty, not an image, damaged, too large, or of a kind without a defined range.
    """
    if not data:
        raise ImageError(f"The file is empty (0 bytes). {GOES_ON} Copy it again from its source.")
    header = _header(data)
    if header.width < 1 or header.height < 1:
        raise ImageError(f"The file claims to have no pixels. {GOES_ON} Copy it again.")
    if header.width * header.height > MAX_PIXELS:
        raise ImageError(
            f"The file claims {header.width:,} x {header.height:,} pixels; at most"
            f" {MAX_PIXELS // 1_000_000} megapixels are read. {GOES_ON}"
            " Cut the image, or check the file."
        )
    notes: list[str] = []
    if header.frames > 1:
        notes.append(f"first of {header.frames} pages")
    if _is_odd(header):
        raw = _by_pillow(data, header, notes)
    elif header.format in _JPEG:
        raw = _by_turbo(data, header, notes)
    else:
        raw = _by_opencv(_without_side_chunks(data, header, notes))
    pixels = _rgb(_eight_bits(raw, notes), notes)
    if header.orientation in _UPRIGHT:
        notes.append("turned upright as its EXIF says")
        if header.format != "TIFF":  # both decoders turn a TIFF themselves
            pixels = _UPRIGHT[header.orientation](pixels)
    return np.ascontiguousarray(pixels), tuple(notes)


def _bytes_of(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ImageError(f"This is not a regular file. {GOES_ON} Copy it as a file.")
        if found.st_size > MAX_BYTES:
            raise ImageError(
                f"The file has {found.st_size / 2**20:,.0f} MB; at most {MAX_BYTES // 2**20} MB"
                f" are read. {GOES_ON} Save it compressed, or cut it."
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(
            f"The file has disappeared since the folder was opened. {GOES_ON}"
            " Check the drive, then open the folder again."
        ) from error
    except PermissionError as error:
        raise ImageError(
            f"No permission to read the file. {GOES_ON} Change its permissions, then try again."
        ) from error
    except OSError as error:
        raise ImageError(
            f"The file cannot be read ({error.strerror or error}). {GOES_ON}"
            " Check the drive, then try again."
        ) from error


def _header(data: bytes) -> _Header:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            kind = image.format or ""
            # The second picture in a phone's JPEG is a preview, not a page.
            frames = 1 if kind == "MPO" else int(getattr(image, "n_frames", 1))
            # Of a PNG, Pillow decodes all pixels to find its EXIF: not unless there is some, and
            # never before the size is known to be harmless.
            plain = kind == "PNG" and not (b"eXIf" in data or b"Raw profile type" in data)
            large = image.width * image.height > MAX_PIXELS
            upright = 1 if plain or large else _orientation(image)
            return _Header(kind, image.mode, *image.size, upright, frames)
    except Exception as error:  # Pillow's readers raise nearly any kind on damage
        if data.startswith(png.SIGNATURE) and data[12:16] == b"IHDR" and len(data) >= 24:
            # Pillow also trips over side chunks (colour profile, texts) that pixels do not need.
            width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
            return _Header("PNG", "", width, height)
        raise ImageError(
            f"This is not an image that can be read, or its beginning is damaged. {GOES_ON}"
            " Copy it again, or save it as PNG, JPEG, TIFF, BMP or WebP."
        ) from error


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  # damaged EXIF says nothing about the pixels
        return 1


def _is_odd(header: _Header) -> bool:
    """Whether OpenCV would get it wrong without a word."""
    if header.mode in _PILLOW_ONLY:
        return True
    if header.format == "TIFF":
        return header.mode in _PILLOW_IN_TIFF
    # Of an animated PNG, OpenCV hands over now the first picture, now the last.
    return header.frames > 1 and not header.mode.startswith("I")


def _damaged(error: Exception | None = None) -> ImageError:
    failure = ImageError(
        f"The image is damaged or cut short. {GOES_ON} Copy it again from its source."
    )
    failure.__cause__ = error
    return failure


def _without_side_chunks(data: bytes, header: _Header, notes: list[str]) -> bytes:
    if header.format != "PNG":
        return data
    try:
        data, damaged = png.bare(data)
    except ValueError as error:
        raise _damaged(error) from error
    notes += damaged
    return data


def _by_opencv(data: bytes) -> NDArray[np.generic]:
    """Grey (h, w), BGR or BGRA as OpenCV hands it over, turned to RGB(A)."""
    try:
        raw = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise _damaged(error) from error
    if raw is None:
        raise _damaged()
    if raw.ndim == 3 and raw.shape[2] in (3, 4):
        code = cv2.COLOR_BGR2RGB if raw.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        return np.asarray(cv2.cvtColor(raw, code))
    return np.asarray(raw)


def _by_turbo(data: bytes, header: _Header, notes: list[str]) -> NDArray[np.generic]:
    """Uint8 (h, w, 3), RGB, or (h, w, 1), grey: the pixels that OpenCV gives, to the last bit.

    It tells of damage where OpenCV only prints: of all 253 files in a trial of which OpenCV printed
    something, and of no sound one. Damage that leaves a readable code leaves no trace: of 108 files
    with one wrong bit among their pixels, 28 were told of.
    """
    try:
        colours = "GRAY" if header.mode == "L" else "RGB"
        return np.asarray(simplejpeg.decode_jpeg(data, colours, strict=True))
    except ValueError as error:
        raw = _by_pillow(data, header, notes)  # it goes on behind damage, and refuses what was cut
        if str(error).startswith(_DAMAGE):
            notes.append("damaged: parts of the image may be wrong")
        return raw[..., :1] if header.mode == "L" else raw


def _by_pillow(data: bytes, header: _Header, notes: list[str]) -> NDArray[np.generic]:
    """Uint8 (h, w, 3) or (h, w, 4), RGB(A)."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.load()
            alpha = image.has_transparency_data
            converted = np.asarray(image.convert("RGBA" if alpha else "RGB"))
    except Exception as error:  # Pillow's readers raise nearly any kind on damage
        raise _damaged(error) from error
    if header.mode in _PILLOW_ONLY:
        notes.append(f"{header.mode} converted to RGB")
    return converted


def _eight_bits(raw: NDArray[np.generic], notes: list[str]) -> NDArray[np.uint8]:
    if raw.dtype == np.uint8:
        return raw.astype(np.uint8, copy=False)
    if raw.dtype == np.uint16:
        notes.append("16-bit scaled to 8-bit")
        return ((raw.astype(np.uint32) + 128) // 257).astype(np.uint8)
    raise ImageError(
        f"The image holds {raw.dtype} numbers, whose range is not defined. {GOES_ON}"
        " Save it with 8 or 16 bits per channel."
    )


def _rgb(raw: NDArray[np.uint8], notes: list[str]) -> NDArray[np.uint8]:
    if raw.ndim == 2 or raw.shape[2] == 1:
        notes.append("grey repeated to three channels")
        return np.repeat(raw.reshape(*raw.shape[:2], 1), 3, axis=2)
    if raw.shape[2] == 3:
        return raw
    if raw.shape[2] != 4:
        raise ImageError(
            f"The image has {raw.shape[2]} channels, not 1, 3 or 4. {GOES_ON} Save it as RGB."
        )
    alpha = raw[..., 3:].astype(np.uint32)
    if alpha.min() == 255:
        return raw[..., :3]
    notes.append("transparency laid over white")
    over = raw[..., :3].astype(np.uint32) * alpha + 255 * (255 - alpha)
    return ((over + 127) // 255).astype(np.uint8)
