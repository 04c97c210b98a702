"""Which head of the event log an export names, read from the export itself."""

from __future__ import annotations

import csv
import html
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

from leukview.domain.errors import UsageError
from leukview.domain.table import BOM
from leukview.reports import parquet_export
from leukview.session.events import Head
from leukview.session.verify import check

EVENTS, HEAD = "Events in the log", "Head of the log"  # as `reports.about` calls them
_MOST_BYTES = 200_000_000  # of one sheet; 100,000 images take some 100 MB
_SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_HASH = re.compile("[0-9a-f]{64}")


def head_of(export: Path) -> Head:
    """Number of events and hash of the last, as an export names them.

    Args:
        export: a table (CSV with any separator, JSON lines, XLSX, Parquet), a report (HTML, PDF),
            or a session (`.leukview`).

    Raises:
        UsageError: it cannot be read, or names no head, or names two; or it is Parquet, and
            pyarrow is not installed.
        SessionError: a `.leukview` file that cannot be read.
    """
    ending = export.suffix.lower()
    if ending in (".leukview", ".lkv"):
        checked = check(export)
        if checked.fault:
            raise UsageError(
                f"{export.name} is not what was exported: {checked.fault} Nothing was verified"
                " against it. Name another export."
            )
        return checked.head
    readers = {
        ".xlsx": _xlsx,
        ".html": _html,
        ".htm": _html,
        ".pdf": _pdf,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".parquet": _parquet,
    }
    try:
        found = set(readers.get(ending, _csv)(export))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, ET.ParseError, csv.Error) as error:
        raise UsageError(
            f"{export.name} cannot be read ({error}). Nothing was verified against it. Name a CSV,"
            " XLSX, Parquet, JSON lines, HTML, PDF or .leukview file that LeukView exported."
        ) from error
    pairs = {(events, sha256) for events, sha256 in found if events.isdigit()}
    if len(pairs) != 1 or pairs != found:
        raise UsageError(
            f"{export.name} {'names two heads' if len(found) > 1 else 'names no head'} of an event"
            " log. Nothing was verified against it. Export the table anew, or name another export."
        )
    events, sha256 = pairs.pop()
    if not _HASH.fullmatch(sha256):
        raise UsageError(
            f"{export.name} names no hash of an event, but {sha256[:70]!r}. Nothing was verified"
            " against it. It may have been changed by another program."
        )
    return Head(int(events), sha256)


def _csv(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        first = file.readline().removeprefix(BOM)
        separator = next((c for c in ";\t," if f"{c}log_events" in first.replace('"', "")), None)
        if separator is None:
            return
        names = next(csv.reader([first], delimiter=separator))
        places = names.index("log_events"), names.index("log_head")
        for line in csv.reader(file, delimiter=separator):
            if len(line) > max(places):
                yield line[places[0]], line[places[1]]


def _json_lines(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            yield str(record["log_events"]), str(record["log_head"])


def _parquet(path: Path) -> Iterator[tuple[str, str]]:
    """From its metadata and from its rows, which have to agree."""
    parquet_export.check()
    from pyarrow import parquet  # 100 MB that most people do not need

    with parquet.ParquetFile(path) as file:
        said = file.schema_arrow.metadata or {}
        names = (b"leukview.log_events", b"leukview.log_head")
        if set(names) <= set(said):
            yield said[names[0]].decode(), said[names[1]].decode()
        for batch in file.iter_batches(columns=["log_events", "log_head"]):
            for record in batch.to_pylist():
                yield str(record["log_events"]), str(record["log_head"])


def _html(path: Path) -> Iterator[tuple[str, str]]:
    return _said(html.unescape(re.sub("<[^>]*>", " ", path.read_text(encoding="utf-8"))))


def _pdf(path: Path) -> Iterator[tuple[str, str]]:
    """Its metadata is plain text, unlike its pages."""
    return _said(path.read_bytes().decode("latin-1"))


def _said(text: str) -> Iterator[tuple[str, str]]:
    events = re.search(rf"{EVENTS}\W{{0,40}}(\d[\d,]*)", text)
    sha256 = re.search(rf"{HEAD}\W{{0,40}}([0-9a-f]{{64}})\b", text)
    if events and sha256:
        yield events[1].replace(",", ""), sha256[1]


def _xlsx(path: Path) -> Iterator[tuple[str, str]]:
    """From the sheet that says what the export is: a name in one cell, its value in the next."""
    with zipfile.ZipFile(path) as book:
        words = _shared(book) if "xl/sharedStrings.xml" in book.namelist() else []
        for name in book.namelist():
            if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                continue
            said: dict[str, str] = {}
            for cells in _lines(book, name, words):
                if len(cells) > 1 and cells[0] in (EVENTS, HEAD):
                    said[cells[0]] = cells[1]
            if len(said) == 2:
                yield said[EVENTS], said[HEAD]


def _shared(book: zipfile.ZipFile) -> list[str]:
    root = ET.fromstring(_read(book, "xl/sharedStrings.xml"))
    return ["".join(item.itertext()) for item in root.iter(f"{_SHEETS}si")]


def _lines(book: zipfile.ZipFile, name: str, words: list[str]) -> Iterator[list[str]]:
    root = ET.fromstring(_read(book, name))
    for row in root.iter(f"{_SHEETS}row"):
        cells: list[str] = []
        for cell in row.iter(f"{_SHEETS}c"):
            value = cell.find(f"{_SHEETS}v")
            text = (value.text or "") if value is not None else ""
            if cell.get("t") == "inlineStr":
                text = "".join(cell.itertext())
            elif cell.get("t") == "s":
                text = words[int(text)]
            elif text.endswith(".0"):
                text = text[:-2]
            cells.append(text)
        yield cells


def _read(book: zipfile.ZipFile, name: str) -> bytes:
    if book.getinfo(name).file_size > _MOST_BYTES:
        raise ValueError(f"{name} is too large")
    return book.read(name)
