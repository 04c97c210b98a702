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
        self._ground = self._drawn = QPixmap()
        self._wide = 0  # of the widest name
        self._places: list[tuple[QRectF, QRectF]] = []  # of the lines, and of their bars
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
        self._draw_values()

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
        """Classes, colours or sizes are others now."""
        self._ground = QPixmap()
        self._draw_values()

    def _draw_values(self) -> None:
        """Only what is said of the classes is another."""
        self._drawn = QPixmap()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Drawing takes 2 ms for eight classes, so it is kept while the window is resized.

        Most of it are chips, names and tracks, which all images share: they are drawn once more.
        """
        dpr = self.devicePixelRatioF()
        size = (QSizeF(self.size()) * dpr).toSize()
        if not _fits(self._ground, size, dpr):
            self._ground = QPixmap(size)
            self._ground.setDevicePixelRatio(dpr)
            self._ground.fill(
                QColor(self._theme.tokens.panel)
            )  # opaque: text as sharp as elsewhere
            self._draw_ground(self._ground)
            self._drawn = QPixmap()
        if self._drawn.isNull():
            self._drawn = QPixmap(self._ground)  # a copy as soon as something is drawn on it
            self._draw(self._drawn)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def _draw_ground(self, on: QPixmap) -> None:
        painter = QPainter(on)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        metrics = QFontMetrics(self._font)
        shown = self.names()
        self._wide = max((metrics.horizontalAdvance(name) for name in shown), default=0) + 4
        lines = self._lines()
        self._places = [(line, self._track(line)) for line in lines]
        for look, name, line in zip(self._looks, shown, lines, strict=True):
            self._head(painter, line, look, name)
            painter.setPen(QPen(QColor(self._border), 1))
            painter.setBrush(QColor(self._theme.tokens.field))
            track = self._track(line)
            painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        painter.end()

    def _draw(self, on: QPixmap) -> None:
        painter = QPainter(on)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        ink = QColor(self._theme.tokens.text)
        style = Qt.BrushStyle.BDiagPattern if self._hatched else Qt.BrushStyle.SolidPattern
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for number, look in enumerate(self._looks):
            line, track = self._places[number]
            if number < len(self._values):
                value = self._values[number]
                painter.setPen(ink)
                place = QRectF(line.right() - _NUMBER, line.y(), _NUMBER, line.height())
                painter.drawText(place, right, two_digits(value))
                if value:
                    full = QRectF(track)
                    full.setWidth(max(2.0, track.width() * value))
                    painter.setPen(QPen(QColor(0, 0, 0, 115), 1))
                    painter.setBrush(QBrush(QColor(look.fill), style))
                    painter.drawRoundedRect(full.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
            at = round(track.left() + track.width() * self._threshold)
            painter.fillRect(QRectF(at, track.y() - 3, 1, track.height() + 6), ink)
        painter.end()

    @property
    def _border(self) -> str:
        t = self._theme.tokens
        return t.border if self._theme.dark else t.border_strong

    def _lines(self) -> list[QRectF]:
        """Where the classes stand, one below the other."""
        high = self._line()
        return [QRectF(0, at * high, self.width(), high) for at in range(len(self._looks))]

    def _track(self, line: QRectF) -> QRectF:
        """Where the bar of a line can be: behind the widest name, before the number."""
        left = line.x() + chips.WIDTH + 8 + self._wide + 8
        track = QRectF(left, line.center().y() - 3.5, 0, 7)
        track.setRight(line.right() - _NUMBER - 2)
        return track

    def names(self) -> list[str]:
        """The classes' names as they are shown: none takes more than two fifths of the width."""
        metrics, most = QFontMetrics(self._font), self.width() * 0.4
        return [look.fitting(metrics, most) or look.letters for look in self._looks]

    def _head(self, painter: QPainter, line: QRectF, look: ClassLook, words: str) -> None:
        """Chip and name."""
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
        name = QRectF(line.x() + chips.WIDTH + 8, line.y(), self._wide, line.height())
        painter.setPen(QColor(t.text))
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


def _fits(pixmap: QPixmap, size: QSize, dpr: float) -> bool:
    return pixmap.size() == size and pixmap.devicePixelRatio() == dpr
