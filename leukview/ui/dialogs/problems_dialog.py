"""What could not be read, each with its reason."""

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


class ProblemsDialog(ActDialog):
    """A list to read and to copy; trying again is a run."""

    def __init__(
        self, entries: Sequence[tuple[str, str]], parent: QWidget | None, *, can_retry: bool
    ) -> None:
        count = len(entries)
        super().__init__(
            f"{count:,} could not be read",
            "These files are not counted. Everything else is as if they were not there.",
            "Try again" if can_retry else "",
            parent,
            wide=True,
            safe="Close",
        )
        self.list = QListWidget()
        self.list.setWordWrap(True)
        # Else lines are as long as they like, and the view asks for a scroll bar to follow them.
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # of a word longer than the list
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setSpacing(3)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Files that could not be read")
        self.list.setMinimumHeight(280)
        self.lines = [f"{name}\n{reason}" if name else reason for name, reason in entries]
        for words in self.lines:
            item = QListWidgetItem(words, self.list)
            item.setToolTip(parts.tip(words))
        self.body.addWidget(self.list)
        copy = QPushButton("Copy the list")
        copy.clicked.connect(self._copy)
        line = parts.row()
        line.addWidget(copy)
        line.addStretch(1)
        self.body.addLayout(line)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n\n".join(self.lines))
