from __future__ import annotations

import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from leukview.imaging import png


def chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    found = zlib.crc32(kind + body) if crc is None else crc
    return len(body).to_bytes(4, "big") + kind + body + found.to_bytes(4, "big")


def encoded(image: Image.Image, **options: object) -> bytes:
    text = PngInfo()
    text.add_text("Software", "a program")
    data = io.BytesIO()
    image.save(data, "PNG", pnginfo=text, dpi=(300, 300), icc_profile=b"no profile", **options)
    return data.getvalue()


def with_chunk(data: bytes, added: bytes) -> bytes:
    at = data.index(b"IDAT") - 4
    return data[:at] + added + data[at:]


@pytest.fixture
def picture() -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (11, 13, 3), dtype=np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        *((mode, {}) for mode in ("RGB", "RGBA", "L", "LA", "P", "1")),
        ("RGB", {"transparency": (1, 2, 3)}),
        ("L", {"transparency": 5}),
        ("P", {"transparency": 5}),
    ],
)
def test_pixels_stay_and_side_chunks_go(picture, mode, options):
    data = encoded(picture.convert(mode), **options)
    less, notes = png.bare(data)
    before, after = (
        cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_UNCHANGED) for one in (data, less)
    )
    assert np.array_equal(before, after)
    assert notes == ()
    assert b"iCCP" in data
    for kind in (b"iCCP", b"pHYs", b"tEXt"):
        assert kind not in less


def test_a_damaged_side_chunk_is_left_out_with_a_note(picture):
    data = encoded(picture)
    less, notes = png.bare(with_chunk(data, chunk(b"gAMA", b"\0\0\0\1", crc=1)))
    assert (less, notes) == (png.bare(data)[0], ("damaged data beside the pixels was left out",))


@pytest.mark.parametrize(
    "added",
    [chunk(b"PLTE", b"\0\0\0", crc=1), chunk(b"ABCD", b""), b"\xff\xff\xff\xffIDAT", b"\0" * 9],
    ids=["damaged", "unknown", "longer than the file", "no chunk"],
)
def test_a_chunk_that_pixels_need_is_not_passed_over(picture, added):
    with pytest.raises(ValueError, match=r"damaged or unknown|ends early"):
        png.bare(with_chunk(encoded(picture), added))


def test_a_file_without_its_end_is_refused(picture):
    with pytest.raises(ValueError, match="ends early"):
        png.bare(encoded(picture)[:-12])


@pytest.mark.parametrize("added", [b"", chunk(b"tRNS", b""), chunk(b"IEND", b"")])
def test_a_file_without_its_size_is_refused(added):
    with pytest.raises(ValueError, match="begin with its size"):
        png.bare(png.SIGNATURE + added)


def test_millions_of_chunks_are_not_walked(picture, monkeypatch):
    monkeypatch.setattr(png, "_MOST_CHUNKS", 50)
    data = encoded(picture)
    assert png.bare(with_chunk(data, chunk(b"teSt", b"") * 20))[0] == png.bare(data)[0]
    with pytest.raises(ValueError, match="too many"):
        png.bare(with_chunk(data, chunk(b"teSt", b"") * 60))
