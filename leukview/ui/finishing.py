"""Draw the audit sample, finish a slide, amend it: the acts of the record."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from leukview.ui.actions import Actions
from leukview.ui.controller import Controller
from leukview.ui.dialogs.record_dialogs import AuditDialog, FinishDialog
from leukview.ui.dialogs.text_dialogs import AmendDialog
from leukview.ui.models.queue import Filter, Tab
from leukview.ui.widgets.toolbar import REVIEW
from leukview.workflows.checks import Check, checks
from leukview.workflows.review import Changes, Review

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow


class Finishing(QObject):
    """Asks, does it, and says what came of it."""

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        controller.changed.connect(lambda _changes: self.enable(window.actions_))
        for name, act in (("audit", self.draw), ("finish", self.finish), ("amend", self.amend)):
            window.actions_.bind(name, act)

    def enable(self, actions: Actions) -> None:
        """Only what can be done now is on; the others say why not."""
        review, page = self._controller.review, self._window.stack.currentWidget()
        record = review.record if review else None
        on_page = page is self._window.page
        blind = self._controller.blind
        open_ = bool(record and record.open and not blind)
        draws = open_ and on_page and record is not None and record.audit is None
        drawn = bool(record and record.audit)
        ended = "The blind reading is not ended." if blind else "The slide is final; amend it."
        why = "The sample is drawn already and stays." if drawn else "After a run of the model."
        why = ended if blind else why
        for name, on, reason in (
            ("audit", draws and bool(review and review.any_confident), why),
            ("finish", open_, ended),
            ("amend", bool(record and not record.open), "Only a final slide is amended."),
        ):
            actions[name].setEnabled(on)
            actions[name].setToolTip("" if on else reason)

    def draw(self) -> None:
        """Ask for the size, draw, and show the sample."""
        review = self._controller.review
        if review is None or not len(review.confident):
            return
        rows = review.one_each(review.confident)
        dialog = AuditDialog(len(rows), int(review.seen[rows].sum()), self._window)
        taken, size = bool(dialog.exec()), dialog.size_field.value()
        dialog.deleteLater()
        if taken:
            seed, threshold = secrets.randbelow(2**32), self._controller.threshold
            if self._do(lambda r: r.draw_audit(size, seed, threshold)):
                self._window.page.show_tab(Tab.AUDIT)
                self._window.page.go(0)

    def finish(self) -> None:
        """List the checks; if none blocks and the reader wants it, the slide is final."""
        review, folder = self._controller.review, self._controller.folder
        if review is None or folder is None or not review.record.open:
            return
        slide = review.slide or folder.folder.name
        lines = checks(review)
        dialog = FinishDialog(self._window.theme_, slide, lines, review.reviewer, self._window)
        taken, comment = bool(dialog.exec()), dialog.comment.text().strip()
        wished = dialog.wished
        dialog.deleteLater()
        if wished is not None:
            self._go(wished)
        elif taken:
            self._do(lambda r: r.finish(comment))

    def _go(self, check: Check) -> None:
        """Show the queue in which a check can be met, at the first image that it is about."""
        page = self._window.page
        if not self._window.readings.go(check.reading):
            return
        self._window.show_page(REVIEW)
        page.filter = Filter()
        page.show_tab(Tab(check.queue))
        page.go(max(0, page.model.place(check.row)))

    def amend(self) -> None:
        """Ask for the reason, then open the final slide."""
        review = self._controller.review
        if review is None or review.record.open:
            return
        dialog = AmendDialog(self._window)
        taken, reason = bool(dialog.exec()), dialog.text
        dialog.deleteLater()
        if taken:
            self._do(lambda r: r.amend(reason))

    def _do(self, act: Callable[[Review], Changes]) -> bool:
        changes = self._controller.act(act)
        if changes is None:
            return False
        self._controller.noted.emit(changes.text)
        return True
