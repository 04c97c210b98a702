"""Dialogs of the record: draw the audit sample, finish a slide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QSpinBox, QWidget

from leukview.measures.audit import upper_if_none
from leukview.ui import theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.workflows.checks import Check

USUAL_SAMPLE = 100


class AuditDialog(ActDialog):
    """How many images to draw, and what that many can prove; chosen before the draw, once."""

    def __init__(self, population: int, parent: QWidget | None) -> None:
        super().__init__(
            "Draw the audit sample",
            f"Images are drawn at random from the {population:,} the model is sure of that nobody"
            " has decided. Their suggestions are hidden until you have decided them. The sample is"
            " drawn once.",
            "Draw the sample",
            parent,
        )
        line = parts.row()
        line.addWidget(parts.label("Images"))
        self.size_field = QSpinBox()
        self.size_field.setRange(1, population)
        self.size_field.setValue(min(USUAL_SAMPLE, population))
        self.size_field.setAccessibleName("Images to draw")
        self.size_field.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        line.addWidget(self.size_field)
        line.addStretch(1)
        self.body.addLayout(line)
        self.proof = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        self.body.addWidget(self.proof)
        self._population = population
        self.size_field.valueChanged.connect(self._prove)
        self._prove(self.size_field.value())

    def _prove(self, size: int) -> None:
        if size >= self._population:
            self.proof.setText("These are all of them: what differs is counted, not estimated.")
            return
        share = 100 * upper_if_none(size)
        self.proof.setText(
            f"Without one difference in {size:,}, still up to {share:.1f} % of the confident images"
            " may differ from you (95 %). The result holds for these images only."
        )


class FinishDialog(ActDialog):
    """What is checked before a slide is final; it cannot be finished while a check blocks."""

    def __init__(
        self,
        theme_: Theme,
        slide: str,
        lines: Sequence[Check],
        reviewer: str,
        parent: QWidget | None,
    ) -> None:
        super().__init__(
            f"Finish slide {slide}",
            "The slide becomes final. A later change needs a reason and makes it amended.",
            "Finish slide",
            parent,
            wide=True,
            safe="Keep as draft",
        )
        self.lines = list(lines)
        for line in self.lines:
            self.body.addWidget(parts.hairline())
            self.body.addWidget(_row(theme_, line))
        self.body.addWidget(parts.hairline())
        who = f"Reviewer: {reviewer} (as typed, not authenticated)"
        self.body.addWidget(parts.label(who, Style.CAPTION, tone="second", wrap=True))
        self.comment = QLineEdit()
        self.comment.setPlaceholderText("Comment on the slide (optional)")
        self.comment.setAccessibleName("Comment on the slide, optional")
        self.comment.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        self.body.addWidget(self.comment)
        notice = parts.label("Research use only. Not for diagnosis.", Style.CAPTION, strong=True)
        self.body.addWidget(notice)
        blocked = [line.name for line in self.lines if line.blocks and not line.passed]
        self.act_button.setEnabled(not blocked)
        self.act_button.setToolTip("; ".join(blocked))


def _row(theme_: Theme, check: Check) -> QWidget:
    """Icon, name and figure of one check."""
    tokens = theme_.tokens
    name, colour = "check-circle", tokens.ok
    if not check.passed:
        name, colour = "warning" if not check.blocks else "circle-dashed", tokens.warn
    made = QWidget()
    made.setAccessibleName(f"{check.name}: {check.figure}")
    line = parts.row(gap=theme.PAD_PANEL)
    made.setLayout(line)
    icon = QLabel()
    icon.setPixmap(theme_.icon(name, colour).pixmap(QSize(20, 20), made.devicePixelRatioF()))
    line.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    words = parts.column(gap=2)
    words.addWidget(parts.label(check.name, strong=True, wrap=True))
    words.addWidget(parts.label(check.figure, Style.CAPTION, tone="second", wrap=True))
    line.addLayout(words, 1)
    return made
