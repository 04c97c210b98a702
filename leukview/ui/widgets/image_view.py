"""The current image, large: wheel zooms at the pointer, dragging pans, 0 fits."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from leukview.ui import theme
from leukview.ui.theme import Style, Theme

_STEP = 1.25
_LARGEST = 32.0
_CRISP = 3.0  # from here on single pixels are shown as squares, not smoothed into a guess


class ImageView(QWidget):
    """One image on its mount. Zooming never changes what the model saw."""

    zoomed = Signal(float)
    moved = Signal()  # by hand: zoomed, dragged or fitted

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._pixmap: QPixmap | None = None
        self._words = ""
        self._window = 1.0
        self._scale: float | None = None  # None: fitted
        self._centre = QPointF()
        self._drag: QPointF | None = None
        self.setMinimumSize(160, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Current image")
        theme_.changed.connect(self.update)
        self.overlay: QImage | None = None
        self._strength = 1.0

    def sizeHint(self) -> QSize:
        return QSize(320, 264)

    def hasHeightForWidth(self) -> bool:
        return False

    @property
    def scale(self) -> float:
        """Device-independent pixels per pixel of the image."""
        return self._fit_scale() if self._scale is None else self._scale

    @property
    def fitted(self) -> bool:
        return self._scale is None

    @property
    def pixmap(self) -> QPixmap | None:
        return self._pixmap

    @property
    def view(self) -> tuple[float | None, QPointF]:
        """Scale (None: fitted), and from the image's middle to the view's, in image pixels."""
        return self._scale, self._centre - self._middle()

    def set_view(self, scale: float | None, away: QPointF) -> None:
        """Show what another image's `view` says; not `moved`, so that two can follow each other."""
        self._scale, self._centre = scale, self._middle() + away
        self._keep_in()
        self._changed()

    def show_image(self, pixmap: QPixmap | None, *, window: float = 1.0, words: str = "") -> None:
        """Show an image, fitted; `window` is the share of it that the fit shows.

        Args:
            pixmap: undecimated, or None while there is none.
            window: as in the gallery's tiles, 0 to 1.
            words: what to say instead of an image.
        """
        self._pixmap, self._window, self._words = pixmap, window, words
        self.fit()

    def show_overlay(self, overlay: QImage | None, strength: float = 1.0) -> None:
        """Lay something over the whole image, so opaque (0 to 1); None takes it away."""
        if overlay is None and self.overlay is None:
            return
        self.overlay, self._strength = overlay, strength
        self.update()

    def fit(self) -> None:
        self._scale = None
        self._centre = self._middle()
        self._changed()

    def zoom_in(self) -> None:
        self._zoom(_STEP, QRectF(self.rect()).center())

    def zoom_out(self) -> None:
        self._zoom(1 / _STEP, QRectF(self.rect()).center())

    def _middle(self) -> QPointF:
        if self._pixmap is None:
            return QPointF()
        return QPointF(self._pixmap.width() / 2, self._pixmap.height() / 2)

    def _fit_scale(self) -> float:
        if self._pixmap is None or self._pixmap.isNull():
            return 1.0
        side = max(self._pixmap.width(), self._pixmap.height()) * self._window
        wide, tall = min(self._pixmap.width(), side), min(self._pixmap.height(), side)
        return min(self.width() / wide, self.height() / tall)

    def _zoom(self, factor: float, at: QPointF) -> None:
        if self._pixmap is None:
            return
        old, fit = self.scale, self._fit_scale()
        least = min(fit * self._window, 1.0)
        new = min(max(old * factor, least), max(_LARGEST, fit))
        away = at - QRectF(self.rect()).center()
        # The point under the pointer stays under the pointer.
        self._centre += away / old - away / new
        self._scale = new
        self._keep_in()
        self._changed()
        self.moved.emit()

    def _keep_in(self) -> None:
        if self._pixmap is not None:
            self._centre = QPointF(
                min(max(self._centre.x(), 0.0), float(self._pixmap.width())),
                min(max(self._centre.y(), 0.0), float(self._pixmap.height())),
            )

    def _changed(self) -> None:
        self.setCursor(
            Qt.CursorShape.ArrowCursor if self._pixmap is None else Qt.CursorShape.OpenHandCursor
        )
        self.zoomed.emit(self.scale)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t = self._theme.tokens
        mount = QPainterPath()
        mount.addRoundedRect(QRectF(self.rect()), 6, 6)
        painter.fillPath(mount, QColor(t.mount))
        if self._pixmap is None:
            painter.setPen(QColor(t.mount_text_2))
            painter.setFont(theme.font(Style.CAPTION))
            middle = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), middle, self._words)
        else:
            painter.setClipPath(mount)
            scale = self.scale
            smooth = scale * self.devicePixelRatioF() < _CRISP
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            middle_of_view = QRectF(self.rect()).center()
            corner = middle_of_view - self._centre * scale
            size = QRectF(
                corner.x(),
                corner.y(),
                self._pixmap.width() * scale,
                self._pixmap.height() * scale,
            )
            painter.drawPixmap(size, self._pixmap, QRectF(self._pixmap.rect()))
            if self.overlay is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.setOpacity(self._strength)
                painter.drawImage(size, self.overlay, QRectF(self.overlay.rect()))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.fitted:
            self.zoomed.emit(self.scale)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        if steps:
            self._zoom(_STEP**steps, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pixmap is not None:
            self._drag = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        if self._scale is None:
            self._scale = self._fit_scale()
        self._centre -= (event.position() - self._drag) / self._scale
        self._drag = event.position()
        self._keep_in()
        self.update()
        self.moved.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        if self._pixmap is not None:
            self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
        self.moved.emit()
