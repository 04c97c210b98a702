from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.splits import Parts
from training.floors import cell_areas, mean_colours, predict, predict_all

ROWS = np.arange(60)
PARTS = Parts(fit=ROWS[:30], choose=ROWS[30:45], test=ROWS[45:])
Y = ROWS % 3


def test_the_majority_class_is_the_one_most_fitted_and_looks_at_nothing() -> None:
    y = np.array([1, 1, 0, 1, 0, 0, 0, 0])
    parts = Parts(fit=np.arange(3), choose=np.arange(3, 5), test=np.arange(5, 8))
    found = predict("majority class", np.empty((0, 0)), y, parts, 2)
    np.testing.assert_array_equal(found, [[0, 1]] * 3)


def test_colours_that_tell_classes_apart_are_found_and_others_are_not() -> None:
    rng = np.random.default_rng(0)
    told = rng.normal(0, 1, (60, 3)) + 6 * np.eye(3)[Y]
    found = predict("mean colour", told, Y, PARTS, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == Y[PARTS.test]).all()
    untold = predict("mean colour", rng.normal(0, 1, (60, 3)), Y, PARTS, 3)
    assert np.mean(untold.argmax(axis=1) == Y[PARTS.test]) < 0.8


def test_no_test_row_is_looked_at_before_it_is_tested() -> None:
    x = np.random.default_rng(0).normal(0, 1, (60, 3)) + 6 * np.eye(3)[Y]
    before = predict("mean colour", x, Y, PARTS, 3)
    moved = x.copy()
    moved[PARTS.test[1:]] += 1000
    after = predict("mean colour", moved, Y, PARTS, 3)
    np.testing.assert_array_equal(before[0], after[0])


def test_a_class_that_was_never_fitted_gets_no_probability() -> None:
    parts = Parts(fit=ROWS[Y < 2][:20], choose=ROWS[30:45], test=ROWS[45:])
    found = predict("cell area", np.eye(3)[Y], Y, parts, 3)
    assert found.shape == (15, 3)
    assert (found[:, 2] == 0).all()


def test_parts_without_test_rows_are_left_out() -> None:
    final = Parts(fit=ROWS, choose=ROWS[:0], test=ROWS[:0])
    found = predict_all("majority class", np.empty((0, 0)), Y, {"a": PARTS, "final": final}, 3)
    assert list(found) == ["a"]


def image(ground: tuple[int, int, int], cell: tuple[int, int, int], side: int) -> NDArray[np.uint8]:
    out = np.full((20, 20, 3), ground, np.uint8)
    out[5 : 5 + side, 5 : 5 + side] = cell
    return out


@pytest.mark.parametrize("ground", [(0, 0, 0), (3, 2, 4), (235, 220, 230)])
def test_the_area_is_that_of_the_cell_on_black_and_on_bright_ground(
    ground: tuple[int, int, int],
) -> None:
    pixels = np.stack([image(ground, (120, 60, 150), side) for side in (4, 10)])
    np.testing.assert_allclose(cell_areas(pixels), [[16 / 400], [100 / 400]])


def test_the_mean_colour_keeps_its_channels() -> None:
    found = mean_colours(np.stack([image((10, 20, 30), (10, 20, 30), 1)]))
    np.testing.assert_allclose(found, [[10, 20, 30]])
