"""The table of results: its columns, and how one row is written and read back.

The same columns stand in CSV, JSON lines and every later format, from the window and from the
command line. Class columns hold ids, booleans `true`/`false`, numbers six decimals, times UTC.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from leukview.domain.errors import UsageError
from leukview.domain.records import Decision, DecisionState, ImageResult

PROBABILITY = "p_"
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
# A spreadsheet runs a cell that begins with one of these as a formula (OWASP ASVS 1.2.10).
_RUNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; `probabilities` (class id to value) become the columns `p_<id>`.

    Numbers that do not exist (an image that could not be read) are None and stay empty.
    """

    image: str
    folder: str
    sha256: str = ""
    slide: str = ""
    patient: str = ""
    true_class: str = ""
    suggestion: str = ""
    confidence: float | None = None
    probabilities: Mapping[str, float]
    needs_review: bool | None = None
    unfamiliarity: float | None = None
    unfamiliar: bool | None = None
    decision: str = ""
    decision_state: str = DecisionState.UNDECIDED
    reviewer: str = ""
    decided_at: str = ""
    suggestion_seen: bool | None = None
    queue: str = ""
    flag: bool = False
    comment: str = ""
    excluded: bool = False
    exclude_reason: str = ""
    record_state: str = "draft"
    status: str = "ok"
    error: str = ""
    note: str = ""
    model: str = ""
    model_sha256: str = ""
    device: str = ""
    app_version: str = ""
    name_escaped: bool = False


_NUMBERS = {"confidence", "unfamiliarity"}
_TRUTHS = {
    "needs_review",
    "unfamiliar",
    "suggestion_seen",
    "flag",
    "excluded",
    "name_escaped",
}
_NAMES = [field.name for field in fields(Row)]
_NEVER_ABSENT = {"flag", "excluded", "name_escaped"}
# Free text that a person or a file system wrote; ids and numbers are ours and cannot run.
_FOREIGN = {"image", "folder", "slide", "patient", "reviewer", "comment", "exclude_reason"}


def columns(class_ids: Sequence[str]) -> list[str]:
    """Names of the columns in their order, for a model with these classes."""
    at = _NAMES.index("probabilities")
    return [*_NAMES[:at], *(PROBABILITY + name for name in class_ids), *_NAMES[at + 1 :]]


def row_of(result: ImageResult, class_ids: Sequence[str], *, app_version: str) -> Row:
    """The undecided row of one result."""
    said = result.suggestion
    return Row(
        image=result.image.name,
        folder=result.image.folder,
        sha256=result.sha256,
        true_class=result.true_class,
        suggestion=said.class_id if said else "",
        confidence=said.confidence if said else None,
        probabilities=dict(zip(class_ids, said.probabilities, strict=True)) if said else {},
        needs_review=said.needs_review if said else None,
        unfamiliarity=said.unfamiliarity if said else None,
        unfamiliar=said.unfamiliar if said else None,
        status="error" if result.error else "ok",
        error=result.error,
        note="; ".join(result.notes),
        model=result.model.model_id,
        model_sha256=result.model.sha256,
        device=result.model.device,
        app_version=app_version,
    )


def decided(row: Row, decision: Decision | None) -> Row:
    """The same row with what a person said about the image.

    Agreed or changed, and whether the suggestion was seen, are said of the suggestion in this row,
    which another model or a later run may have made after the decision.
    """
    if decision is None:
        return row
    state = decision.state
    if state in (DecisionState.AGREED, DecisionState.CHANGED):
        same = bool(row.suggestion) and decision.class_id == row.suggestion
        state = DecisionState.AGREED if same else DecisionState.CHANGED
    seen = decision.suggestion_seen and decision.suggestion == row.suggestion
    values = {name: getattr(row, name) for name in _NAMES}
    values |= {
        "decision": decision.class_id,
        "decision_state": state.value,
        "reviewer": decision.reviewer,
        "decided_at": decision.decided_at,
        "suggestion_seen": seen,
        "queue": decision.queue,
        "excluded": decision.state is DecisionState.EXCLUDED,
        "exclude_reason": decision.reason if decision.state is DecisionState.EXCLUDED else "",
    }
    return Row(**values)


def cells(row: Row, class_ids: Sequence[str]) -> list[str]:
    """The row as text, in the order of `columns`, safe to open in a spreadsheet."""
    escaped = any(getattr(row, name).startswith(_RUNS) for name in _FOREIGN)
    out: list[str] = []
    for name in _NAMES:
        value = getattr(row, name)
        if name == "probabilities":
            out += [_number(value.get(c)) for c in class_ids]
        elif name == "name_escaped":
            out.append(_truth(escaped))
        elif name in _NUMBERS:
            out.append(_number(value))
        elif name in _TRUTHS:
            out.append(_truth(value))
        elif name in _FOREIGN and value.startswith(_RUNS):
            out.append("'" + value)
        else:
            out.append(str(value))
    return out


def csv_lines(rows: Iterable[Row], class_ids: Sequence[str], *, bom: bool) -> Iterator[str]:
    r"""RFC 4180 lines with their `\r\n`, header first; `bom` makes Excel read UTF-8."""
    names = columns(class_ids)
    first = BOM if bom else ""
    yield first + _csv_line(names)
    for row in rows:
        yield _csv_line(cells(row, class_ids))


def json_lines(rows: Iterable[Row], class_ids: Sequence[str]) -> Iterator[str]:
    """One JSON object a line, the same names and words as in the CSV, numbers as numbers.

    Names are not escaped here: nothing runs a JSON string.
    """
    for row in rows:
        record: dict[str, object] = {}
        for name in _NAMES:
            value = getattr(row, name)
            if name == "probabilities":
                for c in class_ids:
                    found = value.get(c)
                    record[PROBABILITY + c] = None if found is None else round(found, 6)
            elif name in _NUMBERS:
                record[name] = None if value is None else round(value, 6)
            else:
                record[name] = value
        yield json.dumps(record, ensure_ascii=False) + "\n"


def parse(lines: Iterable[str]) -> Iterator[Row]:
    """Rows of a CSV that `csv_lines` wrote; escaped names come back as they were.

    Raises:
        UsageError: the header is not ours, or a line does not fit it; the line is named.
    """
    reader = csv.reader(lines)
    header = next(reader, [])
    if header:
        header[0] = header[0].removeprefix(BOM)
    classes = [name.removeprefix(PROBABILITY) for name in header if name.startswith(PROBABILITY)]
    if len(header) == 1 and header[0].startswith(f"{_NAMES[0]};{_NAMES[1]};"):
        raise UsageError(
            "The cells of this table are separated by semicolons, as some spreadsheet programs save"
            " them. Nothing was read. Save it with commas between cells and points in numbers, as"
            " LeukView exported it, or edit the exported file as text."
        )
    if header != columns(classes):
        raise UsageError(
            "This table does not have LeukView's columns. Nothing was read."
            " Choose a CSV that LeukView exported."
        )
    for line in reader:
        if len(line) != len(header):
            raise UsageError(
                f"Line {reader.line_num} has {len(line)} cells instead of {len(header)}."
                " Nothing after it was read. Export the table again."
            )
        try:
            yield _row(dict(zip(header, line, strict=True)), classes)
        except ValueError as error:
            raise UsageError(
                f"Line {reader.line_num} cannot be read: {error}."
                " Nothing after it was read. Export the table again."
            ) from error


def _row(record: dict[str, str], classes: Sequence[str]) -> Row:
    escaped = record["name_escaped"] == "true"
    values: dict[str, object] = {}
    for name in _NAMES:
        if name == "probabilities":
            pairs = ((c, record[PROBABILITY + c]) for c in classes)
            values[name] = {c: float(text) for c, text in pairs if text}
        elif name in _NUMBERS:
            values[name] = float(record[name]) if record[name] else None
        elif name in _TRUTHS:
            values[name] = _read_truth(record[name], name)
        elif name in _FOREIGN and escaped and record[name][:1] == "'":
            restored = record[name][1:]
            values[name] = restored if restored.startswith(_RUNS) else record[name]
        else:
            values[name] = record[name]
    return Row(**values)  # type: ignore[arg-type]  # the loop above gives each field its type


def _read_truth(text: str, name: str) -> bool | None:
    if text == "" and name not in _NEVER_ABSENT:
        return None
    if text not in ("true", "false"):
        raise ValueError(f"{name} is {text!r}, neither true nor false")
    return text == "true"


def _csv_line(cells_: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells_)
    return text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _truth(value: bool | None) -> str:
    return "" if value is None else ("true" if value else "false")
