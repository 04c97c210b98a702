"""The table of results: its columns, and how one row is written and read back.

The same columns stand in every format, from the window and from the command line. Class columns
hold ids, booleans `true`/`false`, numbers six decimals, times UTC.
"""

from __future__ import annotations

import csv
import enum
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from typing import Any

from leukview.domain.errors import UsageError
from leukview.domain.records import Decision, DecisionState, ImageResult

PROBABILITY = "p_"
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
# A spreadsheet runs a cell that begins with one of these as a formula (OWASP ASVS 1.2.10).
_RUNS = ("=", "+", "-", "@", "\t", "\r")


class Dialect(enum.Enum):
    """What stands between cells, and in numbers."""

    COMMA = (",", ".")
    SEMICOLON = (";", ",")  # what Excel reads and saves as CSV in German, French and others

    @property
    def separator(self) -> str:
        return self.value[0]

    @property
    def point(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; `probabilities` (class id to value) become the columns `p_<id>`.

    Numbers that do not exist (an image that could not be read) are None and stay empty.
    `log_events` and `log_head` are the length of the session's event log and the hash of its last
    event when the table was written; a table without a session has none.
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
    log_events: int | None = None
    log_head: str = ""


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
# Last, and the same in all rows; older tables have none of them.
_LOG = ["log_events", "log_head"]
_MOST_SAID = 60  # letters of a cell in a sentence
# A spreadsheet program writes a truth in its own language and in capitals.
_TRUE, _FALSE = ("true", "wahr", "vrai"), ("false", "falsch", "faux")
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
    return replace(
        row,
        decision=decision.class_id,
        decision_state=state.value,
        reviewer=decision.reviewer,
        decided_at=decision.decided_at,
        suggestion_seen=seen,
        queue=decision.queue,
        excluded=decision.state is DecisionState.EXCLUDED,
        exclude_reason=decision.reason if decision.state is DecisionState.EXCLUDED else "",
    )


Cell = str | float | int | bool | None


def values(row: Row, class_ids: Sequence[str]) -> list[Cell]:
    """The row in the order of `columns`, numbers as numbers, with six decimals; None where empty.

    Names are not escaped here, and `name_escaped` is false: nothing runs a typed text.
    """
    out: list[Cell] = []
    for name in _NAMES:
        value = getattr(row, name)
        if name == "probabilities":
            out += [_rounded(value.get(c)) for c in class_ids]
        elif name == "name_escaped":
            out.append(False)
        elif name in _NUMBERS:
            out.append(_rounded(value))
        else:
            out.append(value)
    return out


def safe_values(row: Row, class_ids: Sequence[str]) -> list[Cell]:
    """As `values`, but safe in a spreadsheet: what it would run is escaped, and that is said."""
    escaped: dict[str, Any] = {
        name: safe_text(text) for name in _FOREIGN if _runs(text := getattr(row, name))
    }
    out = values(replace(row, **escaped) if escaped else row, class_ids)
    out[-1 - len(_LOG)] = bool(escaped)
    return out


def safe_text(text: str) -> str:
    """A text of others as a spreadsheet may see it: with a `'` before what it would run."""
    return "'" + text if _runs(text) else text


def cells(row: Row, class_ids: Sequence[str], dialect: Dialect = Dialect.COMMA) -> list[str]:
    """The row as text, in the order of `columns`, safe to open in a spreadsheet."""
    return [_text(value, dialect.point) for value in safe_values(row, class_ids)]


def csv_lines(
    rows: Iterable[Row],
    class_ids: Sequence[str],
    *,
    bom: bool,
    dialect: Dialect = Dialect.COMMA,
) -> Iterator[str]:
    r"""RFC 4180 lines with their `\r\n`, header first; `bom` makes Excel read UTF-8."""
    names = columns(class_ids)
    first = BOM if bom else ""
    yield first + csv_line(names, dialect)
    for row in rows:
        yield csv_line(cells(row, class_ids, dialect), dialect)


def json_lines(rows: Iterable[Row], class_ids: Sequence[str]) -> Iterator[str]:
    """One JSON object a line, the same names and words as in the CSV, numbers as numbers.

    Names are not escaped here: nothing runs a JSON string.
    """
    names = columns(class_ids)
    for row in rows:
        record = dict(zip(names, values(row, class_ids), strict=True))
        yield json.dumps(record, ensure_ascii=False) + "\n"


def parse(lines: Iterable[str]) -> Iterator[Row]:
    """Rows of a CSV that `csv_lines` wrote, also where a spreadsheet program saved it again.

    Such a program may put semicolons between cells and commas into numbers, writes truths in its
    own language and capitals, and leaves out separators behind the last cell that is not empty in
    sixteen lines (Microsoft KB 77295). Escaped names come back as they were.

    Raises:
        UsageError: the header is not ours, or a line does not fit it; the line is named.
    """
    taken = iter(lines)
    first = next(taken, "").removeprefix(BOM)
    semicolons = first.replace('"', "").startswith(f"{_NAMES[0]}{Dialect.SEMICOLON.separator}")
    dialect = Dialect.SEMICOLON if semicolons else Dialect.COMMA
    reader = csv.reader(chain([first], taken), delimiter=dialect.separator)
    header = next(reader, [])
    classes = [name.removeprefix(PROBABILITY) for name in header if name.startswith(PROBABILITY)]
    names = columns(classes)
    if header not in (names, names[: -len(_LOG)]):
        raise UsageError(
            "This table does not have LeukView's columns. Nothing was read."
            " Choose a CSV that LeukView exported."
        )
    for line in reader:
        if len(line) not in (len(header), len(names) - len(_LOG)):
            raise UsageError(
                f"Line {reader.line_num} has {len(line)} cells instead of {len(header)}."
                " Nothing after it was read. Export the table again."
            )
        line += [""] * (len(names) - len(line))
        try:
            yield _row(dict(zip(names, line, strict=True)), classes, dialect)
        except ValueError as error:
            raise UsageError(
                f"Line {reader.line_num} cannot be read: {error}."
                " Nothing after it was read. Export the table again."
            ) from error


def _row(record: dict[str, str], classes: Sequence[str], dialect: Dialect) -> Row:
    escaped = read_truth(record["name_escaped"], "name_escaped")
    read: dict[str, object] = {}
    for name in _NAMES:
        if name == "probabilities":
            numbers = ((c, _read_number(record[PROBABILITY + c], dialect)) for c in classes)
            read[name] = {c: number for c, number in numbers if number is not None}
        elif name in _NUMBERS:
            read[name] = _read_number(record[name], dialect)
        elif name in _TRUTHS:
            read[name] = read_truth(record[name], name)
        elif name in _LOG:
            read[name] = _read_log(record[name], name)
        elif name in _FOREIGN and escaped:
            read[name] = unescaped(record[name], "true")
        else:
            read[name] = record[name]
    return Row(**read)  # type: ignore[arg-type]  # the loop above gives each field its type


def _runs(text: str) -> bool:
    """Whether a spreadsheet could run it, or it could be taken for the escape of such a text."""
    return text.lstrip("'").startswith(_RUNS)


def _read_number(text: str, dialect: Dialect) -> float | None:
    return float(text.replace(dialect.point, ".")) if text else None


def unescaped(text: str, name_escaped: str) -> str:
    """A text as somebody typed it, from a cell of a line whose column `name_escaped` says so."""
    if text[:1] == "'" and name_escaped.lower() in _TRUE and _runs(text[1:]):
        return text[1:]
    return text


def read_truth(text: str, name: str) -> bool | None:
    """A truth in the words of a spreadsheet program of some language; None for an empty cell.

    Raises:
        ValueError: it is neither.
    """
    if text == "" and name not in _NEVER_ABSENT:
        return None
    if text.lower() not in _TRUE + _FALSE:
        raise ValueError(refusal(name, text, _TRUE + _FALSE))
    return text.lower() in _TRUE


def refusal(name: str, text: str, allowed: Iterable[str]) -> str:
    """Why a cell is not taken: its column, what stands there, and what may stand there."""
    said = text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}…"
    return f"{name} is {said!r}; allowed: {', '.join(allowed)}"


def _read_log(text: str, name: str) -> int | str | None:
    """A cut line must not pass for a whole one."""
    if not re.fullmatch("[0-9]*" if name == "log_events" else "([0-9a-f]{64})?", text):
        raise ValueError(f"{name} is {text!r}")
    if name == "log_events":
        return int(text) if text else None
    return text


def csv_line(cells_: Sequence[str], dialect: Dialect = Dialect.COMMA) -> str:
    r"""One line of CSV with its `\r\n`."""
    text = io.StringIO()
    csv.writer(text, delimiter=dialect.separator, lineterminator="\r\n").writerow(cells_)
    return text.getvalue()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _text(value: Cell, point: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".replace(".", point)
    return str(value)
