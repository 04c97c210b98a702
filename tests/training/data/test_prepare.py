"""The resize of the app, on the cache that is trained from, against TensorFlow's own."""

from __future__ import annotations

import numpy as np
import pytest

from leukview.imaging.preprocess import resize

SIZES = [(224, 224), (450, 450), (363, 360), (31, 200), (299, 301), (1200, 900), (1, 5)]


@pytest.mark.training
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_resize_is_tensorflows_crop_and_resize_to_the_rounding(size: tuple[int, int]) -> None:
    tf = pytest.importorskip("tensorflow", reason="needs the extra [train]")
    rng = np.random.default_rng(sum(size))
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    box = np.array([[0, 0, 1, 1]], np.float32)
    exact = tf.image.crop_and_resize(pixels[None].astype(np.float32), box, [0], (300, 300))[0]
    exact = exact.numpy()
    # Where float32 rounds its last coordinate over the edge, TensorFlow fills the line with zeros.
    rows, columns = exact.any(axis=(1, 2)), exact.any(axis=(0, 2))
    assert rows[:-1].all()
    assert columns[:-1].all()
    apart = np.abs(resize(pixels, 300, 300, "crop_and_resize") - exact)[rows][:, columns]
    # Half a grey level is the rounding to uint8; the float32 coordinates add the rest.
    assert apart.max() <= 0.5 + 0.05
