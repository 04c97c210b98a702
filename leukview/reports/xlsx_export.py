"""The table as an Excel workbook: typed cells, nothing that a spreadsheet would run."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from leukview.domain.errors import UsageError
from leukview.domain.table import Cell, Row, columns, safe_values
from leukview.reports.about import NOTICE, About

MOST_ROWS = 1_048_575  # a sheet has 2^20 lines, and the header takes one
MOST_LETTERS = 32_767  # in one cell; a longer text would be left out without a word
_WIDE = {"image": 28, "comment": 28, "sha256": 18, "log_head": 18, "model_sha256": 18}
_NARROWEST = 9
_OPTIONS = {
    # One line at a time: 100,000 images take 30 MB and not 1 GB.
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write(file: BinaryIO, rows: Iterable[Row], class_ids: Sequence[str], about: About) -> int:
    """Write two sheets: the images, and what the export says of itself.

    Args:
        file: open for writing.
        rows: of the table.
        class_ids: of the model.
        about: the second sheet.

    Returns:
        How many rows were written.

    Raises:
        UsageError: there are more rows than a sheet holds.
        OSError: the disk refuses.
    """
    with tempfile.TemporaryDirectory(prefix="leukview-") as scratch:
        made = Path(scratch, "table.xlsx")
        book = xlsxwriter.Workbook(made, {**_OPTIONS, "tmpdir": scratch})
        book.set_properties({"title": about.title, "comments": NOTICE})
        bold = book.add_format({"bold": True})
        try:
            count = _images(book, bold, rows, class_ids)
            _about(book, bold, about)
            book.close()
        except XlsxWriterException as error:
            raise OSError(errno.EIO, str(error)) from error
        finally:
            for sheet in book.worksheets():
                sheet._opt_close()  # its file of lines; a workbook that is given up leaves it open
        # A workbook cannot be given up half-way without complaining, so it is not made in place.
        with made.open("rb") as whole:
            shutil.copyfileobj(whole, file)
    return count


def _images(book: Any, bold: Any, rows: Iterable[Row], class_ids: Sequence[str]) -> int:  # noqa: ANN401  # no types there
    sheet = book.add_worksheet("Images")
    number = book.add_format({"num_format": "0.0000"})
    names = columns(class_ids)
    sheet.freeze_panes(1, 1)
    for place, name in enumerate(names):
        sheet.set_column(place, place, _WIDE.get(name, max(_NARROWEST, len(name) + 2)))
        sheet.write_string(0, place, name, bold)
    count = 0
    for row in rows:
        count += 1
        if count > MOST_ROWS:
            raise UsageError(
                f"An Excel sheet holds {MOST_ROWS:,} images, and there are more. Nothing was"
                " written. Export as CSV or Parquet."
            )
        for place, value in enumerate(safe_values(row, class_ids)):
            _cell(sheet, count, place, value, number)
    sheet.autofilter(0, 0, count, len(names) - 1)
    return count


def _cell(sheet: Any, line: int, place: int, value: Cell, number: Any) -> None:  # noqa: ANN401
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, float):
        sheet.write_number(line, place, value, number)
    elif isinstance(value, int):
        sheet.write_number(line, place, value)
    else:
        short = value if len(value) <= MOST_LETTERS else value[: MOST_LETTERS - 1] + "…"
        sheet.write_string(line, place, short)


def _about(book: Any, bold: Any, about: About) -> None:  # noqa: ANN401
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 24, bold)
    sheet.set_column(1, 1, 72)
    for line, (name, value) in enumerate(about.lines()):
        sheet.write_string(line, 0, name, bold)
        if isinstance(value, int):
            sheet.write_number(line, 1, value)
        else:
            sheet.write_string(line, 1, value)
