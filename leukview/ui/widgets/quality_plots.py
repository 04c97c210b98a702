"""How far confidences can be trusted: reliability, ROC, and precision against recall."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from leukview.measures.curves import Curves, Reliability
from leukview.ui.models.summary import Share
from leukview.ui.theme import Theme
from leukview.ui.widgets.plot import Plot

_FIFTHS = [(n / 5, f"{n / 5:.1f}") for n in range(6)]
_MOST_POINTS = 500  # of a curve; a screen has no room for more, and drawing 100,000 takes 0.2 s
_UNDER = 0.07  # room under the base line, or the "0.0" beside it is left out
_SIZE = 9  # of a mark, pixels


class ReliabilityPlot(Plot):
    """Per bin of confidence the share that was right, with its exact interval."""

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme_, parent)
        self._found: Reliability | None = None
        self._least, self._word = 0.0, "agreed"
        self._same = pg.PlotCurveItem()
        self._whiskers = pg.PlotCurveItem(connect="pairs")
        self._dots = pg.ScatterPlotItem(
            size=_SIZE, useCache=False
        )  # kept ones are pixels in an SVG
        for item in (self._same, self._whiskers, self._dots):
            self.plot.addItem(item)
        self.draw()

    def show_reliability(self, found: Reliability, classes: int, word: str) -> None:
        """Show bins; `word` says what the left axis counts ("Agreed by the reader")."""
        self._found, self._word = found, word
        # The largest of the probabilities is never below 1 / classes.
        self._least = math.floor(10 / max(1, classes)) / 10
        said = "; ".join(
            f"confidence {mean:.2f}: {right} of {n}"
            for mean, right, n in zip(found.confidence, found.right, found.n, strict=True)
        )
        self.plot.setAccessibleName(f"Reliability, {word}. {said or 'Nothing to judge by yet'}.")
        self.draw()

    @property
    def shares(self) -> NDArray[np.float64]:
        """Heights of the dots."""
        found = self._found
        return np.zeros(0) if found is None else found.right / found.n

    def draw(self) -> None:
        t = self.tokens
        self.draw_axes()
        first = round(10 * self._least)
        tenths = range(10, first - 1, -2 if first < 4 else -1)
        marks = [(v / 10, f"{v / 10:.1f}") for v in tenths]
        self.label_axis("bottom", "Confidence of the suggestion", marks)
        self.label_axis("left", self._word, _FIFTHS)
        dashed = pg.mkPen(QColor(t.text_2), width=1, style=Qt.PenStyle.DashLine)
        self._same.setData([self._least, 1], [self._least, 1], pen=dashed)
        self._draw_bins()
        self.plot.setXRange(self._least, 1, padding=0.03)
        self.plot.setYRange(-_UNDER, 1.05, padding=0)

    def _draw_bins(self) -> None:
        t, found = self.tokens, self._found
        if found is None or not len(found.n):
            self._whiskers.setData([], [])
            self._dots.setData([], [])
            return
        pairs = zip(found.right.tolist(), found.n.tolist(), strict=True)
        ends = np.array([Share(k, n).interval for k, n in pairs])  # kept: a decision changes one
        across = np.repeat(found.confidence, 2)
        self._whiskers.setData(across, ends.ravel(), pen=pg.mkPen(QColor(t.text_2), width=1.5))
        pen, brush = pg.mkPen(QColor(t.panel), width=1), QColor(t.accent)
        self._dots.setData(found.confidence, self.shares, pen=pen, brush=brush)


class CurvePlot(Plot):
    """The ROC of one class, or its precision against recall."""

    def __init__(self, theme_: Theme, *, roc: bool, parent: QWidget | None = None) -> None:
        super().__init__(theme_, parent)
        self._roc = roc
        self._found: Curves | None = None
        self._chance = pg.PlotCurveItem()
        self._line = pg.PlotCurveItem()
        for item in (self._chance, self._line):
            self.plot.addItem(item)
        self.draw()

    def show_curves(self, found: Curves, name: str) -> None:
        """Show the curve of the class with this name."""
        self._found = found
        what = "ROC" if self._roc else "Precision and recall"
        self.plot.setAccessibleName(f"{what} of {name}. {curve_words(found, roc=self._roc)}.")
        self.draw()

    @property
    def points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is drawn: across and up."""
        across, up = self._line.getData()
        nothing = np.zeros(0)
        return (nothing, nothing) if across is None else (across, up)

    def draw(self) -> None:
        t, found = self.tokens, self._found
        self.draw_axes()
        self.label_axis("bottom", "1 − specificity" if self._roc else "Recall", _FIFTHS)
        self.label_axis("left", "Sensitivity" if self._roc else "Precision", _FIFTHS)
        drawn = found is not None and not math.isnan(found.area)
        self._chance.setVisible(drawn)
        self._line.setVisible(drawn)
        if found is None or not drawn:
            self._line.setData([], [])
        else:
            dashed = pg.mkPen(QColor(t.text_2), width=1, style=Qt.PenStyle.DashLine)
            base = found.positive / (found.positive + found.negative)
            self._chance.setData([0, 1], [0, 1] if self._roc else [base, base], pen=dashed)
            pen = pg.mkPen(QColor(t.accent), width=2)
            across, up = self._reduced(found)
            if not self._roc:  # in steps, as its area is summed: between two points lies nothing
                across, up = np.repeat(across, 2)[:-1], np.repeat(up, 2)[1:]
            self._line.setData(across, up, pen=pen)
        self.plot.setXRange(0, 1, padding=0.03)
        self.plot.setYRange(-_UNDER, 1.05, padding=0)

    def _reduced(self, found: Curves) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """At most so many points as can be seen, evenly along the curve."""
        across = found.false_positive if self._roc else found.recall
        up = found.recall if self._roc else found.precision
        if len(across) <= _MOST_POINTS:
            return across, up
        way = np.concatenate([[0], np.cumsum(np.abs(np.diff(across)) + np.abs(np.diff(up)))])
        wanted = np.searchsorted(way, np.linspace(0, way[-1], _MOST_POINTS))
        some = np.unique(np.append(np.minimum(wanted, len(way) - 1), [0, len(way) - 1]))
        return across[some], up[some]


def curve_words(found: Curves, *, roc: bool) -> str:
    """The area with what it is of."""
    n = f"{found.positive:,} of this class, {found.negative:,} others"
    if math.isnan(found.area):
        return f"needs images of this class and others: {n}"
    if roc:
        return f"area {found.area:.3f} · {n}"
    return f"average precision {found.average_precision:.3f} · {n}"
