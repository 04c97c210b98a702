"""What the keys do to the selected images: decide, undo, go on. One place for keys and buttons."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal

from leukview.ui import messages
from leukview.ui.actions import Actions
from leukview.ui.comparing import Comparing
from leukview.ui.controller import Controller
from leukview.ui.dialogs.text_dialogs import COMMENTS, CommentDialog, ReasonDialog
from leukview.ui.models import queue
from leukview.ui.models.queue import Rows
from leukview.ui.resuming import Resuming
from leukview.ui.settings import Settings
from leukview.ui.widgets.review_page import ReviewPage
from leukview.workflows.review import Changes, Review


class Deciding(QObject):
    """Acts on the selection of the page, then moves along the queue."""

    said = Signal(str)

    def __init__(
        self, page: ReviewPage, controller: Controller, settings: Settings, comparing: Comparing
    ) -> None:
        super().__init__(page)
        self._page, self._controller, self._settings = page, controller, settings
        self._reason = ""
        page.inspector.decided.connect(self.decide)
        page.inspector.unsure.connect(self.unsure)
        page.inspector.exclude.connect(self.exclude)
        page.gallery.painted.connect(self._painted)
        self._resuming = Resuming(page, controller)
        self._comparing = comparing
        comparing.decided.connect(self.decide)
        comparing.unsure.connect(self.unsure)
        comparing.exclude.connect(self.exclude)
        controller.replaced.connect(self._reload)
        controller.noted.connect(self.said)

    def bind(self, actions: Actions) -> None:
        """The keys and menus that decide, undo and go on; those of classes are bound by class."""
        for name, act in (
            ("undo", self.undo),
            ("redo", self.redo),
            ("next", self.next_review),
            ("previous", lambda: self.next_review(-1)),
            ("agree", self.agree),
            ("unsure", self.unsure),
            ("exclude", self.exclude),
            ("clear", self.clear),
            ("reason", self.ask_reason),
            ("flag", self.flag),
            ("comment", self.comment),
        ):
            actions.bind(name, act)

    def decide(self, index: int) -> None:
        """Decide for the class at this place of the model's classes."""
        review = self._page.review
        if review is None or not 0 <= index < len(review.classes):
            return
        class_id = review.classes[index].id
        tab = self._page.tab.value
        self._do(lambda r, rows: r.decide(rows, class_id, queue=tab))

    def agree(self) -> None:
        """Decide for what is suggested; images without a suggestion stay as they are."""
        tab = self._page.tab.value
        self._do(lambda r, rows: r.agree(rows, queue=tab))

    def unsure(self) -> None:
        tab = self._page.tab.value
        self._do(lambda r, rows: r.unsure(rows, queue=tab))

    def exclude(self) -> None:
        """Exclude, with the reason that was given for the first one."""
        if not self._rows().size:
            return
        if not self._reason and not self.ask_reason():
            return
        reason, tab = self._reason, self._page.tab.value
        self._do(lambda r, rows: r.exclude(rows, reason, queue=tab))

    def ask_reason(self) -> bool:
        """Ask why images are excluded; False when it was cancelled."""
        dialog = ReasonDialog(self._reason or self._settings.reason, self._page.window())
        taken = bool(dialog.exec())
        if taken:
            self._reason = self._settings.reason = dialog.text
        dialog.deleteLater()
        return taken

    def clear(self) -> None:
        """Take the decision back; the image stays current."""
        self._do(lambda r, rows: r.clear(rows), advance=False)

    def flag(self) -> None:
        """Flag the selected images; where all of them are flagged, take the flags away."""
        review, rows, tab = self._page.review, self._rows(), self._page.tab.value
        if review is not None and len(rows):
            on = not bool(review.flagged[rows].all())
            self._do(lambda r, some: r.flag(some, on, queue=tab), advance=False)

    def comment(self) -> None:
        """Ask for a comment on the selected images; an empty one takes the words away."""
        review, rows, tab = self._page.review, self._rows(), self._page.tab.value
        if review is None or not len(rows):
            return
        kept = self._settings.comments
        dialog = CommentDialog(
            review.comments.get(int(rows[0]), ""),
            self._page.window(),
            reasons=COMMENTS if kept is None else kept,
        )
        taken, words = bool(dialog.exec()), dialog.text
        if dialog.reasons != (list(COMMENTS) if kept is None else kept):
            self._settings.comments = dialog.reasons
        dialog.deleteLater()
        if taken:
            self._do(lambda r, some: r.comment(some, words, queue=tab), advance=False)

    def undo(self) -> None:
        waited = self._controller.checking.give_up()
        if waited:  # that was the last action
            self.said.emit(messages.not_done(waited))
            return
        self._back(lambda r: r.undo(), "Undone")

    def redo(self) -> None:
        self._back(lambda r: r.redo(), "Done again")

    def next_review(self, step: int = 1) -> None:
        """Go to the next (or with -1 the previous) undecided image that needs review."""
        review, rows = self._page.review, self._page.model.rows
        if review is None or not len(rows):
            return
        wanted = np.flatnonzero((queue.wanted(review) & queue.undecided(review))[rows])
        if not len(wanted):
            self.said.emit("Nothing in this queue still needs review.")
            return
        now = self._page.gallery.currentIndex().row()
        if step > 0:
            later = wanted[wanted > now]
            place = later[0] if len(later) else wanted[0]
        else:
            before = wanted[wanted < now]
            place = before[-1] if len(before) else wanted[-1]
        self._page.go(int(place))

    def _painted(self, places: list[int]) -> None:
        """Tiles are on the screen, with their suggestions."""
        review = self._page.review
        if review is not None:
            review.mark_seen(self._page.model.rows[places].tolist())

    def _reload(self, rows: Rows) -> None:
        """The files of these images are others than those that were shown."""
        self._page.loader.forget(rows.tolist())
        self._page.show_whole(self._settings.flag("whole_image", False))

    def _rows(self) -> Rows:
        """Selected images that can be decided: those that could be read."""
        review = self._page.review
        rows = self._page.selected_rows()
        if review is None:
            return rows[:0]
        if review.errors:
            rows = rows[[int(row) not in review.errors for row in rows]]
        return rows

    def _do(self, action: Callable[[Review, Rows], Changes], *, advance: bool = True) -> None:
        rows = self._rows()
        if not len(rows):
            return
        places = self._page.gallery.selected_places()
        last = max([*places, self._page.gallery.currentIndex().row()])
        if self._page.review is not None and self._page.current_row >= 0:
            self._page.review.mark_seen([self._page.current_row])  # large, in the inspector
        with self._page.current.once():
            changes = self._controller.act(lambda review: action(review, rows))
            if changes is None:
                return
            if changes.text:
                self.said.emit(changes.text)
            # What was left is to be looked at again, so the place is kept for it.
            advance = advance and self._settings.flag("auto_advance", True)
            goes = advance and len(changes.rows) and not changes.left
            if goes and not self._comparing.advance():
                self._page.go(last + 1)
        self._resuming.keep()

    def _back(self, action: Callable[[Review], Changes | None], word: str) -> None:
        with self._page.current.once():
            changes = self._controller.act(action)
            if changes is None:
                return
            elsewhere = "" if len(changes.rows) else " (of images that are not in this folder now)"
            self.said.emit(f"{word}: {changes.text}{elsewhere}")
            places = [self._page.model.place(int(row)) for row in changes.rows[:1000]]
            shown = [place for place in places if place >= 0]
            if shown:
                self._page.go(min(shown))
