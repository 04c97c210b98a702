"""Small parts that every region is built of: labels in the five styles, lines, segments, tabs."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from leukview.ui import theme
from leukview.ui.theme import Style

_CARET = 12
_TIP = 80  # letters in one line
_FEW = 12  # letters that are left of the longest words


def label(
    text: str = "",
    style: Style = Style.BODY,
    *,
    strong: bool | None = None,
    tone: str = "",
    wrap: bool = False,
) -> QLabel:
    """A label in one of the five styles; `tone` is "second", "warn", "error", "ok" or ""."""
    made = QLabel(text)
    made.setFont(theme.font(style, strong=strong))
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if tone:
        made.setProperty("tone", tone)
    return made


def beside(words: str) -> str:
    """Words that stand beside an icon: Qt leaves 4 px between them, this makes it 8."""
    return f"\N{SIX-PER-EM SPACE}\N{SIX-PER-EM SPACE}{words}"


def tip(text: str) -> str:
    """A tooltip that shows any text as it is: a name may look like markup, or be 250 letters long.

    Qt breaks what it takes for plain text nowhere, and the end would lie beside the screen.
    """
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, _TIP) or [""]]
    return "<qt>" + "<br>".join(html.escape(line) for line in lines) + "</qt>"


def key_cap(text: str) -> QLabel:
    """A key as it is printed beside what it does."""
    made = label(text, Style.CAPTION)
    made.setProperty("role", "key")
    return made


def row(*, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = theme.GAP) -> QHBoxLayout:
    """A horizontal layout with its margins and gap."""
    made = QHBoxLayout()
    _fill(made, margins, gap)
    return made


def column(
    *, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = theme.GAP
) -> QVBoxLayout:
    """A vertical layout with its margins and gap."""
    made = QVBoxLayout()
    _fill(made, margins, gap)
    return made


def _fill(layout: QBoxLayout, margins: tuple[int, int, int, int], gap: int) -> None:
    layout.setContentsMargins(*margins)
    layout.setSpacing(gap)


def panel(role: str = "panel") -> QFrame:
    """A frame whose ground the style sheet gives by its role."""
    made = QFrame()
    made.setProperty("role", role)
    return made


def hairline(*, vertical: bool = False) -> QFrame:
    """A line one pixel thick."""
    made = panel("hairline")
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


def height_of(style: Style, least: int) -> int:
    """A control's height: `least`, or more where the system's font needs it."""
    probe = QLabel()
    probe.setFont(theme.font(style))
    return max(least, probe.fontMetrics().lineSpacing() + 8)


class Elided(QLabel):
    """A label that gives way: to shorter words where there are some, else it is cut.

    The whole text is in its tooltip then, and always what a screen reader says.
    """

    def __init__(self, style: Style = Style.BODY, *, tone: str = "", strong: bool = False) -> None:
        super().__init__()
        self._texts: tuple[str, ...] = ("",)
        self.setFont(theme.font(style, strong=strong))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if tone:
            self.setProperty("tone", tone)

    def say(self, text: str, *shorter: str) -> None:
        """Show `text`, or the first of the shorter ones that fits."""
        if (text, *shorter) == self._texts:
            return  # measuring it and telling its layout takes a fifth of a millisecond
        self._texts = (text, *shorter)
        self.setAccessibleName(text)
        self._fit()

    @property
    def whole(self) -> str:
        return self._texts[0]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room, metrics = max(0, self.width() - 2), self.fontMetrics()
        last = metrics.elidedText(self._texts[-1], Qt.TextElideMode.ElideMiddle, room)
        short = next((t for t in self._texts if metrics.horizontalAdvance(t) <= room), last)
        self.setText(short)
        tip = self.whole if short != self.whole else ""
        if tip != self.toolTip():
            self.setToolTip(tip)


class GivingWay(QPushButton):
    """A button whose words are cut in the middle when it has no room for them all.

    All of them have to stand in its tooltip.
    """

    def give_way(self) -> None:
        """Let a layout make it narrower than its words."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def shown(self) -> str:
        """Its words as they are drawn."""
        text, metrics = self.text(), self.fontMetrics()
        lacks = self.sizeHint().width() - self.width()
        if lacks <= 0:
            return text
        words = text.rstrip()  # what is behind them is room for a caret
        room = metrics.horizontalAdvance(words) - lacks
        return metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room) + text[len(words) :]

    def minimumSizeHint(self) -> QSize:
        whole, metrics = super().minimumSizeHint(), self.fontMetrics()
        few = metrics.averageCharWidth() * _FEW
        spare = max(0, metrics.horizontalAdvance(self.text()) - few)
        return QSize(whole.width() - spare, whole.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


class Button(GivingWay):
    """Icon and words in the middle; with a menu, a caret at the right.

    A click with the mouse leaves the keyboard where it was, so keys go on deciding.
    """

    def __init__(
        self, words: str, *, kind: str = "", caret: Callable[[], QIcon] | None = None
    ) -> None:
        super().__init__()
        self._caret = caret
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setIconSize(QSize(theme.ICON, theme.ICON))
        self.setMinimumHeight(height_of(Style.BODY, theme.CONTROL))
        if kind:
            self.setProperty("kind", kind)
        self.say(words)

    def say(self, words: str, spoken: str = "") -> None:
        """Show words beside the icon; a screen reader says `spoken`, else the same."""
        # An em and an en keep the caret's place; a padding would also move what is in the middle.
        room = "\N{EM SPACE}\N{EN SPACE}" if self._caret is not None else ""
        self.setText(beside(words) + room)
        self.setAccessibleName(spoken or words)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._caret is None:
            return
        painter = QPainter(self)
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        size = QSize(_CARET, _CARET)
        pixmap = self._caret().pixmap(size, self.devicePixelRatioF(), mode)
        painter.drawPixmap(self.width() - _CARET - 12, (self.height() - _CARET) // 2, pixmap)
        painter.end()


class Segments(QFrame):
    """A switch of a few words, one of them on; arrow keys move."""

    chosen = Signal(int)

    def __init__(self, words: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "segments")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        inside = row(margins=(2, 2, 2, 2), gap=2)
        self.setLayout(inside)
        self._group = QButtonGroup(self)
        for number, word in enumerate(words):
            button = QToolButton()
            button.setText(word)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            button.setAccessibleName(f"{word}, {number + 1} of {len(words)}")
            # The bold width is reserved, so nothing moves when another word is chosen.
            button.setFont(theme.font(Style.BODY, strong=True))
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(word) + 30)
            button.setFont(theme.font(Style.BODY))
            self._group.addButton(button, number)
            inside.addWidget(button)
        self._group.buttons()[0].setChecked(True)
        self._group.idClicked.connect(self.chosen)

    @property
    def current(self) -> int:
        return self._group.checkedId()

    def choose(self, number: int) -> None:
        """Set it without a signal."""
        self._group.button(number).setChecked(True)

    def take_focus(self) -> None:
        """Give the keyboard to the word that is on."""
        self._group.button(self.current).setFocus()

    def set_enabled(self, number: int, enabled: bool, why: str = "") -> None:
        button = self._group.button(number)
        button.setEnabled(enabled)
        button.setToolTip("" if enabled else why)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        other = self._group.button(self.current + step)
        if other is not None and other.isEnabled():
            other.setFocus()
            other.click()


def in_order(widgets: Sequence[QWidget]) -> None:
    """Let Tab go from each to the next; Qt puts what is made later at the end of the window."""
    for one, other in pairwise(widgets):
        QWidget.setTabOrder(one, other)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete the widgets."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
