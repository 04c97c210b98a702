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


def test_machines_share_the_rows_of_each_batch_and_a_short_one_is_filled_without_weight(
    keras: ModuleType,
) -> None:
    from training.data.augment import Augmentation
    from training.data.pipeline import Batches

    pixels = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3), dtype=np.uint8)
    targets = np.eye(7, dtype=np.float32)
    words = {"side": 8, "batch": 4}
    args = (pixels, targets, np.arange(7), np.full(7, 2.0, np.float32))
    parts = [Batches(*args, **words, share=(i, 2), multiple=4) for i in range(2)]
    seen = [np.concatenate([part[step][1] for part in parts]).argmax(1) for step in range(2)]
    weights = [np.concatenate([part[step][2] for part in parts]) for step in range(2)]
    assert [s.tolist() for s in seen] == [[0, 1, 2, 3], [4, 5, 6, 6]]
    assert [w.tolist() for w in weights] == [[2, 2, 2, 2], [2, 2, 2, 0]]
    assert [len(Batches(*args, **words)[step][0]) for step in range(2)] == [4, 3]
    how = Augmentation(stain=0.5, light=0.3)
    changed = [Batches(*args, **words, how=how, share=(i, 2)) for i in range(2)]
    first, second = changed[0][0], changed[1][0]
    alone = Batches(*args, **words, how=how)[0]
    np.testing.assert_array_equal(np.concatenate([first[1], second[1]]), alone[1])
    np.testing.assert_array_equal(changed[1][0][0], second[0])
    assert np.abs(second[0] - alone[0][2:]).max() > 0
