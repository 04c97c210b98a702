"""What passes between the layers, as people see it."""

from __future__ import annotations

import numpy as np

from leukview.domain.records import two_digits


def test_a_probability_below_the_threshold_is_not_shown_as_if_it_reached_it() -> None:
    shown = [two_digits(value) for value in (0.928, 0.93, float(np.float32(0.93)), 0.999, 1.0)]
    assert shown == ["0.92", "0.93", "0.93", "0.99", "1.00"]
    assert two_digits(float("nan")) == ""


def test_what_is_not_certain_is_never_shown_as_one() -> None:
    below = float(np.nextafter(np.float32(1), np.float32(0)))
    assert [two_digits(value) for value in (0.996, 0.9999999, below)] == ["0.99"] * 3
