"""The activation map over the current image: by key, after the reader's own decision only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QSlider, QWidget

from leukview.domain.errors import LeukViewError
from leukview.domain.progress import CancelToken
from leukview.imaging.decode import read
from leukview.imaging.preprocess import resize
from leukview.inference.activation import Activations
from leukview.ui.controller import Controller
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.review_page import ReviewPage

_USUAL = 60  # percent
EARLY = "The activation map is shown after your own decision for this image."
NONE = "This model gives no activation maps."


class ActivationMap(QObject):
    """Off for every image until it is asked for, and off again with the next one."""

    said = Signal(str)

    def __init__(self, page: ReviewPage, controller: Controller, theme_: Theme) -> None:
        super().__init__(page)
        self._page, self._controller, self._theme = page, controller, theme_
        self._maps: Activations | None = None
        self._row = -1
        self.line = QWidget()
        body = parts.column(gap=2)
        self.line.setLayout(body)
        self.words = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setValue(_USUAL)
        self.opacity.setAccessibleName("How strong the activation map is shown, percent")
        self.opacity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        body.addWidget(self.words)
        body.addWidget(self.opacity)
        page.inspector.below_image.addWidget(self.line)
        self.line.hide()
        self.opacity.valueChanged.connect(self._fade)
        page.gallery.selectionModel().currentChanged.connect(self._look)
        page.model.modelReset.connect(self.off)
        controller.changed.connect(self._look)

    @property
    def on(self) -> bool:
        return self._row >= 0

    def turn(self) -> None:
        """Show it, or take it away."""
        if self.on:
            self.off()
            return
        review, choice, row = self._page.review, self._controller.choice, self._page.current_row
        if review is None or choice is None or row < 0:
            return
        if not self._allowed(row):
            self.said.emit(EARLY)
        elif choice.model.contract.cam is None:
            self.said.emit(NONE)
        else:
            self._row = row
            self.words.setText("Looking at the image…")
            self.line.show()
            number = int(review.suggested[row])
            self._controller.background(partial(self._read, row, number), partial(self._take, row))

    def off(self) -> None:
        """Only the image."""
        self._row = -1
        self.line.hide()
        self._page.inspector.image.show_overlay(None)

    def _allowed(self, row: int) -> bool:
        """The model has spoken of it, that may be seen, and the reader has decided before."""
        review = self._page.review
        if review is None or review.is_hidden(row):
            return False
        return bool(review.state[row] > 0 and review.suggested[row] >= 0)

    def _read(self, row: int, number: int, _cancel: CancelToken) -> Iterator[object]:
        """In the worker."""
        review, choice = self._page.review, self._controller.choice
        if review is None or choice is None:
            return
        contract = choice.model.contract
        try:
            pixels = read(review.images[row].path).pixels
        except LeukViewError as error:
            yield str(error)
            return
        maps = self._maps
        if maps is None or maps.model is not choice.model:
            maps = self._maps = Activations(choice.model)
        sized = resize(pixels, contract.height, contract.width, contract.resize)
        yield number, maps.of(sized, number)

    def _take(self, row: int, found: object) -> None:
        review = self._page.review
        if review is None or row != self._row or not self._allowed(row):
            return
        if not isinstance(found, tuple):
            self.off()
            self.said.emit(str(found))
            return
        number, grid = found
        name = review.classes[number].name
        tall, wide = grid.shape
        self.words.setText(
            f"Bright: what spoke for {name}, in {wide} × {tall} places. It shows where the model"
            " looked, not why, and is no proof."
        )
        colour = QColor(self._theme.tokens.mount_warn)
        self._page.inspector.image.show_overlay(painted(grid, colour), self.opacity.value() / 100)

    def _look(self, *_what: object) -> None:
        """Another image, or its decision was taken back."""
        if self.on and (self._page.current_row != self._row or not self._allowed(self._row)):
            self.off()

    def _fade(self, percent: int) -> None:
        image = self._page.inspector.image
        image.show_overlay(image.overlay, percent / 100)


def painted(grid: NDArray[np.float32], colour: QColor) -> QImage:
    """One colour, as opaque as the map (h, w) of 0 to 1 is high."""
    tall, wide = grid.shape
    bytes_ = np.zeros((tall, wide, 4), np.uint8)
    bytes_[..., :3] = colour.red(), colour.green(), colour.blue()
    bytes_[..., 3] = np.round(255 * grid)
    return QImage(bytes_.data, wide, tall, 4 * wide, QImage.Format.Format_RGBA8888).copy()
