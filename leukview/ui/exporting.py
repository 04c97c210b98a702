"""Writes the table once all files that it depends on have been read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from leukview.domain.errors import LeukViewError
from leukview.ui import messages
from leukview.ui.checking import Checking
from leukview.workflows import export
from leukview.workflows.opened import Opened


@dataclass(frozen=True, slots=True)
class _Wish:
    """A table that was asked for."""

    folder: Opened
    path: Path
    device: str
    bom: bool
    force: bool


class Exporting(QObject):
    """One table at a time; every wish ends in `exported` or `failed`."""

    exported = Signal(str)
    failed = Signal(str)
    said = Signal(str)

    def __init__(self, checking: Checking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._checking = checking
        self._wish: _Wish | None = None
        checking.ended.connect(self._go_on)

    def start(self, folder: Opened, path: Path, *, device: str, bom: bool, force: bool) -> None:
        """Write the table of `folder`; decisions are known by the bytes of the files."""
        self.leave()
        self._wish = _Wish(folder, path, device, bom, force)
        waiting = sum(len(rows) for rows in folder.review.to_read())
        if waiting:
            self.said.emit(f"Reading {messages.count(waiting)} files before the export…")
        self._checking.start(folder, loud=bool(waiting))

    def leave(self) -> None:
        """Give up what was not written yet, and say so."""
        wish, self._wish = self._wish, None
        if wish is not None:
            self.failed.emit(
                f"{wish.path.name} was not written, because the folder was left or exported anew"
                " before all its files were read. Nothing else was lost. Export again."
            )

    def _go_on(self) -> None:
        wish, self._wish = self._wish, None
        if wish is None:
            return
        try:
            rows = export.export_csv(
                wish.folder.review,
                wish.path,
                identity=export.identity_of(wish.folder.choice, wish.device),
                bom=wish.bom,
                force=wish.force,
            )
        except LeukViewError as error:
            self.failed.emit(str(error))
            return
        self.exported.emit(f"Exported {messages.images(rows)} to {wish.path.name}.")
