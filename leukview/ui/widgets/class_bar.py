"""Over the gallery in By class: the classes, what the one that is on comes to, and its pages."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips, parts


class ClassBar(QFrame):
    """Two lines: all classes with their counts; the class, its figures, page and confirmation."""

    chosen = Signal(int)
    turned = Signal(int)  # pages on, or back
    confirmed = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._looks: tuple[ClassLook, ...] = ()
        self.setProperty("role", "panel")
        body = parts.column(margins=(theme.PAD_CARD, 6, theme.PAD_PANEL, 6), gap=6)
        self.setLayout(body)
        self._classes = parts.row(gap=2)
        body.addLayout(self._classes)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.chosen)
        body.addLayout(self._head())
        theme_.changed.connect(self._draw)
        self.set_classes(())
        self._draw()

    def _head(self) -> QHBoxLayout:
        line = parts.row()
        self.name = parts.label(strong=True)
        self.figures = parts.Elided(Style.CAPTION, tone="second")
        self.back, self.on = self._arrow("Page back", -1), self._arrow("Next page", 1)
        self.page = parts.label(style=Style.CAPTION, tone="second")
        self.confirm = parts.Button("Confirm the page")
        self.confirm.clicked.connect(self.confirmed)
        line.addWidget(self.name)
        line.addWidget(self.figures, 1)
        for widget in (self.back, self.page, self.on, self.confirm):
            line.addWidget(widget)
        return line

    def _arrow(self, words: str, step: int) -> QToolButton:
        made = QToolButton()
        made.setProperty("kind", "flat")
        made.setAccessibleName(words)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setFixedSize(theme.CONTROL_DENSE, theme.CONTROL_DENSE)
        made.setIconSize(QSize(theme.ICON, theme.ICON))
        made.clicked.connect(lambda: self.turned.emit(step))
        return made

    def set_classes(self, looks: Sequence[ClassLook]) -> None:
        """The classes of another model."""
        self._looks = tuple(looks)
        for old in self._group.buttons():
            self._group.removeButton(old)
        parts.clear(self._classes)
        for number, look in enumerate(looks):
            button = QToolButton()
            button.setCheckable(True)
            button.setProperty("kind", "flat")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(int(chips.WIDTH), int(chips.HEIGHT)))
            button.setToolTip(look.name)
            self._group.addButton(button, number)
            self._classes.addWidget(button)
        self._classes.addStretch(1)
        parts.in_order([*self._group.buttons(), self.back, self.on, self.confirm])
        self._draw()

    def button(self, number: int) -> QToolButton:
        """The button of a class."""
        found = self._group.button(number)
        assert isinstance(found, QToolButton)
        return found

    def show_classes(self, current: int, open_: Sequence[int], total: Sequence[int]) -> None:
        """Counts of all classes: how many images each has, and how many nobody has decided."""
        for number, (left, whole) in enumerate(zip(open_, total, strict=True)):
            button, name = self.button(number), self._looks[number].name
            button.setChecked(number == current)
            button.setText(parts.beside(f"{whole:,}"))
            words = f"{name}, {whole:,} images, {left:,} not decided"
            button.setAccessibleName(words)
            button.setToolTip(words)

    def show_head(self, name: str, figures: Sequence[str]) -> None:
        """The class that is on, and its figures, long and short."""
        self.name.setText(name)
        self.figures.say(*figures)

    def show_page(self, page: int, pages: int, seen: int, left: int) -> None:
        """Where the scan is.

        Args:
            page: from 0.
            pages: how many there are.
            seen: undecided images of the page that were on the screen for long enough.
            left: undecided images of the page.
        """
        self.page.setText(f"Page {page + 1:,} of {pages:,}")
        self.back.setEnabled(page > 0)
        self.on.setEnabled(page + 1 < pages)
        self.back.setToolTip("Page back (Ctrl+PgUp)")
        self.on.setToolTip("Next page (Ctrl+PgDown)")
        self.confirm.setEnabled(seen > 0)
        words = f"Confirm the page · {seen:,} seen" if left else "All decided"
        self.confirm.say(words, f"{words} of {left:,}" if left else words)
        self.confirm.setToolTip(
            f"Decide the {seen:,} images of this page as suggested that you have had on the screen"
            f" for half a second; {left - seen:,} more are not decided (Shift+Enter)"
            if left
            else "Every image of this page is decided"
        )

    def _draw(self) -> None:
        t, dpr = self._theme.tokens, self.devicePixelRatioF()
        for number, look in enumerate(self._looks):
            made = chips.canvas(chips.WIDTH, chips.HEIGHT, dpr)
            painter = QPainter(made)
            ground = chips.Ground.PANEL
            chips.paint(painter, QPointF(0, 0), look, filled=True, text=t.text, ground=ground)
            painter.end()
            self.button(number).setIcon(QIcon(made))
        self.back.setIcon(self._theme.icon("caret-left"))
        self.on.setIcon(self._theme.icon("caret-right"))
        self.confirm.setIcon(self._theme.icon("check"))
