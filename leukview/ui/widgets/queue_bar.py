"""Over the gallery: which queue, how much of it is done, filter, order, size of the tiles."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)

from leukview.ui import theme
from leukview.ui.models.queue import Filter, Order
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts, tile
from leukview.ui.widgets.filter_popup import FilterPopup

_NARROW = 600
_AROUND = 130  # margins, gaps, and what a chip has around its words


class QueueBar(QFrame):
    """One line: counts at the left, filter, order and size at the right."""

    filter_changed = Signal(object)
    order_changed = Signal(str)
    edge_changed = Signal(int)
    refresh = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._counts = theme_, (0, 0)
        self._cell_words: tuple[str, ...] = ()
        self.setProperty("role", "panel")
        line = parts.row(margins=(theme.PAD_CARD, 4, theme.PAD_PANEL, 4))
        self.setLayout(line)
        self.total = parts.label(strong=True)
        self.done = parts.Elided(tone="second")
        line.addWidget(self.total)
        self._build_chip(line)
        line.addWidget(self.done, 1)
        self.popup = FilterPopup(self)
        self.popup.changed.connect(self.filter_changed)
        self.refresh_button = self._flat("Refresh", "Build this queue anew")
        self.refresh_button.clicked.connect(self.refresh)
        self.filter_button = self._flat("Filter", "Show only some images")
        self.filter_button.clicked.connect(self.open_filter)
        self.order_button = self._flat("File order", "Order of the queue")
        self.order_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._orders = QActionGroup(self)
        menu = QMenu(self.order_button)
        for order in Order:
            action = QAction(order.value, self._orders)
            action.setCheckable(True)
            action.setData(order.value)
            menu.addAction(action)
        self.order_button.setMenu(menu)
        self._orders.triggered.connect(lambda action: self.order_changed.emit(action.data()))
        for button in (self.refresh_button, self.filter_button, self.order_button):
            line.addWidget(button)
        self._build_slider(line)
        theme_.changed.connect(self._draw_icons)
        self._draw_icons()

    def _build_chip(self, line: QHBoxLayout) -> None:
        self.chip = QPushButton()
        self.chip.setProperty("kind", "badge")
        self.chip.setToolTip("Show all images again")
        self.chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.chip.clicked.connect(lambda: self.filter_changed.emit(Filter()))
        self.chip.hide()
        line.addWidget(self.chip)

    def _build_slider(self, line: QHBoxLayout) -> None:
        self._size_icon = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(tile.SMALLEST, tile.LARGEST)
        self.slider.setSingleStep(tile.STEP)
        self.slider.setPageStep(2 * tile.STEP)
        self.slider.setFixedWidth(88)
        self.slider.setToolTip("Size of the images (Ctrl + wheel)")
        self.slider.setAccessibleName("Size of the images, pixels")
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.valueChanged.connect(self._sized)
        line.addSpacing(4)
        line.addWidget(self._size_icon)
        line.addWidget(self.slider)

    def _sized(self, value: int) -> None:
        self.edge_changed.emit(tile.STEP * round(value / tile.STEP))

    def _flat(self, words: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setText(parts.beside(words))
        made.setToolTip(tip)
        made.setAccessibleName(f"{words}: {tip.lower()}")
        made.setProperty("kind", "flat")
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setIconSize(QSize(theme.ICON, theme.ICON))
        made.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL_DENSE))
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return made

    def open_filter(self) -> None:
        corner = QPoint(self.filter_button.width(), self.filter_button.height() + 2)
        self.popup.adjustSize()
        at = self.filter_button.mapToGlobal(corner)
        self.popup.move(at - QPoint(self.popup.width(), 0))
        self.popup.show()
        first = self.popup.boxes[0] if self.popup.boxes else self.popup.low
        first.setFocus(Qt.FocusReason.PopupFocusReason)

    def show_counts(self, total: int, decided: int, *, stale: bool) -> None:
        """How many are in the queue and decided; `stale`: others belong to it."""
        self._counts = (total, decided)
        self._say_counts()
        self.refresh_button.setVisible(stale)

    def _say_counts(self) -> None:
        total, decided = self._counts
        narrow = self.width() < _NARROW
        self.total.setText(f"{total:,} images" if narrow else f"{total:,} in this queue")
        left = f" · {total - decided:,} to go"
        self.done.say(f"{decided:,} decided" + ("" if narrow else left))

    def show_filter(self, chosen: Filter, cell_words: Sequence[str]) -> None:
        """Show the filter in force; `cell_words` name a cell of the confusion matrix, if any.

        They are given long and short; a narrow window gets the short ones.
        """
        self.popup.show_filter(chosen)
        self.filter_button.setCheckable(True)
        self.filter_button.setChecked(chosen.active)
        self.filter_button.setText(parts.beside("Filtered" if chosen.active else "Filter"))
        self._cell_words = tuple(cell_words)
        self.chip.setVisible(bool(cell_words))
        self._say_chip()

    def _say_chip(self) -> None:
        if not self._cell_words:
            return
        others = (self.total, self.filter_button, self.order_button, self.slider, self._size_icon)
        room = self.width() - sum(one.sizeHint().width() for one in others) - _AROUND
        metrics = self.chip.fontMetrics()
        fits = (w for w in self._cell_words if metrics.horizontalAdvance(w) <= room)
        self.chip.setText(parts.beside(next(fits, self._cell_words[-1])))
        self.chip.setAccessibleName(f"{self._cell_words[0]}. Press to show all images again")

    def set_blind(self, blind: bool) -> None:
        """In a blind reading there is no confidence to filter by."""
        self.popup.set_blind(blind)

    def show_order(self, order: Order, offered: Sequence[Order]) -> None:
        """The order in force, and those that there are in this queue."""
        self.order_button.setEnabled(len(offered) > 1)
        self.order_button.setText(parts.beside(order.value))
        self.order_button.setAccessibleName(f"Order of the queue: {order.value}")
        for action in self._orders.actions():
            action.setChecked(action.data() == order.value)
            action.setVisible(Order(action.data()) in offered)

    def show_edge(self, edge: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(edge)
        self.slider.blockSignals(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the buttons keep their icons and lose their words."""
        super().resizeEvent(event)
        style = (
            Qt.ToolButtonStyle.ToolButtonIconOnly
            if event.size().width() < _NARROW
            else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        for button in (self.refresh_button, self.filter_button, self.order_button):
            button.setToolButtonStyle(style)
        self._say_counts()
        self._say_chip()

    def _draw_icons(self) -> None:
        self.refresh_button.setIcon(self._theme.icon("arrow-clockwise"))
        self.filter_button.setIcon(self._theme.icon("funnel"))
        self.order_button.setIcon(self._theme.icon("sort-ascending"))
        self.chip.setIcon(self._theme.icon("x"))
        size = QSize(theme.ICON, theme.ICON)
        icon = self._theme.icon("squares-four", self._theme.tokens.text_2)
        self._size_icon.setPixmap(icon.pixmap(size, self.devicePixelRatioF()))
