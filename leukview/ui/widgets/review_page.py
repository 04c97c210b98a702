"""The review itself: queues, gallery and inspector. What a key does stands in `ui.deciding`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QSplitter, QWidget

from leukview.domain.progress import CancelToken
from leukview.ui import messages, theme
from leukview.ui.controller import Controller, Stage
from leukview.ui.grouping import Grouping
from leukview.ui.models import queue, summary
from leukview.ui.models.gallery_model import GalleryModel
from leukview.ui.models.queue import Filter, Order, Rows, Tab
from leukview.ui.models.thumbnails import PixelLoader, measure_window
from leukview.ui.on_screen import OnScreen
from leukview.ui.scanning import Scanning
from leukview.ui.settings import Settings
from leukview.ui.theme import Theme
from leukview.ui.widgets import checklist, empty_state, inspector, parts, side_panel
from leukview.ui.widgets.banner import Banner
from leukview.ui.widgets.class_bar import ClassBar
from leukview.ui.widgets.current_image import CurrentImage
from leukview.ui.widgets.empty_state import Doing
from leukview.ui.widgets.gallery_drag import DragGallery
from leukview.ui.widgets.queue_bar import QueueBar
from leukview.ui.widgets.run_strip import RunStrip
from leukview.ui.widgets.tabs import Tabs
from leukview.ui.widgets.tile import TileDelegate
from leukview.workflows.review import Changes, Review

TITLES = {
    Tab.ALL: "All",
    Tab.REVIEW: "Needs review",
    Tab.CLASS: "By class",
    Tab.UNDECIDED: "Undecided",
    Tab.DISAGREE: "Disagreements",
    Tab.AUDIT: "Audit sample",
    Tab.SETTLE: "Readers differ",
}
TABS = tuple(TITLES)
_MIDDLE = 524  # three columns of tiles of the usual size


class ReviewPage(QSplitter):
    """Folders and checklist, gallery, inspector; it shows the controller's review."""

    overview_wished = Signal()

    def __init__(
        self,
        theme_: Theme,
        controller: Controller,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme, self._controller, self._settings = theme_, controller, settings
        self.tab, self.filter = Tab.ALL, Filter()
        self._orders = dict(queue.FIRST_ORDER)
        self._window = 1.0
        self.loader = PixelLoader(self)
        self.model = GalleryModel(self)
        self.delegate = TileDelegate(theme_, self.loader)
        self.gallery = DragGallery(self.delegate)
        self.gallery.setModel(self.model)
        self.grouping = Grouping(theme_, self.gallery, controller, settings)
        self.empty = empty_state.EmptyState(theme_, self.gallery.viewport())
        inside = parts.column()
        inside.addWidget(self.empty)
        self.gallery.viewport().setLayout(inside)
        self.side = side_panel.SidePanel(theme_)
        self.inspector = inspector.Inspector(theme_)
        self.current = CurrentImage(self.gallery, self.model, self.loader, self.inspector)
        self.addWidget(self.side)
        self.addWidget(self._middle())
        self.addWidget(self.inspector)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(1, 1)
        self.setSizes([side_panel.USUAL, 900, inspector.USUAL])
        kept = settings.layout("review")
        if kept is not None:
            self.restoreState(kept)
        self._connect()
        self._ground()
        self.set_edge(settings.edge)

    def _middle(self) -> QFrame:
        middle = parts.panel()
        middle.setMinimumWidth(_MIDDLE)
        body = parts.column(gap=0)
        middle.setLayout(body)
        self.tabs = Tabs(self._theme, list(TITLES.values()))
        self.banner = Banner(self._theme)
        self.strip = RunStrip()
        self.bar = QueueBar(self._theme)
        on_screen = OnScreen(self.gallery, self._rows_at, self.loader)
        self.scanning = Scanning(ClassBar(self._theme), on_screen, self._controller)
        self.scanning.switch(False)
        for widget in (
            self.tabs,
            parts.hairline(),
            self.banner,
            self.strip,
            self.bar,
            self.scanning.bar,
            parts.hairline(),
        ):
            body.addWidget(widget)
        body.addWidget(self.gallery, 1)
        return middle

    def _connect(self) -> None:
        self._theme.changed.connect(self._ground)
        self.tabs.chosen.connect(lambda number: self.show_tab(TABS[number]))
        self.bar.filter_changed.connect(self.set_filter)
        self.bar.order_changed.connect(lambda word: self.set_order(Order(word)))
        self.bar.edge_changed.connect(self.set_edge)
        self.bar.refresh.connect(self.rebuild)
        self.empty.pressed.connect(self._leave_empty)
        self.gallery.edge_wished.connect(self.set_edge)
        self.grouping.rebuild.connect(self.rebuild)
        self.scanning.begun.connect(self._begin_class)
        self.scanning.turned.connect(self._turn)
        self._controller.opened.connect(self._opened)
        self._controller.model_changed.connect(self._model_changed)
        self._controller.changed.connect(self._changed)
        self._controller.stage_changed.connect(self.show_counts)
        self._controller.progressed.connect(self._progressed)
        self._controller.checking.looked_up.connect(self.show_counts)

    @property
    def review(self) -> Review | None:
        return self.model.review

    # The folder and the model

    def _opened(self) -> None:
        review = self._controller.review
        if review is None:
            return
        self.loader.window = 1.0
        self.loader.open([image.path for image in review.images])
        self.delegate.forget()
        self.banner.forget()
        self.tab, self.filter, self._window = Tab.ALL, Filter(), 1.0
        self.tabs.choose(0)
        self.scanning.reset()
        self.grouping.reset()
        self._controller.background(self._measure_window, self._set_window)
        self.rebuild()
        self.go(0)

    def _measure_window(self, cancel: CancelToken) -> Iterator[object]:
        """In the worker: which part of the images the tiles show."""
        review = self._controller.review
        if review is not None:
            yield measure_window([image.path for image in review.images], cancel)

    def _set_window(self, window: object) -> None:
        if isinstance(window, float):
            self._window = window
            self.show_whole(self._settings.flag("whole_image", False))

    def show_whole(self, whole: bool) -> None:
        """Tiles show whole images, or the window that is common to all."""
        self._settings.set_flag("whole_image", whole)
        self.loader.show_window(1.0 if whole else self._window)
        self.delegate.forget()
        self.gallery.viewport().update()
        self.current.show_pixels()

    def _model_changed(self) -> None:
        review, threshold = self._controller.review, self._controller.threshold
        if review is None:
            return
        looks = theme.looks(review.classes)
        self.delegate.set_classes(looks, threshold)
        self.inspector.set_classes(review.classes, threshold)
        self.bar.popup.set_classes(review.classes)
        self.scanning.reset()
        self.grouping.reset()
        self.filter = Filter()
        self.rebuild()

    # The queue

    def show_tab(self, tab: Tab) -> None:
        """Another queue, built anew."""
        self.tab = tab
        self.tabs.choose(TABS.index(tab))
        self.rebuild()

    def set_filter(self, chosen: Filter) -> None:
        self.filter = chosen
        self.rebuild()

    def show_cell(self, cell: queue.Cell) -> None:
        """The images of one cell of the confusion matrix, whatever else was filtered."""
        self.tab = Tab.ALL
        self.tabs.choose(0)
        self.set_filter(Filter(cell=cell))
        self.go(0)

    def set_order(self, order: Order) -> None:
        self.set_order_of(self.tab, order)
        self.rebuild()

    def order_of(self, tab: Tab) -> Order:
        """How a queue is sorted as soon as it is shown."""
        return self._orders[tab]

    def set_order_of(self, tab: Tab, order: Order) -> None:
        """Sort a queue so when it is built the next time."""
        self._orders[tab] = order

    def rebuild(self) -> None:
        """Build the queue from what is true now; the current image stays current if it is in."""
        review = self._controller.review
        row, place = self.current_row, self.gallery.currentIndex().row()
        if review is None:
            self.model.show(None, np.zeros(0, dtype=np.int64))
            return
        self._offer_tabs(review)
        order = self._order(review)
        rows = queue.build(review, self.tab, self.filter, order, self.scanning.scan.index)
        self.scanning.switch(self.tab is Tab.CLASS)
        rows = self.grouping.take(review, rows, self.tab, self.filter)
        self._fill(review, self.scanning.take(rows) if self.scanning.on else rows)
        found = self.model.place(row) if row >= 0 else -1
        self.go(found if found >= 0 else max(0, place))
        self.bar.show_filter(self.filter, self._cell_words())
        self.bar.show_order(order, queue.orders(review, self.tab))
        self.bar.set_blind(review.blind)
        self.show_counts()
        self.current.show()

    def _fill(self, review: Review, rows: Rows) -> None:
        with QSignalBlocker(self.gallery.selectionModel()):
            self.model.show(review, rows)

    def _offer_tabs(self, review: Review) -> None:
        """Only the queues that there are in this reading; what is seen in none is in the first."""
        offered = queue.tabs(review)
        if self.tab not in offered:
            self.tab = offered[0]
        self.tabs.offer(TABS.index(tab) for tab in offered)
        self.tabs.choose(TABS.index(self.tab))

    def _order(self, review: Review) -> Order:
        offered, wished = queue.orders(review, self.tab), self._orders[self.tab]
        return wished if wished in offered else offered[0]

    def _begin_class(self) -> None:
        self.rebuild()
        self.go(0)

    def _turn(self) -> None:
        """Another page of the same images of the class: nothing of them is looked up anew."""
        review = self.review
        if review is not None:
            self._fill(review, self.scanning.scan.here)
            self.go(0)
            self.gallery.verticalScrollBar().setValue(0)
            self.show_counts()
            self.current.show()

    def _rows_at(self, places: Iterable[int]) -> list[int]:
        return [int(row) for row in self.model.rows[list(places)]]

    def _cell_words(self) -> list[str]:
        """The cell of the confusion matrix that is shown, whole and in letters."""
        cell, review = self.filter.cell, self.review
        if cell is None or review is None:
            return []
        looks = theme.looks(review.classes)
        one, other = looks[cell.suggested], looks[cell.other]
        word = "true class" if cell.truth else "decided"
        return [
            f"Suggested {a}, {word} {b}"
            for a, b in ((one.name, other.name), (one.letters, other.letters))
        ]

    def _changed(self, changes: Changes) -> None:
        review = self.review
        if review is None:
            return
        fixed = self.scanning.on or self.grouping.rows is not None
        if self._controller.stage is Stage.RUNNING and not fixed:
            belongs = queue.mask(review, self.tab, self.filter)
            belongs[self.model.rows] = False
            fresh = np.flatnonzero(belongs).astype(np.int64)
            self.model.append(queue.arrange(review, fresh, self._order(review)))
        self.model.refresh(changes.rows)
        self.show_counts()
        if self.current_row in changes.rows:
            self.current.show_tile()

    # What is shown

    @property
    def current_row(self) -> int:
        """Image row of the current tile, or -1."""
        return self.current.row

    def selected_rows(self) -> Rows:
        """Image rows of the selection, or of the current tile when nothing is selected."""
        places = self.gallery.selected_places()
        if not places and self.current_row >= 0:
            places = [self.gallery.currentIndex().row()]
        return np.asarray(self.model.rows[places], dtype=np.int64)

    def go(self, place: int) -> None:
        """Make this place of the queue the current one."""
        last = len(self.model.rows) - 1
        if last >= 0:
            index = self.model.index(min(max(place, 0), last))
            # The view's own method looks at the keyboard: with Ctrl still down after Ctrl+Z it
            # would add to the selection, and the next key decide two images.
            command = QItemSelectionModel.SelectionFlag.ClearAndSelect
            with self.current.once():
                self.gallery.selectionModel().setCurrentIndex(index, command)
            self.gallery.scrollTo(index)

    def set_edge(self, edge: int) -> None:
        self.gallery.set_edge(edge)
        self._settings.edge = self.delegate.geometry.edge
        self.bar.show_edge(self.delegate.geometry.edge)

    def show_counts(self) -> None:
        """Tabs, queue bar and checklist from the review as it is."""
        review = self.review
        if review is None:
            return
        rows, scan = self.model.rows, self.scanning.scan
        belongs = queue.mask(review, self.tab, self.filter, scan.index)
        all_ = scan.rows if self.scanning.on else self.grouping.all_of(rows)
        if not len(all_) and belongs.any():
            self.rebuild()  # there is nothing that could move under the hand
            return
        count = summary.counts(review)
        left = summary.left(review, count)
        self.tabs.show_counts({TABS.index(tab): number for tab, number in left.items()})
        decided, stale = count.decided, int(np.count_nonzero(belongs)) != len(all_)
        if len(all_) < review.count:  # else it is the whole folder, which has been counted
            decided = len(all_) - int(np.count_nonzero(queue.undecided(review)[all_]))
            stale = stale or not belongs[all_].all()
        self.bar.show_counts(len(all_), decided, stale=stale)
        self.scanning.show()
        self.grouping.show()
        if self._controller.folder is not None:
            checklist.show(self.side, self._controller.folder, self._controller.stage, count)
        self._say_empty()
        self._progressed()

    def _progressed(self) -> None:
        c = self._controller
        working = c.stage in (Stage.RUNNING, Stage.CHOOSING)
        self.strip.setVisible(working and not c.blind)  # its rate is of the model
        if c.stage is Stage.RUNNING:
            done, total, rate = c.running.done, c.running.total, c.running.rate.per_second
            self.strip.show_run(done, total, c.note or messages.progress(done, total, rate))
        else:
            self.strip.show_words(c.note)

    def _say_empty(self) -> None:
        if len(self.model.rows):
            self.empty.say(None)
            return
        doing, stage = Doing.NOTHING, self._controller.stage
        if self._controller.checking.looking_up:
            doing = Doing.COMPARING
        elif stage in (Stage.CHOOSING, Stage.RUNNING):
            doing = Doing.WAITING if stage is Stage.CHOOSING else Doing.RUNNING
        self.empty.say(empty_state.why(self.review, self.tab, self.filter, doing))

    def _leave_empty(self, button: str) -> None:
        """What the button of an empty queue does."""
        if button == empty_state.CLEAR:
            self.set_filter(Filter())
        elif button == empty_state.ALL:
            self.show_tab(Tab.ALL)
        else:
            self.overview_wished.emit()

    def _ground(self) -> None:
        """The gallery paints its own ground: a palette of its own is lost under a style sheet."""
        self.gallery.ground = QColor(self._theme.tokens.surround)
        self.gallery.viewport().update()

    def stop(self) -> None:
        """End the loader's threads and remember the layout."""
        self._settings.set_layout("review", self.saveState())
        self.loader.stop()
