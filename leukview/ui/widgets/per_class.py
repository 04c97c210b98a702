"""Per class how good suggestions are: n, sensitivity, precision, F1, specificity, kappa."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from leukview.measures.confusion import Counts, per_class
from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets.flat_table import BEFORE_NAME, FlatTable, paint_class

_Index = QModelIndex | QPersistentModelIndex
HEADS = ("Class", "n", "Sensitivity", "Precision", "F1", "Specificity", "κ")
_PAD = 10  # between two columns
_MOST_SPREAD = 48  # that a column takes of room to spare, so a row is followed by the eye
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_DASH = "–"


class PerClassModel(QAbstractTableModel):
    """One row per class, each against all others; a dash where nothing can be divided."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.looks: tuple[ClassLook, ...] = ()
        self.rows: list[list[float]] = []

    def show(self, looks: Sequence[ClassLook], counts: Counts) -> None:
        """Take the classes and their matrix (C, C), with what counts as right in rows."""
        self.beginResetModel()
        found, self.looks = per_class(counts), tuple(looks)
        columns = (
            counts.sum(axis=1),
            found.sensitivity,
            found.precision,
            found.f1,
            found.specificity,
            found.kappa,
        )
        self.rows = np.stack(columns, axis=1).astype(np.float64).tolist()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(HEADS)

    def text(self, row: int, column: int) -> str:
        """What stands there, as it is shown and copied."""
        if column == 0:
            return self.looks[row].name
        value = self.rows[row][column - 1]
        if column == 1:
            return f"{value:,.0f}"
        return _DASH if math.isnan(value) else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if column == 0:
                return f"{self.looks[row].name}, {self.text(row, 1)} images"
            said = self.text(row, column)
            head = "kappa" if column == len(HEADS) - 1 else HEADS[column]
            said = "not defined" if said == _DASH else said
            return f"{self.looks[row].name}: {head} {said}"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        shown = role == Qt.ItemDataRole.DisplayRole
        return HEADS[section] if shown and orientation is Qt.Orientation.Horizontal else None


class _Head(QHeaderView):
    """Captions over the columns, right-aligned as their figures."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFont(theme.font(Style.CAPTION))

    def paintSection(self, painter: QPainter, rect: object, section: int) -> None:  # noqa: N802
        box = QRectF(rect)  # type: ignore[call-overload]  # a QRect, which PySide's stubs lose
        painter.save()
        painter.fillRect(box, self.palette().alternateBase())
        painter.setFont(theme.font(Style.CAPTION))
        painter.setPen(self.palette().placeholderText().color())
        view = self.parent()
        words = view.heads[section] if isinstance(view, PerClassTable) else ""
        painter.drawText(box, _RIGHT if section else _LEFT, words)
        painter.restore()


class _Delegate(QStyledItemDelegate):
    """Chip, name and figures over a hairline."""

    def __init__(self, theme_: Theme, model: PerClassModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._model = theme_, model

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(30, 28)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        t, box = self._theme.tokens, QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.border), 1))
        painter.drawLine(box.topLeft() + QPointF(0, 0.5), box.topRight() + QPointF(0, 0.5))
        column = index.column()
        painter.setFont(theme.font())
        painter.setPen(QColor(t.text_2 if column == 1 else t.text))
        if column:
            painter.drawText(box, _RIGHT, self._model.text(index.row(), column))
        else:
            room = box.width() - BEFORE_NAME
            paint_class(painter, box, self._model.looks[index.row()], t, room)
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-1, 2, 2, -1), 4, 4)
        painter.restore()


class PerClassTable(FlatTable):
    """The table, as high as its rows; arrow keys move in it."""

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        words = "Sensitivity, precision, F1, specificity and kappa of each class"
        super().__init__(theme_, words, parent)
        self.figures = PerClassModel(self)
        self.setModel(self.figures)
        self.heads = HEADS
        self.setItemDelegate(_Delegate(theme_, self.figures, self))
        self.set_head(_Head(self))
        self.horizontalHeader().setMinimumSectionSize(16)

    def show_counts(self, looks: Sequence[ClassLook], counts: Counts) -> None:
        """Show the figures of a matrix (C, C), with what counts as right in rows."""
        same = len(looks) == len(self.figures.rows)
        self.figures.show(looks, counts)
        high = max(28, QFontMetrics(theme.font()).height() + 10)
        self.horizontalHeader().setFixedHeight(high)
        self.verticalHeader().setDefaultSectionSize(high)
        self.setFixedHeight(high * (len(looks) + 1) + 2)
        if not same:
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _longest(self) -> str:
        return max((look.name for look in self.figures.looks), key=len, default="")

    def _fit(self) -> None:
        """Figures get what they need; the name gets the rest, then heads are cut to letters."""
        small, metrics = QFontMetrics(theme.font(Style.CAPTION)), QFontMetrics(theme.font())
        digits = metrics.horizontalAdvance("0.00")
        room = self.viewport().width()
        for heads in (HEADS, ("Class", "n", "Sens.", "Prec.", "F1", "Spec.", "κ")):
            widths = [max(digits, small.horizontalAdvance(head)) + _PAD for head in heads[1:]]
            widths[0] = max(widths[0], metrics.horizontalAdvance("10,000") + _PAD)
            self.heads = heads
            if room - sum(widths) >= BEFORE_NAME + digits * 3:
                break
        spare = room - sum(widths) - BEFORE_NAME - metrics.horizontalAdvance(self._longest())
        widths = [width + min(_MOST_SPREAD, max(0, spare) // len(widths)) for width in widths]
        self.setColumnWidth(0, max(BEFORE_NAME, room - sum(widths)))
        for column, width in enumerate(widths, 1):
            self.setColumnWidth(column, width)
