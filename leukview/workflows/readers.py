"""Readers against each other, and one reader before and after the suggestions were shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leukview.domain.classes import CellClass
from leukview.domain.records import Decision, DecisionState
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
from leukview.workflows.review import Review

_FOR_A_CLASS = (DecisionState.AGREED, DecisionState.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenReaders:
    """What two readers decided about the same images.

    Attributes:
        first, second: their names.
        images: in the folder.
        both: that both have decided in any way, unsure and excluded too.
        differing: of these, decided differently.
        settled: of the differing, adjudicated.
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
    first, second, settled = (_once(review, review.of_reading(r)) for r in Reading)
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a and b]
    ids = [one.id for one in review.classes]
    called = np.array(
        [
            (ids.index(a.class_id), ids.index(b.class_id))
            for a, b in pairs
            if _is_class(a, ids) and _is_class(b, ids)
        ],
        np.int64,
    ).reshape(-1, 2)
    used = sorted(set(called.ravel().tolist()))
    place = {index: n for n, index in enumerate(used)}
    one, other = (np.array([place[i] for i in side.tolist()], np.int64) for side in called.T)
    counts = matrix(one, other, max(1, len(used)))
    differs = [bool(a and b and a.called != b.called) for a, b in zip(first, second, strict=True)]
    return BetweenReaders(
        first=_name(readers.get(Reading.FIRST, ""), first),
        second=readers[Reading.SECOND],
        images=len(first),
        both=len(pairs),
        differing=sum(differs),
        settled=sum(1 for d, s in zip(differs, settled, strict=True) if d and s),
        classes=tuple(review.classes[index] for index in used),
        whole=agreement(counts),
        each=tuple(by_class(counts)) if used else (),
    )


def switches(review: Review) -> Switches | None:
    """How the reader's decisions moved after a blind reading ended; None if none has.

    Counted are images that were decided for a class without the suggestion, have one, and are
    decided for a class now.
    """
    blind = review.blind_decisions()
    if blind is None:
        return None
    ids = [one.id for one in review.classes]
    rows = [
        (ids.index(before.class_id), int(review.suggested[row]), int(review.decided[row]))
        for row, before in enumerate(blind)
        if before and not before.suggestion_seen and _is_class(before, ids)
        if review.suggested[row] >= 0
        if review.decided[row] >= 0
    ]
    before, said, after = np.array(rows, np.int64).reshape(-1, 3).T
    return switch_rate(before, said, after)


def two_readers(review: Review, row: int) -> str:
    """What both readers called an image, while differences are settled; else ""."""
    if review.record.reading is not Reading.ADJUDICATION:
        return ""
    names = {one.id: one.name for one in review.classes}
    said = [
        (review.decision_of(review.sha256[row], reading), review.record.readers.get(reading, ""))
        for reading in (Reading.FIRST, Reading.SECOND)
    ]
    return " · ".join(
        f"{name or d.reviewer}: {names.get(d.called, d.called)}" for d, name in said if d
    )


def _is_class(decision: Decision, ids: Sequence[str]) -> bool:
    return decision.state in _FOR_A_CLASS and decision.class_id in ids


def _once(review: Review, decisions: list[Decision | None]) -> list[Decision | None]:
    """One for each different file."""
    seen: dict[str, Decision | None] = {}
    for sha, decision in zip(review.sha256, decisions, strict=True):
        if sha:
            seen.setdefault(sha, decision)
    return list(seen.values())


def _name(known: str, decisions: list[Decision | None]) -> str:
    """The first reader is often not written down but in the decisions."""
    names = sorted({d.reviewer for d in decisions if d and d.reviewer})
    return known or ", ".join(names)


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
