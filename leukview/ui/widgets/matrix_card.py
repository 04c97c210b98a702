"""The card of the confusion matrix, with the switch that says what suggestions are judged by."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal

from leukview.ui import theme
from leukview.ui.figures_out import copy_table
from leukview.ui.models.judged import Judged, Source
from leukview.ui.theme import Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.card import Card
from leukview.ui.widgets.matrix import MatrixView
from leukview.ui.widgets.quality_cards import copies, source_words
from leukview.workflows.review import Review

_WORDS = ("Decided", "Audit", "Folder names")
_NOTHING = {
    Source.DECIDED: "Nothing is decided yet. Decide images, and this table shows where you and the"
    " model differ.",
    Source.AUDIT: "Nothing of the audit sample is read yet. What is not read is not shown.",
    Source.TRUTH: "No image with a folder name that stands for a class has a suggestion yet.",
}


class MatrixCard(Card):
    """Confusion: all decided, the audit sample alone, or against folder names."""

    source_chosen = Signal()
    cell_chosen = Signal(int, int)  # index of what counts as right, of the suggested class

    def __init__(self, theme_: Theme) -> None:
        super().__init__("Confusion", theme_)
        self.against = parts.Segments(_WORDS)
        self.against.setAccessibleName("What suggestions are judged by")
        self.against.chosen.connect(lambda _number: self.source_chosen.emit())
        self.add_switch(self.against)
        self.copy_button = self.add_tool("copy", "Copy the confusion matrix (Ctrl+C)", self.copy)
        self.matrix = MatrixView(theme_)
        self.matrix.cell_chosen.connect(self.cell_chosen)
        self.inside.addWidget(self.matrix)
        self.inside.addStretch(1)
        copies(self.matrix, self.copy)

    def offer(self, reasons: Mapping[Source, str]) -> None:
        """Say which sources there are; a reason is why there is none."""
        for source, why in reasons.items():
            self.against.set_enabled(source, not why, why)
        if reasons[Source(self.against.current)]:
            self.against.choose(Source.DECIDED)

    def show_judged(self, found: Judged, review: Review) -> None:
        """Show these images' matrix."""
        word = "true class" if found.source is Source.TRUTH else "decided"
        self.matrix.show_matrix(theme.looks(review.classes), found.matrix(), word)
        self.note.setText(
            f"Rows: {word} · columns: suggested · n = {source_words(found)}. Click a number to see"
            " its images."
            if found.count
            else _NOTHING[found.source]
        )

    def copy(self) -> None:
        """The matrix with its sums to the clipboard."""
        shown = self.matrix.matrix
        names = [look.name for look in shown.looks]
        rows: list[list[object]] = [[f"{shown.row_word} \\ suggested", *names, "n"]]
        for row, name in enumerate([*names, "n"]):
            rows.append([name, *(shown.value(row, n + 1) for n in range(len(names) + 1))])
        copy_table(rows)
        self.say("Copied")
