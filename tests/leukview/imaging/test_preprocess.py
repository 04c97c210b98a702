"""The resize that training and clinic share, against a second implementation and frozen arrays."""

from pathlib import Path

import numpy as np
import pytest

from leukview.imaging.preprocess import resize

FROZEN = Path(__file__).with_name("resize_reference.npz")
SIZES = [(450, 450), (224, 224), (100, 70), (2, 3), (1, 1), (1, 9), (301, 299)]


def gather(pixels, height, width):
    """Bilinear with aligned corners by explicit indices in float64: no OpenCV anywhere."""
    h, w = pixels.shape[:2]
    y = np.linspace(0, h - 1, height) if height > 1 else np.array([(h - 1) / 2])
    x = np.linspace(0, w - 1, width) if width > 1 else np.array([(w - 1) / 2])
    y0, x0 = np.floor(y).astype(int), np.floor(x).astype(int)
    y1, x1 = np.minimum(y0 + 1, h - 1), np.minimum(x0 + 1, w - 1)
    fy, fx = (y - y0)[:, None, None], (x - x0)[None, :, None]
    p = pixels.astype(np.float64)
    top = p[y0][:, x0] * (1 - fx) + p[y0][:, x1] * fx
    bottom = p[y1][:, x0] * (1 - fx) + p[y1][:, x1] * fx
    return top * (1 - fy) + bottom * fy


def noise(height, width):
    return np.random.default_rng(height * 1000 + width).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("target", [(300, 300), (16, 16), (24, 40), (1, 1), (1, 5)])
def test_crop_and_resize_is_exact_to_the_rounding(height, width, target):
    pixels = noise(height, width)
    got = resize(pixels, *target, "crop_and_resize")
    assert got.shape == (*target, 3)
    assert got.dtype == np.uint8
    assert np.abs(got - gather(pixels, *target)).max() <= 0.51


def test_frozen_references_hold():
    with np.load(FROZEN) as frozen:
        assert len(frozen.files) == 6
        for name in [n for n in frozen.files if n.startswith("source")]:
            wanted = frozen[name.replace("source", "result")]
            got = resize(frozen[name], *wanted.shape[:2], "crop_and_resize")
            assert np.abs(got.astype(int) - wanted).max() <= 1
            assert (got != wanted).mean() < 0.01  # exact halves may round either way


def test_the_right_size_is_left_alone():
    pixels = noise(16, 16)
    assert resize(pixels, 16, 16, "crop_and_resize") is pixels


def test_area_averages_what_it_covers_and_enlarges_smoothly():
    pixels = noise(64, 32)
    got = resize(pixels, 16, 8, "area")
    wanted = pixels.reshape(16, 4, 8, 4, 3).mean((1, 3))
    assert np.abs(got - wanted).max() <= 0.51
    assert resize(noise(4, 4), 9, 9, "area").shape == (9, 9, 3)


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="unknown resize rule 'nearest'"):
        resize(noise(4, 4), 8, 8, "nearest")
