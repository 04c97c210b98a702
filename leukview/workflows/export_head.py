"""Which head of the event log an export names, read from the export itself."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

from leukview.domain.errors import UsageError
from leukview.reports import parquet_export
from leukview.reports.image_folder import ABOUT, LABELS
from leukview.reports.table_file import lines_of
from leukview.session.events import Head
from leukview.session.verify import check

EVENTS, HEAD = "Events in the log", "Head of the log"  # as `reports.about` calls them
_MOST_BYTES = 200_000_000  # of one sheet; 100,000 images take some 100 MB
_SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_HASH, _COUNT = re.compile("[0-9a-f]{64}"), re.compile("[0-9]{1,18}")
_COLUMNS = ("log_events", "log_head")
_BROKEN = (ValueError, KeyError, IndexError, RuntimeError, csv.Error, zlib.error)


def head_of(export: Path) -> Head:
    """Number of events and hash of the last, as an export names them.

    Args:
        export: a table (CSV with any separator, JSON lines, XLSX, Parquet), a report (HTML, PDF), a
            session (`.leukview`), or a folder with a copy of the decided images.

    Raises:
        UsageError: it cannot be read, or names no head, or names two; or it is Parquet, and
            pyarrow is not installed.
        SessionError: a `.leukview` file that cannot be read.
    """
    file = _file_of(export)
    ending = file.suffix.lower()
    if ending in (".leukview", ".lkv"):
        checked = check(file)
        if checked.fault:
            raise UsageError(
                f"{export.name} is not what was exported: {checked.fault} Nothing was verified"
                " against it. Name another export."
            )
        return checked.head
    readers = {".xlsx": _xlsx, ".html": _html, ".htm": _html, ".pdf": _pdf, ".parquet": _parquet}
    try:
        found = set(readers.get(ending, _rows)(file))
        if file is not export:
            found |= set(_about(export / ABOUT))
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    except UnicodeError as error:
        raise _unreadable(file, "it is no text in UTF-8") from error
    except (*_BROKEN, zipfile.BadZipFile, ET.ParseError) as error:
        raise _unreadable(file, str(error)) from error
    if len(found) != 1:
        raise UsageError(
            f"{file.name} names {'two heads' if found else 'no head'} of an event log. Nothing was"
            " verified against it. Export anew, or name another export."
        )
    events, sha256 = found.pop()
    if not _COUNT.fullmatch(events) or not _HASH.fullmatch(sha256):
        raise UsageError(
            f"{file.name} names no head of an event log, but {events[:20]!r} events and the hash"
            f" {sha256[:70]!r}. Nothing was verified against it. It may have been changed by"
            " another program."
        )
    return Head(int(events), sha256)


def _file_of(export: Path) -> Path:
    """The file that names the head: of a copy of images, its table."""
    if not export.exists():
        raise UsageError(
            f"There is no file or folder {str(export)!r}. Nothing was verified against it. Check"
            " the spelling."
        )
    if not export.is_dir():
        return export
    if not (export / LABELS).is_file():
        raise UsageError(
            f"The folder {export.name!r} has no {LABELS}, so it is no copy of images that LeukView"
            " exported. Nothing was verified against it. Name the folder of such a copy, or a file"
            " that was exported."
        )
    return export / LABELS


def _unreadable(file: Path, why: str) -> UsageError:
    return UsageError(
        f"{file.name} cannot be read ({why}). Nothing was verified against it. Name a CSV, XLSX,"
        " Parquet, JSON lines, HTML, PDF or .leukview file, or a folder of images, that LeukView"
        " exported."
    )


def _about(path: Path) -> Iterator[tuple[str, str]]:
    """From what stands beside a copy of images, which has to agree with its table."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return _paired(line.split(": ", 1) for line in lines)


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    """From every line of a table; one without is no end of a head, but a line that was changed."""
    missing, some = 0, False
    for number, record in lines_of(path):
        events, sha256 = (record.get(name, "") for name in _COLUMNS)
        if events and sha256:
            some = True
            yield events, sha256
        else:
            missing = missing or number
    if some and missing:
        raise ValueError(f"line {missing} names no head of the event log, and others do")


def _parquet(path: Path) -> Iterator[tuple[str, str]]:
    """From its metadata and from its rows, which have to agree."""
    parquet_export.check()
    from pyarrow import parquet  # 100 MB that most people do not need

    with parquet.ParquetFile(path) as file:
        said = file.schema_arrow.metadata or {}
    names = (b"leukview.log_events", b"leukview.log_head")
    if set(names) <= set(said):
        yield said[names[0]].decode(), said[names[1]].decode()
    yield from _rows(path)


def _html(path: Path) -> Iterator[tuple[str, str]]:
    """From lines of tables that have exactly these names: what people typed stands in values."""
    page = _Page()
    try:
        page.feed(path.read_text(encoding="utf-8"))
        page.close()
    except AssertionError as error:  # its way to refuse "<![x"
        raise ValueError(f"it is no page of HTML: {error}") from error
    return _paired(page.lines)


class _Page(HTMLParser):
    """The text of the cells of each line of each table."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "tr":
            self.lines.append([])
        elif tag in ("th", "td") and self.lines:
            self.lines[-1].append("")
        self._open = tag in ("th", "td") or (self._open and tag != "tr")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in ("th", "td", "tr", "table")

    def handle_data(self, data: str) -> None:
        if self._open and self.lines and self.lines[-1]:
            self.lines[-1][-1] += data


def _paired(lines: Iterable[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Every number of events with the head that follows it in a table of names and values."""
    events = ""
    for name, value, *_more in (line for line in lines if len(line) > 1):
        if name.strip() == EVENTS:
            events = value.strip().replace(",", "")
        elif name.strip() == HEAD:
            yield events, value.strip()


def _pdf(path: Path) -> Iterator[tuple[str, str]]:
    """From its metadata, which are plain text unlike its pages.

    The title, which has the name of the slide, stands in elements of its own there.
    """
    text = path.read_bytes().decode("latin-1")
    for said in re.findall(r"<dc:description>.*?</dc:description>", text, re.DOTALL):
        found = re.search(rf"{EVENTS}: (\d[\d,]*)\. {HEAD}: ([0-9a-f]{{64}})\b", said)
        if found:
            yield found[1].replace(",", ""), found[2]


def _xlsx(path: Path) -> Iterator[tuple[str, str]]:
    """From the sheet that says what the export is: a name in one cell, its value in the next."""
    with zipfile.ZipFile(path) as book:
        words = _shared(book) if "xl/sharedStrings.xml" in book.namelist() else []
        for name in book.namelist():
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                yield from _paired(_lines(book, name, words))


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
