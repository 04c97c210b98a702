from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from leukview.measures.curves import Thresholds, curves, reliability

STEPS = st.integers(0, 20).map(lambda n: n / 20)


@pytest.fixture(params=range(20))
def scored(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    n = int(rng.integers(20, 400))
    scores = rng.random(n).round(int(rng.integers(1, 6))).astype(np.float32)  # with ties
    positive = rng.random(n) < scores
    positive[:2] = True, False
    return scores, positive


def test_both_curves_agree_with_scikit_learn(scored: tuple[np.ndarray, np.ndarray]) -> None:
    scores, positive = scored
    found = curves(scores, positive)
    false, recall, _thresholds = sk.roc_curve(positive, scores, drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive, false)
    np.testing.assert_allclose(found.recall, recall)
    assert found.area == pytest.approx(sk.roc_auc_score(positive, scores))
    precision, recall, _thresholds = sk.precision_recall_curve(positive, scores)
    np.testing.assert_allclose(found.precision, precision[::-1])
    np.testing.assert_allclose(found.recall, recall[::-1])
    theirs = sk.average_precision_score(positive, scores)
    assert found.average_precision == pytest.approx(theirs)
    assert found.positive + found.negative == len(scores)


@pytest.mark.parametrize("positive", [[True, True], [False, False], []])
def test_a_curve_needs_both_sides(positive: list[bool]) -> None:
    found = curves(np.linspace(0, 1, len(positive)), np.array(positive, np.bool_))
    assert math.isnan(found.area)
    assert math.isnan(found.average_precision) is not any(positive)


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="number"):
        curves(np.array([0.5, np.nan]), np.array([True, False]))


def test_reliability_by_hand() -> None:
    found = reliability(np.array([0.5, 0.55, 0.6, 0.95, 1.0]), np.array([1, 0, 1, 1, 0], bool))
    assert found.n.tolist() == [1, 2, 2]  # 0.5 ends the fifth bin, 0.6 the sixth
    assert found.right.tolist() == [1, 1, 1]
    assert found.confidence.tolist() == pytest.approx([0.5, 0.575, 0.975])
    assert found.error == pytest.approx((0.5 + abs(1 - 1.15) + abs(1 - 1.95)) / 5)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_reliability_loses_nothing_and_its_error_is_a_share(pairs) -> None:
    confidence = np.array([value for value, _ in pairs])
    right = np.array([good for _, good in pairs])
    found = reliability(confidence, right)
    assert (found.n.sum(), found.right.sum()) == (len(pairs), right.sum())
    assert (found.n > 0).all()
    assert 0 <= found.error <= 1
    assert (found.n * found.confidence).sum() == pytest.approx(confidence.sum())


@pytest.mark.parametrize(("values", "right"), [([1.5], [True]), ([np.nan], [True]), ([0.5], [])])
def test_what_is_no_confidence_is_refused(values: list[float], right: list[bool]) -> None:
    with pytest.raises(ValueError, match="confidence"):
        reliability(np.array(values), np.array(right, np.bool_))


@given(st.lists(st.tuples(STEPS, st.booleans(), st.booleans())), STEPS)
def test_a_threshold_counts_what_counting_one_by_one_gives(rows, threshold) -> None:
    confidence = np.array([row[0] for row in rows], np.float32)
    judged, wrong = (np.array([row[n] for row in rows], np.bool_) for n in (1, 2))
    found = Thresholds(confidence, judged, wrong).at(threshold)
    under = confidence.astype(np.float64) < threshold
    assert (found.below, found.above) == (under.sum(), (~under).sum())
    assert found.judged_below == (under & judged).sum()
    assert found.wrong_below == (under & judged & wrong).sum()
    assert found.judged_above == (~under & judged).sum()
    assert found.wrong_above == (~under & judged & wrong).sum()
