from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import cv2
import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def threads() -> Iterator[int]:
    """OpenCV's own, as they were before and are again after the test."""
    before = cv2.getNumThreads()
    yield before
    cv2.setNumThreads(before)


def test_batches_have_the_range_that_the_exported_graph_makes(keras: ModuleType) -> None:
    from training.data.pipeline import in_unit_range
    from training.models.classifier import unit_range

    pixels = np.random.default_rng(0).integers(20, 230, (4, 8, 8, 3), dtype=np.uint8)
    pixels[1] = 7  # blank
    pixels[2, 0, 0] = (0, 255, 128)
    found = in_unit_range(pixels)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, keras.ops.convert_to_numpy(unit_range(pixels)))
    assert found[1].max() == 0
    assert pixels[1].min() == 7


@pytest.mark.parametrize("workers", [1, 2])
def test_threads_that_make_batches_are_not_multiplied_by_those_of_opencv(
    keras: ModuleType, threads: int, workers: int
) -> None:
    from training.data.pipeline import Batches

    cv2.setNumThreads(3)
    pixels = np.zeros((4, 8, 8, 3), np.uint8)
    targets = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    rows = np.arange(4)
    Batches(pixels, targets, rows, np.ones(4, np.float32), side=8, batch=2, workers=workers)
    assert cv2.getNumThreads() == (3 if workers == 1 else 1)
