"""The differential: counts and shares of each class, and how many cells a finer answer needs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from leukview.domain.classes import Unit
from leukview.measures.differential import cells_needed
from leukview.ui import messages, theme
from leukview.ui.figures_out import copy_table
from leukview.ui.models import summary
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.card import Card
from leukview.ui.widgets.class_table import ClassTable
from leukview.workflows.review import Review

_FIRST, _SECOND = 20, 25  # per cent; 20 % of blasts is where many classifications draw their line
_METHODS = ("Exact", "Wilson")
_NAMES = ("Exact (Clopper–Pearson)", "Wilson’s")


class Planning(QWidget):
    """n more cells to tell x % from y %."""

    def __init__(self) -> None:
        super().__init__()
        self._counted = 0
        body = parts.column(gap=4)
        self.setLayout(body)
        line = parts.row()
        self.more = parts.label(strong=True)
        line.addWidget(self.more)
        line.addWidget(parts.label("to tell"))
        self.shares = [self._field(value) for value in (_FIRST, _SECOND)]
        line.addWidget(self.shares[0])
        line.addWidget(parts.label("from"))
        line.addWidget(self.shares[1])
        line.addStretch(1)
        body.addLayout(line)
        self.needs = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        body.addWidget(self.needs)
        for field, words in zip(self.shares, ("First", "Second"), strict=True):
            field.setAccessibleName(f"{words} share of the leukocytes, in per cent")
            field.valueChanged.connect(self._say)
        self._say()

    def _field(self, value: int) -> QDoubleSpinBox:
        made = QDoubleSpinBox()
        made.setDecimals(0)
        made.setRange(1, 99)
        made.setSuffix("\N{THIN SPACE}%")
        made.setValue(value)
        made.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL - 4))
        return made

    def show_counted(self, cells: int) -> None:
        """Take how many leukocytes are counted."""
        self._counted = cells
        self._say()

    def _say(self) -> None:
        first, second = (field.value() / 100 for field in self.shares)
        if first == second:
            self.more.setText("Two different shares")
            self.needs.setText("Nothing tells a share from itself.")
            return
        needed = cells_needed(first, second)
        more = max(0, needed - self._counted)
        cells = "cell" if more == 1 else "cells"
        self.more.setText(f"{more:,} more {cells}" if more else "Enough cells")
        self.needs.setText(
            f"Needs {needed:,} leukocytes, {self._counted:,} are counted (α 0.05, power 0.8,"
            " one slide against a fixed share). Cells of one slide are one sample; a cell class is"
            " not a disease."
        )


class DifferentialCard(Card):
    """For models of cells a differential; for models of fields counts of images."""

    method_changed = Signal()

    def __init__(self, theme_: Theme) -> None:
        super().__init__("Differential", theme_)
        self.methods = parts.Segments(_METHODS)
        self.methods.setAccessibleName("Interval of the shares")
        self.methods.chosen.connect(lambda _number: self.method_changed.emit())
        self.add_switch(self.methods)
        self.copy_button = self.add_tool("copy", "Copy the counts per class as a table", self.copy)
        self.table = ClassTable(theme_)
        self.inside.addWidget(self.table)
        self.inside.addSpacing(theme.GAP)
        self.planning = Planning()
        self.inside.addWidget(self.planning)
        self.inside.addStretch(1)

    @property
    def score(self) -> bool:
        """Whether Wilson's interval is wished."""
        return self.methods.current == 1

    def copy(self) -> None:
        """The table to the clipboard."""
        copy_table(self.table.cells())
        self.say("Copied")

    def show_review(self, review: Review, unit: Unit) -> None:
        """Count everything and show it."""
        cells = unit is Unit.CELL
        self.title.setText("Differential" if cells else "Counts per class")
        self.methods.setVisible(cells)
        self.planning.setVisible(cells)
        lines = summary.per_class(review, unit, score=self.score)
        self.table.show_lines(theme.looks(review.classes), lines, summary.apart(review, lines))
        self.planning.show_counted(next((x.share.n for x in lines if x.share is not None), 0))
        said = (
            "Combined: the decision where there is one, else the suggestion. Unsure and excluded"
            f" images are left out. {_NAMES[self.methods.current]} 95 % intervals, of leukocytes."
            if cells
            else "Images, not cells: one image shows a whole field. Combined: the decision where"
            " there is one, else the suggestion."
        )
        hidden = int(review.hidden.sum())
        if hidden:
            of = f"{messages.images(hidden)} of the audit sample."
            said += f" Left out until they are decided: {of}"
        self.note.setText(said)
