"""Readers against each other, and one reader before and after the suggestions were shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.classes import CellClass
from leukview.domain.records import DecisionState
from leukview.measures.agreement import (
    Agreement,
    ClassAgreement,
    Switches,
    agreement,
    by_class,
    switch_rate,
)
from leukview.measures.confusion import matrix
from leukview.workflows.actions import Reading
from leukview.workflows.readings import Said
from leukview.workflows.review import Review

_STATES = tuple(DecisionState)
_FOR_A_CLASS = [_STATES.index(s) for s in (DecisionState.AGREED, DecisionState.CHANGED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenReaders:
    """What two readers decided about the same images.

    Attributes:
        first, second: their names.
        images: in the folder.
        both: that both have decided in any way, unsure and excluded too.
        differing: of these, decided differently.
        settled: of the differing, adjudicated since both said so.
        again: adjudicated before a reader said otherwise, so that it is to be done again.
        classes: that either has used, in the model's order.
        whole: agreement over the images that both decided for a class.
        each: the same for each of `classes` against the rest.
    """

    first: str
    second: str
    images: int
    both: int
    differing: int
    settled: int
    again: int
    classes: tuple[CellClass, ...]
    whole: Agreement
    each: tuple[ClassAgreement, ...]


def between_readers(review: Review) -> BetweenReaders | None:
    """Compare the first and the second reading; None before the second has begun.

    Equal files count once.
    """
    readers = review.record.readers
    if Reading.SECOND not in readers:
        return None
    once = review.one_each(_known(review))
    first, second = (_part(review.said(r), once) for r in (Reading.FIRST, Reading.SECOND))
    both = (first.called >= 0) & (second.called >= 0)
    found = review.differences()
    differs = found.differing[once]
    classes = _for_a_class(first) & _for_a_class(second)
    used = np.unique(np.stack([first.decided[classes], second.decided[classes]]))
    one, other = (np.searchsorted(used, side.decided[classes]) for side in (first, second))
    counts = matrix(one, other, max(1, len(used)))
    return BetweenReaders(
        first=_name(review, readers),
        second=readers[Reading.SECOND],
        images=len(once),
        both=int(both.sum()),
        differing=int(differs.sum()),
        settled=int((differs & found.settled[once]).sum()),
        again=int(found.again[once].sum()),
        classes=tuple(review.classes[index] for index in used.tolist()),
        whole=agreement(counts),
        each=tuple(by_class(counts)) if len(used) else (),
    )


def switches(review: Review) -> Switches | None:
    """How the reader's decisions moved after a blind reading ended; None if none has.

    Counted are images that were decided for a class without the suggestion, have one, and are
    decided for a class now.
    """
    blind = review.blind_said()
    if blind is None:
        return None
    kinds, kind = review.kinds_of(blind)
    unseen = np.array([d is not None and not d.suggestion_seen for d in kinds], np.bool_)
    chosen = _for_a_class(blind) & unseen[kind]
    chosen &= (review.suggested >= 0) & (review.decided >= 0)
    before, said, after = (
        column[chosen].astype(np.int64)
        for column in (blind.decided, review.suggested, review.decided)
    )
    return switch_rate(before, said, after)


def two_readers(review: Review, row: int) -> str:
    """What both readers called an image, while differences are settled; else "".

    Where a reader said otherwise after it was settled, as what it was settled as well.
    """
    if review.record.reading is not Reading.ADJUDICATION:
        return ""
    names = {one.id: one.name for one in review.classes}
    readers, sha256 = review.record.readers, review.sha256[row]
    said = [
        (review.decision_of(sha256, reading), readers.get(reading, ""))
        for reading in (Reading.FIRST, Reading.SECOND)
    ]
    words = [f"{name or d.reviewer}: {names.get(d.called, d.called)}" for d, name in said if d]
    before = review.decision_of(sha256, Reading.ADJUDICATION)
    if before is not None and not review.is_settled(row):
        called = names.get(before.called, before.called)
        words.append(f"settled before by {before.reviewer}: {called}, not valid any more")
    return " · ".join(words)


def _for_a_class(said: Said) -> NDArray[np.bool_]:
    """Where it was decided for a class that the model has; bool (N,)."""
    return np.isin(said.state, _FOR_A_CLASS) & (said.decided >= 0)


def _known(review: Review) -> NDArray[np.int64]:
    """Rows whose bytes were read."""
    return np.flatnonzero(np.fromiter(map(bool, review.sha256), np.bool_, review.count))


def _part(said: Said, rows: NDArray[np.int64]) -> Said:
    return Said(said.state[rows], said.decided[rows], said.called[rows], said.codes[rows])


def _name(review: Review, readers: Mapping[Reading, str]) -> str:
    """The first reader is often not written down but in the decisions."""
    known = readers.get(Reading.FIRST, "")
    if known:
        return known
    kinds, _which = review.kinds_of(review.said(Reading.FIRST))
    return ", ".join(sorted({d.reviewer for d in kinds if d and d.reviewer}))


def kappa_words(found: Agreement) -> str:
    """Cohen's kappa with its interval and n: 0.87 (95 % CI 0.80 to 0.93, n = 120)."""
    if np.isnan(found.kappa):
        return f"not defined (n = {found.n:,})"
    kappa, low, high = (
        f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
        for value in (found.kappa, found.low, found.high)
    )
    if np.isnan(found.low):
        return f"{kappa} (n = {found.n:,})"
    return f"{kappa} (95 % CI {low}–{high}, n = {found.n:,})"
