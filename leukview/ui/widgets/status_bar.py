"""The bottom line: what runs, what could not be read, when it was saved, and the notice."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from leukview.ui import theme
from leukview.ui.messages import NOTICE
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts


class StatusBar(QFrame):
    """Always in view; the notice is never cut short."""

    problems = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._failed = theme_, False
        self.setProperty("role", "statusbar")
        line = parts.row(margins=(theme.PAD_PANEL, 2, theme.PAD_PANEL, 2), gap=theme.PAD_CARD)
        self.setLayout(line)
        self.setMinimumHeight(parts.height_of(Style.CAPTION, 28))
        self.run = parts.label("No folder open", Style.CAPTION)
        self.problem_button = QPushButton()
        self.problem_button.setFont(theme.font(Style.CAPTION))
        self.problem_button.setProperty("kind", "flat")
        self.problem_button.setProperty("tone", "warn")
        self.problem_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.problem_button.clicked.connect(self.problems)
        self.problem_button.hide()
        self._saved_icon = QLabel()
        self.saved = parts.label("", Style.CAPTION)
        saved = parts.row(gap=6)
        saved.addWidget(self._saved_icon)
        saved.addWidget(self.saved)
        self.notice = parts.label(NOTICE, Style.CAPTION, strong=True)
        self.notice.setMinimumWidth(self.notice.sizeHint().width())
        line.addWidget(self.run)
        line.addWidget(self.problem_button)
        line.addLayout(saved)
        line.addStretch(1)
        line.addWidget(self.notice)
        theme_.changed.connect(self._draw)
        self._draw()

    def show_problems(self, count: int) -> None:
        self.problem_button.setVisible(count > 0)
        words = f"{count:,} could not be read"
        self.problem_button.setText(parts.beside(words))
        self.problem_button.setAccessibleName(f"Why {words}")

    def show_saved(self, words: str, *, failed: bool = False) -> None:
        self._failed = failed
        self.saved.setText(words)
        theme.polish(self.saved, "tone", "error" if failed else "")
        self._draw()

    def _draw(self) -> None:
        t, size = self._theme.tokens, QSize(theme.ICON, theme.ICON)
        self.problem_button.setIcon(self._theme.icon("warning", t.warn))
        name, colour = ("warning-circle", t.error) if self._failed else ("check", t.ok)
        icon = self._theme.icon(name, colour)
        self._saved_icon.setPixmap(icon.pixmap(size, self.devicePixelRatioF()))
        self._saved_icon.setVisible(bool(self.saved.text()))
