"""What the window can export: tables, a report, the images by class, the session itself."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from leukview.workflows.export import Format, Order


@dataclass(frozen=True, slots=True)
class About:
    """How a kind of export is offered: its words, the ending of its file, what it is for."""

    words: str
    ending: str
    hint: str


class Kind(enum.Enum):
    """One line of the choice in the dialog."""

    CSV = About("CSV table", ".csv", "One row per image. Every program reads it.")
    SEMICOLON = About(
        "CSV for Excel in German or French",
        ".csv",
        "The same with semicolons between cells and commas in numbers.",
    )
    XLSX = About("Excel workbook", ".xlsx", "The same, with a sheet that says what it is.")
    PARQUET = About("Parquet", ".parquet", "The same, for data frames; numbers keep their types.")
    JSONL = About("JSON lines", ".jsonl", "The same, one object a line.")
    PDF = About("Report to print (PDF)", ".pdf", "Counts with intervals, readers, model, log.")
    HTML = About(
        "Report as a web page (HTML)", ".html", "The same on one page that needs no network."
    )
    IMAGES = About(
        "Images in a folder per class",
        "",
        "Copies of the decided images, ready for training. Unsure and excluded ones stay out.",
    )
    SESSION = About(
        "Session file for another computer",
        ".leukview",
        "Everything that is recorded, with all names; File > Import takes it there.",
    )

    @property
    def format(self) -> Format | None:
        """Of a table or of the images; None for a report and the session."""
        return _FORMATS.get(self)

    @property
    def is_report(self) -> bool:
        return self in (Kind.PDF, Kind.HTML)

    @property
    def why_not(self) -> str:
        """Why it cannot be chosen here, or ""."""
        if self is Kind.PARQUET and find_spec("pyarrow") is None:
            return "It needs the library pyarrow, which is not installed."
        return ""


_FORMATS = {
    Kind.CSV: Format.CSV,
    Kind.SEMICOLON: Format.SEMICOLON,
    Kind.XLSX: Format.XLSX,
    Kind.PARQUET: Format.PARQUET,
    Kind.JSONL: Format.JSONL,
    Kind.IMAGES: Format.IMAGES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen in the dialog."""

    kind: Kind
    path: Path
    bom: bool = True
    deidentify: bool = False
    force: bool = False

    @property
    def order(self) -> Order:
        """The same for a table or the images."""
        return Order(
            path=self.path,
            format=self.kind.format or Format.CSV,
            bom=self.bom,
            deidentify=self.deidentify,
            force=self.force,
        )
