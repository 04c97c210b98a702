"""Come back to the image, the queue, its order and its filter that were left."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from PySide6.QtCore import QObject, QTimer

from leukview.ui.controller import Controller
from leukview.ui.models import queue
from leukview.ui.models.kept_filter import Kept, filter_of, kept
from leukview.ui.models.queue import Cell, Order, Tab
from leukview.ui.widgets.review_page import ReviewPage
from leukview.workflows.opened import keep_place, keep_view, place_of, view_of
from leukview.workflows.review import Review

_SOON_MS = 500  # after a change; what is lost when the program is killed is younger than that


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a queue is shown, with classes by their ids: another model has other numbers.

    Attributes:
        tab, order: the values of `Tab` and `Order`.
        filter: but for its cell.
        cell: its suggested and its other class, and whether that is the true one.
        scanned: class of By class.
        page: of it, from 0.
    """

    tab: Tab = Tab.ALL
    order: Order | None = None
    filter: Kept = Kept()
    cell: tuple[str, str, bool] | None = None
    scanned: str = ""
    page: int = 0


class Resuming(QObject):
    """Keeps the place and the view in the session, and goes back to them.

    Soon after each change, because a program that is killed does not leave the folder.
    """

    def __init__(self, page: ReviewPage, controller: Controller) -> None:
        super().__init__(page)
        self._page, self._controller = page, controller
        self._wanted: View | None = None
        self._kept = ""
        self._place: tuple[int, str] | None = None  # that is kept
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self.keep)
        controller.opened.connect(self._opened)
        controller.model_changed.connect(self._back)
        controller.leaving.connect(self.keep)
        # Another queue, order, filter, class or page fills the gallery anew.
        page.model.modelReset.connect(self._changed)
        page.gallery.selectionModel().currentChanged.connect(self._changed)

    def _changed(self, *_what: object) -> None:
        """Not begun anew by each change: whoever holds a key down would never be kept."""
        if self._controller.folder is not None and not self._soon.isActive():
            self._soon.start()

    def keep(self) -> None:
        """Remember where the reader is and what is shown."""
        self._soon.stop()
        folder = self._controller.folder
        if folder is None or folder.store.failure is not None:  # a disk that refuses drops it
            return
        row = self._page.current_row
        place = (row, folder.review.sha256[row] if row >= 0 else "")
        if place != self._place:
            keep_place(folder, row)
            self._place = place
        text = msgspec.json.encode(self._view(folder.review)).decode()
        # Reading what the session has would wait for its writer, after every decision.
        if self._wanted is None and text != self._kept:
            keep_view(folder, text)
            self._kept = text

    def _opened(self) -> None:
        """The image at once; the queue when it is known which model there is."""
        folder = self._controller.folder
        if folder is None:
            return
        self._kept, self._place = view_of(folder), None
        try:
            self._wanted = msgspec.json.decode(self._kept or "{}", type=View)
        except msgspec.DecodeError:  # of another version
            self._wanted = None
        self._page.go(self._page.model.place(place_of(folder)))

    def _back(self) -> None:
        folder, wanted = self._controller.folder, self._wanted
        if folder is None or wanted is None or not folder.review.classes:
            return
        self._wanted = None
        row = self._page.current_row
        self._show(folder.review, wanted)
        self._page.go(self._page.model.place(row))

    def _show(self, review: Review, view: View) -> None:
        page, ids = self._page, [one.id for one in review.classes]
        if view.tab not in queue.tabs(review):
            return
        if view.order in queue.orders(review, view.tab):
            page.set_order_of(view.tab, view.order)
        if view.scanned in ids:
            page.scanning.scan.begin(ids.index(view.scanned))
            page.scanning.scan.page = view.page
        cell = None
        if view.cell and set(view.cell[:2]) <= set(ids):
            suggested, other = (ids.index(one) for one in view.cell[:2])
            cell = Cell(suggested, other, view.cell[2])
        page.filter = replace(filter_of(view.filter, ids), cell=cell)
        page.show_tab(view.tab)

    def _view(self, review: Review) -> View:
        page, ids = self._page, [one.id for one in review.classes]
        chosen, cell = page.filter, page.filter.cell
        return View(
            tab=page.tab,
            order=page.order_of(page.tab),
            filter=kept(chosen, ids),
            cell=(ids[cell.suggested], ids[cell.other], cell.truth) if cell else None,
            scanned=ids[page.scanning.scan.index] if ids else "",
            page=page.scanning.scan.page,
        )
