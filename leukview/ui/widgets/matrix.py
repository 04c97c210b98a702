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
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips

_Index = QModelIndex | QPersistentModelIndex
_Table = NDArray[np.int64]


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
        words = "n"
        left = box
        if row < len(self._matrix.looks):
            look = self._matrix.looks[row]
            words = look.name
            at = QPointF(box.x(), box.center().y() - chips.HEIGHT / 2)
            ground = chips.Ground.PANEL
            chips.paint(painter, at, look, filled=True, text=t.text, ground=ground)
            left = box.adjusted(chips.WIDTH + 8, 0, -4, 0)
        painter.setFont(theme.font())
        painter.setPen(QColor(t.text if row < len(self._matrix.looks) else t.text_2))
        elided = painter.fontMetrics().elidedText(
            words, Qt.TextElideMode.ElideRight, int(left.width())
        )
        painter.drawText(left, Qt.AlignmentFlag.AlignVCenter, elided)

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


class MatrixView(QTableView):
    """The matrix. A click or Enter on a cell that is not zero shows these images."""

    cell_chosen = Signal(int, int)  # index of the decided or true class, of the suggested class

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self.matrix = MatrixModel(self)
        self.setModel(self.matrix)
        self.setItemDelegate(_CellDelegate(theme_, self.matrix, self))
        self.setHorizontalHeader(_HeadView(self.matrix, self))
        self.horizontalHeader().setSectionsClickable(False)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("Confusion of suggestion and decision")
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        theme_.changed.connect(self.viewport().update)

    def show_matrix(self, looks: Sequence[ClassLook], table: _Table, row_word: str) -> None:
        """Show counts, rows `row_word` ("decided", "true class"), columns suggested."""
        self.matrix.show(looks, table, row_word)
        metrics = QFontMetrics(theme.font())
        row_height = max(26, metrics.height() + 8)
        longest = max((metrics.horizontalAdvance(k.name) for k in looks), default=0)
        head = self.horizontalHeader()
        head.setMinimumSectionSize(20)
        head.setFixedHeight(row_height)
        self.verticalHeader().setMinimumSectionSize(row_height)
        for row in range(self.matrix.rowCount()):
            self.setRowHeight(row, row_height)
        for column in range(self.matrix.columnCount()):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        if self.matrix.columnCount():
            head.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(0, min(longest + 40, 168))
            last = self.matrix.columnCount() - 1
            head.setSectionResizeMode(last, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(last, 44)
        self.setFixedHeight(row_height * (self.matrix.rowCount() + 1) + 2)

    def _choose(self, index: QModelIndex) -> None:
        row, column = index.row(), index.column()
        if self.matrix.is_cell(row, column) and self.matrix.value(row, column):
            self.cell_chosen.emit(row, column - 1)
