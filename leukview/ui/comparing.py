"""Images of the selection side by side: which, which of them is decided, and when that ends."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Signal

from leukview.ui.controller import Controller
from leukview.ui.models import queue
from leukview.ui.models.thumbnails import FULL
from leukview.ui.theme import Theme
from leukview.ui.widgets.compare_view import CompareView
from leukview.ui.widgets.review_page import ReviewPage

FEWEST, MOST = 2, 12


class Comparing(QObject):
    """Shows the selection side by side over the page.

    The image with the ring is the current one of the gallery and the only one that is selected, so
    that the keys decide what is seen to be chosen. What makes another image current, or builds the
    queue anew, ends comparing.

    Attributes:
        view: while images are compared, else None.
    """

    said = Signal(str)
    decided = Signal(int)
    unsure = Signal()
    exclude = Signal()

    def __init__(self, page: ReviewPage, controller: Controller, theme_: Theme) -> None:
        super().__init__(page)
        self._page, self._controller, self._theme = page, controller, theme_
        self.view: CompareView | None = None
        page.installEventFilter(self)
        page.loader.arrived.connect(self._arrived)
        page.model.modelReset.connect(self.close)
        page.model.dataChanged.connect(self.show)
        page.gallery.selectionModel().selectionChanged.connect(self._moved)

    def open(self) -> None:
        """Compare what is selected, at most 12 of it."""
        review = self._page.review
        rows = self._page.selected_rows().tolist()
        if review is None or self.view is not None:
            return
        if len(rows) < FEWEST:
            self.said.emit(
                "Select 2 to 12 images (Ctrl and click, or Shift and arrows) to compare."
            )
            return
        if len(rows) > MOST:
            self.said.emit(f"Comparing the first {MOST} of {len(rows):,} selected images.")
        rows = rows[:MOST]
        above = self._page.parentWidget() or self._page.window()
        threshold = self._controller.threshold
        self._page.go(self._page.model.place(rows[0]))
        view = CompareView(self._theme, review.classes, threshold, rows, above)
        view.closed.connect(self.close)
        view.chosen.connect(self._choose)
        view.stepped.connect(self._step)
        view.decided.connect(self.decided)
        view.unsure.connect(self.unsure)
        view.exclude.connect(self.exclude)
        self.view = view
        view.setGeometry(self._page.geometry())
        view.show()
        view.raise_()
        view.setFocus()
        review.mark_seen(rows)  # their suggestions are on the screen now
        self.show()

    def close(self) -> None:
        """Back to the gallery, at the image that was current here."""
        view, self.view = self.view, None
        if view is not None:
            focused = view.hasFocus()
            view.hide()
            view.deleteLater()
            if focused:
                self._page.gallery.setFocus()

    def advance(self) -> bool:
        """After a decision: on to the next undecided of these; False while nothing is compared."""
        review = self._page.review
        if self.view is None or review is None:
            return False
        rows = self._rows()
        now = rows.index(self._page.current_row) if self._page.current_row in rows else -1
        open_ = queue.undecided(review)
        after = [row for row in rows[now + 1 :] + rows[: now + 1] if open_[row]]
        if after:
            self._choose(after[0])
        return True

    def show(self, *_what: object) -> None:
        """The cards as the images stand now."""
        view, page, review = self.view, self._page, self._page.review
        if view is None or review is None:
            return
        for card in view.cards:
            place, row = page.model.place(card.row), card.row
            tile = page.model.tile(place)
            known = tile.suggested >= 0
            values: Sequence[float] = review.probabilities[row].tolist() if known else ()
            card.show_tile(tile, place, values, current=row == page.current_row)
            card.show_name(page.model.spoken(place))
            if card.image.pixmap is None:
                self._show_pixels(row)
        place = page.gallery.currentIndex().row()
        view.show_whose(place, error=page.current_row in review.errors)

    def _rows(self) -> list[int]:
        return [card.row for card in self.view.cards] if self.view is not None else []

    def _show_pixels(self, row: int) -> None:
        loader = self._page.loader
        for card in self.view.cards if self.view is not None else ():
            if card.row == row:
                pixmap, words = loader.pixmap(row, FULL), loader.failure(row, FULL)
                card.image.show_image(pixmap, window=loader.window, words=words)

    def _arrived(self, row: int, edge: int) -> None:
        if edge == FULL:
            self._show_pixels(row)

    def _choose(self, row: int) -> None:
        self._page.go(self._page.model.place(row))

    def _step(self, by: int) -> None:
        rows = self._rows()
        if self._page.current_row in rows:
            self._choose(rows[(rows.index(self._page.current_row) + by) % len(rows)])

    def _moved(self) -> None:
        """Another image is selected; one that is not shown here would be decided unseen."""
        if self.view is None:
            return
        if set(self._page.selected_rows().tolist()) == {self._page.current_row} and (
            self._page.current_row in self._rows()
        ):
            self.show()
        else:
            self.close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The page is resized, or gives way to another."""
        if self.view is not None and watched is self._page:
            if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
                self.view.setGeometry(self._page.geometry())
            elif event.type() is QEvent.Type.Hide:
                self.close()
        return False
