"""2 to 12 images side by side over the gallery; zooming or dragging one moves all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QToolButton, QWidget

from leukview.domain.classes import CellClass
from leukview.ui import theme
from leukview.ui.actions import digits
from leukview.ui.theme import Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.compare_card import CompareCard
from leukview.ui.widgets.decision_button import DecisionButton
from leukview.ui.widgets.image_view import ImageView

_ONE_LINE = 4  # more images stand in two lines
_FEW = 4
_BESIDE = 62  # icon, key and gaps of a button
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class CompareView(QFrame):
    """The cards, what they are zoomed with, and the buttons that decide the current one.

    Attributes:
        cards: in the order in which they stand.
        buttons: by class id, and "Unsure" and "Exclude".
    """

    closed = Signal()
    chosen = Signal(int)  # image row
    stepped = Signal(int)  # cards to the right
    decided = Signal(int)
    unsure = Signal()
    exclude = Signal()

    def __init__(
        self,
        theme_: Theme,
        classes: Sequence[CellClass],
        threshold: float,
        rows: Sequence[int],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._theme = theme_
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"Compare {len(rows)} images")
        body = parts.column(gap=0)
        self.setLayout(body)
        body.addWidget(self._head(len(rows)))
        body.addWidget(parts.hairline())
        grid = QGridLayout()
        grid.setContentsMargins(*(theme.PAD_CARD,) * 4)
        grid.setSpacing(theme.PAD_CARD)
        body.addLayout(grid, 1)
        body.addWidget(parts.hairline())
        body.addWidget(self._foot(classes))
        looks = theme.looks(classes)
        self.cards: list[CompareCard] = []
        across = len(rows) if len(rows) <= _ONE_LINE else (len(rows) + 1) // 2
        for number, row in enumerate(rows):
            bars = len(rows) <= _ONE_LINE
            card = CompareCard(theme_, looks, threshold, row, bars=bars)
            card.pressed.connect(self.chosen)
            card.image.moved.connect(lambda view=card.image: self._follow(view))
            grid.addWidget(card, number // across, number % across)
            self.cards.append(card)
        for line in range(grid.columnCount()):
            grid.setColumnStretch(line, 1)
        self.cards[0].image.zoomed.connect(self._zoomed)
        theme_.changed.connect(self._draw_icons)
        self._draw_icons()

    def _head(self, count: int) -> QFrame:
        head = parts.panel()
        line = parts.row(margins=(theme.PAD_CARD, 8, theme.PAD_CARD, 8))
        head.setLayout(line)
        self.back = parts.Button("Back to the queue")
        self.back.setToolTip("Back to the queue (Esc)")
        self.back.clicked.connect(self.closed)
        line.addWidget(self.back)
        line.addWidget(parts.key_cap("Esc"))
        line.addSpacing(theme.GAP)
        line.addWidget(parts.label(f"Compare {count} images", strong=True))
        line.addWidget(parts.label("zoom and place are linked", tone="second"))
        line.addStretch(1)
        self.zoom_words = parts.label(tone="second")
        line.addWidget(self.zoom_words)
        self._tools: list[tuple[QToolButton, str]] = []
        for name, words, act in (
            ("minus", "Show all images smaller (-)", lambda: self.cards[0].image.zoom_out()),
            ("plus", "Show all images larger (+)", lambda: self.cards[0].image.zoom_in()),
            ("corners-out", "Fit all images (0)", self.fit),
        ):
            button = QToolButton()
            button.setProperty("kind", "flat")
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.setFixedSize(theme.CONTROL_DENSE, theme.CONTROL_DENSE)
            button.setIconSize(QSize(theme.ICON, theme.ICON))
            button.clicked.connect(act)
            self._tools.append((button, name))
            line.addWidget(button)
        for one in (self.back, *(button for button, _ in self._tools)):
            one.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # they have keys; Tab goes to the next image
        return head

    def _foot(self, classes: Sequence[CellClass]) -> QFrame:
        foot = parts.panel()
        line = parts.row(margins=(theme.PAD_CARD, 8, theme.PAD_CARD, 8))
        foot.setLayout(line)
        self.whose = parts.label()
        line.addWidget(self.whose)
        self.buttons: dict[str, DecisionButton] = {}
        dense = len(classes) > _FEW
        looks, keys = theme.looks(classes), digits(classes)
        for number, (one, look, key) in enumerate(zip(classes, looks, keys, strict=True)):
            button = DecisionButton(self._theme, one.name, key, look=look, dense=dense)
            button.clicked.connect(lambda _on=False, at=number: self.decided.emit(at))
            self.buttons[one.id] = button
        for name, key, icon, signal in (
            ("Unsure", "U", "question", self.unsure),
            ("Exclude", "X", "prohibit", self.exclude),
        ):
            button = DecisionButton(self._theme, name, key, icon=icon, dense=dense)
            button.clicked.connect(signal)
            self.buttons[name] = button
        for button in self.buttons.values():
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setMaximumWidth(2 * button.sizeHint().width())
            line.addWidget(button, 1)
        for name in ("Unsure", "Exclude"):  # they have no letters to be shortened to
            wide = self.buttons[name].fontMetrics().horizontalAdvance(name)
            self.buttons[name].setMinimumWidth(wide + _BESIDE)
        self._dense = dense
        return foot

    def show_whose(self, place: int, *, error: bool) -> None:
        """Which image the buttons decide; one that could not be read is not decided."""
        number = f"{place + 1:,}"
        self.whose.setText(
            f"Image {number}" if self._dense else f"Your decision for image {number}"
        )
        for button in self.buttons.values():
            button.setEnabled(not error)

    def fit(self) -> None:
        for card in self.cards:
            card.image.fit()

    def _follow(self, moved: ImageView) -> None:
        scale, away = moved.view
        for card in self.cards:
            if card.image is not moved:
                card.image.set_view(scale, away)

    def _zoomed(self, scale: float) -> None:
        fitted = self.cards[0].image.fitted
        self.zoom_words.setText("fitted" if fitted else f"{round(100 * scale)} %")

    def event(self, event: QEvent) -> bool:
        """Keys that the window uses otherwise are heard here first."""
        asked = event.type() is QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and self._act(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        act = self._act(event)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _act(self, event: QKeyEvent) -> Callable[[], object] | None:
        """What a key does here; None: what it does in the window, as the keys that decide."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return None
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and event.key() in _ENTER:
            return _nothing  # it would confirm a page of images that lie behind this
        image = self.cards[0].image
        acts: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Escape: self.closed.emit,
            Qt.Key.Key_D: self.closed.emit,
            Qt.Key.Key_Plus: image.zoom_in,
            Qt.Key.Key_Equal: image.zoom_in,
            Qt.Key.Key_Minus: image.zoom_out,
            Qt.Key.Key_0: self.fit,
            Qt.Key.Key_Left: partial(self.stepped.emit, -1),
            Qt.Key.Key_Right: partial(self.stepped.emit, 1),
        }
        return acts.get(event.key())

    def focusNextPrevChild(self, next_: bool) -> bool:  # noqa: N802  # Qt's: Tab, Shift+Tab
        self.stepped.emit(1 if next_ else -1)
        return True

    def _draw_icons(self) -> None:
        self.back.setIcon(self._theme.icon("arrow-left"))
        for button, name in self._tools:
            button.setIcon(self._theme.icon(name))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.tokens.surround))
        painter.end()


def _nothing() -> None:
    """What a key does that is to do nothing here."""
