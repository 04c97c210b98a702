"""A card of the overview: title, what can be done with it, a note on its source, what it shows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from leukview.ui import theme
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts

_SAID_MS = 4000


class Card(QFrame):
    """Title and tools in one line, the note under it, then what is added to `inside`."""

    def __init__(self, title: str, theme_: Theme) -> None:
        super().__init__()
        self._theme = theme_
        self._tools: list[tuple[QToolButton, str]] = []
        self.setProperty("role", "card")
        self.inside = parts.column(margins=(16, 8, 16, 16), gap=6)
        self.setLayout(self.inside)
        self.line = parts.row()
        self.title = parts.label(title, strong=True)
        # As high as a switch, so the titles of cards beside each other are on one line.
        self.title.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        self.line.addWidget(self.title)
        self.said = parts.Elided(Style.CAPTION, tone="second")
        self.said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.line.addWidget(self.said, 1)
        self._soon = QTimer(self, singleShot=True, interval=_SAID_MS)
        self._soon.timeout.connect(lambda: self.said.say(""))
        self.inside.addLayout(self.line)
        self.note = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        self.inside.addWidget(self.note)
        theme_.changed.connect(self._draw_icons)

    def add_tool(self, icon: str, words: str, act: Callable[[], object]) -> QToolButton:
        """A button at the right of the title; `words` are its tooltip and its name."""
        made = QToolButton()
        made.setProperty("kind", "flat")
        made.setIconSize(QSize(theme.ICON, theme.ICON))
        made.setToolTip(words)
        made.setAccessibleName(words)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.clicked.connect(lambda _checked=False: act())
        self.line.addWidget(made)
        self._tools.append((made, icon))
        self._draw_icons()
        return made

    def say(self, words: str) -> None:
        """Say for a while what was done, beside the title, and to a screen reader."""
        self.said.say(words)
        self._soon.start()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def add_switch(self, switch: QWidget) -> None:
        """A switch at the right of the title, before the tools."""
        self.line.insertWidget(2, switch)

    @property
    def tools(self) -> list[QToolButton]:
        return [button for button, _icon in self._tools]

    def _draw_icons(self) -> None:
        for button, name in self._tools:
            button.setIcon(self._theme.icon(name))
