"""One tile of the gallery: mount, image, frame, marks, confidence bar, chip, words, rings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from leukview.domain.records import DecisionState
from leukview.ui import theme
from leukview.ui.models.gallery_model import Tile, TileRole
from leukview.ui.models.thumbnails import PixelLoader
from leukview.ui.theme import ClassLook, Style, Theme, Tokens
from leukview.ui.widgets import chips

SMALLEST, LARGEST, STEP = 96, 256, 16
_MARGIN, _PADDING, _MOUNT = 2, 4, 6
_SIDE = _MARGIN + _PADDING + _MOUNT
_BAR = 3
_SHORT = 144  # below this edge the name gives way
_EXCLUDED_OPACITY = 0.28
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes of a tile for an edge and a caption's height, in device-independent pixels."""

    edge: int
    caption: int

    @property
    def width(self) -> int:
        return self.edge + 2 * _SIDE

    @property
    def height(self) -> int:
        return _SIDE + self.edge + _MOUNT + _BAR + self.caption + _PADDING + _MARGIN


def geometry(edge: int) -> Geometry:
    """The tile for images of this edge, its caption as high as the font needs."""
    metrics = QFontMetrics(theme.font(Style.CAPTION))
    return Geometry(edge, max(26, metrics.height() + 8))


class TileDelegate(QStyledItemDelegate):
    """Paints tiles; what it paints comes from the model, pixels from the loader."""

    def __init__(self, theme_: Theme, loader: PixelLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._loader = theme_, loader
        self._looks: tuple[ClassLook, ...] = ()
        self._threshold = 0.0
        self._icons: dict[tuple[str, str, float], QPixmap] = {}
        self._greys: dict[int, tuple[int, QPixmap]] = {}
        self.geometry = geometry(_SHORT)
        theme_.changed.connect(self._icons.clear)

    def set_classes(self, looks: Sequence[ClassLook], threshold: float) -> None:
        """How classes look, and the confidence below which an image needs review."""
        self._looks, self._threshold = tuple(looks), threshold

    def forget(self) -> None:
        """Another folder: the grey copies are of images that are gone."""
        self._greys.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(self.geometry.width, self.geometry.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        tile = index.data(TileRole.TILE)
        if not isinstance(tile, Tile):
            return
        cell: QRect = option.rect
        state: QStyle.StateFlag = option.state
        t = self._theme.tokens
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(Style.CAPTION))
        box = QRectF(cell).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        current = bool(state & QStyle.StateFlag.State_HasFocus)
        if selected or current:
            painter.setPen(QPen(QColor(t.text_2), 1) if selected else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.tile_selected) if selected else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        mount = box.adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.mount))
        painter.drawRoundedRect(mount, 5, 5)
        edge = self.geometry.edge
        square = QRectF(mount.x() + _MOUNT, mount.y() + _MOUNT, edge, edge)
        self._image(painter, square, tile)
        self._frame(painter, square, tile)
        if tile.unfamiliar and tile.state is not DecisionState.EXCLUDED:
            self._mark(painter, square, t)
        self._bar(painter, square, tile)
        below = square.bottom() + _MOUNT + _BAR
        self._caption(painter, QRectF(square.x(), below, edge, mount.bottom() - below), tile)
        if current:
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 8, 8)
        painter.restore()

    def _image(self, painter: QPainter, square: QRectF, tile: Tile) -> None:
        dpr = painter.device().devicePixelRatioF()
        edge = round(self.geometry.edge * dpr)
        pixmap = self._loader.pixmap(tile.row, edge) if not tile.error else None
        if pixmap is None and not tile.error:
            pixmap = self._loader.standin(tile.row)
        if pixmap is None:
            failed = tile.error or self._loader.failure(tile.row, edge)
            if failed:
                self._icon(painter, square, "file-x", self._theme.tokens.mount_text_2, 40)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if tile.state is DecisionState.EXCLUDED:
            pixmap = self._grey(tile.row, pixmap)
            painter.setOpacity(_EXCLUDED_OPACITY)
        size = pixmap.size().toSizeF()
        size.scale(square.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(0, 0, size.width(), size.height())
        target.moveCenter(square.center())
        painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
        painter.setOpacity(1.0)

    def _grey(self, row: int, pixmap: QPixmap) -> QPixmap:
        kept = self._greys.get(row)
        if kept is None or kept[0] != pixmap.width():
            grey = pixmap.toImage().convertToFormat(QImage.Format.Format_Grayscale8)
            kept = self._greys[row] = (pixmap.width(), QPixmap.fromImage(grey))
        return kept[1]

    def _frame(self, painter: QPainter, square: QRectF, tile: Tile) -> None:
        t = self._theme.tokens
        match tile.state:
            case DecisionState.AGREED | DecisionState.CHANGED:
                pen = QPen(QColor(self._fill(tile.decided)), 2)
            case DecisionState.UNSURE:
                pen = QPen(QColor(t.mount_text), 2)
            case DecisionState.UNDECIDED if tile.suggested >= 0:
                around = square.adjusted(-3, -3, 3, 3)
                chips.dotted_frame(painter, around, self._fill(tile.suggested))
                return
            case DecisionState.UNDECIDED:
                pen = QPen(QColor(t.mount_line), 1)
            case DecisionState.EXCLUDED:
                pen = QPen(QColor(t.mount_line), 1)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        out = 3.0 if pen.width() == 2 else 2.5
        painter.drawRect(square.adjusted(-out, -out, out, out))

    def _mark(self, painter: QPainter, square: QRectF, t: Tokens) -> None:
        spot = QRectF(square.x() + 3, square.y() + 3, 20, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.mount))
        painter.drawRoundedRect(spot, 4, 4)
        self._icon(painter, spot, "warning", t.mount_warn, theme.ICON)

    def _bar(self, painter: QPainter, square: QRectF, tile: Tile) -> None:
        if tile.suggested < 0 or np.isnan(tile.confidence):
            return
        if tile.state is DecisionState.EXCLUDED:
            return
        t = self._theme.tokens
        track = QRectF(square.x(), square.bottom() + _MOUNT - 1, square.width(), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.mount_line))
        painter.drawRect(track)
        full = QRectF(track)
        full.setWidth(track.width() * tile.confidence)
        colour = QColor(self._fill(tile.suggested))
        if tile.unfamiliar:  # hatched: the calibration does not hold here
            brush = QBrush(colour)
            x = full.left()
            while x < full.right():
                painter.fillRect(QRectF(x, full.y(), min(4.0, full.right() - x), _BAR), brush)
                x += 6.0
        else:
            painter.fillRect(full, colour)
        at = track.left() + track.width() * self._threshold
        painter.fillRect(QRectF(at - 0.5, track.y() - 2, 1.0, _BAR + 4), QColor(t.mount_text))

    def _caption(self, painter: QPainter, line: QRectF, tile: Tile) -> None:
        t = self._theme.tokens
        middle = QPointF(line.x(), line.center().y() - chips.HEIGHT / 2)
        after = line.adjusted(chips.WIDTH + 6, 0, 0, 0)
        if tile.error:
            spot = QRectF(line.x(), line.center().y() - 8, 16, 16)
            self._icon(painter, spot, "warning-circle", t.mount_warn, theme.ICON)
            _text(painter, line.adjusted(22, 0, 0, 0), "Not readable", t.mount_text_2)
            return
        if tile.state is DecisionState.EXCLUDED:
            spot = QRectF(line.x(), line.center().y() - 8, 16, 16)
            self._icon(painter, spot, "prohibit", t.mount_text_2, theme.ICON)
            words = f"Excluded: {tile.reason}" if tile.reason else "Excluded"
            short = "Excluded" if self.geometry.edge < _SHORT else words
            _text(painter, line.adjusted(22, 0, 0, 0), short, t.mount_text_2)
            return
        if tile.waiting and tile.decided < 0 and tile.state is not DecisionState.UNSURE:
            plain = ClassLook(t.mount_text_2, t.ink, "…", "Waiting")
            self._outline(painter, middle, plain)
            _text(painter, after, "Waiting", t.mount_text_2)
            return
        self._said(painter, middle, after, tile)

    def _said(self, painter: QPainter, at: QPointF, after: QRectF, tile: Tile) -> None:
        """Chip, name and number of a tile with a suggestion or a decision."""
        t = self._theme.tokens
        decided = tile.state in (DecisionState.AGREED, DecisionState.CHANGED)
        if tile.state is DecisionState.UNSURE:
            look = ClassLook(t.mount_text, t.ink, "?", "Unsure")
        else:
            look = self._look(tile.decided if decided else tile.suggested)
        solid = decided or tile.state is DecisionState.UNSURE
        chips.paint(painter, at, look, filled=solid, text=t.mount_text)
        painter.setFont(theme.font(Style.CAPTION))
        right = after
        if tile.state is DecisionState.CHANGED and tile.suggested >= 0:
            corner = QPointF(after.right() - chips.WIDTH, at.y())
            old = self._look(tile.suggested)
            chips.paint(painter, corner, old, filled=False, text=t.mount_text)
            painter.setFont(theme.font(Style.CAPTION))
            right = after.adjusted(0, 0, -chips.WIDTH - 6, 0)
            if self.geometry.edge >= _SHORT:
                width = _right(painter, right, "was", t.mount_text_2)
                right = right.adjusted(0, 0, -width - 6, 0)
        elif not np.isnan(tile.confidence):
            width = _right(painter, right, f"{tile.confidence:.2f}", t.mount_text_2)
            right = right.adjusted(0, 0, -width - 6, 0)
        if self.geometry.edge >= _SHORT:
            _text(painter, right, look.name, t.mount_text)

    def _outline(self, painter: QPainter, at: QPointF, look: ClassLook) -> None:
        box = QRectF(at.x(), at.y(), chips.WIDTH, chips.HEIGHT)
        painter.setPen(QPen(QColor(look.fill), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        chips.letters(painter, box, look.letters, look.fill)
        painter.setFont(theme.font(Style.CAPTION))

    def _look(self, index: int) -> ClassLook:
        if 0 <= index < len(self._looks):
            return self._looks[index]
        t = self._theme.tokens  # decided as a class that this model does not know
        return ClassLook(t.mount_text_2, t.ink, "·", "Other class")

    def _fill(self, index: int) -> str:
        return self._look(index).fill

    def _icon(self, painter: QPainter, spot: QRectF, name: str, colour: str, size: int) -> None:
        dpr = painter.device().devicePixelRatioF()
        key = (name, colour, size * dpr)
        pixmap = self._icons.get(key)
        if pixmap is None:
            pixmap = theme.icon(name, colour).pixmap(QSize(size, size), dpr)
            self._icons[key] = pixmap
        target = QRectF(0, 0, size, size)
        target.moveCenter(spot.center())
        painter.drawPixmap(target.toRect(), pixmap)


def _text(painter: QPainter, box: QRectF, words: str, colour: str) -> None:
    painter.setPen(QColor(colour))
    elide = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()))
    middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(box, middle, elide)


def _right(painter: QPainter, box: QRectF, words: str, colour: str) -> float:
    painter.setPen(QColor(colour))
    middle = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(box, middle, words)
    return float(painter.fontMetrics().horizontalAdvance(words))
