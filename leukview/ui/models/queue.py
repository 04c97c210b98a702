"""Which images stand in the queue and in which order: numpy index arrays, no Qt."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import DecisionState
from leukview.workflows.review import Review

Rows = NDArray[np.int64]
UNDECIDED = tuple(DecisionState).index(DecisionState.UNDECIDED)


class Tab(enum.StrEnum):
    """The queues that the window offers; the value is written into each decision."""

    ALL = "all"
    REVIEW = "needs review"
    UNDECIDED = "undecided"


class Order(enum.StrEnum):
    """How a queue is sorted."""

    FILE = "File order"
    LEAST_SURE = "Least sure first"
    MOST_SURE = "Most sure first"


FIRST_ORDER = {
    Tab.ALL: Order.FILE,
    Tab.REVIEW: Order.LEAST_SURE,
    Tab.UNDECIDED: Order.FILE,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a confusion matrix: images suggested as one class and called another.

    Attributes:
        suggested: index of the suggested class.
        other: index of the class that stands against it.
        truth: whether `other` is the true class (folder names) or the decision.
    """

    suggested: int
    other: int
    truth: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """What is left out of the queue; the default leaves out nothing.

    Attributes:
        classes: indices of the classes shown (by decision, else suggestion); empty: all.
        low, high: range of confidence that is shown, 0 to 1.
        undecided: only images without a decision.
        cell: only the images of one cell of a confusion matrix.
    """

    classes: frozenset[int] = frozenset()
    low: float = 0.0
    high: float = 1.0
    undecided: bool = False
    cell: Cell | None = None

    @property
    def active(self) -> bool:
        return replace(self, cell=None) != Filter()


def shown_class(review: Review) -> NDArray[np.int16]:
    """Per image the decided class, else the suggested one, else -1."""
    shown = np.where(review.decided >= 0, review.decided, review.suggested)
    return np.asarray(shown, dtype=np.int16)


def undecided(review: Review) -> NDArray[np.bool_]:
    """Which images nobody has said anything about; bool (N,)."""
    return np.asarray(review.state == UNDECIDED)


def mask(review: Review, tab: Tab, chosen: Filter) -> NDArray[np.bool_]:
    """Which images belong to the queue `tab` and pass the filter; bool (N,)."""
    keep = np.ones(review.count, dtype=np.bool_)
    if tab is Tab.REVIEW:
        keep &= review.needs_review
    if tab is Tab.UNDECIDED or chosen.undecided:
        keep &= undecided(review)
    if chosen.classes:
        keep &= np.isin(shown_class(review), list(chosen.classes))
    if chosen.low > 0.0 or chosen.high < 1.0:
        with np.errstate(invalid="ignore"):
            keep &= (review.confidence >= chosen.low) & (review.confidence <= chosen.high)
    if chosen.cell is not None:
        other = review.true_class if chosen.cell.truth else review.decided
        keep &= (review.suggested == chosen.cell.suggested) & (other == chosen.cell.other)
    return keep


def arrange(review: Review, rows: Rows, order: Order) -> Rows:
    """The rows in their order; images without a suggestion come last, ties in file order."""
    if order is Order.FILE:
        return np.sort(rows)
    confidence = review.confidence[rows]
    key = confidence if order is Order.LEAST_SURE else -confidence
    key = np.where(np.isnan(key), np.inf, key)
    return np.asarray(rows[np.argsort(key, kind="stable")], dtype=np.int64)


def build(review: Review, tab: Tab, chosen: Filter, order: Order) -> Rows:
    """The whole queue, freshly."""
    rows = np.flatnonzero(mask(review, tab, chosen)).astype(np.int64)
    return arrange(review, rows, order)
