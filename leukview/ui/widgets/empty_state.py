"""What stands in the gallery when a queue has no images: why, and what is next."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from leukview.ui import messages, theme
from leukview.ui.models.queue import Filter, Tab
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.workflows.review import Review

CLEAR, ALL, OVERVIEW = "Clear the filter", "Show all images", "Go to the Overview"


@dataclass(frozen=True, slots=True)
class Why:
    """Icon, title, one line, and the words of the button, or ""."""

    icon: str
    title: str
    line: str
    button: str = ""


def why(review: Review | None, tab: Tab, chosen: Filter, *, waiting: bool) -> Why:
    """Why this queue has no images; `waiting`: for the model."""
    if review is None or not review.count:
        return Why("folder-open", "No images", "Open a folder of cell images (Ctrl+O).")
    if chosen != Filter():
        hidden = f"{messages.images(review.count)} in the folder, none of them here."
        return Why("funnel", "No image passes the filter", hidden, CLEAR)
    if tab is Tab.REVIEW and waiting:
        line = "What needs review is known when the model has looked at the images."
        return Why("cpu", "Waiting for the model", line, ALL)
    if tab is Tab.REVIEW and not (review.suggested >= 0).any():
        line = "What needs review is known after a run. Press Run (Ctrl+R)."
        return Why("circle-dashed", "Nothing is classified yet", line)
    if tab is Tab.REVIEW:
        return Why("check-circle", "Nothing needs review", "Next: all images.", ALL)
    return Why("check-circle", "Every image is decided", "Next: the Overview (F3).", OVERVIEW)


class EmptyState(QWidget):
    """Lies in the middle of the gallery; hidden while there are images."""

    pressed = Signal(str)

    def __init__(self, theme_: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._why = theme_, Why("folder-open", "", "")
        body = parts.column(margins=(40, 0, 40, 0), gap=theme.GAP)
        self.setLayout(body)
        self._icon = QLabel()
        self.title = parts.label(style=Style.TITLE)
        self.line = parts.label(tone="second", wrap=True)
        self.button = parts.Button("", kind="primary")
        self.button.clicked.connect(lambda: self.pressed.emit(self._why.button))
        body.addStretch(2)
        for one in (self._icon, self.title, self.line):
            one.setAlignment(Qt.AlignmentFlag.AlignCenter)
            body.addWidget(one)
        body.addSpacing(theme.GAP_ICON)
        body.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addStretch(3)
        theme_.changed.connect(self._draw)
        self.hide()

    def say(self, said: Why | None) -> None:
        """Show why there are no images; None: there are."""
        self.setVisible(said is not None)
        if said is None or said == self._why:
            return
        self._why = said
        self.title.setText(said.title)
        self.line.setText(said.line)
        self.button.setVisible(bool(said.button))
        self.button.setText(said.button)
        self.button.setAccessibleName(said.button)
        self._draw()

    def _draw(self) -> None:
        icon = self._theme.icon(self._why.icon, self._theme.tokens.text_2)
        size = QSize(theme.ICON_LARGE, theme.ICON_LARGE)
        self._icon.setPixmap(icon.pixmap(size, self.devicePixelRatioF()))
