"""The face of a tile: all that lies on its mount. It is the same in both themes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QPixmap

from leukview.domain.records import DecisionState, two_digits
from leukview.ui import theme
from leukview.ui.models.gallery_model import Tile
from leukview.ui.theme import ClassLook, Style
from leukview.ui.widgets import chips

MARGIN, PADDING, MOUNT = 2, 4, 6  # round the cell, the mount, the image
BAR = 3
SHORT = 144  # below this edge the name gives way
_SIDE = MARGIN + PADDING + MOUNT
_EXCLUDED_OPACITY = 0.28
_T = theme.DARK  # of which only what lies on the mount is used


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
        return _SIDE + self.edge + MOUNT + BAR + self.caption + PADDING + MARGIN

    @property
    def mount(self) -> QSize:
        return QSize(self.edge + 2 * MOUNT, self.edge + 2 * MOUNT + BAR + self.caption)


def geometry(edge: int) -> Geometry:
    """The tile for images of this edge, its caption as high as the font needs."""
    metrics = QFontMetrics(theme.font(Style.CAPTION))
    return Geometry(edge, max(26, metrics.height() + 8))


@dataclass(frozen=True, slots=True)
class _Line:
    """The frame round an image."""

    colour: str
    width: int
    dotted: bool = False


class TileFace:
    """Draws faces; the delegate keeps them."""

    def __init__(self) -> None:
        self._looks: tuple[ClassLook, ...] = ()
        self._threshold = 0.0
        self._icons: dict[tuple[str, str, float], QPixmap] = {}

    def set_classes(self, looks: Sequence[ClassLook], threshold: float) -> None:
        """How classes look, and the confidence below which an image needs review."""
        self._looks, self._threshold = tuple(looks), threshold

    def draw(
        self, tile: Tile, image: QPixmap | None, failed: str, size: Geometry, dpr: float
    ) -> QImage:
        """A face in device pixels.

        Args:
            tile: what is known of the image.
            image: its pixels, at best `size.edge` times `dpr` on the longer side; None: not there.
            failed: why there will be none, or "".
            size: of the tile.
            dpr: device pixels per device-independent pixel.
        """
        face = _mount(size, dpr, self._line(tile)).copy()
        painter = QPainter(face)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(Style.CAPTION))
        square = QRectF(MOUNT, MOUNT, size.edge, size.edge)
        if image is not None:
            self._image(painter, square, image, excluded=tile.state is DecisionState.EXCLUDED)
        elif failed:
            self._icon(painter, square, "file-x", _T.mount_text_2, 40)
        if tile.unfamiliar and tile.state is not DecisionState.EXCLUDED:
            self._mark(painter, square, 3, "warning", _T.mount_warn)
        right = square.width() - 3
        for shown, icon in ((tile.comment, "chat-text"), (tile.flag, "flag-fill")):
            if shown:
                right -= 20
                self._mark(painter, square, right, icon, _T.mount_text)
                right -= 4
        self._bar(painter, square, tile)
        below = square.bottom() + MOUNT + BAR
        self._caption(painter, QRectF(square.x(), below, size.edge, size.caption), tile)
        painter.end()
        face.setDevicePixelRatio(1.0)
        return face

    def _image(self, painter: QPainter, square: QRectF, image: QPixmap, *, excluded: bool) -> None:
        """In device pixels, so that an image of the right size is copied and not scaled."""
        if excluded:
            grey = image.toImage().convertToFormat(QImage.Format.Format_Grayscale8)
            image = QPixmap.fromImage(grey)
            painter.setOpacity(_EXCLUDED_OPACITY)
        dpr = painter.device().devicePixelRatioF()
        edge = round(square.width() * dpr)
        size = image.size()
        if max(size.width(), size.height()) != edge:
            size = size.scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio)
        left = round(square.x() * dpr) + (edge - size.width()) // 2
        top = round(square.y() * dpr) + (edge - size.height()) // 2
        painter.save()
        painter.scale(1 / dpr, 1 / dpr)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(QRect(left, top, size.width(), size.height()), image)
        painter.restore()
        painter.setOpacity(1.0)

    def _line(self, tile: Tile) -> _Line:
        match tile.state:
            case DecisionState.AGREED | DecisionState.CHANGED:
                return _Line(self._look(tile.decided).fill, 2)
            case DecisionState.UNSURE:
                return _Line(_T.mount_text, 2)
            case DecisionState.UNDECIDED if tile.suggested >= 0:
                return _Line(self._look(tile.suggested).fill, 2, dotted=True)
            case DecisionState.UNDECIDED | DecisionState.EXCLUDED:
                return _Line(_T.mount_line, 1)
        raise AssertionError(tile.state)

    def _mark(self, painter: QPainter, square: QRectF, left: float, icon: str, colour: str) -> None:
        """An icon on a plate of the mount's colour, in an upper corner of the image."""
        spot = QRectF(square.x() + left, square.y() + 3, 20, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_T.mount))
        painter.drawRoundedRect(spot, 4, 4)
        self._icon(painter, spot, icon, colour, theme.ICON)

    def _bar(self, painter: QPainter, square: QRectF, tile: Tile) -> None:
        if tile.suggested < 0 or np.isnan(tile.confidence):
            return
        if tile.state is DecisionState.EXCLUDED:
            return
        track = QRectF(square.x(), square.bottom() + MOUNT, square.width(), BAR)
        painter.fillRect(track, QColor(_T.mount_line))
        colour = QColor(self._look(tile.suggested).fill)
        full = track.left() + track.width() * tile.confidence
        if tile.unfamiliar:  # hatched: the calibration does not hold here
            x = track.left()
            while x < full:
                painter.fillRect(QRectF(x, track.y(), min(4.0, full - x), BAR), colour)
                x += 6.0
        else:
            painter.fillRect(QRectF(track.x(), track.y(), full - track.x(), BAR), colour)
        at = round(track.left() + track.width() * self._threshold)
        painter.fillRect(QRectF(at, track.y() - 2, 1.0, BAR + 4), QColor(_T.mount_text))

    def _caption(self, painter: QPainter, line: QRectF, tile: Tile) -> None:
        at = QPointF(line.x(), line.center().y() - chips.HEIGHT / 2)
        icon = QRectF(line.x(), line.center().y() - 8, 16, 16)
        if tile.error:
            self._icon(painter, icon, "warning-circle", _T.mount_warn, theme.ICON)
            _text(painter, line.adjusted(22, 0, 0, 0), "Not readable", _T.mount_text_2)
        elif tile.state is DecisionState.EXCLUDED:
            self._icon(painter, icon, "prohibit", _T.mount_text_2, theme.ICON)
            words = f"Excluded: {tile.reason}" if tile.reason else "Excluded"
            short = "Excluded" if line.width() < SHORT else words
            _text(painter, line.adjusted(22, 0, 0, 0), short, _T.mount_text_2)
        elif tile.hidden and tile.state is DecisionState.UNDECIDED:
            self._outline(painter, at, ClassLook(_T.mount_text_2, _T.ink, "–", "Undecided"))
            after = line.adjusted(chips.WIDTH + 6, 0, 0, 0)
            _text(painter, after, "Undecided", _T.mount_text_2)
        elif tile.waiting and tile.decided < 0 and tile.state is not DecisionState.UNSURE:
            self._outline(painter, at, ClassLook(_T.mount_text_2, _T.ink, "…", "Waiting"))
            after = line.adjusted(chips.WIDTH + 6, 0, 0, 0)
            _text(painter, after, "Waiting", _T.mount_text_2)
        else:
            self._said(painter, at, line.adjusted(chips.WIDTH + 6, 0, 0, 0), tile)

    def _said(self, painter: QPainter, at: QPointF, room: QRectF, tile: Tile) -> None:
        """Chip, name and number of a tile with a suggestion or a decision."""
        decided = tile.state in (DecisionState.AGREED, DecisionState.CHANGED)
        unsure = tile.state is DecisionState.UNSURE
        look = self._look(tile.decided if decided else tile.suggested)
        if unsure:
            look = ClassLook(_T.mount_text, _T.ink, "?", "Unsure")
        named = room.width() + chips.WIDTH + 6 >= SHORT
        chips.paint(painter, at, look, filled=decided or unsure, text=_T.mount_text)
        if decided and 0 <= tile.suggested != tile.decided:
            corner = QPointF(room.right() - chips.WIDTH, at.y())
            old = self._look(tile.suggested)
            chips.paint(painter, corner, old, filled=False, text=_T.mount_text)
            room = room.adjusted(0, 0, -chips.WIDTH - 6, 0)
            number = "was" if named else ""
        else:
            number = two_digits(tile.confidence)
        if number:
            painter.setPen(QColor(_T.mount_text_2))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(room, right, number)
            width = painter.fontMetrics().horizontalAdvance(number)
            room = room.adjusted(0, 0, -width - 6, 0)
        if named:
            name = look.fitting(painter.fontMetrics(), room.width())
            _text(painter, room, name, _T.mount_text)

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
        # Decided as a class that this model does not know.
        return ClassLook(_T.mount_text_2, _T.ink, "·", "Other class", ("Other",))

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


@lru_cache(maxsize=32)  # two frames for each of eight classes, and the plain ones, twice over
def _mount(size: Geometry, dpr: float, line: _Line) -> QImage:
    """The mount with its frame; drawing a hundred dots anew costs more than all the rest."""
    wide, tall = size.mount.width(), size.mount.height()
    # An image and not a pixmap, which would be allocated twice to become transparent.
    format_ = QImage.Format.Format_ARGB32_Premultiplied
    made = QImage(math.ceil(wide * dpr), math.ceil(tall * dpr), format_)
    made.setDevicePixelRatio(dpr)
    made.fill(0)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(_T.mount))
    painter.drawRoundedRect(QRectF(0, 0, wide, tall), 5, 5)
    square = QRectF(MOUNT, MOUNT, size.edge, size.edge)
    if line.dotted:
        chips.dots(painter, square.adjusted(-4, -4, 4, 4), line.colour)
    else:
        pen = QPen(QColor(line.colour), line.width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        out = 2 + line.width / 2
        painter.drawRect(square.adjusted(-out, -out, out, out))
    painter.end()
    return made


def _text(painter: QPainter, box: QRectF, words: str, colour: str) -> None:
    painter.setPen(QColor(colour))
    elide = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()))
    middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(box, middle, elide)
