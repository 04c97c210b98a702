"""What could not be read, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QPushButton, QWidget

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
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Files that could not be read")
        self.list.setMinimumHeight(220)
        self.lines = [f"{name}\n{reason}" if name else reason for name, reason in entries]
        self.list.addItems(self.lines)
        self.body.addWidget(self.list)
        copy = QPushButton("Copy the list")
        copy.clicked.connect(self._copy)
        line = parts.row()
        line.addWidget(copy)
        line.addStretch(1)
        self.body.addLayout(line)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n\n".join(self.lines))
