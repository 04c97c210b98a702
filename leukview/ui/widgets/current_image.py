"""The current image of the gallery, large and in words, in the inspector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject

from leukview.domain.records import two_digits
from leukview.ui.models.gallery_model import GalleryModel
from leukview.ui.models.thumbnails import FULL, PixelLoader
from leukview.ui.widgets.gallery_view import GalleryView
from leukview.ui.widgets.inspector import Inspector
from leukview.workflows.review import Review


class CurrentImage(QObject):
    """Keeps the inspector at what is current in the gallery."""

    def __init__(
        self, gallery: GalleryView, model: GalleryModel, loader: PixelLoader, inspector: Inspector
    ) -> None:
        super().__init__(gallery)
        self._gallery, self._model = gallery, model
        self._loader, self._inspector = loader, inspector
        self._held, self._waits = 0, False
        loader.arrived.connect(self._arrived)
        model.modelReset.connect(self.show)
        selection = gallery.selectionModel()
        selection.currentChanged.connect(self.show)
        selection.selectionChanged.connect(self.show)

    @property
    def row(self) -> int:
        """Image row of the current tile, or -1."""
        place = self._gallery.currentIndex().row()
        return int(self._model.rows[place]) if 0 <= place < len(self._model.rows) else -1

    @contextmanager
    def once(self) -> Iterator[None]:
        """Show what changes inside once, at the end.

        A decision changes the image, then another one is current and then selected: three times
        0.9 ms, of which nobody sees two.
        """
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if self._waits and not self._held:
                self._waits = False
                self.show()

    def show(self, *_what: object) -> None:
        """All of it anew."""
        if self._held:
            self._waits = True
            return
        self.show_tile()
        self.show_pixels()

    def show_tile(self) -> None:
        """What is known of it."""
        if self._held:
            self._waits = True
            return
        review, row = self._model.review, self.row
        if review is None or row < 0:
            self._inspector.show_nothing("No image is selected.")
            return
        place = self._gallery.currentIndex().row()
        known = review.suggested[row] >= 0 and not review.is_hidden(row)
        self._inspector.show_tile(
            self._model.tile(place),
            place=place,
            total=len(self._model.rows),
            selected=len(self._gallery.selected_places()),
            probabilities=[float(p) for p in review.probabilities[row]] if known else (),
            notes=() if review.is_hidden(row) else review.notes.get(row, ()),
            second=self._second(review, row),
        )

    def _second(self, review: Review, row: int) -> str:
        """What the second model says, if there is one."""
        place = int(review.other[row])
        if place < 0 or review.is_hidden(row):
            return ""
        name, share = review.classes[place].name, two_digits(float(review.other_confidence[row]))
        said = f"{review.other_title or 'Second model'}: {name} {share}"
        return said if place == review.suggested[row] else f"{said}, another class"

    def show_pixels(self) -> None:
        """Its pixels, as far as they are there."""
        row = self.row
        if row < 0:
            return
        pixmap = self._loader.pixmap(row, FULL)
        if pixmap is not None:
            self._ask_for_next()
        shown = self._inspector.image.pixmap
        if pixmap is not None and shown is not None and pixmap.cacheKey() == shown.cacheKey():
            return
        words = self._loader.failure(row, FULL)
        self._inspector.show_pixels(pixmap, self._loader.window, words)

    def _ask_for_next(self) -> None:
        """A decision leads to the next image: its pixels are to be there with its words.

        Without them it would be shown in two steps, first without the image, which costs 3 ms more.
        So would the tiles of the next line, into which every sixth decision or so scrolls.
        """
        gallery, rows = self._gallery, self._model.rows
        place, below = gallery.currentIndex().row() + 1, gallery.visible_rows().stop
        edge = round(gallery.edge * gallery.devicePixelRatioF())
        for row in rows[place : place + 1].tolist():
            self._loader.pixmap(row, FULL)
        for row in rows[below : below + gallery.columns].tolist():
            self._loader.pixmap(row, edge)

    def _arrived(self, row: int, edge: int) -> None:
        if edge == FULL:
            if row == self.row:
                self.show_pixels()
            return
        place = self._model.place(row)
        if place >= 0:
            self._gallery.update(self._model.index(place))
