"""What the window asks in dialogs, and what it tells in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QFileDialog

from leukview import resources
from leukview.domain.errors import SessionError
from leukview.ui import messages
from leukview.ui.controller import Controller
from leukview.ui.dialogs.about_dialog import AboutDialog, KeysDialog
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.export_dialog import ExportDialog
from leukview.ui.dialogs.problems_dialog import ProblemsDialog
from leukview.ui.dialogs.text_dialogs import ReviewerDialog
from leukview.ui.export_notice import ExportNotice
from leukview.ui.models import summary
from leukview.ui.settings import Settings
from leukview.workflows.export import exportable, preview

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow


class Asking(QObject):
    """One method per dialog; each ends when the dialog is closed."""

    def __init__(self, window: MainWindow, controller: Controller, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._controller, self._settings = window, controller, settings
        controller.failed.connect(self._failed)
        ExportNotice(window.page.banner, window.actions_, controller.exporting, self)

    def folder(self) -> None:
        """Choose a folder to open."""
        name = QFileDialog.getExistingDirectory(self._window, "Open a folder of cell images")
        if name:
            self._window.open([Path(name)])

    def problems(self) -> list[tuple[str, str]]:
        """Names and reasons of what could not be read; "" as a name where a folder is meant."""
        folder = self._controller.folder
        if folder is None:
            return []
        review = folder.review
        unread = sorted(review.errors.items())
        if review.blind:  # names give classes away
            return [("", "One image could not be read.") for _ in unread]
        return [
            *(("", words) for words in folder.scan.problems),
            *((review.images[row].name, words) for row, words in unread),
        ]

    def show_problems(self) -> None:
        """List them; unreadable images may be tried again."""
        review = self._controller.review
        retry = bool(review and review.errors) and self._controller.can_run
        dialog = ProblemsDialog(self.problems(), self._window, can_retry=retry)
        if dialog.exec():
            self._window.page.loader.retry()
            self._controller.run()
        dialog.deleteLater()

    def export(self) -> None:
        """Choose a file for the table and write it."""
        c = self._controller
        if c.folder is None:
            return
        what = exportable(c.folder, c.device.name if c.device else "")
        hidden = set(np.flatnonzero(c.folder.review.hidden).tolist())
        dialog = ExportDialog(
            proposed_table(c.folder.folder),
            summary.counts(c.folder.review),
            self._window,
            theme_=self._window.theme_,
            preview=lambda chosen: preview(what, chosen.order, hidden=hidden),
        )
        if dialog.exec():
            c.export(dialog.chosen)
        dialog.deleteLater()

    def reviewer(self) -> None:
        """Whose name stands beside the decisions."""
        dialog = ReviewerDialog(self._settings.reviewer, self._window)
        if dialog.exec():
            self._controller.set_reviewer(dialog.text)
            self._window.show_corner()
        dialog.deleteLater()

    def may_leave(self, verb: str = "Close") -> bool:
        """Whether the folder may be left; asked only while that would lose something.

        Args:
            verb: what the user is about to do ("Close", "Open another folder").
        """
        waiting = self._controller.checking.waiting
        table = self._controller.exporting.unfinished
        reasons = {
            "saving the last decisions": self._unsaved(),
            "finishing the last action": messages.still_waiting(waiting) if waiting else "",
            "writing the table": messages.still_written(table) if table else "",
        }
        lost = [what for what, words in reasons.items() if words]
        if not lost:
            return True
        title = f"{verb} without {' and '.join(lost)}?"
        words = " ".join(filter(None, reasons.values()))
        dialog = ActDialog(title, words, f"{verb} anyway", self._window, safe="Stay")
        leaves = bool(dialog.exec())
        dialog.deleteLater()
        return leaves

    def _unsaved(self) -> str:
        folder = self._controller.folder
        if folder is not None:
            try:
                folder.store.flush()  # what is only on its way is no reason to ask
            except SessionError as error:
                return str(error) if folder.store.unsaved else ""
        return ""

    def _failed(self, words: str) -> None:
        """What fails while the folder is left is said where the window goes."""
        if self._controller.folder is None:
            self._window.start.show_problem(words)

    def keys(self) -> None:
        """All keys with what they do."""
        self._show(KeysDialog(self._window.actions_, self._window))

    def about(self) -> None:
        """Icon, version, notice and licence."""
        self._show(AboutDialog(self._window))

    def _show(self, dialog: ActDialog) -> None:
        dialog.exec()
        dialog.deleteLater()


def proposed_table(folder: Path) -> Path:
    """Where the table of a folder may go: beside it, since the images' folder is not written to.

    The samples lie in the installation, which is often read-only and gone with the next version;
    their table goes to the documents.
    """
    home = folder.parent
    if folder.is_relative_to(resources.root()):
        found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        home = Path(found) if Path(found).is_dir() else Path.home()
    return home / f"{folder.name}-reviewed.csv"
