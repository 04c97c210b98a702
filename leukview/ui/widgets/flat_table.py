"""A table that is part of a card: no frame, no grid, as high as its rows; and its class column."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Theme, Tokens
from leukview.ui.widgets import chips

BEFORE_NAME = int(chips.WIDTH) + 8


class FlatTable(QTableView):
    """Arrow keys move in it; Tab leaves it."""

    def __init__(self, theme_: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(name)
        theme_.changed.connect(self.viewport().update)

    def set_head(self, head: QHeaderView) -> None:
        """A head that only shows."""
        self.setHorizontalHeader(head)
        head.setSectionsClickable(False)


def paint_class(painter: QPainter, box: QRectF, look: ClassLook, t: Tokens, room: float) -> None:
    """Chip and name of a class at the left of a cell; the name is shortened to `room`."""
    at = QPointF(box.x(), box.center().y() - chips.HEIGHT / 2)
    chips.paint(painter, at, look, filled=True, text=t.text, ground=chips.Ground.PANEL)
    painter.setFont(theme.font())
    painter.setPen(QColor(t.text))
    name = look.fitting(QFontMetrics(theme.font()), room) or look.letters
    place = box.adjusted(BEFORE_NAME, 0, 0, 0)
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
