"""File > Import: a table about the open slide, or a session file; and deleting a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from leukview.domain.errors import LeukViewError
from leukview.domain.progress import CancelToken
from leukview.reports.table_file import read_table
from leukview.session import bundle
from leukview.ui import messages
from leukview.ui.controller import Controller, Stage
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.import_dialog import ImportDialog
from leukview.ui.jobs import Job, JobRunner
from leukview.workflows.identified import read
from leukview.workflows.opened import Opened
from leukview.workflows.take_in import plan, take, understood

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow

_TABLES = "Tables and sessions (*.csv *.xlsx *.parquet *.jsonl *.ndjson *.leukview)"


class TakingIn(QObject):
    """Reads in the background, asks, and takes what was chosen."""

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        self._runner = JobRunner(self)
        self._job: Job | None = None
        self._later = ""  # what is said when the slide is open again
        window.actions_.bind("import", self.ask)
        window.actions_.bind("delete_session", self.delete)
        controller.leaving.connect(self._drop)
        controller.stage_changed.connect(self._say_later)

    def ask(self) -> None:
        """Choose a file, and take it by its kind."""
        name, _kind = QFileDialog.getOpenFileName(self._window, "Import", "", _TABLES)
        if name:
            self.take(Path(name))

    def take(self, file: Path) -> None:
        """A session file is taken among the sessions; a table is laid beside the open slide."""
        if file.suffix.lower() == bundle.ENDING:
            self._session(file)
        elif self._controller.folder is None:
            self._controller.failed.emit(
                f"{file.name} is a table about a slide, and none is open. Nothing was changed. Open"
                " its folder of images first, then import the table."
            )
        else:
            self._table(self._controller.folder, file)

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; False if it would not end in time."""
        self._drop()
        return self._runner.shut_down(timeout_ms)

    def _drop(self) -> None:
        if self._job is not None:
            self._job.dismiss()
        self._job = None

    # A table

    def _table(self, folder: Opened, file: Path) -> None:
        self._drop()
        if folder.store.read_only or not folder.review.record.open:
            why = (
                "This slide is final. Amend it with a reason first: Slide > Amend the slide."
                if not folder.store.read_only
                else "Another window has this slide open, so it can only be read in this one."
            )
            self._controller.failed.emit(f"{why} Nothing was taken from {file.name}.")
            return
        review = folder.review
        unknown = [(row, review.images[row]) for row, sha in enumerate(review.sha256) if not sha]
        self._controller.noted.emit(f"Reading {file.name}…")

        def work(cancel: CancelToken) -> Iterator[object]:
            table = understood(file.name, read_table(file), cancel=cancel)
            found = []
            for pair in unknown:
                if cancel.cancelled:
                    return
                found.append(read(pair))
            yield table, found

        self._job = self._runner.start(
            work,
            on_step=lambda step: self._ask_what(folder, file, step),
            on_failure=lambda error: self._controller.failed.emit(messages.failure(error)),
        )

    def _ask_what(self, folder: Opened, file: Path, step: object) -> None:
        """In the thread of the window, which alone may touch the review."""
        if self._controller.folder is not folder or not isinstance(step, tuple):
            return
        table, found = step
        self._controller.act(lambda review: review.compare(found))
        made = plan(table, folder.review)
        loader = self._window.page.loader
        dialog = ImportDialog(made, self._window, loader=loader, hidden=self._controller.blind)
        taken, chosen = bool(dialog.exec()), dialog.chosen if made.conflicts else []
        dialog.deleteLater()
        if not taken:
            self._controller.noted.emit(f"Nothing was taken from {file.name}.")
            return
        changes = self._controller.act(lambda review: take(made, review, chosen))
        if changes is not None and changes.text:
            self._controller.noted.emit(changes.text)

    # Sessions

    def _session(self, file: Path) -> None:
        if self._controller.folder is not None and not self._window.asking.may_leave("Import"):
            return
        path = self._controller.folder.folder if self._controller.folder else None
        self._window.close_folder()  # its session may be the one that is to go on
        try:
            made = bundle.import_(file)
        except LeukViewError as error:
            self._window.start.show_problem(str(error))
            return
        words = f"{file.name}: {made.words}"
        if path is None:
            self._controller.noted.emit(words)
        else:
            self._later = words
            self._window.open([path])

    def _say_later(self) -> None:
        if self._later and self._controller.stage is Stage.READY:
            words, self._later = self._later, ""
            # After what the window itself says of the new stage.
            QTimer.singleShot(0, self, lambda: self._controller.noted.emit(words))

    def delete(self) -> None:
        """After a plain question, delete what is recorded of the open slide for good."""
        folder = self._controller.folder
        if folder is None:
            return
        if folder.store.read_only:
            self._controller.failed.emit(
                "Another window has this slide open, so its session cannot be deleted. Nothing was"
                " changed. Close it there first."
            )
            return
        events = folder.review.head().words
        dialog = ActDialog(
            "Delete this session for good?",
            f"All decisions, comments, the log with its {events} and all suggestions"
            " of this slide go and cannot be brought back. The images stay. File > Export keeps the"
            " session as one file.",
            "Delete for good",
            self._window,
            safe="Keep it",
        )
        dialog.act_button.setDefault(False)
        dialog.safe_button.setDefault(True)
        taken = bool(dialog.exec())
        dialog.deleteLater()
        if taken:
            self._delete(folder)

    def _delete(self, folder: Opened) -> None:
        file, path = folder.store.path, str(folder.folder)
        self._window.close_folder()
        if self._controller.folder is not None:
            return
        try:
            bundle.delete(file)
        except LeukViewError as error:
            self._window.start.show_problem(str(error))
            return
        self._controller.recents.forget(path)
        self._window.status.run.setText(
            "What was recorded of the slide is deleted. Its images stay."
        )
