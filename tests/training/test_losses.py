from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
TRUTH = np.eye(2, dtype=np.float32)[[0, 1, 0]]
SAID = np.array([[0.8, 0.2], [0.4, 0.6], [0.5, 0.5]], np.float32)


def test_tversky_is_what_one_counts_by_hand(keras: ModuleType) -> None:
    from training.losses import Tversky

    first = 1.3 / (1.3 + 0.3 * 0.4 + 0.7 * 0.7)  # hits 0.8 + 0.5, alarm 0.4, misses 0.2 + 0.5
    second = 0.6 / (0.6 + 0.3 * 0.7 + 0.7 * 0.4)
    assert float(Tversky()(TRUTH, SAID)) == pytest.approx(1 - (first + second) / 2, rel=1e-6)


def test_with_equal_weights_tversky_is_dice(keras: ModuleType) -> None:
    from training.losses import Tversky

    dice = keras.losses.Dice(axis=0, reduction=None)(TRUTH, SAID)
    got = float(Tversky(0.5, 0.5)(TRUTH, SAID))
    assert got == pytest.approx(float(np.mean(np.asarray(dice))), rel=1e-5)


def test_an_image_of_no_weight_is_not_counted(keras: ModuleType) -> None:
    from training.losses import Tversky

    weighed = float(Tversky()(TRUTH, SAID, np.array([1.0, 1.0, 0.0], np.float32)))
    assert weighed == pytest.approx(float(Tversky()(TRUTH[:2], SAID[:2])), rel=1e-6)
    double = float(Tversky()(TRUTH, SAID, np.array([1.0, 1.0, 2.0], np.float32)))
    assert double == pytest.approx(float(Tversky()(TRUTH[[0, 1, 2, 2]], SAID[[0, 1, 2, 2]])))


def test_a_class_that_a_batch_does_not_show_costs_nothing(keras: ModuleType) -> None:
    from training.losses import Tversky

    right = np.array([[1.0, 0.0]], np.float32)
    assert float(Tversky()(right, right)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mse", "MeanSquaredError"),
        ("crossentropy", "CategoricalCrossentropy"),
        ("tversky", "Tversky"),
    ],
)
def test_a_loss_is_found_by_its_name(keras: ModuleType, name: str, expected: str) -> None:
    from training import losses

    found = losses.of(name, 0.1)  # type: ignore[arg-type]
    assert type(found).__name__ == expected
    if name == "crossentropy":
        assert found.label_smoothing == 0.1
