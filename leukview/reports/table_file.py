"""Lines of a table that LeukView exported, read back from every format that it writes.

Nothing is judged here: each line becomes its cells by the names of the columns, as text.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leukview.domain.errors import UsageError
from leukview.domain.table import BOM

Line = tuple[int, dict[str, str]]
_SEPARATORS = (";", "\t", ",")
_NEEDED = ("image", "decision_state")


def read_table(path: Path) -> Iterator[Line]:
    """Number of each line in the file and its cells by column; columns may stand in any order.

    Args:
        path: CSV (with commas, semicolons or tabs, in UTF-8 or as old Excel saves it), XLSX,
            Parquet or JSON lines.

    Raises:
        UsageError: it cannot be read, or has no columns of LeukView.
    """
    try:
        first = True
        for line in lines_of(path):
            if first and not set(_NEEDED) <= set(line[1]):
                raise UsageError(
                    f"{path.name} does not have LeukView's columns ({', '.join(_NEEDED)}). Nothing"
                    " was read. Choose a table that LeukView exported."
                )
            first = False
            yield line
    except (OSError, ValueError, KeyError, csv.Error, zipfile.BadZipFile) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(
            f"{path.name} cannot be read ({why}). Nothing was changed. Choose a CSV, XLSX,"
            " Parquet or JSON lines file that LeukView exported."
        ) from error


def lines_of(path: Path) -> Iterator[Line]:
    """The same of any table, whatever its columns are.

    Raises:
        UsageError: it is Parquet, and pyarrow is not installed.
        OSError, ValueError, KeyError, csv.Error, zipfile.BadZipFile: it cannot be read.
    """
    readers: dict[str, Callable[[Path], Iterator[Line]]] = {
        ".xlsx": _xlsx,
        ".parquet": _parquet,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
    }
    return readers.get(path.suffix.lower(), _csv)(path)


def _csv(path: Path) -> Iterator[Line]:
    text = _decoded(path.read_bytes())
    head = text.partition("\n")[0].replace('"', "")
    separator = max(_SEPARATORS, key=head.count)
    # Not `splitlines`, which also breaks at characters that may stand in a comment.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    names = next(reader, [])
    for cells in reader:
        if any(cells):
            yield reader.line_num, _by_name(names, cells)


def _decoded(data: bytes) -> str:
    """What spreadsheet programs save: UTF-8, as "Unicode text" UTF-16, or without a mark cp1252."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _by_name(names: Iterable[str], cells: list[str]) -> dict[str, str]:
    """A spreadsheet leaves out separators behind the last cell that is not empty."""
    found = [name.strip() for name in names]
    return dict(zip(found, cells + [""] * (len(found) - len(cells)), strict=False))


def _json_lines(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    where = f"at character {error.pos + 1}"
                    raise ValueError(f"line {number} is no JSON {where}") from error
                except RecursionError as error:
                    raise ValueError(f"line {number} is no JSON that can be read") from error
                if not isinstance(record, dict):
                    raise ValueError(f"line {number} is {line.strip()[:40]!r}, not an object")
                yield number, {str(name): _text(value) for name, value in record.items()}


def _xlsx(path: Path) -> Iterator[Line]:
    import openpyxl  # slow to load, and for this format only

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = sheet.iter_rows(values_only=True)
            names = [_text(value) for value in next(rows, ())]
            if set(_NEEDED) <= set(names):
                for number, cells in enumerate(rows, 2):
                    if any(cell is not None for cell in cells):
                        yield number, _by_name(names, [_text(cell) for cell in cells])
                return
        raise ValueError("no sheet has the columns of a table")
    finally:
        book.close()


def _parquet(path: Path) -> Iterator[Line]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError(
            "Parquet needs the library pyarrow, which is not installed. Nothing was read. Install"
            " it with `python -m pip install pyarrow` in LeukView's environment, or choose another"
            " format."
        ) from error
    number = 1
    for batch in parquet.ParquetFile(path).iter_batches():
        for record in batch.to_pylist():
            number += 1
            yield number, {name: _text(value) for name, value in record.items()}


def _text(value: Any) -> str:  # noqa: ANN401  # whatever a cell holds
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
