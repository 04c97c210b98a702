"""The overview: key figures, counts per class, confusion, confidence. Each with n and interval."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from leukview.domain.classes import Unit
from leukview.measures.agreement import agreement
from leukview.ui import messages, theme
from leukview.ui.models import summary
from leukview.ui.models.judged import Judged, Source, class_curves, judged, why_not
from leukview.ui.models.queue import Cell, Tab
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.card import Card
from leukview.ui.widgets.differential_card import DifferentialCard
from leukview.ui.widgets.matrix_card import MatrixCard
from leukview.ui.widgets.quality_cards import (
    ClassChoice,
    ConfidenceCard,
    CurvesCard,
    PerClassCard,
    ReliabilityCard,
)
from leukview.workflows.checks import audit_result, audit_said
from leukview.workflows.readers import switches
from leukview.workflows.review import Review

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
    queue_chosen = Signal(object)  # a `Tab`, after a cell of the audit sample was chosen
    export_clicked = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._review: Review | None = None
        self._unit = Unit.CELL
        self._judged: Judged | None = None
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
        self._add_cards()
        theme_.changed.connect(self._draw)
        self._draw()
        self._arrange(3)

    def _add_cards(self) -> None:
        """All cards, in the order of Tab."""
        theme_ = self._theme
        self.table_card = DifferentialCard(theme_)
        self.table_card.method_changed.connect(self._show_table)
        self.table, self.table_note = self.table_card.table, self.table_card.note
        self.matrix_card = MatrixCard(theme_)
        self.matrix_card.source_chosen.connect(self._show_judged)
        self.matrix_card.cell_chosen.connect(self._choose)
        self.against, self.matrix = self.matrix_card.against, self.matrix_card.matrix
        self.reliability_card = ReliabilityCard(theme_)
        self.histogram_card = ConfidenceCard(theme_)
        self.histogram = self.histogram_card.figure
        self.class_card = PerClassCard(theme_)
        self.curve_cards = [CurvesCard(theme_, roc=roc) for roc in (True, False)]
        self.class_choice = ClassChoice(theme_)
        self.curve_cards[0].add_switch(self.class_choice)
        self.class_choice.chosen.connect(self._show_curves)
        self._states_card()

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

    def _states_card(self) -> None:
        self.states_card = Card("Decisions", self._theme)
        inside, self.states_note = self.states_card.inside, self.states_card.note
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

    def show_review(self, review: Review | None, unit: Unit, threshold: float) -> None:
        """Take a review; the figures are computed by `refresh`."""
        self._review, self._unit = review, unit
        self._judged = None
        self.against.choose(Source.DECIDED)
        self.histogram_card.begin(threshold)

    def refresh(self) -> None:
        """Compute and show everything again."""
        review = self._review
        if review is None or not review.classes:
            return
        self._show_table()
        self._show_figures(review)
        self._show_states(review)
        self.class_choice.show_names(review)
        self.matrix_card.offer({one: why_not(review, one) for one in Source})
        self._show_judged()

    def _show_table(self) -> None:
        if self._review is not None:
            self.table_card.show_review(self._review, self._unit)

    def _show_judged(self) -> None:
        """Everything that compares suggestions with what they are judged by now."""
        review = self._review
        if review is None:
            return
        found = self._judged = judged(review, Source(self.against.current))
        self.matrix_card.show_judged(found, review)
        self.reliability_card.show_judged(found)
        self.histogram_card.show_judged(review, found)
        self.class_card.show_judged(found, review)
        self._show_curves()

    def _show_curves(self) -> None:
        review, index = self._review, self.class_choice.index
        if review is not None and self._judged is not None:
            found = class_curves(review, self._judged, index)
            for card in self.curve_cards:
                card.show_curves(found, review.classes[index].name)

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
        both = agreement(summary.matrix(review, truth=False))
        defined, bounded = not math.isnan(both.kappa), not math.isnan(both.low)
        between = f"{both.low:.2f}–{both.high:.2f}".replace("-", "\N{MINUS SIGN}")
        ci = f"95\N{NO-BREAK SPACE}%\N{NO-BREAK SPACE}CI {between} · " if bounded else ""
        fourth.say(
            "Cohen’s κ, reader – model",
            f"{both.kappa:.2f}".replace("-", "\N{MINUS SIGN}") if defined else "–",
            f"{ci}{agreed.n:,} decided, not at random" if agreed.n else "nothing decided yet",
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

    def _choose(self, other: int, suggested: int) -> None:
        source = Source(self.against.current)
        cell = Cell(suggested=suggested, other=other, truth=source is Source.TRUTH)
        self.cell_chosen.emit(cell)
        if source is Source.AUDIT:
            self.queue_chosen.emit(Tab.AUDIT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(3 if event.size().width() >= _WIDE else 2)

    def _arrange(self, columns: int) -> None:
        """Three columns in a wide window, two in a narrow one."""
        if columns == self._columns:
            return
        self._columns = columns
        wide = columns == 3
        self._head_line.setSpacing(theme.GAP_SECTION if wide else theme.PAD_PANEL)
        for card, *place in self._places(wide):
            self._cards.removeWidget(card)
            self._cards.addWidget(card, *place)
        for column in range(3):
            self._cards.setColumnStretch(column, 1 if column < columns else 0)

    def _places(self, wide: bool) -> list[tuple[Card, int, int, int, int]]:
        """Each card with its row, column, rows and columns."""
        roc, recall = self.curve_cards
        if wide:
            return [
                (self.table_card, 0, 0, 1, 2),
                (self.matrix_card, 0, 2, 1, 1),
                (self.reliability_card, 1, 0, 1, 1),
                (self.histogram_card, 1, 1, 1, 1),
                (self.class_card, 1, 2, 1, 1),
                (roc, 2, 0, 1, 1),
                (recall, 2, 1, 1, 1),
                (self.states_card, 2, 2, 1, 1),
            ]
        return [
            (self.table_card, 0, 0, 1, 2),
            (self.matrix_card, 1, 0, 1, 2),
            (self.reliability_card, 2, 0, 1, 1),
            (self.histogram_card, 2, 1, 1, 1),
            (self.class_card, 3, 0, 1, 2),
            (roc, 4, 0, 1, 1),
            (recall, 4, 1, 1, 1),
            (self.states_card, 5, 0, 1, 2),
        ]

    def _draw(self) -> None:
        t = self._theme.tokens
        self.export_button.setIcon(self._theme.icon("export", t.on_accent))


def _ci(low: float, high: float) -> str:
    """The interval with what it is, never broken between two lines."""
    return f"95 % CI {messages.interval(low, high)}".replace(" ", "\N{NO-BREAK SPACE}")
