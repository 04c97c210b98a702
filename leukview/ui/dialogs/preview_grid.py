"""How a table will begin: the columns that a reader looks for, and its first rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from leukview.ui import theme
from leukview.ui.theme import Style
from leukview.ui.widgets import parts

_FILL = Qt.AlignmentFlag(0)
_SHOWN = ("image", "suggestion", "confidence", "decision", "decision_state")
_NUMBERS = ("confidence",)
_NAMES = ("image", "file")


class PreviewGrid(QWidget):
    """A few cells between hairlines; names give way, the heads of the columns do not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = parts.column(gap=theme.GAP)
        self.setLayout(column)
        self._title = parts.label(style=Style.CAPTION, tone="second")
        column.addWidget(self._title)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.PAD_CARD)
        self._grid.setVerticalSpacing(4)
        column.addLayout(self._grid)

    def show_rows(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show the columns that matter and say how many more there are."""
        parts.clear(self._grid)
        places = [at for at, name in enumerate(names) if name in _SHOWN] or list(range(len(names)))
        more = len(names) - len(places)
        words = "It begins so" if rows else "It has no rows"
        self._title.setText(f"{words}, with {more:,} more columns" if more else words)
        for column in range(max(len(places), self._grid.columnCount())):
            self._grid.setColumnMinimumWidth(column, 0)
            self._grid.setColumnStretch(column, 0)
        for column, at in enumerate(places):
            name = names[at]
            side = Qt.AlignmentFlag.AlignRight if name in _NUMBERS else Qt.AlignmentFlag.AlignLeft
            head = parts.label(name, Style.CAPTION, tone="second")
            self._put(head, 0, column, side)
            self._grid.setColumnMinimumWidth(column, head.sizeHint().width())
            self._grid.setColumnStretch(column, 3 if name in _NAMES else 1)
            for line, row in enumerate(rows):
                cell = parts.Elided(Style.CAPTION)
                cell.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                cell.say(row[at] or "\N{EN DASH}")
                self._put(cell, 2 * line + 2, column)
        for line in range(len(rows) + 1):
            self._put(parts.hairline(), 2 * line + 1, 0, span=len(places))

    def _put(
        self,
        widget: QWidget,
        line: int,
        column: int,
        side: Qt.AlignmentFlag = _FILL,
        span: int = 1,
    ) -> None:
        """Add it and show it at once: what Qt shows later has no height yet in a shown dialog."""
        self._grid.addWidget(widget, line, column, 1, span, side)
        widget.show()
