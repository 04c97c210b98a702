from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from training import calibrate


def drawn(temperature: float, n: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose true probabilities are softmax(logits / temperature)."""
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 3, (n, 3))
    p = calibrate.softmax(logits, temperature)
    truth = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return logits, truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_classes_is_found(temperature: float) -> None:
    logits, truth = drawn(temperature)
    assert calibrate.fit_temperature(logits, truth) == pytest.approx(temperature, rel=0.08)


def test_calibration_error_falls_with_the_right_temperature() -> None:
    logits, truth = drawn(2.5)
    raw = calibrate.calibration_error(calibrate.softmax(logits, 1.0), truth)
    right = calibrate.calibration_error(calibrate.softmax(logits, 2.5), truth)
    assert right < 0.03 < raw


def test_the_threshold_keeps_its_promise_on_rows_that_did_not_choose_it() -> None:
    logits, truth = drawn(1.0)
    p = calibrate.softmax(logits, 1.0)
    found = calibrate.review_threshold(p, truth, np.arange(len(truth)) % 5)
    new_logits, new_truth = drawn(1.0, 9000)
    q = calibrate.softmax(new_logits[6000:], 1.0)
    above = q.max(axis=1) >= found.confidence
    wrong = (q.argmax(axis=1) != new_truth[6000:])[above].mean()
    assert wrong <= found.upper
    assert found.error == pytest.approx(wrong, abs=0.01)
    assert above.mean() == pytest.approx(found.coverage, abs=0.03)


def test_the_upper_bound_is_clopper_and_pearson() -> None:
    logits, truth = drawn(1.0)
    fold = np.arange(len(truth)) % 5
    found = calibrate.review_threshold(calibrate.softmax(logits, 1.0), truth, fold)
    wrong = round(found.error * found.n)
    upper = stats.binomtest(wrong, found.n).proportion_ci(0.95, "exact").high
    assert found.upper == pytest.approx(upper, abs=1e-6)


def test_a_fold_that_goes_wrong_shows_in_the_promise() -> None:
    """Its own rows would have asked for a higher threshold; the others could not know."""
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.6, 1.0, 3000)
    p = np.column_stack([confidence, 1 - confidence])
    fold = np.arange(3000) % 3
    truth = np.where((fold == 2) & (rng.random(3000) < 0.3), 1, 0)
    found = calibrate.review_threshold(p, truth, fold)
    assert found.error > 2 * calibrate.RESIDUAL_ERROR


def test_a_hopeless_model_says_its_own_error() -> None:
    rng = np.random.default_rng(0)
    p = calibrate.softmax(rng.normal(size=(500, 2)), 1.0)
    found = calibrate.review_threshold(p, rng.integers(0, 2, 500), np.arange(500) % 5)
    assert found.error > 0.2
    assert found.n > 0


def test_the_table_tells_what_the_probabilities_were_before_the_temperature() -> None:
    logits, _ = drawn(1.0)
    for temperature in (0.75, 2.05):
        written = calibrate.softmax(logits, temperature).round(6)
        before = calibrate.at_one(written, temperature)
        np.testing.assert_allclose(before, calibrate.softmax(logits, 1.0), atol=2e-4)


def test_bins_count_every_image_once_and_give_the_calibration_error() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.65, 1.0])
    p = np.column_stack([confidence, 1 - confidence])
    truth = np.array([0, 0, 0, 1, 0, 1, 0])
    low, middle, high = calibrate.bins_of(p, truth, bins=10)
    assert [(b.low, b.count) for b in (low, middle, high)] == [(0.5, 1), (0.6, 1), (0.9, 5)]
    assert (high.right, high.confidence) == (pytest.approx(0.8), pytest.approx(0.96))
    by_hand = (1 * 0.45 + 1 * 0.65 + 5 * 0.16) / 7
    assert calibrate.calibration_error(p, truth, bins=10) == pytest.approx(by_hand)
