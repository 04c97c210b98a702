"""What the log says of one image, to read and to copy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.widgets import parts

_ROOM = 280


class HistoryDialog(ActDialog):
    """One entry for each event, oldest first.

    Args:
        title: which image.
        sentence: what is shown, and what is not.
        entries: of two lines each.
        parent: over which it stands.
    """

    def __init__(
        self, title: str, sentence: str, entries: Sequence[str], parent: QWidget | None
    ) -> None:
        super().__init__(title, sentence, "", parent, wide=True, safe="Close")
        self.lines = list(entries)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setSpacing(3)
        self.list.setAccessibleName(title)
        self.list.setMinimumHeight(_ROOM)
        for words in self.lines:
            QListWidgetItem(words, self.list).setToolTip(parts.tip(words))
        self.body.addWidget(self.list)
        self.copy = QPushButton("Copy the list")
        self.copy.setEnabled(bool(self.lines))
        self.copy.clicked.connect(self._copy)
        line = parts.row()
        line.addWidget(self.copy)
        line.addStretch(1)
        self.body.addLayout(line)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n\n".join(self.lines))
