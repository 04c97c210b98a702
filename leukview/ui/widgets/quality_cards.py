"""How good suggestions are: reliability, confidences with a threshold to try, curves, per class."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QWidget

from leukview.measures.curves import Curves
from leukview.ui import messages, theme
from leukview.ui.figures_out import copy_table, save_figure
from leukview.ui.models import summary
from leukview.ui.models.judged import Judged, Source, thresholds
from leukview.ui.theme import Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.card import Card
from leukview.ui.widgets.histogram import Histogram
from leukview.ui.widgets.per_class import HEADS, PerClassTable
from leukview.ui.widgets.plot import Plot
from leukview.ui.widgets.quality_plots import CurvePlot, ReliabilityPlot, curve_words
from leukview.ui.widgets.threshold import ThresholdRow
from leukview.workflows.review import Review

_RIGHT_AXIS = {
    Source.DECIDED: "Agreed by the reader",
    Source.AUDIT: "Agreed, audit sample",
    Source.TRUTH: "As the folder name",
}


def source_words(found: Judged) -> str:
    """How many images figures are of, and how these came to be chosen."""
    return {
        Source.DECIDED: f"{found.count:,} decided, chosen by the reviewer, not at random",
        Source.AUDIT: f"{found.count:,} of the random audit sample, as decided first",
        Source.TRUTH: f"{found.count:,} from the folder names",
    }[found.source]


class FigureCard(Card):
    """A card with a figure that can be saved."""

    def __init__(self, title: str, name: str, plot: Plot, theme_: Theme) -> None:
        super().__init__(title, theme_)
        self.plot, self._name = plot, name
        self.save_button = self.add_tool(
            "export", f"Save the {name} as PNG or SVG, in the light theme", self.save
        )
        self.inside.addWidget(plot, 1)

    def save(self) -> None:
        """Ask where, and write it."""
        path = save_figure(self.plot, self._name, self.window())
        if path is not None:
            self.say(f"Saved {path.name}")


class ReliabilityCard(FigureCard):
    """How often a confidence was right."""

    def __init__(self, theme_: Theme) -> None:
        self.figure = ReliabilityPlot(theme_)
        super().__init__("Reliability", "reliability diagram", self.figure, theme_)

    def show_judged(self, found: Judged) -> None:
        """Show what the confidences of these images were worth."""
        said = found.reliability()
        self.figure.show_reliability(said, found.kinds, _RIGHT_AXIS[found.source])
        error = f" · calibration error {said.error:.3f}" if found.count else ""
        self.note.setText(f"{source_words(found)}{error}")


class ConfidenceCard(FigureCard):
    """How sure the model is, and what another threshold would do."""

    def __init__(self, theme_: Theme) -> None:
        self.figure = Histogram(theme_)
        super().__init__("Confidence", "confidence histogram", self.figure, theme_)
        self.row = ThresholdRow()
        self.inside.addWidget(self.row)
        self._review: Review | None = None
        self.row.moved.connect(lambda _threshold: self._draw_bars())

    def begin(self, threshold: float) -> None:
        """Take the model's threshold."""
        self.row.begin(threshold)

    def show_judged(self, review: Review, found: Judged) -> None:
        """Show all confidences, and what is known of those below the threshold."""
        self._review = review
        self.row.show_thresholds(thresholds(review, found))
        self._draw_bars()

    def _draw_bars(self) -> None:
        review = self._review
        if review is None:
            return
        threshold = self.row.threshold
        edges, counts = summary.histogram(review, threshold)
        self.figure.show_counts(edges, counts, threshold, len(review.classes))
        self.note.setText(f"{messages.images(int(counts.sum()))} with a suggestion")


class CurvesCard(FigureCard):
    """ROC or precision and recall of one class, by its probability."""

    def __init__(self, theme_: Theme, *, roc: bool) -> None:
        self.figure = CurvePlot(theme_, roc=roc)
        title = "ROC" if roc else "Precision and recall"
        name = "ROC curve" if roc else "precision-recall curve"
        super().__init__(title, name, self.figure, theme_)
        self._roc = roc

    def show_curves(self, found: Curves, name: str) -> None:
        """Show the class of this name against all others."""
        self.figure.show_curves(found, name)
        self.note.setText(curve_words(found, roc=self._roc))


class ClassChoice(parts.Button):
    """The class that the curves are of."""

    chosen = Signal()

    def __init__(self, theme_: Theme) -> None:
        super().__init__("Class", caret=partial(theme_.icon, "caret-down"))
        self.index = 0
        self.choices = QMenu(self)
        self.setMenu(self.choices)
        self._names: tuple[str, ...] = ()
        self.choices.triggered.connect(self._choose)

    def show_names(self, review: Review) -> None:
        """Offer these classes; the first malignant one is chosen, else the first."""
        names = tuple(one.name for one in review.classes)
        if names == self._names:
            return
        self._names = names
        self.index = next((n for n, one in enumerate(review.classes) if one.malignant), 0)
        self.choices.clear()
        for number, name in enumerate(names):
            made = QAction(name.replace("&", "&&"), self.choices)
            made.setData(number)
            self.choices.addAction(made)
        self._say_choice()

    def _choose(self, action: QAction) -> None:
        self.index = int(action.data())
        self._say_choice()
        self.chosen.emit()

    def _say_choice(self) -> None:
        """Say which one is chosen."""
        name = self._names[self.index]
        self.say(name, f"Class of the curves: {name}")
        self.setToolTip(f"Which class the curves are of: {name}")


class PerClassCard(Card):
    """Sensitivity and the rest of each class; copied by Ctrl+C or its button."""

    def __init__(self, theme_: Theme) -> None:
        super().__init__("Per class", theme_)
        self.copy_button = self.add_tool("copy", "Copy the figures per class (Ctrl+C)", self.copy)
        self.table = PerClassTable(theme_)
        self.inside.addWidget(self.table)
        self.inside.addStretch(1)
        copies(self.table, self.copy)

    def show_judged(self, found: Judged, review: Review) -> None:
        """Show these images' figures."""
        self.table.show_counts(theme.looks(review.classes), found.matrix())
        self.note.setText(f"Suggestion against each class, {source_words(found)}")

    def copy(self) -> None:
        """The table to the clipboard."""
        figures = self.table.figures
        rows = [
            [figures.text(row, n) for n in range(len(HEADS))] for row in range(len(figures.rows))
        ]
        copy_table([list(HEADS), *rows])
        self.say("Copied")


def copies(table: QWidget, act: Callable[[], None]) -> None:
    """Let Ctrl+C copy while the keyboard is in a table."""
    shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
    shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
    shortcut.activated.connect(act)
