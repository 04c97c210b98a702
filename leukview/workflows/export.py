"""A review written to a file or a folder, in one of six formats, with its names or without."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from leukview import __version__
from leukview.domain.classes import Unit
from leukview.domain.errors import DriveError, OutputError, UsageError
from leukview.domain.progress import CancelToken, Progress
from leukview.domain.records import DecisionState, ModelIdentity
from leukview.domain.table import Dialect, Row, cells, columns, csv_lines, json_lines
from leukview.imaging.drive import READ_SECONDS, Drive
from leukview.reports import csv_export, image_folder, parquet_export, xlsx_export
from leukview.reports.about import About
from leukview.reports.image_folder import Source
from leukview.reports.pseudonyms import Dropped, Pseudonyms
from leukview.reports.whole import whole_file, whole_folder
from leukview.session.events import Head, now
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.opened import Opened
from leukview.workflows.table_rows import Snapshot, rows_of, snapshot


class Format(enum.StrEnum):
    """How an export is written."""

    CSV = "csv"
    SEMICOLON = "csv-semicolon"
    XLSX = "xlsx"
    PARQUET = "parquet"
    IMAGES = "images"
    JSONL = "jsonl"

    @property
    def ending(self) -> str:
        """Of a file's name; "" for a folder."""
        return {"csv-semicolon": ".csv", "images": ""}.get(self.value, f".{self.value}")


_ENDINGS = {
    ".csv": Format.CSV,
    ".xlsx": Format.XLSX,
    ".parquet": Format.PARQUET,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An export that is asked for.

    Attributes:
        path: of the file, or of the folder for the images.
        format: how it is written.
        bom: mark UTF-8 for Excel; concerns CSV.
        deidentify: pseudonyms for names; what they stand for goes to `map_path`.
        force: replace a file that is there, or a folder that an earlier export made.
    """

    path: Path
    format: Format = Format.CSV
    bom: bool = True
    deidentify: bool = False
    force: bool = False

    @property
    def map_path(self) -> Path:
        """Beside the export; its name says that it stays, and of which export it is."""
        kind = self.path.suffix.removeprefix(".")
        which = "" if kind in ("", "csv") else f"-{kind}"
        return self.path.with_name(f"{self.path.stem}{which}-PRIVATE-names.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exportable:
    """A review at one moment, as far as an export needs it.

    Attributes:
        kept: its columns.
        identity: of the model whose suggestions stand in it.
        head: where the session's log ended at that moment.
        unit: what one image shows.
    """

    kept: Snapshot
    identity: ModelIdentity
    head: Head
    unit: Unit = Unit.CELL


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an export came to.

    Attributes:
        order: what was asked for.
        images: how many stand in it.
        left_out: of a copy of the images: how many were not copied, by the reason in a word.
        dropped: texts that a de-identified export does not have.
        head: of the log that it names.
    """

    order: Order
    images: int
    left_out: dict[str, int]
    dropped: Dropped
    head: Head

    def sentences(self) -> list[str]:
        """What a person has to know of it."""
        what = "1 image" if self.images == 1 else f"{self.images:,} images"
        events = self.head.words
        done = "Copied" if self.order.format is Format.IMAGES else "Exported"
        said = [f"{done} {what} to {self.order.path.name}: {events}, log {self.head.sha256[:8]}."]
        if self.left_out:
            why = ", ".join(f"{count:,} {word}" for word, count in self.left_out.items())
            said.append(f"Left out: {why}.")
        if self.order.deidentify:
            texts = (
                (self.dropped.comments, "comment", "comments"),
                (self.dropped.reasons, "reason for exclusion", "reasons for exclusion"),
            )
            gone = [f"{count:,} {one if count == 1 else more}" for count, one, more in texts]
            said.append(f"Dropped, since they may name someone: {' and '.join(gone)}.")
            said.append(f"Keep {self.order.map_path.name} to yourself: it holds the names.")
        return said


def format_of(path: Path) -> Format:
    """The format that a file's ending says.

    Raises:
        UsageError: it says none.
    """
    found = _ENDINGS.get(path.suffix.lower())
    if found is None:
        known = ", ".join(form.value for form in Format)
        raise UsageError(
            f"The ending of {path.name!r} does not say a format. Nothing was exported. Let it end"
            f" in {' '.join(_ENDINGS)}, or add --format with one of {known}."
        )
    return found


def identity_of(choice: ModelChoice | None, device: str) -> ModelIdentity:
    """Which model the table names; without one its columns stay empty."""
    if choice is None:
        return ModelIdentity(model_id="", sha256="", device="")
    model = choice.model
    return ModelIdentity(model_id=model.contract.model, sha256=model.sha256, device=device)


def exportable(opened: Opened, device: str) -> Exportable:
    """What an open folder holds now; in the thread that changes its review."""
    choice = opened.choice
    return Exportable(
        kept=snapshot(opened.review),
        identity=identity_of(choice, device),
        head=opened.store.head(),
        unit=choice.model.contract.unit if choice else Unit.CELL,
    )


def export(
    what: Exportable, order: Order, cancel: CancelToken | None = None
) -> Iterator[Progress | Written]:
    """Write it completely or not at all; how far it is, and at the end what it came to.

    Raises:
        OutputError: there is something of that name and `force` is false, it cannot be written, a
            file to copy is not what was decided about, or it was stopped.
        UsageError: the format cannot hold it, or its library is missing.
        DriveError: the drive with the images does not answer.
    """
    check(order)
    if order.format is Format.IMAGES:
        yield from _images(what, order, cancel)
    else:
        yield from _table(what, order, cancel)


def check(order: Order) -> None:
    """Refuse at once what would be refused in the end.

    Raises:
        OutputError, UsageError: see `export`.
    """
    if order.format is Format.PARQUET:
        parquet_export.check()
    for path in [order.path, *([order.map_path] if order.deidentify else [])]:
        copy = path is order.path and order.format is Format.IMAGES
        if path.exists() and not order.force and not (copy and _is_empty(path)):
            raise OutputError(
                f"{path} exists and was left as it is. Nothing was exported. Choose another name."
            )


def preview(
    what: Exportable, order: Order, count: int = 3, *, hidden: Collection[int] = ()
) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the first rows, as they will be written.

    Pseudonyms are drawn anew for the export, so there they will have other numbers. Of `hidden`
    images the suggestion is left out here: a reader must not see it yet.
    """
    ids = [c.id for c in what.kept.classes]
    copied = order.format is Format.IMAGES
    places = range(len(what.kept.images))
    # 100,000 rows take seconds, so that what is not decided is not made to be left out.
    some = [at for at in places if what.kept.decisions[at]] if copied else places
    made = zip(some, _rows(what, some), strict=True)
    shown = (_unsuggested(row) if at in hidden else row for at, row in made)
    rows = list(islice((r for r in shown if not copied or image_folder.is_copied(r)), count))
    if order.deidentify:
        rows = sorted(map(Pseudonyms(rows).row, rows), key=lambda row: row.image)
    if copied:
        names = image_folder.names_of(rows, clean=order.deidentify)
        return ["file", "patient", "slide"], [
            [name, row.patient, row.slide] for name, row in zip(names, rows, strict=True)
        ]
    dialect = _dialect(order)
    return columns(ids), [cells(row, ids, dialect) for row in rows]


def _unsuggested(row: Row) -> Row:
    return replace(
        row,
        suggestion="",
        confidence=None,
        probabilities={},
        needs_review=None,
        unfamiliarity=None,
        unfamiliar=None,
    )


def _rows(what: Exportable, only: Sequence[int] | None = None) -> Iterator[Row]:
    for row in rows_of(what.kept, what.identity, __version__, only):
        yield replace(row, log_events=what.head.events, log_head=what.head.sha256)


def _table(
    what: Exportable, order: Order, cancel: CancelToken | None
) -> Iterator[Progress | Written]:
    total = len(what.kept.images)
    rows: Iterable[Row] = _until(_rows(what), order.path, cancel)
    pseudonyms: Pseudonyms | None = None
    if order.deidentify:
        named = list(rows)
        pseudonyms = Pseudonyms(named)
        rows = sorted(map(pseudonyms.row, named), key=lambda row: row.image)
    yield Progress(0, total, "Writing")
    with whole_file(order.path, replace=order.force) as file:
        _write(file, _until(rows, order.path, cancel), what, order)
        _write_map(pseudonyms, order)
    yield Written(
        order=order,
        images=total,
        left_out={},
        dropped=pseudonyms.dropped if pseudonyms else Dropped(0, 0),
        head=what.head,
    )


def _write(file: BinaryIO, rows: Iterable[Row], what: Exportable, order: Order) -> None:
    ids = [c.id for c in what.kept.classes]
    match order.format:
        case Format.XLSX:
            xlsx_export.write(file, rows, ids, _about(what, order))
        case Format.PARQUET:
            parquet_export.write(file, rows, ids, _about(what, order))
        case Format.JSONL:
            csv_export.write_lines(file, json_lines(rows, ids))
        case _:
            lines = csv_lines(rows, ids, bom=order.bom, dialect=_dialect(order))
            csv_export.write_lines(file, lines)


def _images(
    what: Exportable, order: Order, cancel: CancelToken | None
) -> Iterator[Progress | Written]:
    paired = list(zip(_until(_rows(what), order.path, cancel), what.kept.images, strict=True))
    chosen = [(row, image) for row, image in paired if image_folder.is_copied(row)]
    if not chosen:
        raise UsageError(
            "No image is decided, so there is none to copy. Nothing was written. Decide some"
            " first, or export the table."
        )
    left_out = _left_out([row for row, _image in paired])
    pseudonyms = Pseudonyms([row for row, _image in chosen]) if order.deidentify else None
    sources = [
        Source(pseudonyms.row(row) if pseudonyms else row, image.path, row.sha256)
        for row, image in chosen
    ]
    if pseudonyms:
        sources.sort(key=lambda one: one.row.image)
    read = partial(_bytes, Drive(), order.path, cancel)
    with whole_folder(order.path, replace=order.force, ours=image_folder.is_ours) as folder:
        steps = image_folder.fill(
            folder,
            sources,
            what.kept.classes,
            replace(_about(what, order), images=len(sources), decided=len(sources)),
            name=order.path.name,
            unit=what.unit,
            read=read,
        )
        for step in steps:
            _stop_if(order.path, cancel)
            yield step
        _write_map(pseudonyms, order)
    yield Written(
        order=order,
        images=len(sources),
        left_out=left_out,
        dropped=pseudonyms.dropped if pseudonyms else Dropped(0, 0),
        head=what.head,
    )


def _left_out(rows: Sequence[Row]) -> dict[str, int]:
    """How many images are not copied, by the reason in a word."""
    found: dict[str, int] = {}
    for row in rows:
        if not image_folder.is_copied(row):
            excluded = row.excluded or row.decision_state == DecisionState.EXCLUDED
            why = "excluded" if excluded else str(row.decision_state)
            found[why] = found.get(why, 0) + 1
    return found


def _bytes(drive: Drive, out: Path, cancel: CancelToken | None, path: Path) -> bytes:
    found = drive.within(READ_SECONDS, path.read_bytes, cancel)
    _stop_if(out, cancel)
    if found is None:
        raise DriveError(
            "The drive with the images does not answer. Nothing was written. Check it, then export"
            " again."
        )
    return found


def _write_map(pseudonyms: Pseudonyms | None, order: Order) -> None:
    """Before the export takes its name: without the map nobody could ever read it back."""
    if pseudonyms is not None:
        with whole_file(order.map_path, replace=order.force, private=True) as file:
            csv_export.write_lines(file, pseudonyms.map_lines())


def _about(what: Exportable, order: Order) -> About:
    return About(
        title="Reviewed images",
        model=what.identity.model_id,
        model_sha256=what.identity.sha256,
        app_version=__version__,
        exported_at=now(),
        images=len(what.kept.images),
        decided=sum(decision is not None for decision in what.kept.decisions),
        log_events=what.head.events,
        log_head=what.head.sha256,
        deidentified=order.deidentify,
    )


def _dialect(order: Order) -> Dialect:
    return Dialect.SEMICOLON if order.format is Format.SEMICOLON else Dialect.COMMA


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is None


def _until(rows: Iterable[Row], path: Path, cancel: CancelToken | None) -> Iterator[Row]:
    for row in rows:
        _stop_if(path, cancel)
        yield row


def _stop_if(path: Path, cancel: CancelToken | None) -> None:
    if cancel and cancel.cancelled:
        raise OutputError(f"{path} was not written, because it was stopped. Export again.")
