import hashlib
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from leukview.domain.errors import ImageError
from leukview.imaging import decode as module
from leukview.imaging.decode import decode, read, sha256_of
from leukview.imaging.thumbnails import thumbnail


def encoded(image, kind="PNG", **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


@pytest.fixture
def picture():
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, (12, 17, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})],
)
def test_colours_survive_every_lossless_format(picture, kind, options):
    pixels, notes = decode(encoded(Image.fromarray(picture), kind, **options))
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert (pixels == picture).all()
    assert notes == ()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("turn", range(2, 9))
def test_every_exif_orientation_is_turned_upright(picture, kind, turn):
    exif = Image.Exif()
    exif[274] = turn
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(Image.fromarray(picture), kind, exif=exif, **options)
    pixels, notes = decode(data)
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert (pixels == wanted).all()
    assert notes == ("turned upright as its EXIF says",)


def test_sixteen_bits_are_scaled_by_257():
    levels = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
    pixels, notes = decode(encoded(Image.fromarray(levels)))
    assert pixels[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]
    assert notes == ("16-bit scaled to 8-bit", "grey repeated to three channels")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_transparency_lies_over_white(kind):
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 128]]], np.uint8)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    pixels, notes = decode(encoded(Image.fromarray(rgba), kind, **options))
    assert pixels[0].tolist() == [[200, 100, 0], [255, 255, 255], [227, 177, 127]]
    assert notes == ("transparency laid over white",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_with_transparency_is_not_black(kind):
    grey = np.array([[[90, 255], [90, 0]]], np.uint8)
    pixels, _ = decode(encoded(Image.fromarray(grey, "LA"), kind))
    assert pixels[0].tolist() == [[90] * 3, [255] * 3]


def test_a_palette_with_transparency_is_unfolded():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    pixels, notes = decode(encoded(image, transparency=0))
    assert pixels[0].tolist() == [[255] * 3, [200, 100, 50]]
    assert notes == ("transparency laid over white",)


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk_is_converted(kind):
    pixels, notes = decode(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), kind))
    assert np.abs(pixels.astype(int) - [255, 0, 0]).max() <= 3
    assert notes == ("CMYK converted to RGB",)


def test_the_first_page_of_several_is_taken(picture):
    first, second = Image.fromarray(picture), Image.new("RGB", (17, 12))
    for kind in ("TIFF", "PNG"):
        data = encoded(first, kind, save_all=True, append_images=[second])
        pixels, notes = decode(data)
        assert (pixels == picture).all()
        assert notes == ("first of 2 pages",)


def test_floating_numbers_are_refused_because_their_range_is_unknown():
    with pytest.raises(ImageError, match="float32 numbers, whose range is not defined"):
        decode(encoded(Image.new("F", (4, 4), 0.5), "TIFF"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_file_cut_short_is_refused(picture, kind, share):
    data = encoded(Image.fromarray(np.tile(picture, (4, 4, 1))), kind)
    with pytest.raises(ImageError, match="The image was left out"):
        decode(data[: int(len(data) * share)])


@pytest.fixture
def smooth(picture):
    """A picture that JPEG keeps well, 340 x 240."""
    image = Image.fromarray(picture).resize((340, 240), Image.Resampling.BICUBIC)
    return np.asarray(image)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subsampling": "4:4:4"},
        {"subsampling": "4:2:2"},
        {"progressive": True},
        {"restart_marker_rows": 1},
        {"keep_rgb": True},
    ],
)
def test_the_pixels_of_a_jpeg_are_those_of_opencv(smooth, options):
    data = encoded(Image.fromarray(smooth), "JPEG", **options)
    pixels, notes = decode(data)
    assert (pixels[..., ::-1] == cv2.imdecode(np.frombuffer(data, np.uint8), -1)).all()
    assert notes == ()


def test_a_grey_jpeg_says_that_it_is_grey(smooth):
    data = encoded(Image.fromarray(smooth).convert("L"), "JPEG")
    pixels, notes = decode(data)
    assert (pixels[..., 1] == cv2.imdecode(np.frombuffer(data, np.uint8), -1)).all()
    assert notes == ("grey repeated to three channels",)


def damaged(data: bytes) -> dict[str, bytes]:
    """The same JPEG with a hole in the middle, other bytes there, and bytes before its end."""
    middle = (data.rindex(b"\xff\xda") + len(data)) // 2
    return {
        "hole": data[:middle] + data[middle + 64 :],
        "zeros": data[:middle] + bytes(64) + data[middle + 64 :],
        "more": data[:-2] + bytes(7) + data[-2:],
    }


DAMAGED = "damaged: parts of the image may be wrong"


@pytest.mark.parametrize("kind", ["hole", "zeros", "more"])
def test_a_damaged_jpeg_is_read_as_far_as_it_goes_and_says_so(smooth, kind):
    data = encoded(Image.fromarray(smooth), "JPEG")
    sound, _ = decode(data)
    pixels, notes = decode(damaged(data)[kind])
    assert notes == (DAMAGED,)
    assert pixels.shape == sound.shape
    assert (pixels[:80] == sound[:80]).all()
    assert (pixels == sound).all() == (kind == "more")


def test_a_damaged_grey_jpeg_says_both(smooth):
    data = encoded(Image.fromarray(smooth).convert("L"), "JPEG")
    pixels, notes = decode(damaged(data)["hole"])
    assert notes == (DAMAGED, "grey repeated to three channels")
    assert pixels.shape == (240, 340, 3)


def test_a_sound_jpeg_that_only_pillow_reads_is_not_called_damaged(smooth, monkeypatch):
    def refuse(*_args, **_options):
        raise ValueError("tjDecompressHeader(): Could not determine subsampling level")

    data = encoded(Image.fromarray(smooth), "JPEG")
    sound, _ = decode(data)
    monkeypatch.setattr(module.simplejpeg, "decode_jpeg", refuse)
    pixels, notes = decode(data)
    assert (pixels == sound).all()
    assert notes == ()


def test_empty_and_foreign_bytes_are_refused():
    with pytest.raises(ImageError, match="empty"):
        decode(b"")
    with pytest.raises(ImageError, match="not an image"):
        decode(b"%PDF-1.7 and so on" * 10)


@pytest.fixture
def no_pillow_pixels(monkeypatch):
    """Pillow may read headers only."""
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it was decoded"))


def test_an_everyday_png_is_decoded_once(picture, request):
    data = encoded(Image.fromarray(picture))
    request.getfixturevalue("no_pillow_pixels")
    assert (decode(data)[0] == picture).all()


@pytest.mark.usefixtures("no_pillow_pixels")
@pytest.mark.parametrize("more", [b"", b"eXIf"])
def test_a_huge_claim_is_refused_before_anything_is_decoded(monkeypatch, more):
    def chunk(name, body):
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    header = struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9))
    data += more
    monkeypatch.setattr(module, "_by_opencv", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(ImageError, match="65,535 x 65,535"):
        decode(data)


def test_a_hash_comes_even_when_the_pixels_do_not(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"nonsense")
    with pytest.raises(ImageError) as caught:
        read(path)
    assert caught.value.sha256 == hashlib.sha256(b"nonsense").hexdigest() == sha256_of(path)


def test_files_that_cannot_be_opened_say_why(tmp_path, monkeypatch):
    with pytest.raises(ImageError, match="disappeared") as caught:
        read(tmp_path / "gone.png")
    assert caught.value.sha256 == ""
    with pytest.raises(ImageError, match="not a regular file"):
        read(tmp_path)
    path = tmp_path / "x.png"
    path.write_bytes(b"1")
    monkeypatch.setattr(module, "MAX_BYTES", 0)
    with pytest.raises(ImageError, match="at most 0 MB"):
        read(path)
    monkeypatch.undo()
    for error, words in ((PermissionError(13, "no"), "No permission"), (OSError(5, "I/O"), "I/O")):

        def fail(_self, error=error):
            raise error

        monkeypatch.setattr(Path, "read_bytes", fail)
        with pytest.raises(ImageError, match=words):
            read(path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a FIFO")
def test_a_fifo_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="not a regular file"):
        read(tmp_path / "pipe.png")


def test_foreign_and_long_names_are_read(tmp_path, picture):
    for name in ("Zelle ä 細胞.png", "x" * 246 + ".png"):
        Image.fromarray(picture).save(tmp_path / name)
        assert (read(tmp_path / name).pixels == picture).all()


READABLE = {
    "16bit.cropped.tif": ((64, 64), {"16-bit scaled to 8-bit", "grey repeated to three channels"}),
    "1_trns.png": ((64, 64), {"grey repeated to three channels"}),
    "hopper_orientation_3.jpg": ((128, 128), {"turned upright as its EXIF says"}),
    "hopper_orientation_6.jpg": ((128, 128), {"turned upright as its EXIF says"}),
    "hopper_orientation_8.jpg": ((128, 128), {"turned upright as its EXIF says"}),
    "mode_grayscale_alpha.png": ((64, 128), {"first of 3 pages"}),
    "mode_palette_alpha.png": ((64, 128), {"first of 3 pages"}),
    "pil_sample_cmyk.jpg": ((100, 100), {"CMYK converted to RGB"}),
    "png_decompression_dos.png": ((1, 1), {"grey repeated to three channels"}),
    "tiff_16bit_RGB.tiff": ((40, 100), {"16-bit scaled to 8-bit"}),
    "tiff_strip_cmyk_jpeg.tif": ((100, 100), {"CMYK converted to RGB"}),
    "unknown_compression_method.png": (
        (57, 57),
        {"damaged data beside the pixels was left out"},
    ),
}
REFUSED = {
    "badwidth.bmp": "4,294,967,169 x 64 pixels",
    "broken.png": "not an image",
    "decompression_bomb.gif": "not an image",
    "reallybig.bmp": "3,000,000 x 2,000,000",
    "truncated_image.png": "damaged or cut short",
    "truncated_jpeg.jpg": "damaged or cut short",
}


def test_every_odd_file_is_accounted_for(shared):
    present = {path.name for path in (shared / "data" / "odd_files").iterdir()}
    assert present == READABLE.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", READABLE)
def test_an_odd_file_is_read_and_says_what_was_converted(shared, name):
    found = read(shared / "data" / "odd_files" / name)
    size, notes = READABLE[name]
    assert found.pixels.shape == (*size, 3)
    assert set(found.notes) == notes


@pytest.mark.parametrize("name", REFUSED)
def test_an_odd_file_is_refused_with_a_sentence(shared, name):
    with pytest.raises(ImageError, match=REFUSED[name]) as caught:
        read(shared / "data" / "odd_files" / name)
    assert len(caught.value.sha256) == 64


READ_ALL = """
import contextlib, pathlib, sys
from leukview.domain.errors import ImageError
from leukview.imaging.decode import read
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    with contextlib.suppress(ImageError):
        read(path)
    print(path.name)
"""


def said_of(folder):
    """What a process of its own writes to its standard error while it reads all files."""
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(folder)], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.split()) == len(list(folder.iterdir()))
    return done.stderr


def test_nothing_is_printed_of_the_odd_files(shared):
    assert said_of(shared / "data" / "odd_files") == ""


def test_nothing_is_printed_of_damaged_chunks_and_tags(picture, tmp_path):
    image = Image.fromarray(picture)
    data = encoded(image, icc_profile=b"no profile", dpi=(72, 72))
    for name, place in (("profile", b"iCCP"), ("size", b"pHYs"), ("pixels", b"IDAT")):
        at = data.index(place) + 6
        (tmp_path / f"{name}.png").write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    tagged = encoded(image, "TIFF", description="a picture")
    lost = tagged.replace(struct.pack("<HHI", 270, 2, 10), struct.pack("<HHI", 270, 2, 10**6))
    assert lost != tagged
    (tmp_path / "tag.tif").write_bytes(lost)
    for name, jpeg in damaged(encoded(image.resize((340, 240)), "JPEG")).items():
        (tmp_path / f"{name}.jpg").write_bytes(jpeg)
    assert said_of(tmp_path) == ""


def test_three_orientations_of_one_photograph_look_alike(shared):
    folder = shared / "data" / "odd_files"
    means = [read(folder / f"hopper_orientation_{k}.jpg").pixels.astype(float) for k in (3, 6, 8)]
    assert all(np.abs(one - means[0]).mean() < 5 for one in means)
    assert np.abs(means[0][::-1] - means[0]).mean() > 30  # upside down would be noticed


def test_a_thumbnail_keeps_its_shape_and_is_never_enlarged(image_folder):
    folder = image_folder({"a.png": (10, 200, 30)}, size=(400, 100))
    small = thumbnail(folder / "a.png", 64)
    assert small.shape == (16, 64, 3)
    assert (small == [10, 200, 30]).all()
    assert thumbnail(folder / "a.png", 1000).shape == (100, 400, 3)
    assert thumbnail(folder / "a.png", 2).shape == (1, 2, 3)
