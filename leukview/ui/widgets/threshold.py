"""A threshold to try: how many images would need review, and how many of them were wrong so far."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSlider, QWidget

from leukview.measures.curves import Below, Thresholds
from leukview.ui import messages, theme
from leukview.ui.theme import Style
from leukview.ui.widgets import parts

_STEPS = 100  # of the slider, so it moves by 0.01


class ThresholdRow(QWidget):
    """Slider and what it would do. It changes no suggestion: the model's own threshold stays."""

    moved = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._found: Thresholds | None = None
        self._own = 0.0
        body = parts.column(gap=4)
        self.setLayout(body)
        line = parts.row()
        line.addWidget(parts.label("Try a threshold", Style.CAPTION, tone="second"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setPageStep(5)
        self.slider.setMinimumHeight(theme.ICON + 8)
        line.addWidget(self.slider, 1)
        self.value = parts.label()
        self.value.setMinimumWidth(self.value.fontMetrics().horizontalAdvance("0.000"))
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.value)
        body.addLayout(line)
        self.effect = parts.label(style=Style.CAPTION, wrap=True)
        # Three lines are kept for it, so that nothing jumps while the slider moves.
        self.effect.setMinimumHeight(3 * self.effect.fontMetrics().lineSpacing())
        self.effect.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        body.addWidget(self.effect)
        self.slider.valueChanged.connect(self._moved)
        self._say()

    @property
    def threshold(self) -> float:
        """What the slider says; at the model's place exactly what the model says."""
        at = self.slider.value()
        return self._own if at == round(_STEPS * self._own) else at / _STEPS

    def begin(self, own: float) -> None:
        """Take the model's threshold as the place to start."""
        self._own = own
        self.slider.blockSignals(True)
        self.slider.setValue(round(_STEPS * own))
        self.slider.blockSignals(False)
        self._say()

    def show_thresholds(self, found: Thresholds) -> None:
        """Take confidences and what is known of them."""
        self._found = found
        self._say()

    def _moved(self) -> None:
        self._say()
        self.moved.emit(self.threshold)

    def _say(self) -> None:
        threshold = self.threshold
        self.value.setText(f"{threshold:.2f}")
        words = effect(self._found.at(threshold)) if self._found else ""
        own = " It is the model's own." if threshold == self._own else ""
        self.effect.setText(words)
        self.slider.setToolTip(f"The model's own threshold is {self._own:.2f}, and stays in force.")
        self.slider.setAccessibleName(f"Try a threshold: review below {threshold:.2f}.{own}")
        self.slider.setAccessibleDescription(words)


def effect(found: Below) -> str:
    """What a threshold would do, in two sentences."""
    return (
        f"{messages.images(found.below)} would need review:"
        f" {found.judged_below:,} judged so far, {found.wrong_below:,} of these wrong."
        f" {messages.images(found.above)} would pass: {found.judged_above:,} judged so far,"
        f" {found.wrong_above:,} of these wrong."
    )
