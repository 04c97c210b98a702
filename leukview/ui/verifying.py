"""Slide > Verify the record: the chain of the open session, checked in the background."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from leukview.domain.progress import CancelToken
from leukview.ui import messages
from leukview.ui.controller import Controller
from leukview.ui.dialogs.verify_dialog import VerifyDialog
from leukview.ui.jobs import JobRunner
from leukview.workflows.opened import Opened
from leukview.workflows.verdict import Verdict, verdict

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow

_EXPORTS = (
    "Exports (*.csv *.xlsx *.parquet *.jsonl *.ndjson *.html *.htm *.pdf *.leukview);;All files (*)"
)


class Verifying(QObject):
    """One dialog at a time; what is checked is the file on the disk, with all that was saved."""

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        self._runner = JobRunner(self)
        window.actions_.bind("verify", self.ask)
        controller.stage_changed.connect(self._enable)
        self._enable()

    def ask(self) -> None:
        """Check the open session, and say what was found until the dialog is closed."""
        folder = self._controller.folder
        if folder is None:
            return
        dialog = VerifyDialog(self._window)
        dialog.compare.connect(lambda: self._compare(folder, dialog))
        self._check(folder, dialog)
        dialog.exec()
        self._runner.dismiss()
        dialog.deleteLater()

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; False if it would not end in time."""
        return self._runner.shut_down(timeout_ms)

    def _compare(self, folder: Opened, dialog: VerifyDialog) -> None:
        name, _kind = QFileDialog.getOpenFileName(
            dialog, "Compare with an exported file", str(folder.folder.parent), _EXPORTS
        )
        if name:
            self._check(folder, dialog, Path(name))

    def _check(self, folder: Opened, dialog: VerifyDialog, against: Path | None = None) -> None:
        dialog.wait()
        hidden, store = self._controller.blind, folder.store

        def work(cancel: CancelToken) -> Iterator[object]:
            store.flush()  # the file is looked at, so all that was done has to be in it
            yield verdict(store.path, against, cancel=cancel)

        def found(step: object) -> None:
            if isinstance(step, Verdict):
                dialog.show_verdict(step, hidden=hidden)

        def failed(error: Exception) -> None:
            dialog.show_failure(messages.failure(error), again=against is not None)

        self._runner.start(work, on_step=found, on_failure=failed)

    def _enable(self) -> None:
        self._window.actions_["verify"].setEnabled(self._controller.folder is not None)
