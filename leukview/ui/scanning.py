"""By class: choose a class, turn its pages, confirm what was looked at on one."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from leukview.domain.classes import Unit
from leukview.ui import theme
from leukview.ui.actions import Actions
from leukview.ui.controller import Controller
from leukview.ui.models import queue, summary
from leukview.ui.models.queue import Rows, Tab
from leukview.ui.models.scan import Scan, confirmable
from leukview.ui.on_screen import OnScreen
from leukview.ui.widgets.class_bar import ClassBar
from leukview.workflows.review import Review

_ELSEWHERE = "Pages and their confirmation are of the queue By class."


class Scanning(QObject):
    """Knows the class and the page; the review page shows what it says.

    Args:
        bar: over the gallery.
        on_screen: which images have been looked at.
    """

    turned = Signal()  # another page
    begun = Signal()  # another class, or the same anew
    said = Signal(str)

    def __init__(self, bar: ClassBar, on_screen: OnScreen, controller: Controller) -> None:
        super().__init__(bar)
        self.bar, self.on_screen, self._controller = bar, on_screen, controller
        self.scan = Scan()
        self._on = False
        bar.chosen.connect(self.choose)
        bar.turned.connect(self.turn)
        bar.confirmed.connect(self.confirm)
        on_screen.grew.connect(self.show)

    def bind(self, actions: Actions) -> None:
        """The keys of By class; in other queues they do nothing but say so."""
        actions.bind("next_page", lambda: self.turn(1))
        actions.bind("previous_page", lambda: self.turn(-1))
        actions.bind("confirm", self.confirm)

    @property
    def on(self) -> bool:
        """Whether By class is the queue that is shown."""
        return self._on

    def switch(self, on: bool) -> None:
        """By class is shown, or another queue."""
        if on != self._on:
            self._on = on
            self.on_screen.forget()
            self.on_screen.count(on)
        self.bar.setVisible(on)

    def reset(self) -> None:
        """Another folder or model."""
        self.scan = Scan()
        self.on_screen.forget()
        review = self._controller.review
        self.bar.set_classes(theme.looks(review.classes) if review else ())

    def take(self, rows: Rows) -> Rows:
        """The images of the class, freshly; those of the page are given back."""
        return self.scan.take(rows)

    def choose(self, index: int) -> None:
        """Scan this class from its first page."""
        self.scan.begin(index)
        self.on_screen.forget()
        self.begun.emit()

    def turn(self, step: int) -> None:
        """Pages on or back."""
        if not self._on:
            self.said.emit(_ELSEWHERE)
        elif self.scan.turn(step):
            self.turned.emit()

    def confirm(self) -> None:
        """Decide as suggested what was looked at on this page, then go on to what is open."""
        review, rows = self._controller.review, self._seen()
        if review is None:
            return
        if not self._on:
            self.said.emit(_ELSEWHERE)
            return
        if not len(rows):
            self.said.emit(
                "Nothing on this page to confirm: only undecided images count that were on the"
                " screen for half a second."
            )
            return
        changes = self._controller.act(lambda r: r.agree(rows, queue=Tab.CLASS.value))
        if changes is None:
            return
        self.said.emit(changes.text)
        if changes.left or len(self._open()):
            return
        page = self.scan.next_open(review)
        if page is not None:
            self.turn(page - self.scan.page)
        else:
            name = review.classes[self.scan.index].name
            self.said.emit(f"{changes.text}. Every image here is decided: {name} is done.")

    def _open(self) -> Rows:
        review = self._controller.review
        if review is None:
            return self.scan.here[:0]
        return confirmable(review, self.scan.index, self.scan.here)

    def _seen(self) -> Rows:
        rows = self._open()
        seen = self.on_screen.seen
        return rows[np.array([int(row) in seen for row in rows], dtype=np.bool_)]

    def show(self) -> None:
        """Counts, figures, page."""
        review = self._controller.review
        if not self._on or review is None or not review.classes:
            return
        shown, open_ = queue.shown_class(review), queue.undecided(review)
        kinds = len(review.classes)
        total = np.bincount(shown[shown >= 0], minlength=kinds)
        left = np.bincount(shown[(shown >= 0) & open_], minlength=kinds)
        index = self.scan.index
        self.bar.show_classes(index, left[:kinds].tolist(), total[:kinds].tolist())
        self.bar.show_head(review.classes[index].name, self._figures(review, index))
        scan = self.scan
        self.bar.show_page(scan.page, scan.pages, len(self._seen()), len(self._open()))

    def _figures(self, review: Review, index: int) -> list[str]:
        choice = self._controller.choice
        unit = choice.model.contract.unit if choice else Unit.CELL
        lines = summary.per_class(review, unit)
        return list(summary.class_figures(lines[index], summary.apart(review, lines)[index]))
