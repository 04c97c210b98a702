"""One of the images that are compared: the image, what it is called, what the model says."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from leukview.domain.records import DecisionState, two_digits
from leukview.ui.models.gallery_model import Tile, decision_words
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips, parts
from leukview.ui.widgets.bars import ProbabilityBars
from leukview.ui.widgets.image_view import ImageView

_LEAST = 72  # of an image, so that six stand side by side in the smallest window
_GAP = 5  # between the image and its frame
_RING = 2
_FEW = 4


class CompareCard(QFrame):
    """Shows a tile large; says when it is clicked. What is hidden in the tile is not here either.

    Args:
        theme_: colours.
        looks: of the classes.
        threshold: confidence below which an image needs review.
        row: of the image in the review.
        bars: whether there is room for a bar per class.
    """

    pressed = Signal(int)

    def __init__(
        self,
        theme_: Theme,
        looks: Sequence[ClassLook],
        threshold: float,
        row: int,
        *,
        bars: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._looks, self.row = theme_, tuple(looks), row
        self._tile: Tile | None = None
        self._current = False
        body = parts.column(margins=(14, 14, 14, 12), gap=6)
        self.setLayout(body)
        self.image = ImageView(theme_)
        self.image.setMinimumSize(_LEAST, _LEAST)
        self.image.installEventFilter(self)
        body.addWidget(self.image, 1)
        body.addSpacing(_GAP)
        line = parts.row()
        self._chip = QLabel()
        self.title = parts.Elided(strong=True)
        line.addWidget(self._chip)
        line.addWidget(self.title, 1)
        body.addLayout(line)
        self.state = parts.Elided(Style.CAPTION, tone="second")
        self.suggestion = parts.Elided(Style.CAPTION, tone="second")
        body.addWidget(self.state)
        body.addWidget(self.suggestion)
        self.bars = ProbabilityBars(theme_) if bars else None
        if self.bars is not None:
            self.bars.set_compact(len(looks) > _FEW)
            self.bars.set_classes(looks, threshold)
            body.addWidget(self.bars)
        theme_.changed.connect(self._draw_chip)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press on the image chooses it too; the image drags all the same."""
        if event.type() is QEvent.Type.MouseButtonPress:
            self.pressed.emit(self.row)
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit(self.row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The image is at most square: what is taller would be bare mount above and below it."""
        super().resizeEvent(event)
        rest = self.sizeHint().height() - self.image.sizeHint().height()
        self.setMaximumHeight(max(rest + self.image.width(), self.minimumSizeHint().height()))

    def show_tile(
        self, tile: Tile, place: int, probabilities: Sequence[float], *, current: bool
    ) -> None:
        """What is known of it; `probabilities` are empty where none are to be seen."""
        self._tile, self._current = tile, current
        self.title.say(tile.name or f"Image {place + 1:,}")
        words = decision_words(tile, self._name(tile.decided))
        self.state.say(words[0].upper() + words[1:])
        self.suggestion.say(self._suggestion(tile))
        if self.bars is not None:
            self.bars.setVisible(not tile.hidden)
            self.bars.show_values(probabilities, unfamiliar=tile.unfamiliar)
        self.image.setAccessibleName(f"Image {place + 1:,}")
        self._draw_chip()

    def show_name(self, spoken: str) -> None:
        """The whole card as one sentence."""
        chosen = "Decided now: " if self._current else ""
        self.setAccessibleName(chosen + spoken)

    def _suggestion(self, tile: Tile) -> str:
        if tile.hidden:
            return "Suggestion hidden"
        if tile.suggested < 0:
            return "No suggestion"
        said = f"Suggested {self._name(tile.suggested)} {two_digits(tile.confidence)}"
        return f"{said}, unlike the training images" if tile.unfamiliar else said

    def _name(self, index: int) -> str:
        return self._looks[index].name if 0 <= index < len(self._looks) else "another class"

    @property
    def _frame(self) -> tuple[ClassLook | None, bool]:
        """The class of the frame and the chip, and whether a person gave it."""
        tile = self._tile
        if tile is None:
            return None, False
        decided = tile.state is not DecisionState.UNDECIDED
        index = tile.decided if decided else tile.suggested
        return (self._looks[index] if 0 <= index < len(self._looks) else None), decided

    def _draw_chip(self) -> None:
        look, decided = self._frame
        self._chip.setVisible(look is not None)
        if look is not None:
            made = chips.canvas(chips.WIDTH, chips.HEIGHT, self.devicePixelRatioF())
            painter = QPainter(made)
            text, ground = self._theme.tokens.text, chips.Ground.PANEL
            chips.paint(painter, QPointF(), look, filled=decided, text=text, ground=ground)
            painter.end()
            self._chip.setPixmap(made)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(_RING, _RING, -_RING, -_RING)
        ring = QPen(QColor(t.accent), _RING) if self._current else QPen(QColor(t.border), 1)
        painter.setPen(ring)
        painter.setBrush(QColor(t.panel))
        painter.drawRoundedRect(box, 8, 8)
        frame = QRectF(self.image.geometry()).adjusted(-_GAP, -_GAP, _GAP, _GAP)
        look, decided = self._frame
        if look is not None and not decided:
            chips.dots(painter, frame, look.fill, radius=3.0)
        elif look is not None:
            painter.setPen(QPen(QColor(look.fill), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(1, 1, -1, -1), 4, 4)
        painter.end()
