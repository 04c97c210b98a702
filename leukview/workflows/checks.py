"""What stands between a draft and a final slide, and what its audit sample says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import DecisionState
from leukview.measures.audit import Overall, Stratum, differing, overall
from leukview.workflows.actions import Reading
from leukview.workflows.columns import Rows
from leukview.workflows.readings import Said
from leukview.workflows.record import Audit, Mode
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
        queue: name of the queue where that is done, as decisions name it, or "".
        reading: in which there is this queue.
        row: of the first image that it is about, or -1.
    """

    name: str
    figure: str
    passed: bool
    blocks: bool = True
    queue: str = ""
    reading: Reading = Reading.FIRST
    row: int = -1

    @property
    def holds_up(self) -> bool:
        """Whether the slide cannot be finished because of it."""
        return self.blocks and not self.passed


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What the audit sample of the current reading has shown.

    Attributes:
        population, drawn: images it was drawn from, and in it.
        seen: of the drawn, on the screen with their suggestion before the draw.
        read: of the drawn, decided while the suggestion was hidden, and not as "unsure".
        differing: of the read, decided then other than was suggested at the draw, or excluded.
        changed: of the read, called otherwise now than before the suggestion was shown.
        low, high: of the population, 95 %; the whole population until all drawn are read.
        overall: over all strata of the slide.
        strata: the sampled images and all others.
    """

    population: int
    drawn: int
    seen: int
    read: int
    differing: int
    changed: int
    low: int
    high: int
    overall: Overall
    strata: tuple[Stratum, ...]

    @property
    def complete(self) -> bool:
        return self.read == self.drawn


def audit_result(review: Review, reading: Reading | None = None) -> AuditResult | None:
    """Compare a reading's sample with what was suggested at its draw; None without a sample.

    What was decided first counts, before the suggestion was shown: later decisions may follow it.
    The interval is valid for the confident images alone. Images are counted by their bytes.
    """
    reading = reading or review.record.reading
    audit = review.record.audits.get(reading)
    if audit is None:
        return None
    first, now = review.first_said(reading), review.sample_said(reading)
    read, found = _compared(first, review.words_of(audit.suggestions))
    drawn = len(audit.images)
    done = read == drawn
    low, high = differing(audit.population, drawn, found) if done else (found, audit.population)
    strata = _sampled(audit, read, found), _others(review, reading)
    return AuditResult(
        population=audit.population,
        drawn=drawn,
        seen=audit.seen,
        read=read,
        differing=found,
        changed=int((_answered(first) & (first.called != now.called)).sum()),
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
    if review.record.mode is Mode.BLIND:  # no decision shows its suggestion
        read = int(_answered(review.first_said(review.record.reading)).sum())
    else:  # quicker; it is asked after each decision
        read = len(audit.images) - len(review.unread())
    return read, len(audit.images)


def _answered(said: Said) -> NDArray[np.bool_]:
    return np.asarray((said.state > 0) & (said.state != _UNSURE))


def _compared(
    said: Said, suggested: NDArray[np.int64], rows: Rows | slice = slice(None)
) -> tuple[int, int]:
    """Of images and the word that was suggested for each: how many are read, how many differ."""
    read = _answered(said)[rows]
    return int(read.sum()), int((read & (said.called[rows] != suggested)).sum())


def _sampled(audit: Audit, read: int, found: int) -> Stratum:
    return Stratum(
        name="Confident images",
        size=audit.population,
        drawn=len(audit.images),
        read=read,
        differing=found,
    )


def _others(review: Review, reading: Reading) -> Stratum:
    """All suggested images that the sample was not drawn from, by what is suggested now.

    These are the ones that need review, and those that were decided before the draw.
    """
    rest = (review.suggested >= 0) & ~review.drawn_from(reading)
    rows = review.one_each(np.flatnonzero(rest))
    words = review.words_of(one.id for one in review.classes)
    read, found = _compared(review.said(reading), words[review.suggested[rows]], rows)
    return Stratum(name="Other images", size=len(rows), read=read, differing=found)


def _stands(review: Review) -> NDArray[np.int64]:
    """Where each image stands, index into `DecisionState`: (N,).

    While differences are settled, it is what the table says: settled, or as the first reader said.
    """
    if review.record.reading is not Reading.ADJUDICATION:
        return review.state.astype(np.int64)
    return review.final().state


def _readable(review: Review) -> NDArray[np.bool_]:
    out = np.ones(review.count, np.bool_)
    out[list(review.errors)] = False
    return out


def counted(review: Review) -> int:
    """Readable images that are decided for a class: what a count target counts."""
    return _counted(_readable(review), _stands(review))


def _counted(readable: NDArray[np.bool_], stands: NDArray[np.int64]) -> int:
    decided = (stands > 0) & (stands != _UNSURE) & (stands != _EXCLUDED)
    return int((readable & decided).sum())


def checks(review: Review) -> list[Check]:
    """What is looked at before a slide is finished, in the order in which it is said."""
    stands = _stands(review)
    return [
        _decided(review, stands),
        _reviewed(review, stands),
        *(_audit(review, reading) for reading in review.record.audits),
        *_readers(review),
        *_target(review, stands),
        *_unreadable(review),
    ]


def _first(rows: Rows) -> int:
    return int(rows[0]) if len(rows) else -1


def _queue(review: Review, name: str) -> str:
    """While differences are settled there are no queues but theirs and all."""
    return "all" if review.record.reading is Reading.ADJUDICATION else name


def _decided(review: Review, stands: NDArray[np.int64]) -> Check:
    readable = _readable(review)
    state = stands[readable]
    excluded, left = int((state == _EXCLUDED).sum()), int((state == 0).sum())
    unsure = int((state == _UNSURE).sum())
    open_ = np.flatnonzero((stands == 0) & readable)
    aside = np.flatnonzero((stands == _UNSURE) & readable)
    return Check(
        name="Images are not decided" if left + unsure else "Every image is decided",
        figure=f"{_counted(readable, stands):,} decided, {excluded:,} excluded with a reason,"
        f" {unsure:,} unsure, {left:,} not decided",
        passed=not left + unsure,
        queue=_queue(review, "undecided" if left else "all"),
        reading=review.record.reading,
        row=_first(open_ if left else aside),
    )


def _reviewed(review: Review, stands: NDArray[np.int64]) -> Check:
    wanted = (review.needs_review | review.disagree) & _readable(review)
    open_ = np.flatnonzero(wanted & (stands == 0))
    count, left = int(wanted.sum()), len(open_)
    return Check(
        name="Needs review is not empty" if left else "Needs review is empty",
        figure=f"{count - left:,} of {count:,} read",
        passed=not left,
        queue=_queue(review, "needs review"),
        reading=review.record.reading,
        row=_first(open_),
    )


def _audit(review: Review, reading: Reading) -> Check:
    found = audit_result(review, reading)
    passed = found is not None and found.complete
    read = _answered(review.first_said(reading)).tolist()
    images = zip(review.record.audits[reading].images, read, strict=True)
    unread = review.rows_of(image for image, done in images if not done)
    said = audit_said if may_know(review, reading) else _how_far
    return Check(
        name="Audit sample is read" if passed else "Audit sample is not read",
        figure=said(found) if found else "",
        passed=passed,
        queue="audit sample",
        reading=reading,
        row=_first(unread),
    )


def may_know(review: Review, reading: Reading) -> bool:
    """Whether who reads now may know what a reading's sample says: a second reader only theirs."""
    return review.record.reading is not Reading.SECOND or reading is Reading.SECOND


def _readers(review: Review) -> list[Check]:
    """What a second reading leaves to do; nothing without one."""
    record = review.record
    if Reading.SECOND not in record.readers:
        return []
    if record.reading is Reading.SECOND:
        words = "Settle the differences, or go back to the first reading; then finish"
        return [
            Check(
                name="The second reading goes on",
                figure=words,
                passed=False,
                queue="adjudication",
                reading=Reading.ADJUDICATION,
            )
        ]
    found = review.differences()
    settled, count, again = (
        len(review.one_each(np.flatnonzero(some)))
        for some in (found.differing & found.settled, found.shown, found.again)
    )
    open_ = np.flatnonzero(found.open)
    return [
        Check(
            name="The readers' differences are not settled"
            if len(open_)
            else "The readers' differences are settled",
            figure=f"{settled:,} of {count:,} settled{settled_again(again)}",
            passed=not len(open_),
            queue="adjudication",
            reading=Reading.ADJUDICATION,
            row=_first(open_),
        )
    ]


def settled_again(count: int) -> str:
    """How many images are to be settled again, and why; "" for none."""
    which = (
        "1 was settled before and is" if count == 1 else f"{count:,} were settled before and are"
    )
    why = "because a reader has decided otherwise since"
    return f"; {which} to be settled again, {why}" if count else ""


def _target(review: Review, stands: NDArray[np.int64]) -> list[Check]:
    target = review.record.target
    if not target:
        return []
    count = _counted(_readable(review), stands)
    return [
        Check(
            name=f"Count target is {'' if count >= target else 'not '}reached",
            figure=f"{count:,} counted, target {target:,}",
            passed=count >= target,
            blocks=False,
        )
    ]


def _unreadable(review: Review) -> list[Check]:
    count = len(review.errors)
    if not count:
        return []
    return [
        Check(
            name=f"{count:,} file{'' if count == 1 else 's'} could not be read",
            figure="They are not counted. The table names them.",
            passed=False,
            blocks=False,
        )
    ]


def audit_words(found: AuditResult) -> str:
    """The result in one sentence; differences from this reader, not errors."""
    if not found.complete:
        return _how_far(found)
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


def _how_far(found: AuditResult) -> str:
    return f"{found.read:,} of {found.drawn:,} read"


def audit_notes(found: AuditResult) -> list[str]:
    """What has to be known of a sample beside its result, in sentences."""
    said = []
    if found.seen:
        said.append(
            f"{found.seen:,} of the {found.drawn:,} had been on the screen with"
            f" {'its' if found.seen == 1 else 'their'} suggestion before the draw."
        )
    if found.changed:
        which = "1 decision was" if found.changed == 1 else f"{found.changed:,} decisions were"
        said.append(
            f"{which} changed or taken back after the suggestion was shown; what was decided first"
            " counts."
        )
    return said


def audit_said(found: AuditResult) -> str:
    """Result and notes of a sample, where there is one line for them."""
    notes = audit_notes(found)
    return ". ".join([audit_words(found), " ".join(notes)]) if notes else audit_words(found)
