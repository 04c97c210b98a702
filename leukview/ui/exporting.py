"""Exports in the background once all files that it depends on have been read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from leukview.domain.progress import CancelToken, Progress
from leukview.ui import messages
from leukview.ui.checking import Checking
from leukview.ui.jobs import Job, JobRunner
from leukview.workflows import export
from leukview.workflows.export import Order, Written
from leukview.workflows.opened import Opened


@dataclass(frozen=True, slots=True)
class _Wish:
    """An export that was asked for."""

    folder: Opened
    order: Order
    device: str


class Exporting(QObject):
    """One export at a time; every wish ends in `exported` or `failed`.

    `progressed` tells how many images of how many are copied.
    """

    exported = Signal(str)
    failed = Signal(str)
    said = Signal(str)
    progressed = Signal(int, int)

    def __init__(self, checking: Checking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._checking = checking
        self._runner = JobRunner(self)
        self._wish: _Wish | None = None
        self._written: _Wish | None = None
        self._job: Job | None = None
        checking.ended.connect(self._go_on)

    @property
    def unfinished(self) -> str:
        """Name of the export that is not written yet, or ""."""
        wish = self._wish or self._written
        return wish.order.path.name if wish else ""

    def start(self, folder: Opened, path: Path, *, device: str, bom: bool, force: bool) -> None:
        """Write the table of `folder` as CSV."""
        self.begin(folder, Order(path=path, bom=bom, force=force), device=device)

    def begin(self, folder: Opened, order: Order, *, device: str) -> None:
        """Export `folder`; decisions are known by the bytes of the files."""
        self.leave()
        self._wish = _Wish(folder, order, device)
        waiting = sum(len(rows) for rows in folder.review.to_read())
        if waiting:
            self.said.emit(f"Reading {messages.count(waiting)} files before the export…")
        self._checking.start(folder, loud=bool(waiting))

    def leave(self) -> None:
        """Give up what waits for its files, and say so; what is being written is written."""
        self._give_up("the folder was left or exported anew before all its files were read")

    def stop(self) -> None:
        """Give up what is being written or waits; nothing of it stays."""
        if self._job is not None:
            self._job.cancel()
        self._give_up("it was stopped")

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; a table that is not complete is not written."""
        return self._runner.shut_down(timeout_ms)

    def _give_up(self, reason: str) -> None:
        wish, self._wish = self._wish, None
        if wish is not None:
            self.failed.emit(
                f"{wish.order.path.name} was not written, because {reason}."
                " Nothing else was lost. Export again."
            )

    def _go_on(self, complete: bool) -> None:
        if not complete:
            self._give_up("reading the files that it depends on was not finished")
        wish, self._wish = self._wish, None
        if wish is None:
            return
        folder, order = wish.folder, wish.order
        what = export.exportable(folder, wish.device)

        def work(cancel: CancelToken) -> Iterator[object]:
            yield from export.export(what, order, cancel)

        self._written = wish
        self._job = self._runner.start(
            work,
            on_step=lambda step: self._step(wish, step),
            on_failure=lambda error: self._done(wish, error),
            on_finished=lambda _complete: self._forget(),
        )

    def _forget(self) -> None:
        self._job = None

    def _step(self, wish: _Wish, step: object) -> None:
        if isinstance(step, Progress):
            if wish.order.format is export.Format.IMAGES:
                self.progressed.emit(step.done, step.total)
        else:
            self._done(wish, step)

    def _done(self, wish: _Wish, outcome: object) -> None:
        if self._written is wish:
            self._written = None
        if isinstance(outcome, Exception):
            self.failed.emit(messages.failure(outcome))
        elif isinstance(outcome, Written):
            self.exported.emit(" ".join(outcome.sentences()))
