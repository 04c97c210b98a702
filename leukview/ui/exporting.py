"""Exports in the background once all files that it depends on have been read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QObject, Signal

from leukview.domain.errors import LeukViewError
from leukview.domain.progress import CancelToken, Progress
from leukview.reports.html_report import html
from leukview.reports.whole import whole_file
from leukview.session import bundle
from leukview.session.events import Head
from leukview.ui import messages
from leukview.ui.checking import Checking
from leukview.ui.export_kinds import Chosen, Kind
from leukview.ui.jobs import Job, JobRunner, Work
from leukview.ui.pdf import pdf
from leukview.workflows import export
from leukview.workflows.export import Written
from leukview.workflows.opened import Opened
from leukview.workflows.report import Reported, contents

_TELL_MS = 100  # between two words on how far it is


@dataclass(frozen=True, slots=True)
class _Wish:
    """An export that was asked for."""

    folder: Opened
    chosen: Chosen
    device: str


class Exporting(QObject):
    """One export at a time; every wish ends in `exported` or `failed`.

    `changed` tells that one begins, goes on or has ended.
    """

    exported = Signal(str)
    failed = Signal(str)
    said = Signal(str)
    changed = Signal()

    def __init__(self, checking: Checking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._checking = checking
        self._runner = JobRunner(self)
        self._wish: _Wish | None = None
        self._written: _Wish | None = None
        self._job: Job | None = None
        self._progress: Progress | None = None
        self._told = QElapsedTimer()
        checking.ended.connect(self._go_on)

    @property
    def unfinished(self) -> str:
        """Name of the export that is not written yet, or ""."""
        wish = self._wish or self._written
        return wish.chosen.path.name if wish else ""

    @property
    def words(self) -> str:
        """What is going on, in a sentence."""
        done = self._progress
        if self._wish is not None or done is None:
            return f"Exporting {self.unfinished}…"
        return f"Exporting {self.unfinished}: {done.done:,} of {messages.images(done.total)} copied"

    def begin(self, folder: Opened, chosen: Chosen, *, device: str) -> None:
        """Export `folder`; decisions are known by the bytes of the files."""
        self.leave()
        self._wish = _Wish(folder, chosen, device)
        waiting = sum(len(rows) for rows in folder.review.to_read())
        if waiting:
            self.said.emit(f"Reading {messages.count(waiting)} files before the export…")
        self.changed.emit()
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
            self._fail(wish, reason)

    def _fail(self, wish: _Wish, reason: str) -> None:
        self.changed.emit()
        self.failed.emit(
            f"{wish.chosen.path.name} was not written, because {reason}."
            " Nothing else was lost. Export again."
        )

    def _go_on(self, complete: bool) -> None:
        if not complete:
            self._give_up("reading the files that it depends on was not finished")
        wish, self._wish = self._wish, None
        if wish is None:
            return
        try:
            work = _work(wish)
        except LeukViewError as error:
            self.changed.emit()
            self.failed.emit(str(error))
            return
        self._written, self._progress = wish, None
        self.changed.emit()
        self._job = self._runner.start(
            work,
            on_step=lambda step: self._step(wish, step),
            on_failure=lambda error: self._done(wish, error),
            on_finished=lambda _complete: self._ended(wish),
        )

    def _ended(self, wish: _Wish) -> None:
        if self._written is wish:  # it was stopped before it began
            self._written = self._job = None
            self._fail(wish, "it was stopped")

    def _step(self, wish: _Wish, step: object) -> None:
        if not isinstance(step, Progress):
            self._done(wish, step)
        elif wish is self._written and wish.chosen.kind is Kind.IMAGES:
            self._progress = step
            if not self._told.isValid() or self._told.hasExpired(_TELL_MS):
                self._told.start()
                self.changed.emit()

    def _done(self, wish: _Wish, outcome: object) -> None:
        if self._written is wish:
            self._written = self._job = self._progress = None
            self.changed.emit()
        if isinstance(outcome, Exception):
            self.failed.emit(messages.failure(outcome))
        elif isinstance(outcome, Written):
            self.exported.emit(" ".join(outcome.sentences()))
        elif isinstance(outcome, Head):
            name = wish.chosen.path.name
            self.exported.emit(f"Exported {name}: {outcome.words}, log {outcome.sha256[:8]}.")


def _work(wish: _Wish) -> Work:
    """What is written, as it stands now; the writing itself is for the worker.

    Raises:
        UsageError: it cannot be exported now.
        SessionError: the session cannot be read.
    """
    folder, chosen = wish.folder, wish.chosen
    if chosen.kind is Kind.SESSION:
        folder.store.flush()
        return lambda _cancel: iter(
            [bundle.export(folder.store.path, chosen.path, force=chosen.force)]
        )
    what = export.exportable(folder, wish.device)
    if not chosen.kind.is_report:
        return lambda cancel: export.export(what, chosen.order, cancel)
    said = contents(
        Reported(
            review=folder.review,
            head=what.head,
            identity=what.identity,
            contract=folder.choice.model.contract if folder.choice else None,
            slide=folder.slide or folder.folder.name,
            deidentify=chosen.deidentify,
        )
    )
    # Text is laid out in the thread of the window; a report has few pages.
    data = pdf(said) if chosen.kind is Kind.PDF else html(said).encode()

    def write(_cancel: CancelToken) -> Iterator[object]:
        with whole_file(chosen.path, replace=chosen.force) as file:
            file.write(data)
        yield what.head

    return write
