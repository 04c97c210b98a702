"""What the model says about one image: a bar per class with the review threshold's tick."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from leukview.domain.records import two_digits
from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips

_NUMBER = 40
_FEW = 4


class ProbabilityBars(QWidget):
    """Chips, names, bars and numbers; spoken as one sentence."""

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._looks: tuple[ClassLook, ...] = ()
        self._threshold = 0.0
        self._values: tuple[float, ...] = ()
        self._hatched = self._compact = False
        self._drawn = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_.changed.connect(self._draw_anew)

    def set_classes(self, looks: Sequence[ClassLook], threshold: float) -> None:
        self._looks, self._threshold, self._values = tuple(looks), threshold, ()
        self.updateGeometry()
        self._draw_anew()

    def show_values(self, values: Sequence[float], *, unfamiliar: bool = False) -> None:
        """Show probabilities in the order of the classes; empty: no suggestion yet."""
        self._values, self._hatched = tuple(values), unfamiliar
        pairs = zip(self._looks, self._values, strict=False)
        said = ", ".join(f"{look.name} {two_digits(value)}" for look, value in pairs)
        self.setAccessibleName(f"Suggestion: {said or 'none yet'}")
        self.setToolTip(said.replace(", ", "\n"))
        self._draw_anew()

    @property
    def values(self) -> tuple[float, ...]:
        return self._values

    def set_compact(self, compact: bool) -> None:
        """Smaller type and lines, for many classes in a low window."""
        if compact != self._compact:
            self._compact = compact
            self.updateGeometry()
            self._draw_anew()

    @property
    def _font(self) -> QFont:
        return theme.font(Style.CAPTION if self._compact else Style.BODY)

    def _line(self) -> int:
        if self._compact:
            return max(int(chips.HEIGHT), QFontMetrics(self._font).height() + 2)
        few = len(self._looks) <= _FEW
        return max(24 if few else 21, QFontMetrics(self._font).height() + (6 if few else 3))

    def sizeHint(self) -> QSize:
        return QSize(280, self._line() * max(1, len(self._looks)))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def _draw_anew(self) -> None:
        self._drawn = QPixmap()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Drawing takes 2 ms for eight classes, so it is kept while the window is resized."""
        dpr = self.devicePixelRatioF()
        size = (QSizeF(self.size()) * dpr).toSize()
        if self._drawn.size() != size or self._drawn.devicePixelRatio() != dpr:
            self._drawn = QPixmap(size)
            self._drawn.setDevicePixelRatio(dpr)
            self._drawn.fill(QColor(self._theme.tokens.panel))  # opaque: text as sharp as elsewhere
            self._draw(self._drawn)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _draw(self, on: QPixmap) -> None:
        painter = QPainter(on)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high = self._line()
        metrics = QFontMetrics(self._font)
        shown = self.names()
        wide = max((metrics.horizontalAdvance(name) for name in shown), default=0) + 4
        for number, (look, name) in enumerate(zip(self._looks, shown, strict=True)):
            value = self._values[number] if number < len(self._values) else None
            line = QRectF(0, number * high, self.width(), high)
            self._row(painter, line, look, value, wide, name)
        painter.end()

    def names(self) -> list[str]:
        """The classes' names as they are shown: none takes more than two fifths of the width."""
        metrics, most = QFontMetrics(self._font), self.width() * 0.4
        return [look.fitting(metrics, most) or look.letters for look in self._looks]

    def _row(
        self,
        painter: QPainter,
        line: QRectF,
        look: ClassLook,
        value: float | None,
        names: int,
        words: str,
    ) -> None:
        t = self._theme.tokens
        at = QPointF(line.x(), line.center().y() - chips.HEIGHT / 2)
        if self._theme.dark:
            chips.paint(painter, at, look, filled=False, text=t.text)
        else:  # the pale colours do not show on a light panel, so the chip brings its mount
            box = QRectF(at.x(), at.y(), chips.WIDTH, chips.HEIGHT)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.mount))
            painter.drawRoundedRect(box, 4, 4)
            chips.paint(painter, at, look, filled=False, text=t.mount_text)
        name = QRectF(line.x() + chips.WIDTH + 8, line.y(), names, line.height())
        painter.setFont(self._font)
        painter.setPen(QColor(t.text))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(name, middle | Qt.AlignmentFlag.AlignLeft, words)
        number = QRectF(line.right() - _NUMBER, line.y(), _NUMBER, line.height())
        if value is not None:
            painter.drawText(number, middle | Qt.AlignmentFlag.AlignRight, two_digits(value))
        track = QRectF(name.right() + 8, line.center().y() - 3.5, 0, 7)
        track.setRight(number.left() - 2)
        self._bar(painter, track, look, value)

    def _bar(self, painter: QPainter, track: QRectF, look: ClassLook, value: float | None) -> None:
        t = self._theme.tokens
        line = t.border if self._theme.dark else t.border_strong
        painter.setPen(QPen(QColor(line), 1))
        painter.setBrush(QColor(t.field))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        if value:
            full = QRectF(track)
            full.setWidth(max(2.0, track.width() * value))
            painter.setPen(QPen(QColor(0, 0, 0, 115), 1))
            style = Qt.BrushStyle.BDiagPattern if self._hatched else Qt.BrushStyle.SolidPattern
            painter.setBrush(QBrush(QColor(look.fill), style))
            painter.drawRoundedRect(full.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        at = round(track.left() + track.width() * self._threshold)
        painter.fillRect(QRectF(at, track.y() - 3, 1, track.height() + 6), QColor(t.text))
