from __future__ import annotations

import numpy as np
import pytest

from training.data.augment import (
    Augmentation,
    augment,
    blank_bar,
    corner_box,
    fill_corners,
    stain_jitter,
)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).integers(1, 256, (224, 224, 3), dtype=np.uint8)


def test_nothing_is_changed_when_everything_is_off(image: np.ndarray) -> None:
    out = augment(image, Augmentation(), np.random.default_rng(0))
    np.testing.assert_array_equal(out, image)


def test_the_same_seed_gives_the_same_copy(image: np.ndarray) -> None:
    how = Augmentation(
        rotation=90, flip=True, zoom=0.2, shift=0.1, stain=0.3, light=0.2, corner=0.5
    )
    one, two = (augment(image, how, np.random.default_rng(5)) for _ in range(2))
    other = augment(image, how, np.random.default_rng(6))
    np.testing.assert_array_equal(one, two)
    assert one.shape == image.shape
    assert one.dtype == np.uint8
    assert not np.array_equal(one, other)


def test_black_ground_stays_black_under_stain_jitter(image: np.ndarray) -> None:
    image[:100] = 0
    out = stain_jitter(image, 0.5, np.random.default_rng(0))
    assert not out[:100].any()
    assert np.abs(out[100:].astype(int) - image[100:]).max() > 5


def test_stain_jitter_of_zero_is_the_image(image: np.ndarray) -> None:
    out = stain_jitter(image, 0.0, np.random.default_rng(0))
    assert np.abs(out.astype(int) - image).max() <= 1


def test_blanking_the_bar_touches_its_box_only(image: np.ndarray) -> None:
    out = blank_bar(image)
    box = np.zeros(image.shape[:2], bool)
    box[corner_box(0, (224, 224))] = True
    assert box.sum() == 34 * 16
    np.testing.assert_array_equal(out[~box], image[~box])
    assert (out[box] != image[box]).any()


def test_corners_are_filled_at_other_corners_too(image: np.ndarray) -> None:
    touched = np.zeros(4, int)
    for seed in range(20):
        out = fill_corners(image, 0.5, np.random.default_rng(seed))
        for corner in range(4):
            box = corner_box(corner, (224, 224))
            touched[corner] += bool((out[box] != image[box]).any())
    assert (touched > 2).all()
    assert (touched < 20).all()


def test_stain_jitter_is_the_change_in_hed_space_step_by_step() -> None:
    from training.data import augment as work

    image = np.random.default_rng(1).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    rng = np.random.default_rng(5)
    factor, shift = rng.uniform(0.7, 1.3, 3), rng.uniform(-0.3, 0.3, 3) * 0.05
    hed = -np.log((image.astype(np.float64) + 1) / 256) @ np.linalg.inv(work._HED)
    expected = np.exp(-((hed * factor + shift) @ work._HED)) * 256 - 1
    got = work.stain_jitter(image, 0.3, np.random.default_rng(5))
    assert np.abs(got - np.clip(expected, 0, 255)).max() <= 0.51
