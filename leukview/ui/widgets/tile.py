"""One tile of the gallery: its face, and the rings of selection and of the current image.

A face is drawn once and kept, so a frame copies one image per tile.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from leukview.domain.records import two_digits
from leukview.ui.models.gallery_model import Tile, TileRole
from leukview.ui.models.thumbnails import PixelLoader
from leukview.ui.theme import ClassLook, Theme
from leukview.ui.widgets.tile_face import MARGIN, PADDING, SHORT, TileFace, geometry

SMALLEST, LARGEST, STEP = 96, 256, 16
_BUDGET = 96 * 1024 * 1024  # bytes of faces: more than a 5K screen full of them
_Index = QModelIndex | QPersistentModelIndex


class TileDelegate(QStyledItemDelegate):
    """Paints tiles; what it paints comes from the model, pixels from the loader."""

    def __init__(self, theme_: Theme, loader: PixelLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._loader = theme_, loader
        self._face = TileFace()
        self._kept: OrderedDict[Hashable, QImage] = OrderedDict()
        self._bytes = 0
        self.geometry = geometry(SHORT)

    def set_classes(self, looks: Sequence[ClassLook], threshold: float) -> None:
        """How classes look, and the confidence below which an image needs review."""
        self._face.set_classes(looks, threshold)
        self.forget()

    def forget(self) -> None:
        """Draw all faces anew: their images or classes are others now."""
        self._kept.clear()
        self._bytes = 0

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(self.geometry.width, self.geometry.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        tile = index.data(TileRole.TILE)
        if not isinstance(tile, Tile):
            return
        cell: QRect = option.rect
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        current = bool(state & QStyle.StateFlag.State_HasFocus)
        t = self._theme.tokens
        box = QRectF(cell).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        if selected or current:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            painter.setPen(QPen(QColor(t.text_2), 1))
            painter.setBrush(QColor(t.tile_selected))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        dpr = painter.device().devicePixelRatioF()
        face = self._face_of(tile, dpr)
        left, top = cell.x() + MARGIN + PADDING, cell.y() + MARGIN + PADDING
        if dpr == 1.0:
            painter.drawImage(left, top, face)
        else:  # in device pixels, so that it is copied and not scaled
            painter.save()
            painter.scale(1 / dpr, 1 / dpr)
            painter.drawImage(round(left * dpr), round(top * dpr), face)
            painter.restore()
        if current:
            keyboard = bool(state & QStyle.StateFlag.State_KeyboardFocusChange)
            painter.setPen(QPen(QColor(t.accent if keyboard else t.text_2), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 8, 8)

    def _face_of(self, tile: Tile, dpr: float) -> QImage:
        size = self.geometry
        edge = round(size.edge * dpr)
        image, failed = None, tile.error
        if not failed:
            image = self._loader.pixmap(tile.row, edge) or self._loader.standin(tile.row)
            failed = "" if image else self._loader.failure(tile.row, edge)
        # Tiles whose pixels are not there yet share a face, so `row` is not in the key.
        key = (
            *(tile.state, tile.suggested, tile.decided, tile.unfamiliar, tile.reason),
            *(tile.flag, bool(tile.comment), tile.hidden),
            *(bool(tile.error), bool(failed), two_digits(tile.confidence)),
            *(size, dpr, image.cacheKey() if image else 0),
        )
        face = self._kept.get(key)
        if face is not None:
            self._kept.move_to_end(key)
            return face
        face = self._kept[key] = self._face.draw(tile, image, failed, size, dpr)
        self._bytes += face.sizeInBytes()
        while self._bytes > _BUDGET and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].sizeInBytes()
        return face
