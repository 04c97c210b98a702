"""Which images have been on the screen long enough to have been looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from leukview.ui.models.thumbnails import PixelLoader
from leukview.ui.widgets.gallery_view import GalleryView

LONG_ENOUGH = 0.5  # seconds without a break, wholly in view and with pixels


class OnScreen(QObject):
    """Counts an image once its whole tile has been in view for half a second.

    Args:
        gallery: whose tiles are looked at.
        rows_at: image rows at places of its queue.
        loader: of the pixels; a tile without them shows nothing.
        clock: seconds, rising.
    """

    grew = Signal()

    def __init__(
        self,
        gallery: GalleryView,
        rows_at: Callable[[Iterable[int]], list[int]],
        loader: PixelLoader,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(gallery)
        self._gallery, self._rows_at, self._loader, self.clock = gallery, rows_at, loader, clock
        self._since: dict[int, float] = {}
        self.seen: set[int] = set()
        self._on = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.look)
        gallery.painted.connect(lambda _places: self.look())
        app = QApplication.instance()
        if isinstance(app, QApplication):  # a dialog has come, or has gone
            app.focusWindowChanged.connect(self._focus_moved)

    def _focus_moved(self, _window: object) -> None:
        self.look()

    def count(self, on: bool) -> None:
        """Count from now on, or not; what was counted is kept."""
        self._on = on
        self._since.clear()
        if on:
            self.look()
        else:
            self._timer.stop()

    def forget(self) -> None:
        """Nothing has been seen yet."""
        self.seen.clear()
        self._since.clear()

    def look(self) -> None:
        """See what is in view now, and what has been for long enough."""
        if not self._on:
            return
        now, before = self.clock(), len(self.seen)
        here = self._in_view()
        for row, since in list(self._since.items()):
            if row not in here:
                del self._since[row]
            elif now - since >= LONG_ENOUGH:
                self.seen.add(row)
        for row in here:
            self._since.setdefault(row, now)
        young = [since for row, since in self._since.items() if row not in self.seen]
        if young:
            left = max(0.0, LONG_ENOUGH - (now - min(young)))
            self._timer.start(int(1000 * left) + 1)
        if len(self.seen) > before:
            self.grew.emit()

    def _in_view(self) -> set[int]:
        """Rows of the tiles that are wholly in view with their pixels; none behind a dialog."""
        window = self._gallery.window()
        covered = QApplication.activeModalWidget() or QApplication.activePopupWidget()
        if not self._gallery.isVisible() or window.isMinimized() or covered is not None:
            return set()
        edge = round(self._gallery.edge * self._gallery.devicePixelRatioF())
        rows = self._rows_at(self._gallery.whole_places())
        return {row for row in rows if self._loader.pixmap(row, edge) is not None}
