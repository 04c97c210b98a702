"""What stands in the gallery when a queue has no images: why, and what is next."""

from __future__ import annotations

import enum
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


class Doing(enum.Enum):
    """What is going on that may still fill a queue."""

    NOTHING = enum.auto()
    COMPARING = enum.auto()
    WAITING = enum.auto()  # for the model
    RUNNING = enum.auto()


def why(review: Review | None, tab: Tab, chosen: Filter, doing: Doing) -> Why:
    """Why no image belongs to this queue; that all is done is said only when it is."""
    if review is None or not review.count:
        return Why("folder-open", "No images", "Open a folder of cell images (Ctrl+O).")
    if chosen != Filter():
        hidden = f"{messages.images(review.count)} in the folder, none of them here."
        return Why("funnel", "No image passes the filter", hidden, CLEAR)
    if doing is Doing.COMPARING:
        line = "They are read to find what is known of them."
        return Why("circle-half", "Comparing the files…", line, ALL)
    if tab is Tab.REVIEW:
        return _none_to_review(review, doing)
    if tab is Tab.DISAGREE:
        line = "Here are images that the model and you, or two models, call differently."
        return Why("check-circle", "No disagreement", line, ALL)
    if tab is Tab.CLASS:
        line = "Nothing is suggested as this class or decided for it. The others stand above."
        return Why("check-circle", "No image of this class", line, ALL)
    if tab is Tab.SETTLE:
        return Why("check-circle", "The readers do not differ", "There is nothing to settle.", ALL)
    if tab is Tab.AUDIT:
        line = "It says how often you differ from the model where it is sure. Draw it: Slide menu."
        return Why("circle-dashed", "No audit sample is drawn", line)
    return Why("check-circle", "Every image is decided", "Next: the Overview (F3).", OVERVIEW)


def _none_to_review(review: Review, doing: Doing) -> Why:
    known = review.suggested >= 0
    left = review.count - int(known.sum()) - sum(1 for row in review.errors if not known[row])
    if doing is Doing.WAITING:
        line = "What needs review is known when the model has looked at the images."
        return Why("cpu", "Waiting for the model", line, ALL)
    if doing is Doing.RUNNING:
        line = "The model is still looking at the images."
        return Why("cpu", "Nothing needs review so far", line, ALL)
    if not known.any():
        line = "What needs review is known after a run. Press Run (Ctrl+R)."
        return Why("circle-dashed", "Nothing is classified yet", line)
    if left:
        line = f"Not classified yet: {messages.images(left)}. Press Run (Ctrl+R)."
        return Why("circle-dashed", "Nothing needs review so far", line, ALL)
    return Why("check-circle", "Nothing needs review", "Next: all images.", ALL)


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
