"""Letters of a class in a small box: hollow and dotted for a suggestion, filled for a decision."""

from __future__ import annotations

import enum
import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPixmapCache

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style

HEIGHT = 18.0
WIDTH = 24.0
_KEYLINE_ALPHA = 115  # black 45 %


class Ground(enum.Enum):
    """What the chip lies on: on light panels a keyline carries the pale colours."""

    MOUNT = enum.auto()
    PANEL = enum.auto()


def dotted(colour: str, width: float = 2.0) -> QPen:
    """Round dots of `width` every 5 px: a suggestion."""
    pen = QPen(QColor(colour), width)
    pen.setStyle(Qt.PenStyle.CustomDashLine)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    # In units of the pen's width. A dash of nothing is not drawn, so it has a hundredth.
    pen.setDashPattern([0.01, 4.9 / width])
    return pen


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
    key = f"chip {look} {filled} {text} {ground} {dpr}"
    made = QPixmap()
    if not QPixmapCache.find(key, made):
        made = canvas(WIDTH, HEIGHT, dpr)
        inner = QPainter(made)
        inner.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw(inner, look, filled=filled, text=text, ground=ground)
        inner.end()
        QPixmapCache.insert(key, made)
    painter.drawPixmap(at, made)


def canvas(width: float, height: float, dpr: float) -> QPixmap:
    """A clear pixmap of this size in device-independent pixels."""
    made = QPixmap(math.ceil(width * dpr), math.ceil(height * dpr))
    made.setDevicePixelRatio(dpr)
    made.fill(Qt.GlobalColor.transparent)
    return made


def dotted_frame(painter: QPainter, around: QRectF, colour: str) -> None:
    """Dots round a rectangle; drawing a thousand of them anew costs more than all the images."""
    dpr = painter.device().devicePixelRatioF()
    key = f"dots {around.width()} {around.height()} {colour} {dpr}"
    made = QPixmap()
    if not QPixmapCache.find(key, made):
        made = canvas(around.width() + 2, around.height() + 2, dpr)
        inner = QPainter(made)
        inner.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner.setPen(dotted(colour))
        inner.drawRect(QRectF(1, 1, around.width(), around.height()))
        inner.end()
        QPixmapCache.insert(key, made)
    painter.drawPixmap(around.topLeft() - QPointF(1, 1), made)


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
        painter.setPen(dotted(look.fill, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 3, 3)
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
