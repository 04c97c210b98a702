"""What all dialogs share: a title that says the act, a sentence, the verb on the filled button."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from leukview.ui import theme
from leukview.ui.theme import Style
from leukview.ui.widgets import parts


class ActDialog(QDialog):
    """Esc closes without doing it; the safe choice stands left of the filled button."""

    def __init__(
        self,
        title: str,
        sentence: str,
        verb: str,
        parent: QWidget | None,
        *,
        wide: bool = False,
        safe: str = "Cancel",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setFixedWidth(600 if wide else 480)
        self.setProperty("role", "panel")
        margins = (theme.PAD_DIALOG,) * 4
        outer = parts.column(margins=margins, gap=theme.PAD_CARD)
        self.setLayout(outer)
        outer.addWidget(parts.label(title, Style.TITLE, wrap=True))
        self.sentence = parts.label(sentence, tone="second", wrap=True)
        outer.addWidget(self.sentence)
        self.body: QVBoxLayout = parts.column(gap=theme.PAD_PANEL)
        outer.addLayout(self.body)
        line = parts.row()
        line.addStretch(1)
        self.safe_button = QPushButton(safe)
        self.safe_button.clicked.connect(self.reject)
        line.addWidget(self.safe_button)
        self.act_button = QPushButton(verb)
        self.act_button.setProperty("kind", "primary")
        self.act_button.setDefault(True)
        self.act_button.clicked.connect(self.accept)
        self.act_button.setVisible(bool(verb))
        line.addWidget(self.act_button)
        for button in (self.safe_button, self.act_button):
            button.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        outer.addSpacing(theme.GAP)
        outer.addLayout(line)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
