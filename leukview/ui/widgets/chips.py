"""Letters of a class in a small box: hollow and dotted for a suggestion, filled for a decision."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPixmapCache

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style

HEIGHT = 18.0
WIDTH = 24.0
_ROUND = 3  # device pixels
_KEYLINE_ALPHA = 115  # black 45 %


class Ground(enum.Enum):
    """What the chip lies on: on light panels a keyline carries the pale colours."""

    MOUNT = enum.auto()
    PANEL = enum.auto()


def paint(
    painter: QPainter,
    at: QPointF,
    look: ClassLook,
    *,
    filled: bool,
    text: str,
    ground: Ground = Ground.MOUNT,
) -> None:
    """Draw a chip with its upper left corner at `at`; `text` is the ink of a hollow one."""
    dpr = painter.device().devicePixelRatioF()
    key = _key(look, filled, text, ground, dpr)
    made = QPixmap()
    if not QPixmapCache.find(key, made):
        made = canvas(WIDTH, HEIGHT, dpr)
        inner = QPainter(made)
        inner.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw(inner, look, filled=filled, text=text, ground=ground)
        inner.end()
        QPixmapCache.insert(key, made)
    painter.drawPixmap(at, made)


@lru_cache(maxsize=256)  # a look in words takes longer than drawing the pixmap that it names
def _key(look: ClassLook, filled: bool, text: str, ground: Ground, dpr: float) -> str:
    return f"chip {look} {filled} {text} {ground} {dpr}"


def canvas(width: float, height: float, dpr: float) -> QPixmap:
    """A clear pixmap of this size in device-independent pixels."""
    made = QPixmap(math.ceil(width * dpr), math.ceil(height * dpr))
    made.setDevicePixelRatio(dpr)
    made.fill(Qt.GlobalColor.transparent)
    return made


def dots(
    painter: QPainter,
    box: QRectF,
    colour: str,
    *,
    dot: float = 2.0,
    pitch: float = 5.0,
    radius: float = 0.0,
) -> None:
    """Dots along the inside of a rectangle: a suggestion.

    They stand on whole device pixels and at even distances from corner to corner; a dashed pen
    drifts across the pixels, smears, and leaves a gap where it began.

    Args:
        painter: not rotated.
        box: outer edge of the dots.
        colour: of the dots.
        dot: their size; from 3 device pixels on they are round.
        pitch: about how far apart they are.
        radius: how much of each corner one dot cuts off.
    """
    dpr = painter.device().devicePixelRatioF()
    size = max(1, round(dot * dpr))
    sides = [round(v * dpr) for v in (box.left(), box.top(), box.right(), box.bottom())]
    spots = _spots(sides, size, pitch * dpr, round(radius * dpr))
    painter.save()
    painter.scale(1 / dpr, 1 / dpr)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, size >= _ROUND)
    for x, y in spots:
        if size < _ROUND:
            painter.drawRect(x, y, size, size)
        else:
            painter.drawEllipse(x, y, size, size)
    painter.restore()


def _spots(sides: Sequence[int], size: int, pitch: float, corner: int) -> list[tuple[int, int]]:
    """Upper left corners of the dots."""
    left, top, right, bottom = sides[0], sides[1], sides[2] - size, sides[3] - size
    along = _spread(left + corner, right - corner, pitch)
    down = _spread(top + corner, bottom - corner, pitch)
    spots = [(x, y) for x in along for y in (top, bottom)]
    spots += [(x, y) for y in (down if corner else down[1:-1]) for x in (left, right)]
    if corner:
        cut = max(1, round(corner * 0.3))
        spots += [(x, y) for x in (left + cut, right - cut) for y in (top + cut, bottom - cut)]
    return spots


def _spread(first: int, last: int, pitch: float) -> list[int]:
    """Whole numbers from `first` to `last`, evenly, about `pitch` apart."""
    gaps = max(1, round((last - first) / pitch))
    return [round(first + (last - first) * n / gaps) for n in range(gaps + 1)]


def _draw(painter: QPainter, look: ClassLook, *, filled: bool, text: str, ground: Ground) -> None:
    box = QRectF(0, 0, WIDTH, HEIGHT)
    if filled:
        keyline = QColor(Qt.GlobalColor.black)
        keyline.setAlpha(_KEYLINE_ALPHA)
        painter.setPen(QPen(keyline, 1) if ground is Ground.PANEL else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.fill))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        ink = look.ink
    else:
        dots(painter, box, look.fill, dot=1.0, pitch=2.0, radius=3.0)
        ink = text
    letters(painter, box, look.letters, ink)


def letters(painter: QPainter, box: QRectF, text: str, colour: str) -> None:
    """Letters in the middle of a chip, never larger than the chip."""
    made = theme.font(Style.CAPTION, strong=True)
    if QFontMetricsF(made).height() > HEIGHT:
        made.setPixelSize(12)
    painter.setFont(made)
    painter.setPen(QColor(colour))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
