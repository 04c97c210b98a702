"""What stands between a draft and a final slide, and what its audit sample says."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import DecisionState
from leukview.measures.audit import Overall, Stratum, differing, overall
from leukview.workflows.actions import Reading
from leukview.workflows.record import Audit
from leukview.workflows.review import Review

_STATES = tuple(DecisionState)
_OTHER_MODEL = Overall(
    math.nan, math.nan, math.nan, "Another model is in use than when the sample was drawn."
)
_UNSURE, _EXCLUDED = _STATES.index(DecisionState.UNSURE), _STATES.index(DecisionState.EXCLUDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line before a slide is finished.

    Attributes:
        name: what is checked.
        figure: where it stands.
        passed: whether it does.
        blocks: whether the slide cannot be finished while it does not.
    """

    name: str
    figure: str
    passed: bool
    blocks: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What the audit sample of the current reading has shown.

    Attributes:
        population, drawn: images it was drawn from, and in it.
        read: of the drawn, with a decision that is not "unsure".
        differing: of the read, decided other than was suggested at the draw, or excluded.
        low, high: of the population, 95 %; the whole population until all drawn are read.
        overall: over all strata of the slide.
        strata: the sampled images and all others.
    """

    population: int
    drawn: int
    read: int
    differing: int
    low: int
    high: int
    overall: Overall
    strata: tuple[Stratum, ...]

    @property
    def complete(self) -> bool:
        return self.read == self.drawn


def audit_result(review: Review, reading: Reading | None = None) -> AuditResult | None:
    """Compare a reading's sample with what was suggested at its draw; None without a sample.

    The interval is valid for the confident images alone. Images are counted by their bytes.
    """
    reading = reading or review.record.reading
    audit = review.record.audits.get(reading)
    if audit is None:
        return None
    pairs = zip(audit.images, audit.suggestions, strict=True)
    read, found = _compared(review, reading, pairs)
    drawn = len(audit.images)
    done = read == drawn
    low, high = differing(audit.population, drawn, found) if done else (found, audit.population)
    strata = _sampled(audit, read, found), _others(review, audit, reading)
    return AuditResult(
        population=audit.population,
        drawn=drawn,
        read=read,
        differing=found,
        low=low,
        high=high,
        overall=overall(strata) if audit.model == review.model_sha256 else _OTHER_MODEL,
        strata=strata,
    )


def audit_read(review: Review) -> tuple[int, int]:
    """How many of the current reading's audit sample are read, and drawn; see `AuditResult`."""
    audit = review.record.audit
    if audit is None:
        return 0, 0
    pairs = zip(audit.images, audit.suggestions, strict=True)
    return _compared(review, review.record.reading, pairs)[0], len(audit.images)


def _compared(
    review: Review, reading: Reading, pairs: Iterable[tuple[str, str]]
) -> tuple[int, int]:
    """Of images and what was suggested for each: how many are read, and how many differ."""
    read = found = 0
    for sha, suggested in pairs:
        decision = review.decision_of(sha, reading)
        if decision is not None and decision.state is not DecisionState.UNSURE:
            read += 1
            found += decision.class_id != suggested  # "" where it was excluded
    return read, found


def _sampled(audit: Audit, read: int, found: int) -> Stratum:
    return Stratum(
        name="Confident images",
        size=audit.population,
        drawn=len(audit.images),
        read=read,
        differing=found,
    )


def _others(review: Review, audit: Audit, reading: Reading) -> Stratum:
    """All suggested images that the sample was not drawn from, by what is suggested now.

    These are the ones that need review, and those that were decided before the draw.
    """
    rest = review.suggested >= 0
    rest[review.rows_of(audit.population_images)] = False
    rows = _one_each(review, np.flatnonzero(rest)).tolist()
    said = ((review.sha256[r], review.classes[int(review.suggested[r])].id) for r in rows)
    read, found = _compared(review, reading, said)
    return Stratum(name="Other images", size=len(rows), read=read, differing=found)


def _one_each(review: Review, rows: np.ndarray) -> np.ndarray:
    """Equal files count once."""
    hashes = [review.sha256[row] for row in rows.tolist()]
    first = dict(zip(reversed(hashes), reversed(rows.tolist()), strict=True))
    return np.array(sorted(first.values()), np.int64)


def _stands(review: Review) -> NDArray[np.int64]:
    """Where each image stands, index into `DecisionState`: (N,).

    While differences are settled, it is what the table says: settled, or as the first reader said.
    """
    if review.record.reading is not Reading.ADJUDICATION:
        return review.state.astype(np.int64)
    said = (review.final_decision(row) if sha else None for row, sha in enumerate(review.sha256))
    return np.array([_STATES.index(one.state) if one else 0 for one in said], np.int64)


def counted(review: Review) -> int:
    """Readable images that are decided for a class: what a count target counts."""
    readable = np.ones(review.count, np.bool_)
    readable[list(review.errors)] = False
    state = _stands(review)
    return int((readable & (state > 0) & (state != _UNSURE) & (state != _EXCLUDED)).sum())


def checks(review: Review) -> list[Check]:
    """What is looked at before a slide is finished, in the order in which it is said."""
    readable = np.ones(review.count, np.bool_)
    readable[list(review.errors)] = False
    stands = _stands(review)
    state = stands[readable]
    open_, unsure = int((state == 0).sum()), int((state == _UNSURE).sum())
    excluded = int((state == _EXCLUDED).sum())
    decided = counted(review)
    wanted = (review.needs_review | review.disagree) & readable
    left = int((wanted & (stands == 0)).sum())
    out = [
        Check(
            name="Every image is decided" if not open_ + unsure else "Images are not decided",
            figure=f"{decided:,} decided, {excluded:,} excluded with a reason, {unsure:,} unsure,"
            f" {open_:,} not decided",
            passed=not open_ + unsure,
        ),
        Check(
            name="Needs review is empty" if not left else "Needs review is not empty",
            figure=f"{int(wanted.sum()) - left:,} of {int(wanted.sum()):,} read",
            passed=not left,
        ),
    ]
    for reading in review.record.audits:
        found = audit_result(review, reading)
        if found is not None:
            out.append(
                Check(
                    name="Audit sample is read" if found.complete else "Audit sample is not read",
                    figure=audit_words(found),
                    passed=found.complete,
                )
            )
    out += _readers(review)
    if review.record.target:
        out.append(
            Check(
                name="Count target is reached"
                if decided >= review.record.target
                else "Count target is not reached",
                figure=f"{decided:,} counted, target {review.record.target:,}",
                passed=decided >= review.record.target,
                blocks=False,
            )
        )
    if review.errors:
        count = len(review.errors)
        out.append(
            Check(
                name=f"{count:,} file{'' if count == 1 else 's'} could not be read",
                figure="They are not counted. The table names them.",
                passed=False,
                blocks=False,
            )
        )
    return out


def _readers(review: Review) -> list[Check]:
    """What a second reading leaves to do; nothing without one."""
    record = review.record
    if Reading.SECOND not in record.readers:
        return []
    if record.reading is Reading.SECOND:
        words = "Settle the differences, or go back to the first reading; then finish"
        return [Check(name="The second reading goes on", figure=words, passed=False)]
    differ = [review.sha256[row] for row in review.differing.tolist()]
    settled = sum(1 for sha in differ if review.decision_of(sha, Reading.ADJUDICATION))
    passed = settled == len(differ)
    return [
        Check(
            name="The readers' differences are settled"
            if passed
            else "The readers' differences are not settled",
            figure=f"{settled:,} of {len(differ):,} settled",
            passed=passed,
        )
    ]


def audit_words(found: AuditResult) -> str:
    """The result in one sentence; differences from this reader, not errors."""
    if not found.complete:
        return f"{found.read:,} of {found.drawn:,} read"
    overall = ""
    if not found.overall.reason:
        share, low, high = (
            f"{100 * value:.1f}"
            for value in (found.overall.share, found.overall.low, found.overall.high)
        )
        overall = f"; of all images {share} % ({low}\N{EN DASH}{high})"
    differ = "differs" if found.differing == 1 else "differ"
    return (
        f"{found.differing:,} of {found.drawn:,} {differ} from this reader; {found.low:,} to"
        f" {found.high:,} of {found.population:,} confident images (95 %, hypergeometric){overall}"
    )
