"""A confusion matrix whose cells are buttons: rows decided (or true), columns suggested."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips
from leukview.ui.widgets.flat_table import BEFORE_NAME, FlatTable, paint_class

_Index = QModelIndex | QPersistentModelIndex
_Table = NDArray[np.int64]
_SUMS = 40  # width of the last column
_GAP = 8
_CHOOSABLE = Qt.ItemFlag.ItemIsSelectable
_LEAST_CELL = 30


class MatrixModel(QAbstractTableModel):
    """The classes' names, their counts, and the sums of rows and columns."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.looks: tuple[ClassLook, ...] = ()
        self.table: _Table = np.zeros((0, 0), dtype=np.int64)
        self.row_word = "decided"

    def show(self, looks: Sequence[ClassLook], table: _Table, row_word: str) -> None:
        self.beginResetModel()
        self.looks, self.table, self.row_word = tuple(looks), table, row_word
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() or not self.looks else len(self.looks) + 1

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() or not self.looks else len(self.looks) + 2

    def value(self, row: int, column: int) -> int | None:
        """The number that stands there: a count, a sum, or None for a name."""
        kinds, at = len(self.looks), column - 1
        if column == 0:
            return None
        if row == kinds:
            return int(self.table.sum()) if at == kinds else int(self.table[:, at].sum())
        return int(self.table[row].sum()) if at == kinds else int(self.table[row, at])

    def is_cell(self, row: int, column: int) -> bool:
        return row < len(self.looks) and 1 <= column <= len(self.looks)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self.is_cell(index.row(), index.column()) and self.value(index.row(), index.column()):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.ItemIsEnabled

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        value = self.value(row, column)
        if role == Qt.ItemDataRole.DisplayRole:
            if value is None:
                return self.looks[row].name if row < len(self.looks) else "n"
            return str(value)
        speaks = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
        if role in speaks and self.is_cell(row, column):
            suggested, other = self.looks[column - 1].name, self.looks[row].name
            return f"{value}: suggested {suggested}, {self.row_word} {other}"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        if section == 0:
            return ""
        return self.looks[section - 1].letters if section <= len(self.looks) else "n"


class _HeadView(QHeaderView):
    """Chips over the columns."""

    def __init__(self, model: MatrixModel, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._matrix = model

    def paintSection(self, painter: QPainter, rect: object, section: int) -> None:  # noqa: N802
        box = QRectF(rect)  # type: ignore[call-overload]  # a QRect, which PySide's stubs lose
        text = self.palette().windowText().color().name()
        looks = self._matrix.looks
        painter.save()
        painter.fillRect(box, self.palette().alternateBase())
        if 1 <= section <= len(looks):
            at = box.center() - QPointF(chips.WIDTH / 2, chips.HEIGHT / 2)
            ground = chips.Ground.PANEL
            chips.paint(painter, at, looks[section - 1], filled=True, text=text, ground=ground)
        elif section:
            painter.setFont(theme.font(Style.CAPTION))
            painter.setPen(self.palette().placeholderText().color())
            edge = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box.adjusted(0, 0, -6, 0), edge, "n")
        painter.restore()


class _CellDelegate(QStyledItemDelegate):
    """Tint by the share of the row; zero is a dot."""

    def __init__(self, theme_: Theme, model: MatrixModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._matrix = theme_, model

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(40, 26)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        t = self._theme.tokens
        box = QRectF(option.rect)
        state: QStyle.StateFlag = option.state
        row, column = index.row(), index.column()
        model = self._matrix
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        value = model.value(row, column)
        if value is None:
            self._name(painter, box, row)
        elif model.is_cell(row, column):
            self._cell(painter, box, row, column, value)
            hover = bool(state & QStyle.StateFlag.State_MouseOver)
            focus = bool(state & QStyle.StateFlag.State_HasFocus)
            if value and (hover or focus):
                painter.setPen(QPen(QColor(t.accent), 2 if focus else 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), 4, 4)
        else:
            painter.setFont(theme.font(Style.CAPTION))
            painter.setPen(QColor(t.text_2))
            edge = Qt.AlignmentFlag.AlignVCenter
            last = column == len(model.looks) + 1
            edge |= Qt.AlignmentFlag.AlignRight if last else Qt.AlignmentFlag.AlignHCenter
            painter.drawText(box.adjusted(0, 0, -6 if last else 0, 0), edge, str(value))
        painter.restore()

    def _name(self, painter: QPainter, box: QRectF, row: int) -> None:
        t = self._theme.tokens
        looks = self._matrix.looks
        if row < len(looks):
            paint_class(painter, box, looks[row], t, box.width() - BEFORE_NAME - _GAP)
            return
        painter.setFont(theme.font())
        painter.setPen(QColor(t.text_2))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, "n")

    def _cell(self, painter: QPainter, box: QRectF, row: int, column: int, value: int) -> None:
        t = self._theme.tokens
        if not value:
            painter.setPen(QColor(t.text_2))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "·")
            return
        share = value / max(1, int(self._matrix.table[row].sum()))
        tint = QColor(t.accent)
        tint.setAlphaF(0.12 + 0.36 * share)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint)
        painter.drawRoundedRect(box.adjusted(1.5, 1.5, -1.5, -1.5), 3, 3)
        painter.setFont(theme.font(strong=row == column - 1))
        painter.setPen(QColor(t.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(value))


class MatrixView(FlatTable):
    """The matrix. A click or Enter on a cell that is not zero shows these images."""

    cell_chosen = Signal(int, int)  # index of the decided or true class, of the suggested class

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme_, "Confusion of suggestion and decision", parent)
        self._theme = theme_
        self.matrix = MatrixModel(self)
        self.setModel(self.matrix)
        self.setItemDelegate(_CellDelegate(theme_, self.matrix, self))
        self.set_head(_HeadView(self.matrix, self))
        self.setMouseTracking(True)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_matrix(self, looks: Sequence[ClassLook], table: _Table, row_word: str) -> None:
        """Show counts, rows `row_word` ("decided", "true class"), columns suggested."""
        self.matrix.show(looks, table, row_word)
        row_height = max(26, QFontMetrics(theme.font()).height() + 8)
        # With few classes the cells are what one looks at, so they get the room that is there.
        cell_height = max(row_height, min(56, 224 // max(1, len(looks))))
        head = self.horizontalHeader()
        head.setMinimumSectionSize(20)
        head.setFixedHeight(row_height)
        self.verticalHeader().setMinimumSectionSize(row_height)
        for row in range(len(looks)):
            self.setRowHeight(row, cell_height)
        if looks:
            self.setRowHeight(len(looks), row_height)
        for column in range(self.matrix.columnCount()):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        if self.matrix.columnCount():
            head.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
            last = self.matrix.columnCount() - 1
            head.setSectionResizeMode(last, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(last, _SUMS)
        self._fit_names()
        policy = Qt.FocusPolicy.StrongFocus if table.any() else Qt.FocusPolicy.NoFocus
        self.setFocusPolicy(policy)  # without a number there is nothing to do in it
        self.setFixedHeight(2 * row_height + cell_height * len(looks) + 2)

    def names(self) -> list[str]:
        """The classes' names as they are shown: shortened before a number is cut."""
        metrics, looks, table = QFontMetrics(theme.font()), self.matrix.looks, self.matrix.table
        largest = str(int(table.max())) if table.size else ""
        bold = QFontMetrics(theme.font(strong=True))
        cells = len(looks) * max(_LEAST_CELL, bold.horizontalAdvance(largest) + 10)
        room = self.viewport().width() - _SUMS - BEFORE_NAME - _GAP - cells
        return [look.fitting(metrics, room) or look.letters for look in looks]

    def _fit_names(self) -> None:
        """Names as long as the cells allow; the column is as wide as the longest."""
        if not self.matrix.looks:
            return
        metrics = QFontMetrics(theme.font())
        longest = max(metrics.horizontalAdvance(name) for name in self.names())
        self.setColumnWidth(0, BEFORE_NAME + longest + _GAP)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """By keyboard, the first number that can be opened gets the ring."""
        super().focusInEvent(event)
        if self.currentIndex().isValid() and self.matrix.flags(self.currentIndex()) & _CHOOSABLE:
            return
        rows, columns = np.nonzero(self.matrix.table)
        if len(rows):
            self.setCurrentIndex(self.matrix.index(int(rows[0]), int(columns[0]) + 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_names()

    def _choose(self, index: QModelIndex) -> None:
        row, column = index.row(), index.column()
        if self.matrix.is_cell(row, column) and self.matrix.value(row, column):
            self.cell_chosen.emit(row, column - 1)
