"""What suggestions are judged by, and that nothing hidden is in a figure."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from leukview.domain.classes import Unit
from leukview.domain.records import DecisionState
from leukview.ui.models import summary
from leukview.ui.models.judged import Source, class_curves, judged, thresholds, why_not

AGREED, CHANGED = DecisionState.AGREED, DecisionState.CHANGED
OPEN, UNSURE = DecisionState.UNDECIDED, DecisionState.UNSURE
STATES = tuple(DecisionState)


@pytest.fixture
def review(columns):
    """Six images, the fourth and fifth of one audit sample, the fifth not read yet."""
    made = columns(
        suggested=[0, 0, 1, 0, 1, 2],
        confidence=[0.9, 0.6, 0.8, 0.95, 0.97, 0.5],
        decided=[0, 1, 1, 1, -1, -1],
        state=[AGREED, CHANGED, AGREED, CHANGED, OPEN, OPEN],
        true_class=[0, 1, 1, 1, 0, 2],
    )
    made.hidden[4] = True
    made.sha256 = list("abcdef")
    made.model_sha256 = "model"
    made.record = SimpleNamespace(
        audit=SimpleNamespace(images=("d", "e"), model="model"), reading="first"
    )
    made.rows_of = lambda images: np.array([made.sha256.index(one) for one in images])
    made.one_each = np.unique
    first = SimpleNamespace(state=np.array([STATES.index(AGREED), 0]), decided=np.array([0, -1]))
    made.first_said = lambda _reading: first
    return made


@pytest.mark.parametrize("source", list(Source))
def test_what_is_hidden_is_in_no_figure(review, source):
    def shown() -> list[object]:
        found = judged(review, source)
        at = thresholds(review, found).at
        edges, counts = summary.histogram(review, 0.8)
        return [
            found.matrix().tolist(),
            found.rows.tolist(),
            found.reliability().n.tolist(),
            [class_curves(review, found, index).recall.tolist() for index in range(3)],
            [at(value) for value in (0.0, 0.5, 0.8, 0.96, 1.0)],
            (edges.tolist(), counts.tolist()),
            summary.matrix(review, truth=True).tolist(),
            summary.per_class(review, Unit.CELL),
        ]

    before = str(shown())
    review.suggested[4], review.confidence[4] = 0, 0.55
    review.probabilities[4] = [0.55, 0.3, 0.15]
    review.unfamiliar[4] = True
    assert str(shown()) == before


def test_the_audit_sample_is_judged_by_what_was_decided_first(review):
    assert judged(review, Source.DECIDED).matrix()[1, 0] == 2
    found = judged(review, Source.AUDIT)
    assert found.rows.tolist() == [3]
    assert found.matrix()[0, 0] == found.matrix().sum() == 1, "decided as suggested, then changed"


def test_without_a_sample_or_with_another_model_there_is_a_reason(review, columns):
    review.model_sha256 = "another"
    assert "Another model" in why_not(review, Source.AUDIT)
    assert judged(review, Source.AUDIT).count == 0
    bare = columns(suggested=[0])
    assert "No audit sample" in why_not(bare, Source.AUDIT)
    assert "No folder name" in why_not(bare, Source.TRUTH)
    assert why_not(bare, Source.DECIDED) == ""


def test_a_threshold_counts_what_needs_review_and_what_of_it_was_wrong(review):
    found = thresholds(review, judged(review, Source.DECIDED)).at(0.8)
    assert (found.below, found.judged_below, found.wrong_below) == (2, 1, 1)
    assert (found.above, found.judged_above, found.wrong_above) == (3, 3, 1)
    review.unfamiliar[0] = True
    assert thresholds(review, judged(review, Source.DECIDED)).at(0.8).below == 3
