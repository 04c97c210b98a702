"""Where the table goes, and what will stand in it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QPushButton, QWidget

from leukview.ui import messages, theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.models.summary import Counts
from leukview.ui.theme import Style
from leukview.ui.widgets import parts


class ExportDialog(ActDialog):
    """Chooses a file; writing is the controller's work."""

    def __init__(self, suggested: Path, count: Counts, parent: QWidget | None) -> None:
        super().__init__(
            "Export the table",
            "One row per image with its suggestion, probabilities and your decision, as CSV."
            " No absolute path is written.",
            "Export",
            parent,
            wide=True,
        )
        left = count.images - count.decided
        for words, figure in (
            ("Images", f"{count.images:,}"),
            ("Decided", f"{count.decided:,}"),
            ("Without a decision", f"{left:,}"),
            ("Could not be read", f"{count.unread:,}"),
        ):
            line = parts.row()
            line.addWidget(parts.label(words))
            line.addStretch(1)
            line.addWidget(parts.label(figure, tone="second"))
            self.body.addLayout(line)
        self.body.addWidget(parts.hairline())
        self.body.addWidget(parts.label("File", Style.CAPTION, tone="second"))
        line = parts.row()
        self.path = QLineEdit(str(suggested))
        self.path.setAccessibleName("File to write")
        self.path.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        browse = QPushButton("Browse…")
        browse.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        browse.clicked.connect(self._browse)
        line.addWidget(self.path, 1)
        line.addWidget(browse)
        self.body.addLayout(line)
        self.exists = parts.label(style=Style.CAPTION, tone="warn", wrap=True)
        self.body.addWidget(self.exists)
        self.excel = QCheckBox("Mark it as UTF-8, so that Excel shows every letter")
        self.excel.setChecked(True)
        self.body.addWidget(self.excel)
        self.body.addWidget(parts.label(messages.NOTICE, Style.CAPTION, strong=True))
        self.path.textChanged.connect(self._look)
        self._look()

    @property
    def file(self) -> Path:
        return Path(self.path.text().strip()).expanduser()

    @property
    def replaces(self) -> bool:
        """Whether a file of this name is there and was said to be replaced."""
        return self.file.is_file()

    def _look(self) -> None:
        name = self.path.text().strip()
        usable = bool(name) and not self.file.is_dir() and self.file.parent.is_dir()
        self.act_button.setEnabled(usable)
        self.act_button.setText("Replace and export" if self.replaces else "Export")
        if not usable:
            words = "There is no such folder to write into." if name else "Name a file."
        elif self.replaces:
            words = "A file of this name exists and will be replaced."
        else:
            words = ""
        self.exists.setText(words)
        self.exists.setVisible(bool(words))

    def _browse(self) -> None:
        name, _kind = QFileDialog.getSaveFileName(
            self,
            "Export the table",
            self.path.text(),
            "CSV tables (*.csv)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            self.path.setText(name if Path(name).suffix else name + ".csv")
