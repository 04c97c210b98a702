"""Writes the table in the background once all files that it depends on have been read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from leukview.domain.progress import CancelToken
from leukview.ui import messages
from leukview.ui.checking import Checking
from leukview.ui.jobs import JobRunner
from leukview.workflows import export
from leukview.workflows.opened import Opened
from leukview.workflows.table_rows import snapshot


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
        self._runner = JobRunner(self)
        self._wish: _Wish | None = None
        self._written: _Wish | None = None
        checking.ended.connect(self._go_on)

    @property
    def unfinished(self) -> str:
        """Name of the table that is not written yet, or ""."""
        wish = self._wish or self._written
        return wish.path.name if wish else ""

    def start(self, folder: Opened, path: Path, *, device: str, bom: bool, force: bool) -> None:
        """Write the table of `folder`; decisions are known by the bytes of the files."""
        self.leave()
        self._wish = _Wish(folder, path, device, bom, force)
        waiting = sum(len(rows) for rows in folder.review.to_read())
        if waiting:
            self.said.emit(f"Reading {messages.count(waiting)} files before the export…")
        self._checking.start(folder, loud=bool(waiting))

    def leave(self) -> None:
        """Give up what waits for its files, and say so; what is being written is written."""
        self._give_up("the folder was left or exported anew before all its files were read")

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; a table that is not complete is not written."""
        return self._runner.shut_down(timeout_ms)

    def _give_up(self, reason: str) -> None:
        wish, self._wish = self._wish, None
        if wish is not None:
            self.failed.emit(
                f"{wish.path.name} was not written, because {reason}."
                " Nothing else was lost. Export again."
            )

    def _go_on(self, complete: bool) -> None:
        if not complete:
            self._give_up("reading the files that it depends on was not finished")
        wish, self._wish = self._wish, None
        if wish is None:
            return
        kept = snapshot(wish.folder.review)
        identity = export.identity_of(wish.folder.choice, wish.device)

        def work(cancel: CancelToken) -> Iterator[object]:
            yield export.export_csv(
                kept, wish.path, identity=identity, bom=wish.bom, force=wish.force, cancel=cancel
            )

        self._written = wish
        self._runner.start(
            work,
            on_step=lambda rows: self._done(wish, rows),
            on_failure=lambda error: self._done(wish, error),
        )

    def _done(self, wish: _Wish, outcome: object) -> None:
        if self._written is wish:
            self._written = None
        if isinstance(outcome, Exception):
            self.failed.emit(messages.failure(outcome))
        elif isinstance(outcome, int):
            self.exported.emit(f"Exported {messages.images(outcome)} to {wish.path.name}.")
