"""How sure the model is: a histogram of the confidences with the review threshold."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from leukview.ui import theme
from leukview.ui.models.summary import BINS
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets.plot import Plot

_SAME = 1e-9  # edges are sums of floats


class Histogram(Plot):
    """Bars below the threshold are grey, those above carry the accent."""

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme_, parent)
        self._edges: NDArray[np.float64] = np.linspace(0, 1, BINS + 1)
        self._counts: NDArray[np.int64] = np.zeros(BINS, dtype=np.int64)
        self._threshold = self._least = 0.0
        self._bars = pg.BarGraphItem(x=[0.5], height=[0], width=0.04)
        self._line = pg.InfiniteLine(angle=90)
        self._base = pg.InfiniteLine(pos=0, angle=0)
        self._words = pg.TextItem(anchor=(1, 0))
        for item in (self._bars, self._base, self._line, self._words):
            self.plot.addItem(item)
        self.draw()

    def show_counts(
        self,
        edges: NDArray[np.float64],
        counts: NDArray[np.int64],
        threshold: float,
        classes: int,
    ) -> None:
        """Show counts (E,) between edges (E + 1,), of which the threshold is one.

        The largest of `classes` probabilities is never below 1 / classes, so the axis begins there.
        """
        self._edges, self._counts, self._threshold = edges, counts, threshold
        self._least = math.floor(10 / max(1, classes)) / 10
        self.plot.setAccessibleName(
            f"Confidence of {int(counts.sum())} suggestions, review below {threshold:.2f}"
        )
        self.draw()

    @property
    def counts(self) -> NDArray[np.int64]:
        return self._counts

    def draw(self) -> None:
        t = self.tokens
        caption = theme.font(Style.CAPTION)
        self.draw_axes()
        first = round(10 * self._least)
        tenths = range(10, first - 1, -2 if first < 4 else -1)
        marks = [(v / 10, f"{v / 10:.1f}") for v in tenths]
        self.label_axis("bottom", "Confidence of the suggestion", marks)
        top = max(1, int(self._counts.max()))
        step = _step(top)
        marks = [(v, f"{v:,}") for v in range(0, top + step, step)]
        self.plot.getAxis("left").setTicks([marks])
        some = self._counts > 0  # a bar of no height would still draw its outline over the axis
        self._bars.setOpts(**self._columns(some), pen=QColor(t.panel))
        self._line.setPen(pg.mkPen(QColor(t.text), width=1.5))
        self._line.setValue(self._threshold)
        self._line.setVisible(self._threshold > 0)
        self._words.setColor(QColor(t.text))
        self._words.setFont(caption)
        self._words.setText(f"review below {self._threshold:.2f} " if self._threshold else "")
        self._words.setPos(self._threshold, marks[-1][0])
        self._base.setPen(pg.mkPen(QColor(t.border_strong), width=1))
        # Room under the base line, or the "0" beside it is left out; fixed, so nothing jumps.
        self.plot.setXRange(self._least, 1, padding=0.02)
        self.plot.setYRange(-0.04 * marks[-1][0], marks[-1][0] * 1.06, padding=0)

    def _columns(self, some: NDArray[np.bool_]) -> dict[str, object]:
        """Bars of these bins; between the two parts of one that the threshold cuts is no gap."""
        t = self.tokens
        gap = 0.08 / BINS
        left, right = self._edges[:-1][some], self._edges[1:][some]
        below = right <= self._threshold + _SAME
        starts = np.where(np.abs(left - self._threshold) < _SAME, left, left + gap)
        ends = np.where(np.abs(right - self._threshold) < _SAME, right, right - gap)
        return {
            "x": (starts + ends) / 2,
            "width": np.maximum(ends - starts, gap),
            "height": self._counts[some],
            "brushes": [QColor(t.border_strong if under else t.accent) for under in below],
        }


def _step(top: int) -> int:
    """A round distance that gives two to five marks."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if top / (size * factor) <= 4:
                return size * factor
        size *= 10
