"""The figures of a printable report, computed from what is recorded of one slide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview import __version__
from leukview.contract import ModelContract
from leukview.domain.classes import Role, Unit
from leukview.domain.errors import UsageError
from leukview.domain.records import ModelIdentity
from leukview.measures import confusion
from leukview.measures.agreement import agreement
from leukview.reports.about import About
from leukview.reports.html_report import ClassLine, Contents
from leukview.session.events import Head, now
from leukview.workflows.actions import Reading
from leukview.workflows.readers import kappa_words
from leukview.workflows.record import Mode, Record, State
from leukview.workflows.report_parts import EXCLUDED, UNSURE, Stands, parts, share, stands_of, when
from leukview.workflows.review import Review

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
    stands = stands_of(review)
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
    matrix = _matrix(review, stands)
    return Contents(
        slide="Slide (name left out)" if what.deidentify else what.slide,
        facts=_facts(what, stands),
        classes=_classes(review, stands, unit),
        cells=unit is Unit.CELL,
        names=[one.name for one in review.classes],
        matrix=matrix.tolist(),
        matrix_words=_matrix_words(matrix, _chosen(review, stands)),
        parts=parts(review, stands, deidentify=what.deidentify),
        about=about,
    )


def _facts(what: Reported, stands: Stands) -> list[tuple[str, str]]:
    """What the slide is, who read it and how, and what suggested."""
    review, record = what.review, what.review.record
    names = _people(what)
    facts = [("State", _state(record, names)), *_names(what)]
    for word, text in (("Reason for amending", record.reason), ("Comment", record.comment)):
        if text:
            facts.append((word, "left out" if what.deidentify else text))
    for reading, title in _READINGS.items():
        readers = _readers_of(review, reading)
        if readers:
            blind = record.modes.get(reading) is Mode.BLIND or reading in record.revealed
            mode = "blind first, then with the suggestions" if blind else "assisted"
            people = ", ".join(names.get(one, one) for one in readers)
            typed = "" if names else " (as typed, not authenticated)"
            facts.append((title, f"{people}{typed}; {mode}"))
    if record.reading is Reading.SECOND:
        facts.append(("Counted", "what the second reader decided; that reading is under way"))
    decided = int((stands.state > 0).sum())
    chosen = _chosen(review, stands)
    facts.append(("Images", f"{decided:,} of {review.count:,} reviewed; {chosen}"))
    if record.target:
        facts.append(("Count target", f"{record.target:,}"))
    return facts + _model(what)


def _state(record: Record, names: Mapping[str, str]) -> str:
    states = {State.DRAFT: "Draft, not finished", State.FINAL: "Final", State.AMENDED: "Amended"}
    words = states[record.state]
    if record.state is State.AMENDED and record.open:
        words = "Being amended, not final"
    if record.changed_at:
        words += f", {when(record.changed_at)}, by {names.get(record.by, record.by)}"
    return words


def _names(what: Reported) -> list[tuple[str, str]]:
    """Of folder and patient, which a de-identified report does not have."""
    if what.deidentify:
        return []
    folders = ", ".join(dict.fromkeys(image.folder for image in what.review.images))
    facts = [("Folder", folders)] if folders != what.slide else []
    return facts + ([("Patient", what.review.patient)] if what.review.patient else [])


def _model(what: Reported) -> list[tuple[str, str]]:
    if not what.identity.sha256:
        return []
    title = what.contract.title if what.contract else what.identity.model_id
    devices = ", ".join(sorted(set(what.review.devices.values())))
    return [
        ("Model", f"{title}, on {devices}" if devices else title),
        ("SHA-256 of the model", what.identity.sha256),
    ]


def _readers_of(review: Review, reading: Reading) -> list[str]:
    kinds, _which = review.kinds_of(review.said(reading))
    found = {d.reviewer for d in kinds if d and d.reviewer}
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


def _classes(review: Review, stands: Stands, unit: Unit) -> list[ClassLine]:
    """Counts and shares; the decision where there is one, else the suggestion, is combined."""
    kinds = len(review.classes)
    combined = np.where(stands.decided >= 0, stands.decided, review.suggested)
    combined[(stands.state == UNSURE) | (stands.state == EXCLUDED)] = -1
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
            share(int(column[number]), total) if number in white and total else ""
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


def _matrix(review: Review, stands: Stands) -> NDArray[np.int64]:
    both = (stands.decided >= 0) & (review.suggested >= 0)
    rows, columns = (side[both].astype(np.int64) for side in (stands.decided, review.suggested))
    return confusion.matrix(rows, columns, max(1, len(review.classes)))


def _matrix_words(matrix: NDArray[np.int64], chosen: str) -> str:
    total, same = int(matrix.sum()), int(matrix.trace())
    if not total:
        return "No image has both a decision for a class and a suggestion."
    share = f"the same class for {same:,} ({100 * same / total:.1f} %)"
    return (
        f"n = {total:,}; {share}; kappa of reader and model"
        f" {kappa_words(agreement(matrix))}. Images: {chosen}."
    )


def _chosen(review: Review, stands: Stands) -> str:
    """How the reviewed images came to be these."""
    readable = np.ones(review.count, np.bool_)
    readable[list(review.errors)] = False
    if not ((stands.state == 0) & readable).any():
        return "all of them" if readable.all() else "all that could be read"
    drawn = {sha for audit in review.record.audits.values() for sha in audit.images}
    read = int((stands.state[review.rows_of(drawn)] > 0).sum())
    if not read:
        return "chosen by the reader, not at random"
    return f"{read:,} drawn at random for the audit sample, the others chosen by the reader"
