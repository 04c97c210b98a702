from __future__ import annotations

import numpy as np
import pytest

from training.metrics import figures


def test_figures_of_a_small_table_by_hand() -> None:
    truth = np.array([0, 0, 0, 1])
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    found = figures(truth, p, ("hem", "all"))
    assert found["accuracy"] == pytest.approx(0.75)
    assert found["recall hem"] == pytest.approx(2 / 3)
    assert found["recall all"] == pytest.approx(1.0)
    assert found["balanced accuracy"] == pytest.approx(5 / 6)
    assert found["ROC-AUC"] == pytest.approx(1.0)


def test_a_class_without_images_does_not_pull_the_balance_down() -> None:
    truth = np.array([0, 1])
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    assert figures(truth, p, ("a", "b", "c"))["balanced accuracy"] == 1.0
