"""What a table says beside what stands, and which of the two is right where they differ."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    QSize,
    Qt,
)
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from leukview.ui import messages, theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.models.thumbnails import PixelLoader
from leukview.ui.theme import Style
from leukview.ui.widgets import parts
from leukview.workflows.take_in import Plan

_MOST = 2_000  # conflicts that are listed; a widget for each of more takes seconds
_AT_ONCE = 4  # conflicts that are seen without scrolling
_EDGE, _IMAGE = 40, 208  # of a picture and of its column, in pixels
_LEFT_OUT = 2  # lines of each kind that are named
_RIGHT = 3  # the column with the ticks
_TICK = Qt.ItemDataRole.CheckStateRole


class _WholeCell(QStyledItemDelegate):
    """A click anywhere in the cell ticks it, not only one on the box of 14 pixels."""

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,  # Qt's signature
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        if event.type() is not QEvent.Type.MouseButtonRelease:
            return False
        on = model.data(index, _TICK) != Qt.CheckState.Checked.value
        return model.setData(index, _state(on), _TICK)


class _Pictured(QStyledItemDelegate):
    """The image in front of its name. It is asked for when it is painted, so never all of them."""

    def __init__(self, loader: PixelLoader, rows: Sequence[int], table: QTableWidget) -> None:
        super().__init__(table)
        self._loader, self._rows, self._table = loader, rows, table
        loader.arrived.connect(self._arrived)

    def initStyleOption(
        self,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().initStyleOption(option, index)
        edge = round(_EDGE * self._table.devicePixelRatioF())
        pixmap = self._loader.pixmap(self._rows[index.row()], edge)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
        option.decorationSize = QSize(_EDGE, _EDGE)
        if pixmap is not None:
            own = QPixmap(pixmap)  # the tiles have the other one
            own.setDevicePixelRatio(self._table.devicePixelRatioF())
            option.icon = QIcon(own)

    def _arrived(self, _row: int, _edge: int) -> None:
        self._table.viewport().update()


class _Conflicts(QTableWidget):
    """Space ticks all selected lines as the current one is not."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        model, here = self.model(), self.currentIndex()
        if event.key() != Qt.Key.Key_Space or not here.isValid():
            super().keyPressEvent(event)
            return
        on = model.data(here.siblingAtColumn(_RIGHT), _TICK) != Qt.CheckState.Checked.value
        for index in self.selectionModel().selectedRows(_RIGHT):
            model.setData(index, _state(on), _TICK)


class ImportDialog(ActDialog):
    """The counts, the conflicts with a tick for each that the table is to win, and what is left."""

    def __init__(
        self,
        plan: Plan,
        parent: QWidget | None,
        *,
        loader: PixelLoader | None = None,
        hidden: bool = False,
    ) -> None:
        """Lay it open.

        Args:
            plan: of the import.
            parent: the window.
            loader: of the images of the review, by their rows.
            hidden: names of images are not to be seen.
        """
        super().__init__(
            f"Import {plan.table}",
            "What stands here stays unless you tick that the table is right. One undo takes it"
            " back.",
            "Import",
            parent,
            wide=True,
        )
        self._plan, self._loader = plan, loader
        self._count()
        self.table = _Conflicts(0, _RIGHT + 1)
        self.ticks: list[QTableWidgetItem] = []
        if plan.conflicts:
            self._conflicts(hidden)
        self._others(hidden)
        self.body.addWidget(
            parts.label("Research use only. Not for diagnosis.", Style.CAPTION, strong=True)
        )
        self._say()

    def _count(self) -> None:
        """Figures right-aligned, as in every table, and words beside them."""
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(theme.GAP // 2)
        grid.setColumnStretch(1, 1)
        what = "line in the table" if self._plan.lines == 1 else "lines in the table"
        counts = [(self._plan.lines, what), *self._plan.counts()]
        for row, (count, words) in enumerate(counts):
            figure = parts.label(f"{count:,}", strong=True)
            grid.addWidget(figure, row, 0, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(parts.label(words), row, 1)
        self.body.addLayout(grid)
        if self._plan.why_none:
            self.body.addWidget(parts.label(self._plan.why_none, tone="second", wrap=True))

    def _conflicts(self, hidden: bool) -> None:
        line = parts.row()
        line.addWidget(parts.label("In conflict", strong=True))
        line.addStretch(1)
        self.mine, self.theirs = QPushButton("All as here"), QPushButton("All as in the table")
        for button, on in ((self.mine, False), (self.theirs, True)):
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, state=on: self._tick_all(state))
            line.addWidget(button)
        self.body.addLayout(line)
        table, listed = self.table, self._plan.conflicts[:_MOST]
        table.setRowCount(len(listed))
        table.setHorizontalHeaderLabels(["Image", "Here", "Table", "Table is right"])
        table.setAccessibleName("Images in conflict")
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names differ at their ends
        head = table.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        head.resizeSection(0, _IMAGE)
        head.setSectionResizeMode(_RIGHT, QHeaderView.ResizeMode.ResizeToContents)
        table.setItemDelegateForColumn(_RIGHT, _WholeCell(table))
        if self._loader is not None:
            pictured = _Pictured(self._loader, [one.row for one in listed], table)
            table.setItemDelegateForColumn(0, pictured)
            table.verticalHeader().setDefaultSectionSize(_EDGE + theme.GAP)
        for row, one in enumerate(listed):
            name = f"line {one.line}" if hidden else one.name
            for column, words in enumerate((name, one.ours, one.theirs)):
                item = QTableWidgetItem(words)
                item.setToolTip(f"{words} (line {one.line} of the table)")
                table.setItem(row, column, item)
            tick = QTableWidgetItem()
            tick.setFlags(
                Qt.ItemFlag.ItemIsUserCheckable
                | Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
            )
            tick.setCheckState(Qt.CheckState.Unchecked)
            table.setItem(row, _RIGHT, tick)
            self.ticks.append(tick)
        high = table.rowHeight(0) * min(len(listed), _AT_ONCE) + head.sizeHint().height()
        table.setFixedHeight(high + 2 * table.frameWidth())
        table.itemChanged.connect(lambda _item: self._say())
        self._rest = False  # of those that are not listed, whether the table is right
        self.body.addWidget(table)
        more = len(self._plan.conflicts) - len(listed)
        if more:
            words = f"{messages.images(more)} more in conflict follow the two buttons."
            self.body.addWidget(parts.label(words, Style.CAPTION, tone="second", wrap=True))

    def _others(self, hidden: bool) -> None:
        """Lines that are not taken, some of each kind with their reason."""
        said = self._plan.refused(_LEFT_OUT, hidden=hidden)
        if said:
            self.body.addWidget(parts.label("\n".join(said), Style.CAPTION, tone="warn", wrap=True))

    def _tick_all(self, on: bool) -> None:
        self._rest = on
        blocker = QSignalBlocker(self.table)  # of 2,000 ticks, each would count them all
        for tick in self.ticks:
            tick.setCheckState(_state(on))
        blocker.unblock()
        self.table.viewport().update()
        self._say()

    @property
    def chosen(self) -> list[str]:
        """Hashes of the images in conflict for which the table is right."""
        listed = [
            one.sha256
            for one, tick in zip(self._plan.conflicts, self.ticks, strict=False)
            if tick.checkState() is Qt.CheckState.Checked
        ]
        rest = self._plan.conflicts[_MOST:]
        return listed + [one.sha256 for one in rest if self._rest]

    def _say(self) -> None:
        count = len(self._plan.new) + (len(self.chosen) if self._plan.conflicts else 0)
        self.act_button.setEnabled(count > 0)
        self.act_button.setText(
            f"Import {messages.images(count)}" if count else "Nothing to import"
        )


def _state(on: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
