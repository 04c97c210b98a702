"""The queues as underlined words with their counts; what has no room stands in a menu."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QMenu, QToolButton, QWidget

from leukview.ui import theme
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts


class Tabs(QWidget):
    """One word is on. The word that is on is always in view."""

    chosen = Signal(int)

    def __init__(self, theme_: Theme, words: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._words = theme_, list(words)
        self._offered = list(range(len(words)))
        self._line = parts.row(margins=(theme.PAD_PANEL, 0, theme.PAD_PANEL, 0), gap=theme.PAD_CARD)
        self.setLayout(self._line)
        self._group = QButtonGroup(self)
        for number, word in enumerate(words):
            button = QToolButton()
            button.setText(word)
            button.setCheckable(True)
            button.setProperty("kind", "tab")
            button.setFont(theme.font(Style.BODY))
            self._group.addButton(button, number)
            self._line.addWidget(button)
        self.more = QToolButton()
        self.more.setProperty("kind", "flat")
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setIconSize(QSize(theme.ICON, theme.ICON))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self.more)
        self.more.setMenu(self._menu)
        self._line.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)
        self.more.setText(f"+{len(words)}")  # measured before it is shown
        self._line.addStretch(1)
        self._group.buttons()[0].setChecked(True)
        self._group.idClicked.connect(self._choose)
        theme_.changed.connect(self._draw)
        self._draw()
        self._fit()

    def button(self, number: int) -> QToolButton:
        """The word of a queue."""
        found = self._group.button(number)
        assert isinstance(found, QToolButton)
        return found

    @property
    def current(self) -> int:
        return self._group.checkedId()

    def offer(self, numbers: Iterable[int]) -> None:
        """Show these words only, in this order."""
        wanted = list(numbers)
        if wanted == self._offered:
            return
        self._offered = wanted
        for place, number in enumerate(wanted):
            self._line.insertWidget(place, self.button(number))
        parts.in_order([*(self.button(number) for number in wanted), self.more])
        self._fit()

    def choose(self, number: int) -> None:
        """Set it without a signal."""
        self.button(number).setChecked(True)
        self._fit()

    def show_counts(self, counts: Mapping[int, int | str | None]) -> None:
        """Show how many images queues have, by their numbers; None shows the word alone.

        Words like "3/29" are read as 3 of 29.
        """
        changed = [self._count(number, value) for number, value in counts.items()]
        if any(changed):
            self._fit()

    def _count(self, number: int, value: int | str | None) -> bool:
        """Write one of them; whether it is another one than before."""
        word, button = self._words[number], self.button(number)
        shown = f"{value:,}" if isinstance(value, int) else value
        text = word if shown is None else f"{word}  {shown}"
        if text == button.text():
            return False
        button.setText(text)
        images = "" if shown is None else f", {shown.replace('/', ' of ')} images"
        button.setAccessibleName(f"Queue {word}{images}")
        return True

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest word and the menu: the others give way."""
        widest = max(self.button(n).sizeHint().width() for n in self._offered)
        room = self._around() + widest + self.more.sizeHint().width() + self._line.spacing()
        return QSize(room, self._line.minimumSize().height())

    def _choose(self, number: int) -> None:
        self._fit()
        self.chosen.emit(number)

    def _around(self) -> int:
        margins = self._line.contentsMargins()
        return margins.left() + margins.right()

    def _fit(self) -> None:
        """Show as many words as there is room for, from the left, and the one that is on."""
        gap, room = self._line.spacing(), self.width() - self._around()
        wide = {n: self.button(n).sizeHint().width() + gap for n in self._offered}
        shown = list(self._offered)
        if sum(wide.values()) - gap > room and self.width():
            room -= self.more.sizeHint().width() + wide.get(self.current, 0)
            shown = []
            for number in self._offered:
                if number == self.current:
                    shown.append(number)
                    continue
                room -= wide[number]
                if room < 0:
                    break
                shown.append(number)
            if self.current in self._offered and self.current not in shown:
                shown.append(self.current)
        for number in range(len(self._words)):
            self.button(number).setVisible(number in shown)
        hidden = [number for number in self._offered if number not in shown]
        self.more.setVisible(bool(hidden))
        self.more.setText(f"+{len(hidden)}")
        words = [" ".join(self.button(number).text().split()) for number in hidden]
        self.more.setToolTip("\n".join(["More queues", *words]))
        self.more.setAccessibleName(f"{len(hidden)} more queues: {', '.join(words)}")
        self._menu.clear()
        for number in hidden:
            action = QAction(self.button(number).text(), self._menu)
            action.triggered.connect(lambda _on=False, n=number: self.button(n).click())
            self._menu.addAction(action)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _draw(self) -> None:
        self.more.setIcon(self._theme.icon("dots-three"))
