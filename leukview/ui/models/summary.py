"""The figures of the overview, each with its n and interval; numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from leukview.domain.classes import Role, Unit
from leukview.domain.records import DecisionState
from leukview.measures import confusion
from leukview.measures.differential import Differential, differential
from leukview.measures.intervals import clopper_pearson, wilson
from leukview.ui import messages
from leukview.ui.models import queue
from leukview.workflows.checks import audit_read
from leukview.workflows.review import Review

_STATES = tuple(DecisionState)
EXCLUDED = _STATES.index(DecisionState.EXCLUDED)
UNSURE = _STATES.index(DecisionState.UNSURE)
AGREED = _STATES.index(DecisionState.AGREED)
CHANGED = _STATES.index(DecisionState.CHANGED)
BINS = 20


@dataclass(frozen=True, slots=True)
class Share:
    """k of n, and its 95 % interval: exact, or Wilson's."""

    k: int
    n: int
    wilson: bool = False

    @property
    def value(self) -> float:
        return self.k / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return _interval(self.k, self.n, self.wilson)


@lru_cache(maxsize=4096)  # one line of a table asks several times, and most do not change
def _interval(k: int, n: int, score: bool) -> tuple[float, float]:
    return wilson(k, n) if score else clopper_pearson(k, n)


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class: how often suggested, decided, and combined (decision, else suggestion).

    Shares are of all leukocytes that were counted in the same way, and None where that makes no
    sense; `share` is that of the combined count.
    """

    index: int
    suggested: int
    decided: int
    combined: int
    share: Share | None
    suggested_share: Share | None = None
    decided_share: Share | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the review is.

    Attributes:
        images: in the folder.
        suggested: with a suggestion.
        unread: that could not be read.
        review: that need review.
        reviewed: of these, with a decision.
        decided: with any decision, unsure and excluded too.
        unfamiliar: unlike the training images.
    """

    images: int
    suggested: int
    unread: int
    review: int
    reviewed: int
    decided: int
    agreed: int
    changed: int
    unsure: int
    excluded: int
    unfamiliar: int


def counts(review: Review) -> Counts:
    """Count everything once."""
    # numpy counts what is true 20 times as fast as it adds it up, and this is after each decision.
    decided, wanted = review.state != queue.UNDECIDED, queue.wanted(review)
    return Counts(
        images=review.count,
        suggested=_count(review.suggested >= 0),
        unread=len(review.errors),
        review=_count(wanted),
        reviewed=_count(wanted & decided),
        decided=_count(decided),
        agreed=_count(review.state == AGREED),
        changed=_count(review.state == CHANGED),
        unsure=_count(review.state == UNSURE),
        excluded=_count(review.state == EXCLUDED),
        unfamiliar=_count(review.unfamiliar),
    )


def _count(which: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(which))


def left(review: Review, count: Counts) -> dict[queue.Tab, int | str | None]:
    """How many images wait in each queue; None where that says nothing.

    Of the audit sample how many are read, of how many: nothing left would look like no sample.
    """
    (read, drawn), settle = audit_read(review), review.differing_rows
    return {
        queue.Tab.ALL: count.images,
        queue.Tab.REVIEW: count.review - count.reviewed,
        queue.Tab.UNDECIDED: count.images - count.decided,
        queue.Tab.DISAGREE: _count(queue.disagreeing(review)),
        queue.Tab.AUDIT: f"{read:,}/{drawn:,}" if drawn else None,
        queue.Tab.SETTLE: int((review.state[settle] == 0).sum()) if len(settle) else None,
    }


def combined(review: Review) -> NDArray[np.int16]:
    """Per image the decision, else the suggestion; -1 for unsure, excluded and neither."""
    out = queue.shown_class(review)
    out[(review.state == EXCLUDED) | (review.state == UNSURE)] = -1
    return out


def per_class(review: Review, unit: Unit, *, score: bool = False) -> list[ClassLine]:
    """Counts per class; for cells also shares among the leukocytes, for fields only counts.

    `score` gives the shares Wilson's interval instead of the exact one.
    """
    kinds, roles = len(review.classes), [one.role for one in review.classes]
    suggested, decided, both = (
        differential(
            np.bincount(column[(column >= 0) & (column < kinds)], minlength=kinds), roles, unit
        )
        for column in (
            np.where(review.hidden, -1, review.suggested),
            review.decided,
            combined(review),
        )
    )

    def share(found: Differential, n: int) -> Share | None:
        known = not np.isnan(found.shares[n])
        return Share(int(found.counts[n]), found.white, score) if known else None

    return [
        ClassLine(
            index=n,
            suggested=int(suggested.counts[n]),
            decided=int(decided.counts[n]),
            combined=int(both.counts[n]),
            share=share(both, n),
            suggested_share=share(suggested, n),
            decided_share=share(decided, n),
        )
        for n in range(kinds)
    ]


def apart(review: Review, lines: list[ClassLine]) -> list[str]:
    """What is said of the classes that are no leukocytes; "" for the others."""
    white = next((line.share.n for line in lines if line.share is not None), 0)
    words = []
    for one, line in zip(review.classes, lines, strict=True):
        if line.share is not None or not white:
            words.append("")
        elif one.role is Role.NRBC:
            words.append(f"{100 * line.combined / white:.1f} per 100 leukocytes")
        else:
            words.append("counted apart, not a leukocyte")
    return words


def class_figures(line: ClassLine, apart_: str) -> tuple[str, ...]:
    """What a class comes to in words, from long to short; `apart_` as `apart` says it."""
    few = f"{line.suggested:,} suggested · {line.decided:,} decided"
    if line.share is not None:
        low, high = line.share.interval
        percent, range_ = messages.percent(line.share.value), messages.interval(low, high)
        shorter = f"{few} · {percent}"
        return (f"{shorter} of leukocytes (95 % CI {range_})", shorter, few)
    return (f"{few} · {apart_}", few) if apart_ else (few,)


def malignant(review: Review, unit: Unit) -> Share | None:
    """Malignant cells among all leukocytes, combined; None without such a class, and for fields."""
    lines = [line for line in per_class(review, unit) if line.share is not None]
    bad = [line for line in lines if review.classes[line.index].malignant]
    if not bad or bad[0].share is None:
        return None
    return Share(sum(line.combined for line in bad), bad[0].share.n)


def matrix(review: Review, *, truth: bool) -> NDArray[np.int64]:
    """Rows: decision or true class; columns: suggestion; int64 (C, C)."""
    other = review.true_class if truth else review.decided
    kinds = len(review.classes)
    both = (other >= 0) & (other < kinds) & (review.suggested >= 0) & ~review.hidden
    return confusion.matrix(
        other[both].astype(np.int64), review.suggested[both].astype(np.int64), kinds
    )


def agreement(review: Review) -> Share:
    """Decisions for the suggested class among all decisions for a class."""
    table = matrix(review, truth=False)
    return Share(int(np.trace(table)), int(table.sum()))


def kappa(review: Review) -> float:
    """Cohen's kappa between reader and model; nan while it is not defined."""
    table = matrix(review, truth=False)
    return float(confusion.kappa(table)) if table.sum() else float("nan")


def histogram(
    review: Review, threshold: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges (E + 1,) and counts (E,) of the confidences that are not hidden.

    The threshold is an edge too, so a bin that it cuts counts either side by itself: E is BINS, or
    one more.
    """
    known = review.confidence[~np.isnan(review.confidence) & ~review.hidden].astype(np.float64)
    known = known.round(6)  # as float32 0.77 is below 0.77
    usual = np.linspace(0.0, 1.0, BINS + 1)
    inside = 0.0 < threshold < 1.0 and not np.isclose(usual, threshold, rtol=0, atol=1e-9).any()
    edges = np.sort(np.append(usual, threshold)) if inside else usual
    found, _ = np.histogram(known, bins=edges)
    return edges, found.astype(np.int64)
