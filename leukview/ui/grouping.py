"""The gallery in groups, one for each class: which are there, folded or not, and what they say."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from leukview.domain.classes import Unit
from leukview.ui import theme
from leukview.ui.actions import Actions
from leukview.ui.controller import Controller
from leukview.ui.models import queue, summary
from leukview.ui.models.queue import Filter, Rows, Tab
from leukview.ui.settings import Settings
from leukview.ui.theme import Theme
from leukview.ui.widgets.gallery_drag import DragGallery
from leukview.ui.widgets.group_heads import GroupHeads, Head
from leukview.workflows.review import Review

_FLAG = "group_by_class"
_REST = "No class yet"
# By class has one class a page; in the others, and in a blind reading, groups would tell too much.
_WITHOUT = (Tab.CLASS, Tab.AUDIT, Tab.SETTLE)


class Grouping(QObject):
    """Puts the images of a queue into groups and keeps their heads true.

    Attributes:
        rows: all images of the queue, those of folded groups too; None while it is not grouped.
    """

    rebuild = Signal()
    said = Signal(str)

    def __init__(
        self, theme_: Theme, gallery: DragGallery, controller: Controller, settings: Settings
    ) -> None:
        super().__init__(gallery)
        self._theme, self._gallery = theme_, gallery
        self._controller, self._settings = controller, settings
        self._closed: set[int] = set()
        self._groups: list[tuple[int, Rows]] = []
        self._review: Review | None = None  # of the groups; the controller may have another by now
        self.rows: Rows | None = None
        self._wished = settings.flag(_FLAG, False)
        gallery.head_pressed.connect(self._pressed)
        theme_.changed.connect(self.show)
        controller.run_ended.connect(self._run_ended)

    def bind(self, actions: Actions) -> None:
        """Group, fold and unfold by key and menu."""
        actions.toggle("group", self._wished, self._group)
        actions.bind("fold", self.fold)
        actions.bind("unfold", self.unfold)

    def index_of(self, group: int) -> int:
        """The class of a group of the gallery, -1 for the images without one."""
        return self._groups[group][0]

    def reset(self) -> None:
        """Another folder or model: other classes."""
        self._closed.clear()

    def take(self, review: Review, rows: Rows, tab: Tab, chosen: Filter) -> Rows:
        """Group the images of a queue, if that is wished there.

        Returns:
            Those that the gallery shows, in the order of its groups.
        """
        if not self._wished or tab in _WITHOUT or review.blind or not review.classes:
            self.rows = None
            self._gallery.set_heads(None)
            return rows
        # In the whole folder empty classes stay, to drop images on; else they say nothing.
        empty = tab is Tab.ALL and not chosen.active and chosen.cell is None
        self._groups = [
            (index, part)
            for index, part in queue.grouped(review, rows)
            if len(part) or (empty and index >= 0)
        ]
        self.rows, self._review = rows, review
        self._gallery.set_heads(GroupHeads(self._theme, self._heads(review)))
        shown = [part for index, part in self._groups if index not in self._closed]
        return np.concatenate(shown) if shown else rows[:0]

    def all_of(self, rows: Rows) -> Rows:
        """The images of the queue, of which the gallery shows `rows`."""
        return rows if self.rows is None else self.rows

    def show(self) -> None:
        """The figures of the heads as they are now."""
        review = self._review
        if self.rows is None or review is None:
            return
        made = GroupHeads(self._theme, self._heads(review))
        now = self._gallery.heads
        if now is None or now.heads != made.heads:
            self._gallery.heads = made
        self._gallery.show_heads()

    def _heads(self, review: Review) -> list[Head]:
        choice = self._controller.choice
        unit = choice.model.contract.unit if choice else Unit.CELL
        lines, looks = summary.per_class(review, unit), theme.looks(review.classes)
        apart, open_ = summary.apart(review, lines), queue.undecided(review)
        out = []
        for index, part in self._groups:
            known = index >= 0
            out.append(
                Head(
                    index=index,
                    look=looks[index] if known else None,
                    name=looks[index].name if known else _REST,
                    count=len(part),
                    figures=summary.class_figures(lines[index], apart[index]) if known else (),
                    left=int(np.count_nonzero(open_[part])),
                    closed=index in self._closed,
                )
            )
        return out

    def _group(self, on: bool) -> None:
        self._wished = on
        self._settings.set_flag(_FLAG, on)
        self.rebuild.emit()

    def _run_ended(self, _words: str) -> None:
        """While it runs no image moves under the hand; then each goes to its class."""
        if self.rows is not None:
            self.rebuild.emit()

    def _pressed(self, group: int) -> None:
        self._turn(self.index_of(group))

    def fold(self) -> None:
        """Fold the group of the current image away, or unfold the only ones that are left."""
        now = self._gallery.currentIndex().row()
        if self.rows is None:
            self.said.emit("Groups are folded where the gallery is grouped by class (G).")
        elif now < 0:
            self.unfold()
        else:
            self._turn(self.index_of(self._gallery.arranged.group_of(now)))

    def unfold(self) -> None:
        """Show the images of every group."""
        if self._closed:
            self._closed.clear()
            self.rebuild.emit()

    def _turn(self, index: int) -> None:
        self._closed ^= {index}
        self.rebuild.emit()
