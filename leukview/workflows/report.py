"""The figures of a printable report, computed from what is recorded of one slide."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview import __version__
from leukview.contract import ModelContract
from leukview.domain.classes import Role, Unit
from leukview.domain.errors import UsageError
from leukview.domain.records import DecisionState, ModelIdentity
from leukview.measures import confusion
from leukview.measures.intervals import clopper_pearson
from leukview.reports.about import About
from leukview.reports.html_report import ClassLine, Contents, Part
from leukview.session.events import Head, now
from leukview.workflows.actions import Reading
from leukview.workflows.checks import audit_result, audit_words, checks
from leukview.workflows.readers import BetweenReaders, between_readers, kappa_words, switches
from leukview.workflows.record import Mode, State
from leukview.workflows.review import Review

_STATES = tuple(DecisionState)
_UNSURE, _EXCLUDED = (_STATES.index(s) for s in (DecisionState.UNSURE, DecisionState.EXCLUDED))
_DASH = "\N{EN DASH}"
_READINGS = {
    Reading.FIRST: "First reading",
    Reading.SECOND: "Second reading",
    Reading.ADJUDICATION: "Adjudication",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A slide at one moment, as far as a report needs it.

    Attributes:
        review: with the suggestions of the model that is named.
        head: where the session's log ends.
        identity: of the model.
        contract: of the model; None where its file is not to be found.
        slide: name of the slide, or of its folder.
        deidentify: leave out names of slides, patients and people, and what they typed.
    """

    review: Review
    head: Head
    identity: ModelIdentity
    contract: ModelContract | None
    slide: str
    deidentify: bool = False


@dataclass(frozen=True, slots=True)
class _Stands:
    """What the table says of each image: what was settled, else what the first reader said.

    Attributes:
        state: index into `DecisionState`, (N,).
        decided: class index (N,), -1 for none.
        reasons: of each excluded image.
    """

    state: NDArray[np.int64]
    decided: NDArray[np.int64]
    reasons: list[str]


def _stands(review: Review) -> _Stands:
    place = {one.id: number for number, one in enumerate(review.classes)}
    said = [
        review.final_decision(row) if review.sha256[row] else None for row in range(review.count)
    ]
    return _Stands(
        state=np.array([_STATES.index(d.state) if d else 0 for d in said], np.int64),
        decided=np.array([place.get(d.class_id, -1) if d else -1 for d in said], np.int64),
        reasons=[d.reason for d in said if d and d.state is DecisionState.EXCLUDED],
    )


def contents(what: Reported) -> Contents:
    """Everything that stands in the report.

    Raises:
        UsageError: the slide is being read blind, so its suggestions must not be shown yet.
    """
    review = what.review
    if review.blind:
        raise UsageError(
            "This slide is being read blind first, and a report would show the suggestions."
            " Nothing was written. End the blind reading in the window, then report."
        )
    unit = what.contract.unit if what.contract else Unit.CELL
    stands = _stands(review)
    about = About(
        title="Report of a reviewed slide",
        model=what.identity.model_id,
        model_sha256=what.identity.sha256,
        app_version=__version__,
        exported_at=now(),
        images=review.count,
        decided=int((stands.state > 0).sum()),
        log_events=what.head.events,
        log_head=what.head.sha256,
        deidentified=what.deidentify,
    )
    between = between_readers(review)
    parts = [_checks(review), _audit(review), _readers(between, what.deidentify), _switches(review)]
    return Contents(
        slide="Slide (name left out)" if what.deidentify else what.slide,
        facts=_facts(what, stands),
        classes=_classes(review, stands, unit),
        cells=unit is Unit.CELL,
        names=[one.name for one in review.classes],
        matrix=_matrix(review, stands),
        parts=[part for part in [*parts, _left_out(review, stands, what)] if part is not None],
        about=about,
    )


def _facts(what: Reported, stands: _Stands) -> list[tuple[str, str]]:
    """What the slide is, who read it and how, and what suggested."""
    review, record = what.review, what.review.record
    names = _people(what)
    state = {State.DRAFT: "Draft, not finished", State.FINAL: "Final", State.AMENDED: "Amended"}
    words = state[record.state]
    if record.state is State.AMENDED and record.open:
        words = "Being amended, not final"
    if record.changed_at:
        words += f", {record.changed_at}" + (f", by {names.get(record.by, record.by)}")
    facts = [("State", words)]
    if review.patient and not what.deidentify:
        facts.append(("Patient", review.patient))
    for word, text in (("Reason for amending", record.reason), ("Comment", record.comment)):
        if text:
            facts.append((word, "left out" if what.deidentify else text))
    for reading, title in _READINGS.items():
        readers = _readers_of(review, reading)
        if readers:
            blind = record.modes.get(reading) is Mode.BLIND or reading in record.revealed
            mode = "blind first, then with the suggestions" if blind else "assisted"
            people = ", ".join(names.get(one, one) for one in readers)
            facts.append((title, f"{people}; {mode}"))
    decided = int((stands.state > 0).sum())
    facts.append(
        (
            "Images",
            f"{review.count:,}, of which {decided:,} decided; chosen by the reader, not at random",
        )
    )
    if record.target:
        facts.append(("Count target", f"{record.target:,}"))
    title = what.contract.title if what.contract else what.identity.model_id
    devices = ", ".join(sorted(set(review.devices.values())))
    if what.identity.sha256:
        facts.append(("Model", f"{title}, on {devices}" if devices else title))
        facts.append(("SHA-256 of the model", what.identity.sha256))
    return facts


def _readers_of(review: Review, reading: Reading) -> list[str]:
    found = {d.reviewer for d in review.of_reading(reading) if d and d.reviewer}
    named = review.record.readers.get(reading)
    return sorted(found | ({named} if named else set()))


def _people(what: Reported) -> dict[str, str]:
    """What each person is called in the report."""
    if not what.deidentify:
        return {}
    names: list[str] = []
    for reading in _READINGS:
        names += _readers_of(what.review, reading)
    names.append(what.review.record.by)
    return {name: f"Reader {n}" for n, name in enumerate(dict.fromkeys(names), 1)}


def _classes(review: Review, stands: _Stands, unit: Unit) -> list[ClassLine]:
    """Counts and shares; the decision where there is one, else the suggestion, is combined."""
    kinds = len(review.classes)
    combined = np.where(stands.decided >= 0, stands.decided, review.suggested)
    combined[(stands.state == _UNSURE) | (stands.state == _EXCLUDED)] = -1
    count = [
        np.bincount(column[(column >= 0) & (column < kinds)], minlength=kinds)
        for column in (review.suggested, stands.decided, combined)
    ]
    white = [
        number
        for number, one in enumerate(review.classes)
        if unit is Unit.CELL and one.role is Role.LEUKOCYTE
    ]
    totals = [int(sum(column[n] for n in white)) for column in count]
    lines = []
    for number, one in enumerate(review.classes):
        shares = [
            _share(int(column[number]), total) if number in white and total else ""
            for column, total in zip(count, totals, strict=True)
        ]
        lines.append(
            ClassLine(
                name=one.name,
                counts=[f"{int(column[number]):,}" for column in count],
                shares=shares,
            )
        )
    return lines


def _share(part: int, whole: int) -> str:
    low, high = clopper_pearson(part, whole)
    return f"{100 * part / whole:.1f} % ({100 * low:.1f}{_DASH}{100 * high:.1f})"


def _matrix(review: Review, stands: _Stands) -> list[list[int]]:
    kinds = len(review.classes)
    both = (stands.decided >= 0) & (review.suggested >= 0)
    rows, columns = (side[both].astype(np.int64) for side in (stands.decided, review.suggested))
    found: list[list[int]] = confusion.matrix(rows, columns, max(1, kinds)).tolist()
    return found


def _checks(review: Review) -> Part:
    lines = [
        (("passed: " if one.passed else "open: ") + one.name, one.figure) for one in checks(review)
    ]
    return Part("Checks", "", lines)


def _audit(review: Review) -> Part | None:
    found, audit = audit_result(review), review.record.audit
    if found is None or audit is None:
        return None
    return Part(
        "Audit sample",
        "A random sample of images that the model was sure of, read without their suggestions."
        " What is counted are differences from this reader, not errors; the interval holds for the"
        " confident images of this slide.",
        [
            ("Result", audit_words(found)),
            ("Drawn", f"{found.drawn:,} of {found.population:,}, seed {audit.seed}, {audit.at}"),
            ("Population", f"SHA-256 {audit.population_sha256}"),
            *([("Of all images", found.overall.reason)] if found.overall.reason else []),
        ],
    )


def _readers(found: BetweenReaders | None, deidentify: bool) -> Part | None:
    if found is None:
        return None
    first, second = ("Reader 1", "Reader 2") if deidentify else (found.first, found.second)
    lines = [
        ("Read by both", f"{found.both:,} of {found.images:,} images"),
        ("Called differently", f"{found.differing:,}, of which {found.settled:,} settled"),
        ("Cohen's kappa", kappa_words(found.whole)),
    ]
    for one, each in zip(found.classes, found.each, strict=True):
        shares = " and ".join(f"{100 * share:.1f} %" for share in each.prevalence)
        lines.append(
            (
                one.name,
                f"{first} {each.first:,}, {second} {each.second:,}, both {each.both:,};"
                f" prevalence {shares}; kappa {kappa_words(each.agreement)}",
            )
        )
    words = "Kappa depends on how rare a class is, so it stands beside what each reader found."
    return Part("Two readers", words, lines)


def _switches(review: Review) -> Part | None:
    found = switches(review)
    if found is None or not found.n:
        return None
    lines = []
    for word, rate in (
        ("Differed from the suggestion, changed to it", found.to_suggestion),
        ("Differed from the suggestion, changed to a third class", found.elsewhere),
        ("Agreed with the suggestion, changed to another", found.away),
    ):
        share = f" ({_share(rate.count, rate.n)})" if rate.n else ""
        lines.append((word, f"{rate.count:,} of {rate.n:,}{share}"))
    words = f"How {found.n:,} decisions made blind moved after the suggestions were shown."
    return Part("After the blind reading", words, lines)


def _left_out(review: Review, stands: _Stands, what: Reported) -> Part | None:
    """What is in no count, and why."""
    lines = []
    unsure = int((stands.state == _UNSURE).sum())
    if unsure:
        lines.append(("Unsure", f"{unsure:,}"))
    reasons = Counter(stands.reasons)
    if what.deidentify and reasons:
        reasons = Counter({"reasons left out": sum(reasons.values())})
    lines += [(f"Excluded: {why or 'no reason'}", f"{n:,}") for why, n in reasons.most_common()]
    if review.errors:
        lines.append(("Could not be read", f"{len(review.errors):,}"))
    return Part("In no count", "", lines) if lines else None
