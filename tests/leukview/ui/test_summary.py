from __future__ import annotations

import math

import pytest

from leukview.domain.classes import Unit
from leukview.domain.records import DecisionState
from leukview.ui.models import summary

AGREED, CHANGED = DecisionState.AGREED, DecisionState.CHANGED
UNSURE, EXCLUDED = DecisionState.UNSURE, DecisionState.EXCLUDED
OPEN = DecisionState.UNDECIDED


@pytest.fixture
def review(columns):
    """Suggested hem x4, all x3, platelet x1; one unreadable."""
    return columns(
        suggested=[0, 0, 0, 0, 1, 1, 1, 2, -1],
        decided=[0, 1, -1, -1, 1, -1, -1, -1, -1],
        state=[AGREED, CHANGED, UNSURE, EXCLUDED, AGREED, OPEN, OPEN, OPEN, OPEN],
        needs_review=[False, True, True, False, False, True, False, False, False],
        errors={8: "It is no image."},
    )


def test_counts(review):
    count = summary.counts(review)
    assert (count.images, count.suggested, count.unread) == (9, 8, 1)
    assert (count.review, count.reviewed) == (3, 2)
    assert (count.decided, count.agreed, count.changed) == (5, 2, 1)
    assert (count.unsure, count.excluded) == (1, 1)


def test_combined_counts_leave_out_unsure_and_excluded(review):
    lines = summary.per_class(review, Unit.CELL)
    assert [line.suggested for line in lines] == [4, 3, 1]
    assert [line.decided for line in lines] == [1, 2, 0]
    assert [line.combined for line in lines] == [1, 4, 1]


def test_shares_are_of_leukocytes_only(review):
    lines = summary.per_class(review, Unit.CELL)
    assert (lines[1].share.k, lines[1].share.n) == (4, 5)
    assert lines[2].share is None
    bad = summary.malignant(review, Unit.CELL)
    assert (bad.k, bad.n) == (4, 5)


def test_fields_have_no_shares(review):
    assert all(line.share is None for line in summary.per_class(review, Unit.FIELD))
    assert summary.malignant(review, Unit.FIELD) is None


def test_the_interval_is_exact():
    low, high = summary.Share(4, 5).interval
    assert low == pytest.approx(0.28358, abs=1e-5)
    assert high == pytest.approx(0.99495, abs=1e-5)


def test_the_matrix_has_decisions_in_rows(review):
    table = summary.matrix(review, truth=False)
    assert table.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    agreed = summary.agreement(review)
    assert (agreed.k, agreed.n) == (2, 3)


def test_kappa_is_undefined_without_decisions(columns):
    assert math.isnan(summary.kappa(columns(suggested=[0, 1])))


def test_the_histogram_counts_only_suggestions(columns):
    review = columns(suggested=[0, 1, -1], confidence=[0.52, 1.0, float("nan")])
    edges, counts = summary.histogram(review)
    assert len(edges) == summary.BINS + 1
    assert counts.sum() == 2
    assert counts[-1] == 1
    edges, counts = summary.histogram(review, 0.85)  # where an edge is, none is added
    assert len(edges) == summary.BINS + 1
