"""One sentence of warning over the gallery, with at most one button; the gravest wins."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton, QWidget

from leukview.ui import theme
from leukview.ui.theme import Theme
from leukview.ui.widgets import parts


class Gravity(enum.IntEnum):
    """The higher one is shown when several things have to be said."""

    BLIND = 0
    SLIDES = 1  # the folder holds several
    MODEL = 2
    DEVICE = 3
    UNFAMILIAR = 4
    TARGET = 5  # good news, said once
    SETTLE = 6  # what was settled is to be settled again
    EXPORTING = 7  # it takes long
    SESSION = 8
    REFUSAL = 9  # of a model
    ERROR = 10
    SAVING = 11


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said, and what the button does. Lasting ones cannot be closed by hand."""

    words: str
    button: str = ""
    act: Callable[[], None] | None = None
    lasting: bool = False


class Banner(QFrame):
    """Keeps one warning per gravity and shows the gravest."""

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._said: dict[Gravity, Notice] = {}
        self._closed: set[tuple[Gravity, str]] = set()
        self._drawn: tuple[Gravity, str, str, bool] | None = None
        self.setProperty("role", "banner")
        line = parts.row(margins=(theme.PAD_CARD, 4, theme.GAP, 4), gap=10)
        self.setLayout(line)
        self._icon = QLabel()
        self.words = parts.label(wrap=True)
        self.button = QPushButton()
        self._close = QToolButton()
        self._close.setProperty("kind", "flat")
        self._close.setAccessibleName("Close this notice")
        self._close.setToolTip("Close this notice")
        for one in (self.button, self._close):
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        line.addWidget(self._icon)
        line.addWidget(self.words, 1)
        line.addWidget(self.button)
        line.addWidget(self._close)
        self.button.clicked.connect(self._press)
        self._close.clicked.connect(self._dismiss)
        theme_.changed.connect(self._draw_anew)
        self._draw()

    @property
    def gravest(self) -> Gravity | None:
        return max(self._said, default=None)

    def say(self, gravity: Gravity, warning: Notice | None) -> None:
        """Replace what is said of this gravity; None takes it back."""
        if gravity is Gravity.ERROR and warning is not None:
            self._closed.discard((gravity, warning.words))  # it has happened again
        if warning is None:
            self._said.pop(gravity, None)
        elif (gravity, warning.words) not in self._closed:
            self._said[gravity] = warning
        self._draw()

    def forget(self) -> None:
        """Another folder: nothing is said, and what was closed may be said again."""
        self._said.clear()
        self._closed.clear()
        self._draw()

    def _press(self) -> None:
        gravest = self.gravest
        act = self._said[gravest].act if gravest is not None else None
        if act is not None:
            act()

    def _dismiss(self) -> None:
        gravest = self.gravest
        if gravest is not None:
            self._closed.add((gravest, self._said[gravest].words))
            self.say(gravest, None)

    def _draw_anew(self) -> None:
        self._drawn = None
        self._draw()

    def _draw(self) -> None:
        gravest = self.gravest
        self.setVisible(gravest is not None)
        if gravest is None:
            return
        said, t = self._said[gravest], self._theme.tokens
        shown = (gravest, said.words, said.button, said.lasting)
        if shown == self._drawn:
            return  # several are taken back after each decision, mostly others than the gravest
        self._drawn = shown
        named = {
            Gravity.SLIDES: "info",
            Gravity.MODEL: "info",
            Gravity.BLIND: "eye-slash",
            Gravity.TARGET: "check-circle",
            Gravity.EXPORTING: "export",
        }
        name = named.get(gravest, "warning")
        colour = t.error if gravest >= Gravity.REFUSAL else t.warn
        own = dict.fromkeys((Gravity.BLIND, Gravity.SLIDES, Gravity.EXPORTING), t.accent)
        own[Gravity.TARGET] = t.ok
        colour = own.get(gravest, colour)
        size = QSize(theme.ICON_LIST, theme.ICON_LIST)
        icon = self._theme.icon(name, colour)
        self._icon.setPixmap(icon.pixmap(size, self.devicePixelRatioF()))
        theme.polish(self, "tone", "quiet" if gravest in own else "")
        self._close.setIcon(self._theme.icon("x"))
        self._close.setVisible(not said.lasting)
        self.words.setText(said.words)
        self.button.setText(said.button)
        self.button.setAccessibleName(f"{said.button.rstrip('?')}: {said.words}")
        self.button.setVisible(bool(said.button))
