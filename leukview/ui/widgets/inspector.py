"""Right panel: the current image large, what the model says, and the buttons that decide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from leukview.domain.classes import CellClass
from leukview.domain.records import DecisionState
from leukview.ui import theme
from leukview.ui.actions import digits
from leukview.ui.models.gallery_model import Tile
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.bars import ProbabilityBars
from leukview.ui.widgets.decision_button import DecisionButton
from leukview.ui.widgets.image_view import ImageView

_FEW = 4
_TALL = 770  # pixels, from which on eight classes fit as drawn
_IMAGE, _LEAST_IMAGE = 232, 132
LEAST, USUAL = 320, 352


HIDDEN = "The suggestion is hidden until you have decided this image."
BLIND = "The suggestion is hidden until the blind reading ends."


class Inspector(QFrame):
    """Shows one image; says which button was pressed and decides nothing itself."""

    decided = Signal(int)
    unsure = Signal()
    exclude = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self.setProperty("role", "panel")
        self.setMinimumWidth(LEAST)
        self._blind = False
        self._classes: tuple[CellClass, ...] = ()
        self._looks: tuple[ClassLook, ...] = ()
        self.buttons: dict[str, DecisionButton] = {}
        outer = parts.column(gap=0)
        self.setLayout(outer)
        outer.addLayout(self._head())
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = parts.panel()
        scroll.setWidget(inside)
        outer.addWidget(scroll, 1)
        self._body = parts.column(margins=(theme.PAD_CARD, 0, theme.PAD_CARD, theme.PAD_CARD))
        inside.setLayout(self._body)
        self._build_image(self._body)
        self._build_suggestion(self._body)
        self._body.addWidget(parts.hairline())
        self._build_decision(self._body)
        self._body.addStretch(1)
        theme_.changed.connect(self._draw_icons)
        self._draw_icons()
        self.show_nothing("No image is selected.")

    def _head(self) -> QVBoxLayout:
        head = parts.column(margins=(theme.PAD_CARD, 10, theme.PAD_CARD, 8))
        line = parts.row()
        self.position = parts.label(strong=True)
        self.file_name = parts.Elided(Style.CAPTION, tone="second")
        self.file_name.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.position)
        line.addWidget(self.file_name, 1)
        head.addLayout(line)
        return head

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The image is at most square: what is taller would be bare mount above and below it."""
        super().resizeEvent(event)
        self.image.setMaximumHeight(self.width() - 2 * theme.PAD_CARD)
        self._fit_height()

    def _fit_height(self) -> None:
        """In a low window all is smaller, so that no button has to be scrolled to."""
        dense, low = len(self._classes) > _FEW, self.height() < _TALL
        compact = dense and low
        self.image.setMinimumHeight(_LEAST_IMAGE if low else _IMAGE)
        self.bars.set_compact(compact)
        self._tool_line.setVisible(not compact)
        self._body.setSpacing(6 if compact else theme.GAP)
        self._grid.setSpacing(4 if compact else theme.GAP)
        usual = theme.DECISION_DENSE if dense else theme.DECISION
        for button in self.buttons.values():
            button.set_height(theme.CONTROL_DENSE if compact else usual)

    def _build_image(self, body: QVBoxLayout) -> None:
        self.image = ImageView(self._theme)
        self.image.setMinimumHeight(_IMAGE)
        body.addWidget(self.image, 10)
        self._tool_line = QWidget()
        tools = parts.row(gap=2)
        self._tool_line.setLayout(tools)
        self.size_words = parts.label(style=Style.CAPTION, tone="second")
        tools.addWidget(self.size_words, 1)
        self._tools: list[tuple[QToolButton, str]] = []
        for name, words, act in (
            ("minus", "Show the image smaller (-)", self.image.zoom_out),
            ("plus", "Show the image larger (+)", self.image.zoom_in),
            ("corners-out", "Fit the image (0)", self.image.fit),
        ):
            button = QToolButton()
            button.setProperty("kind", "flat")
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setFixedSize(theme.CONTROL_DENSE, theme.CONTROL_DENSE)
            button.setIconSize(QSize(theme.ICON, theme.ICON))
            button.clicked.connect(act)
            self._tools.append((button, name))
            tools.addWidget(button)
        self.image.zoomed.connect(self._zoomed)
        body.addWidget(self._tool_line)
        self.below_image = parts.column(gap=4)  # what others lay over the image is said here
        body.addLayout(self.below_image)

    def _build_suggestion(self, body: QVBoxLayout) -> None:
        line = parts.row()
        title = parts.label("Suggestion", Style.CAPTION, tone="second")
        line.addWidget(title)
        line.addStretch(1)
        self.threshold = parts.label(style=Style.CAPTION, tone="second")
        line.addWidget(self.threshold)
        body.addLayout(line)
        self.bars = ProbabilityBars(self._theme)
        body.addWidget(self.bars)
        self._of_model: list[QWidget] = [title, self.threshold, self.bars]
        self.remark = parts.label(style=Style.CAPTION, tone="warn", wrap=True)
        self.note = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        body.addWidget(self.remark)
        body.addWidget(self.note)

    def _build_decision(self, body: QVBoxLayout) -> None:
        line = parts.row()
        self.heading = parts.label("Your decision", Style.CAPTION, tone="second")
        self.state = parts.Elided(Style.CAPTION)
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.heading)
        line.addWidget(self.state, 1)
        body.addLayout(line)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.GAP)
        body.addLayout(self._grid)
        hints = parts.row(gap=6)
        self._hints = [parts.key_cap("Enter"), parts.label("agree with", Style.CAPTION)]
        self.agree_with = parts.Elided(Style.CAPTION, strong=True)
        hints.addWidget(self._hints[0])
        hints.addWidget(self._hints[1])
        hints.addWidget(self.agree_with, 1)
        clear = [parts.key_cap("Backspace"), parts.label("clear", Style.CAPTION)]
        for widget in clear:
            hints.addWidget(widget)
        self._hints += clear
        body.addLayout(hints)

    def set_classes(self, classes: Sequence[CellClass], threshold: float) -> None:
        """New buttons and bars for the classes of a model."""
        self._classes = tuple(classes)
        looks = self._looks = theme.looks(classes)
        self.bars.set_classes(looks, threshold)
        self.threshold.setText(f"review below {threshold:.2f}" if classes else "no model yet")
        parts.clear(self._grid)
        self.buttons = {}
        dense = len(classes) > _FEW
        made: list[DecisionButton] = []
        for number, (one, look, key) in enumerate(
            zip(classes, looks, digits(classes), strict=True)
        ):
            button = DecisionButton(self._theme, one.name, key, look=look, dense=dense)
            button.clicked.connect(lambda _on=False, at=number: self.decided.emit(at))
            self.buttons[one.id] = button
            made.append(button)
        for name, key, icon, signal in (
            ("Unsure", "U", "question", self.unsure),
            ("Exclude", "X", "prohibit", self.exclude),
        ):
            button = DecisionButton(self._theme, name, key, icon=icon, dense=dense)
            button.clicked.connect(signal)
            self.buttons[name] = button
            made.append(button)
        for at, button in enumerate(made):
            self._grid.addWidget(button, at // 2, at % 2)
        parts.in_order([self._tools[-1][0], *made])
        self._fit_height()

    def set_blind(self, blind: bool) -> None:
        """In a blind reading there is nothing of the model, not even the room for it."""
        self._blind = blind
        for widget in self._of_model:
            widget.setVisible(not blind)

    def show_nothing(self, words: str) -> None:
        """No current image."""
        self.position.setText("")
        self.file_name.say("")
        self.size_words.setText("")
        self.image.show_image(None, words=words)
        self.bars.show_values(())
        self.remark.hide()
        self.note.hide()
        self.state.say("")
        self._hint((), decided=False)
        for button in self.buttons.values():
            button.setEnabled(False)
            theme.polish(button, "chosen", False)

    def show_tile(
        self,
        tile: Tile,
        *,
        place: int,
        total: int,
        selected: int,
        probabilities: Sequence[float],
        notes: Sequence[str],
        second: str = "",
    ) -> None:
        """Show what is known of the current image; its pixels come by `show_pixels`."""
        many = selected > 1
        self.position.setText(
            f"{selected:,} images selected" if many else f"Image {place + 1:,} of {total:,}"
        )
        name = tile.name or "name hidden"
        self.file_name.say(f"showing {name}" if many and tile.name else name)
        self.heading.setText(f"Your decision for {selected:,} images" if many else "Your decision")
        for widget in self._of_model:  # empty bars would say nothing, and need the room
            widget.setVisible(not (self._blind or tile.hidden))
        self.bars.show_values(probabilities, unfamiliar=tile.unfamiliar)
        self.remark.setText(
            "Unlike the training images: the probabilities may not hold." if tile.unfamiliar else ""
        )
        self.remark.setVisible(tile.unfamiliar)
        said = [BLIND if self._blind else HIDDEN] if tile.hidden else []
        said += [words for words in (second, tile.readers) if words]
        said += [words[:1].upper() + words[1:] for words in ("; ".join(notes),) if words]
        said += [f"Comment: {tile.comment}"] if tile.comment else []
        self.note.setText("\n".join(said))
        self.note.setVisible(bool(said))
        self.state.say(*([""] if many else self._words_of(tile)))
        for key, button in self.buttons.items():
            button.setEnabled(not tile.error)
            theme.polish(button, "chosen", not many and key == self._chosen(tile))
        suggested = () if tile.suggested < 0 else self._names(tile.suggested)
        if many and not self._blind:
            suggested = ("each suggestion", "each")
        self._hint(suggested, decided=tile.state is not DecisionState.UNDECIDED or many)

    def show_pixels(self, pixmap: QPixmap | None, window: float, words: str) -> None:
        """Show the image itself, or say why it is not there."""
        self.image.show_image(pixmap, window=window, words=words)
        self._zoomed(self.image.scale)

    def _hint(self, suggested: Sequence[str], *, decided: bool) -> None:
        self.agree_with.say(*(suggested or [""]))
        for widget in self._hints[:2]:
            widget.setVisible(bool(suggested))
        for widget in self._hints[2:]:
            widget.setVisible(decided)

    def _names(self, index: int) -> Sequence[str]:
        """What a class is called, the whole name first."""
        return self._looks[index].names if 0 <= index < len(self._looks) else ["another class"]

    def _chosen(self, tile: Tile) -> str:
        match tile.state:
            case DecisionState.UNSURE:
                return "Unsure"
            case DecisionState.EXCLUDED:
                return "Exclude"
            case DecisionState.UNDECIDED:
                return ""
        return self._classes[tile.decided].id if 0 <= tile.decided < len(self._classes) else ""

    def _words_of(self, tile: Tile) -> list[str]:
        match tile.state:
            case DecisionState.AGREED | DecisionState.CHANGED if tile.hidden:
                return [*self._names(tile.decided)]
            case DecisionState.AGREED:
                return [f"{name}, agreed" for name in self._names(tile.decided)]
            case DecisionState.CHANGED:
                return [f"{name}, changed" for name in self._names(tile.decided)]
            case DecisionState.UNSURE:
                return ["unsure"]
            case DecisionState.EXCLUDED:
                return [f"excluded: {tile.reason}" if tile.reason else "excluded"]
        return ["not decided"]

    def _zoomed(self, scale: float) -> None:
        pixmap = self.image.pixmap
        if pixmap is None:
            self.size_words.setText("")
            return
        zoom = "" if self.image.fitted else f" · {round(100 * scale)} %"
        self.size_words.setText(f"{pixmap.width()} × {pixmap.height()} px{zoom}")

    def _draw_icons(self) -> None:
        for button, name in self._tools:
            button.setIcon(self._theme.icon(name))
