"""The overview: key figures, counts per class, confusion, confidence. Each with n and interval."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from leukview.domain.classes import Unit
from leukview.ui import messages, theme
from leukview.ui.models import summary
from leukview.ui.models.queue import Cell
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.class_table import ClassTable
from leukview.ui.widgets.histogram import Histogram
from leukview.ui.widgets.matrix import MatrixView
from leukview.workflows.checks import audit_result, audit_said
from leukview.workflows.readers import switches
from leukview.workflows.review import Review

_DECIDED, _TRUTH = 0, 1
_WIDE = 1080
_STATES = ("Agreed", "Changed", "Unsure", "Excluded", "Not decided")


class Figure(QWidget):
    """A key figure: what it is, the number, its n and interval."""

    def __init__(self) -> None:
        super().__init__()
        body = parts.column(gap=0)
        self.setLayout(body)
        self.title = parts.label(style=Style.CAPTION, tone="second")
        self.value = parts.label(style=Style.FIGURE)
        self.source = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        self.source.setMinimumWidth(144)
        for one in (self.title, self.value, self.source):
            body.addWidget(one)
        body.addStretch(1)

    def say(self, title: str, value: str, source: str) -> None:
        self.title.setText(title)
        self.value.setText(value)
        self.source.setText(source)
        self.setAccessibleName(f"{title}: {value}, {source}")


class Overview(QScrollArea):
    """Computed from the review when it is shown, and again when something changed."""

    cell_chosen = Signal(object)
    export_clicked = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._review: Review | None = None
        self._unit, self._threshold = Unit.CELL, 0.0
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is on it has it
        ground = parts.panel("ground")
        self.setWidget(ground)
        body = parts.column(margins=(16, 16, 16, 16), gap=theme.PAD_CARD)
        ground.setLayout(body)
        self._head(body)
        self._cards = QGridLayout()
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(theme.PAD_PANEL)
        body.addLayout(self._cards, 1)
        self._columns = 0
        self.table_card, inside = self._card("Counts per class")
        self.table_note = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        self.table = ClassTable(theme_)
        inside.addWidget(self.table_note)
        inside.addWidget(self.table)
        inside.addStretch(1)
        self._matrix_card()
        self._states_card()
        self.histogram_card, inside = self._card("Confidence")
        self.histogram_note = parts.label(style=Style.CAPTION, tone="second")
        self.histogram = Histogram(theme_)
        inside.addWidget(self.histogram_note)
        inside.addWidget(self.histogram, 1)
        theme_.changed.connect(self._draw)
        self._draw()
        self._arrange(3)

    def _head(self, body: QVBoxLayout) -> None:
        line = self._head_line = parts.row(gap=theme.GAP_SECTION)
        self.figures = [Figure() for _ in range(4)]
        for number, figure in enumerate(self.figures):
            if number:
                line.addWidget(parts.hairline(vertical=True))
            line.addWidget(figure, 3)
        line.addStretch(1)
        self.export_button = parts.Button("Export", kind="primary")
        self.export_button.setToolTip("Write the table as CSV (Ctrl+E)")
        self.export_button.clicked.connect(self.export_clicked)
        line.addWidget(self.export_button, 0, Qt.AlignmentFlag.AlignVCenter)
        body.addLayout(line)

    def _card(self, title: str) -> tuple[QFrame, QVBoxLayout]:
        made = parts.panel("card")
        inside = parts.column(margins=(16, 12, 16, 16), gap=6)
        made.setLayout(inside)
        inside.addWidget(parts.label(title, strong=True))
        return made, inside

    def _states_card(self) -> None:
        self.states_card, inside = self._card("Decisions")
        self.states_note = parts.label(style=Style.CAPTION, tone="second")
        inside.addWidget(self.states_note)
        self.states = {name: (parts.label(), parts.label(tone="second")) for name in _STATES}
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        lines = QGridLayout()  # counts under counts and shares under shares
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setVerticalSpacing(8)
        lines.setHorizontalSpacing(theme.PAD_CARD)
        lines.setColumnStretch(0, 1)
        for at, (name, figures) in enumerate(self.states.items()):
            lines.addWidget(parts.hairline(), 2 * at, 0, 1, 3)
            lines.addWidget(parts.label(name), 2 * at + 1, 0)
            for column, figure in enumerate(figures, 1):
                figure.setAlignment(right)
                lines.addWidget(figure, 2 * at + 1, column)
        inside.addLayout(lines)
        inside.addSpacing(theme.GAP)
        self.switches = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        inside.addWidget(self.switches)
        self.audit = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        inside.addWidget(self.audit)
        inside.addStretch(1)

    def _matrix_card(self) -> None:
        self.matrix_card = parts.panel("card")
        inside = parts.column(margins=(16, 8, 16, 16), gap=6)
        self.matrix_card.setLayout(inside)
        line = parts.row()
        line.addWidget(parts.label("Confusion", strong=True))
        line.addStretch(1)
        self.against = parts.Segments(("Decided", "Folder names"))
        self.against.chosen.connect(lambda _number: self._show_matrix())
        line.addWidget(self.against)
        inside.addLayout(line)
        self.matrix_note = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        inside.addWidget(self.matrix_note)
        self.matrix = MatrixView(self._theme)
        self.matrix.cell_chosen.connect(self._choose)
        inside.addWidget(self.matrix)
        inside.addStretch(1)

    def show_review(self, review: Review | None, unit: Unit, threshold: float) -> None:
        """Take a review; the figures are computed by `refresh`."""
        self._review, self._unit, self._threshold = review, unit, threshold
        self.against.choose(_DECIDED)

    def refresh(self) -> None:
        """Compute and show everything again."""
        review = self._review
        if review is None or not review.classes:
            return
        looks = theme.looks(review.classes)
        lines = summary.per_class(review, self._unit)
        self.table.show_lines(looks, lines, summary.apart(review, lines))
        cells = self._unit is Unit.CELL
        self.table_note.setText(
            "Combined: the decision where there is one, else the suggestion. Unsure and excluded"
            " images are left out. Exact (Clopper–Pearson) intervals, of leukocytes."
            if cells
            else "Images, not cells: one image shows a whole field. Combined: the decision where"
            " there is one, else the suggestion."
        )
        hidden = int(review.hidden.sum())
        if hidden:
            said = (
                f" Left out until they are decided: {messages.images(hidden)} of the audit sample."
            )
            self.table_note.setText(self.table_note.text() + said)
        self._show_figures(review)
        self._show_states(review)
        edges, found = summary.histogram(review, self._threshold)
        self.histogram.show_counts(edges, found, self._threshold, len(looks))
        self.histogram_note.setText(f"{messages.images(int(found.sum()))} with a suggestion")
        self._show_matrix()

    def _show_figures(self, review: Review) -> None:
        count = summary.counts(review)
        first, second, third, fourth = self.figures
        bad = summary.malignant(review, self._unit)
        if bad is not None and bad.n:
            names = " + ".join(c.name for c in review.classes if c.malignant)
            low, high = bad.interval
            first.say(
                f"{names}, combined",
                messages.percent(bad.value),
                f"{bad.k:,} of {bad.n:,} leukocytes · {_ci(low, high)}",
            )
        else:
            share = count.suggested / count.images if count.images else 0.0
            first.say(
                "Suggested",
                messages.percent(share),
                f"{count.suggested:,} of {messages.images(count.images)}",
            )
        second.say(
            "Decided",
            f"{count.decided:,}",
            f"of {messages.images(count.images)} · {count.unsure} unsure,"
            f" {count.excluded} excluded",
        )
        agreed = summary.agreement(review)
        if agreed.n:
            low, high = agreed.interval
            third.say(
                "Suggestion agreed",
                messages.percent(agreed.value),
                f"{agreed.k:,} of {agreed.n:,} decided · {_ci(low, high)}",
            )
        else:
            third.say("Suggestion agreed", "–", "nothing decided yet")
        kappa = summary.kappa(review)
        defined = not math.isnan(kappa)
        fourth.say(
            "Cohen’s κ, reader – model",
            f"{kappa:.2f}".replace("-", "\N{MINUS SIGN}") if defined else "–",
            f"{agreed.n:,} decided, not at random" if agreed.n else "nothing decided yet",
        )

    def _show_states(self, review: Review) -> None:
        count = summary.counts(review)
        left = count.images - count.decided
        values = (count.agreed, count.changed, count.unsure, count.excluded, left)
        for (figure, part), value in zip(self.states.values(), values, strict=True):
            figure.setText(f"{value:,}")
            part.setText(messages.percent(value / count.images if count.images else 0.0))
        self.states_note.setText(f"of {messages.images(count.images)}")
        found = switches(review)
        shown = found is not None and found.n > 0
        self.switches.setText(messages.switched(found) if found and shown else "")
        self.switches.setVisible(shown)
        sample = audit_result(review)
        self.audit.setText(f"Audit sample: {audit_said(sample).rstrip('.')}." if sample else "")
        self.audit.setVisible(sample is not None)

    def _show_matrix(self) -> None:
        review = self._review
        if review is None:
            return
        known = int((review.true_class >= 0).sum())
        why = "No folder name stands for a class of this model."
        self.against.set_enabled(_TRUTH, known > 0, why)
        if not known:
            self.against.choose(_DECIDED)
        truth = self.against.current == _TRUTH
        table = summary.matrix(review, truth=truth)
        word = "true class" if truth else "decided"
        self.matrix.show_matrix(theme.looks(review.classes), table, word)
        total = int(table.sum())
        source = "from the folder names" if truth else "chosen by the reviewer, not at random"
        self.matrix_note.setText(
            f"Rows: {word} · columns: suggested · n = {total:,}, {source}. Click a number to see"
            " its images."
            if total
            else "Nothing is decided yet. Decide images, and this table shows where you and the"
            " model differ."
        )

    def _choose(self, other: int, suggested: int) -> None:
        truth = self.against.current == _TRUTH
        self.cell_chosen.emit(Cell(suggested=suggested, other=other, truth=truth))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(3 if event.size().width() >= _WIDE else 2)

    def _arrange(self, columns: int) -> None:
        """Three columns in a wide window, two in a narrow one."""
        if columns == self._columns:
            return
        self._columns = columns
        cards = (self.table_card, self.matrix_card, self.histogram_card, self.states_card)
        for card in cards:
            self._cards.removeWidget(card)
        wide = columns == 3
        self._head_line.setSpacing(theme.GAP_SECTION if wide else theme.PAD_PANEL)
        self._cards.addWidget(self.table_card, 0, 0, 1, 2)
        if wide:
            self._cards.addWidget(self.matrix_card, 0, 2)
            self._cards.addWidget(self.histogram_card, 1, 0, 1, 2)
            self._cards.addWidget(self.states_card, 1, 2)
        else:
            self._cards.addWidget(self.matrix_card, 1, 0, 1, 2)
            self._cards.addWidget(self.histogram_card, 2, 0)
            self._cards.addWidget(self.states_card, 2, 1)
        for column in range(3):
            self._cards.setColumnStretch(column, 1 if column < columns else 0)
            # The histogram takes the height that is left, so the page ends where the window does.
            self._cards.setRowStretch(column, 1 if column == (1 if wide else 2) else 0)

    def _draw(self) -> None:
        t = self._theme.tokens
        self.export_button.setIcon(self._theme.icon("export", t.on_accent))


def _ci(low: float, high: float) -> str:
    """The interval with what it is, never broken between two lines."""
    return f"95 % CI {messages.interval(low, high)}".replace(" ", "\N{NO-BREAK SPACE}")
