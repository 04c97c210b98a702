"""Counts per class with their share and its interval, drawn as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from leukview.ui import messages, theme
from leukview.ui.models.summary import ClassLine
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips

_FEW = 4
_LEAST_PLOT = 80  # pixels in which an interval can be seen
_STEP_WIDTH = 36  # pixels between two numbers of the axis
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int


class ClassTable(QWidget):
    """One row per class: suggested, decided, combined, share, interval as dot and whisker."""

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._looks: tuple[ClassLook, ...] = ()
        self._lines: tuple[ClassLine, ...] = ()
        self._apart: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(380)
        theme_.changed.connect(self.update)

    def show_lines(
        self, looks: Sequence[ClassLook], lines: Sequence[ClassLine], apart: Sequence[str]
    ) -> None:
        """Show the lines; `apart` says per class what stands there instead of a share, or ""."""
        self._looks, self._lines, self._apart = tuple(looks), tuple(lines), tuple(apart)
        self.setAccessibleName("Counts per class. " + " ".join(self.text()))
        self.updateGeometry()
        self.update()

    def text(self) -> list[str]:
        """The rows as sentences, for a screen reader."""
        out = []
        for line in self._lines:
            said = f"{self._looks[line.index].name}: {line.suggested} suggested,"
            said += f" {line.decided} decided, {line.combined} combined"
            if line.share is not None:
                low, high = line.share.interval
                said += (
                    f", {messages.percent(line.share.value)} of {line.share.n} leukocytes,"
                    f" 95 % CI {messages.interval(low, high)}"
                )
            elif self._apart[line.index]:
                said += f", {self._apart[line.index]}"
            out.append(said + ".")
        return out

    def cells(self) -> list[list[object]]:
        """Head and rows to be copied, with the shares of every column in per cent."""
        heads = ["Class"]
        for word in ("Suggested", "Decided", "Combined"):
            heads += [word, f"{word}, % of leukocytes"] if self._shares else [word]
        heads += ["95 % CI from, %", "to, %", "Beside"] if self._shares else []
        out: list[list[object]] = [[*heads]]
        for line in self._lines:
            row: list[object] = [self._looks[line.index].name]
            for count, share in (
                (line.suggested, line.suggested_share),
                (line.decided, line.decided_share),
                (line.combined, line.share),
            ):
                row.append(count)
                if self._shares:
                    row.append(f"{100 * share.value:.1f}" if share else "")
            if self._shares:
                ends = line.share.interval if line.share else ()
                row += [f"{100 * end:.1f}" for end in ends] or ["", ""]
                row.append(self._apart[line.index])
            out.append(row)
        return out

    @property
    def _shares(self) -> bool:
        return any(line.share is not None for line in self._lines)

    def _row_height(self) -> int:
        least = 30 if len(self._lines) > _FEW else 40
        return max(least, QFontMetrics(theme.font()).height() + 10)

    def sizeHint(self) -> QSize:
        return QSize(520, self._row_height() * (len(self._lines) + 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(380, self.sizeHint().height())

    def _columns(self) -> list[_Column]:
        digit = QFontMetrics(theme.font()).horizontalAdvance("0")
        made = [
            _Column("Suggested", 9 * digit + 8),
            _Column("Decided", 8 * digit + 8),
            _Column("Combined", 9 * digit + 8),
        ]
        if self._shares:
            made += [_Column("Share", 8 * digit), _Column("95 % CI, %", 11 * digit)]
            if self._roomy(made, 8 * digit):  # the head stands over both
                made[0:1] = [_Column("", made[0].width), _Column("Suggested", 8 * digit)]
            else:
                made.insert(1, _Column("", 0))
        return made

    def _roomy(self, columns: Sequence[_Column], more: int) -> bool:
        """Whether the share of the suggestions too fits beside the axis."""
        used = chips.WIDTH + 16 + self._name_width() + sum(c.width for c in columns) + more
        return self.width() - used - 36 >= _LEAST_PLOT

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t, high = self._theme.tokens, self._row_height()
        columns = self._columns()
        names = chips.WIDTH + 8 + self._name_width() + 8
        used = names + sum(c.width for c in columns)
        plot = QRectF(used + 20, 0, self.width() - used - 36, high)
        painter.setFont(theme.font(Style.CAPTION))
        painter.setPen(QColor(t.text_2))
        x = names
        for column in columns:
            painter.drawText(QRectF(x, 0, column.width, high), _RIGHT, column.title)
            x += column.width
        drawn = self._shares and plot.width() >= _LEAST_PLOT
        top = self._axis(painter, plot) if drawn else 1.0
        for number, line in enumerate(self._lines):
            box = QRectF(0, (number + 1) * high, self.width(), high)
            painter.setPen(QPen(QColor(t.border), 1))
            painter.drawLine(box.topLeft() + QPointF(0, 0.5), box.topRight() + QPointF(0, 0.5))
            self._row(painter, box, line, columns, names)
            if drawn and line.share is not None:
                self._whisker(painter, plot.translated(0, box.y()), line, top)
        painter.end()

    def _name_width(self) -> float:
        metrics = QFontMetrics(theme.font())
        return max((metrics.horizontalAdvance(name) for name in self.names()), default=0) + 2

    def names(self) -> list[str]:
        """The classes' names as they are shown: none takes more than a third of the width."""
        metrics, most = QFontMetrics(theme.font()), self.width() * 0.33
        return [look.fitting(metrics, most) or look.letters for look in self._looks]

    def _row(
        self,
        painter: QPainter,
        box: QRectF,
        line: ClassLine,
        columns: Sequence[_Column],
        names: float,
    ) -> None:
        t, look = self._theme.tokens, self._looks[line.index]
        at = QPointF(0, box.center().y() - chips.HEIGHT / 2)
        chips.paint(painter, at, look, filled=True, text=t.text, ground=chips.Ground.PANEL)
        name = QRectF(chips.WIDTH + 8, box.y(), names - chips.WIDTH - 12, box.height())
        painter.setFont(theme.font())
        painter.setPen(QColor(t.text))
        painter.drawText(name, _LEFT, self.names()[line.index])
        figures = [f"{line.suggested:,}", f"{line.decided:,}", f"{line.combined:,}"]
        combined = 2
        if self._shares:
            combined = 3
            some = line.suggested_share
            figures.insert(1, messages.percent(some.value) if some is not None else "")
            figures += ["", ""]
            if line.share is not None:
                low, high = line.share.interval
                figures[4:] = [
                    messages.percent(line.share.value),
                    messages.interval(low, high),
                ]
        x = names
        for number, (column, figure) in enumerate(zip(columns, figures, strict=True)):
            main = number == (4 if self._shares else 2)
            painter.setFont(theme.font(strong=main))
            painter.setPen(QColor(t.text if number in (combined, combined + 1) else t.text_2))
            if column.width:
                painter.drawText(QRectF(x, box.y(), column.width, box.height()), _RIGHT, figure)
            x += column.width
        if self._shares and line.share is None:
            start = names + sum(c.width for c in columns[:4]) + 2 * theme.PAD_CARD
            painter.setFont(theme.font(Style.CAPTION))
            painter.setPen(QColor(t.text_2))
            rest = QRectF(start, box.y(), box.right() - start, box.height())
            painter.drawText(rest, _LEFT, self._apart[line.index])

    def _top(self) -> float:
        """End of the axis: the highest upper bound, rounded up to a fifth."""
        bounds = [line.share.interval[1] for line in self._lines if line.share is not None]
        return min(1.0, max(0.2, math.ceil(max(bounds, default=1.0) * 5) / 5))

    def _axis(self, painter: QPainter, plot: QRectF) -> float:
        top = self._top()
        steps = round(top * 5)
        for step in range(0, steps + 1, 1 if plot.width() >= _STEP_WIDTH * steps else steps):
            share = step / 5
            x = plot.left() + plot.width() * step / steps
            box = QRectF(x - 24, plot.y(), 48, plot.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{100 * share:.0f}")
        return top

    def _whisker(self, painter: QPainter, plot: QRectF, line: ClassLine, top: float) -> None:
        t = self._theme.tokens
        if line.share is None:
            return
        y = plot.center().y()
        painter.setPen(QPen(QColor(t.border), 1.5))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        low, high = (plot.left() + plot.width() * v / top for v in line.share.interval)
        painter.setPen(QPen(QColor(t.text), 2))
        painter.drawLine(QPointF(low, y), QPointF(high, y))
        at = plot.left() + plot.width() * line.share.value / top
        painter.setPen(QPen(QColor(0, 0, 0, 115), 1))
        painter.setBrush(QColor(self._looks[line.index].fill))
        painter.drawEllipse(QPointF(at, y), 5, 5)
