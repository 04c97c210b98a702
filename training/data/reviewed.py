"""Labels that people gave in LeukView: an exported table and the folder of its images.

Only a decision is a label. What the model suggested is never read, so that no model is fitted on
what another one said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

from leukview.domain import table as tables
from leukview.domain.classes import plain
from leukview.domain.errors import UsageError
from leukview.domain.records import DecisionState
from training.data.described import NO_GROUP, DescribedSet
from training.data.sources import Found, FoundImage, class_by_word, named

_SHA256 = re.compile("[0-9a-f]{64}")
_WORDS = ("image", "folder", "sha256", "slide", "patient", "decision", "decision_state", "status")
_ENDS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a label needs of one row of the table."""

    number: int
    image: str
    folder: str
    sha256: str
    slide: str
    patient: str
    decision: str
    decision_state: str
    status: str
    excluded: bool


def find(described: DescribedSet) -> Found:
    """The decided images, in the table's order.

    Raises:
        UsageError: the table is not LeukView's, or a row names an unknown class, a path outside the
            folder, a missing file, or an image twice; table, line and remedy are named.
    """
    table = described.beside(described.said.table)
    place = described.beside(described.said.path)
    words = class_by_word(described.about.classes)
    found, kept, every = Found(), list[Line](), list[Line]()
    lines: dict[str, int] = {}
    for line in _lines(table):
        if line.image in lines:
            raise UsageError(
                f"{table}, line {line.number}: {line.image} stands on line {lines[line.image]}"
                " already. Nothing was prepared. Export the table again, or remove one line."
            )
        lines[line.image] = line.number
        every.append(line)
        why = _why_left_out(line)
        if why:
            found.leave_out(why)
            continue
        _check_path(table, line, place)
        kept.append(line)
    gone = [f"{x.image} (line {x.number})" for x in kept if not (place / x.image).is_file()]
    if gone:
        raise UsageError(
            f"{table} names {len(gone)} images that are not in {place}: {named(gone)}. Nothing was"
            f" prepared. Correct `path` in {described.toml}, or put the images back."
        )
    group = _groups(table, kept, every) if described.said.grouping != NO_GROUP else {}
    for line in kept:
        class_id = words.get(plain(line.decision))
        if class_id is None:
            raise UsageError(
                f"{table}, line {line.number}: {line.image} was decided to be {line.decision!r},"
                f" which is no class of {described.toml}. Nothing was prepared. Add it as a class,"
                " or to the `aliases` of one."
            )
        found.images.append(
            FoundImage(
                file=line.image,
                class_id=class_id,
                group=group.get(line.image, ""),
                sha256=line.sha256,
                line=f"{table}, line {line.number}",
            )
        )
    _tell_groups(table, group, found)
    return found


def _tell_groups(table: Path, group: dict[str, str], found: Found) -> None:
    """Say what keeps images apart, so that figures by folder are not taken for those by patient."""
    kinds = [one.partition(" ")[0] for one in group.values()]
    found.group_word = " or ".join(k for k in ("patient", "slide", "folder") if k in kinds)
    without = len(kinds) - kinds.count("patient")
    if without:
        found.notes.append(
            f"{without} of {len(kinds)} images have no patient in {table.name}: what is kept apart"
            " there is the slide, else the folder. Patients may stand on both sides. Fill in the"
            " column `patient` if that is so."
        )


def _why_left_out(line: Line) -> str:
    if line.excluded or line.decision_state == DecisionState.EXCLUDED:
        return "excluded by the reviewer"
    if line.status == "error":
        return "unreadable when they were reviewed"
    if line.decision_state in (DecisionState.AGREED, DecisionState.CHANGED):
        return ""
    return f"{line.decision_state} by the reviewer"


def _check_path(table: Path, line: Line, place: Path) -> None:
    path = PurePosixPath(line.image)
    whole = place.resolve()
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in line.image
    if not inside or not (whole / path).resolve().is_relative_to(whole) or path == PurePosixPath():
        raise UsageError(
            f"{table}, line {line.number}: {line.image!r} lies outside {place}. Nothing was"
            " prepared. Export the table again from the folder that holds its images."
        )
    if not _SHA256.fullmatch(line.sha256):
        raise UsageError(
            f"{table}, line {line.number}: {line.image} has no SHA-256, so it is not known which"
            " image was decided. Nothing was prepared. Export the table again."
        )


def _groups(table: Path, lines: list[Line], every: list[Line]) -> dict[str, str]:
    """The group of each image: its patient, else its slide, else the folder it lies in.

    A slide that other rows give to a patient is that patient's; undecided rows know it too.

    Raises:
        UsageError: rows give the slide of an image without a patient to two.
    """
    patients: dict[str, set[str]] = {}
    for line in every:
        if line.slide and line.patient:
            patients.setdefault(line.slide, set()).add(line.patient)
    out = {}
    for line in lines:
        theirs = patients.get(line.slide, set())
        if line.patient:
            out[line.image] = f"patient {line.patient}"
        elif len(theirs) > 1:
            raise UsageError(
                f"{table}, line {line.number}: {line.image} has no patient, and its slide"
                f" {line.slide} is of {named(sorted(theirs))}, so it could stand on both sides of"
                " a split. Nothing was prepared. Fill in its column `patient`."
            )
        elif theirs:
            out[line.image] = f"patient {next(iter(theirs))}"
        elif line.slide:
            out[line.image] = f"slide {line.slide}"
        else:
            inner = PurePosixPath(line.image).parent
            out[line.image] = "folder " + (line.folder if inner == PurePosixPath() else str(inner))
    return out


class _Counted:
    """The lines of a file, and how many of them were taken."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.taken += 1
            yield line


def _lines(table: Path) -> Iterator[Line]:
    kind = _ENDS.get(table.suffix.lower())
    if kind is None:
        raise UsageError(
            f"{table} is neither .csv nor .jsonl. Nothing was prepared. Export the reviewed labels"
            " as CSV or JSON lines."
        )
    try:
        with table.open(encoding="utf-8-sig", newline="") as text:
            yield from _of_csv(table, text) if kind == "csv" else _of_json(table, text)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{table} cannot be read ({error}). Nothing was prepared. Correct `table`, or export"
            " the labels again."
        ) from error


def _of_csv(table: Path, text: TextIO) -> Iterator[Line]:
    counted = _Counted(text)
    rows = tables.parse(counted)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except UsageError as error:
            raise UsageError(f"{table}: {error}") from error
        values = {word: str(getattr(row, word)) for word in _WORDS}
        yield _line(table, counted.taken, values, row.excluded)


def _of_json(table: Path, text: TextIO) -> Iterator[Line]:
    for number, line in enumerate(text, start=1):
        try:
            record: Any = json.loads(line)
            values = {word: record[word] for word in _WORDS}
            excluded = record["excluded"]
            if not all(isinstance(v, str) for v in values.values()) or type(excluded) is not bool:
                raise TypeError("a value is of another kind")
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{table}, line {number} is not a row that LeukView wrote ({error}). Nothing was"
                " prepared. Export the table again as JSON lines."
            ) from error
        yield _line(table, number, values, excluded)


def _line(table: Path, number: int, values: dict[str, str], excluded: bool) -> Line:
    states = [state.value for state in DecisionState]
    if values["decision_state"] not in states:
        raise UsageError(
            f"{table}, line {number}: the decision state {values['decision_state']!r} is unknown;"
            f" known are {', '.join(states)}. Nothing was prepared. Export the table again."
        )
    return Line(number=number, excluded=excluded, **values)
