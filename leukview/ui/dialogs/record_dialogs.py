"""Dialogs of the record: draw the audit sample, finish a slide."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QSpinBox, QWidget

from leukview.measures.audit import upper_if_none
from leukview.ui import theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.workflows.checks import Check

USUAL_SAMPLE = 100
_WAYS = {  # by the queue of a check
    "undecided": "Go to Undecided",
    "needs review": "Go to Needs review",
    "audit sample": "Go to Audit sample",
    "adjudication": "Settle the differences",
    "all": "Show the first",
}


class AuditDialog(ActDialog):
    """How many images to draw, and what that many can prove; chosen before the draw, once."""

    def __init__(self, population: int, seen: int, parent: QWidget | None) -> None:
        super().__init__(
            "Draw the audit sample",
            f"Images are drawn at random from the {population:,} the model is sure of that nobody"
            " has decided. The sample is drawn once. Their suggestions are hidden until you have"
            " decided them; what you decide first counts, and the report says how many you change.",
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
        have, whose = ("has", "its") if seen == 1 else ("have", "their")
        words = (
            f"{seen:,} of them {have} been on the screen with {whose} suggestion already."
            " The report says how many of the sample."
        )
        self.seen = parts.label(words, Style.CAPTION, tone="second", wrap=True)
        self.seen.setVisible(seen > 0)
        self.body.addWidget(self.seen)
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
    """What is checked before a slide is final; it cannot be finished while a check blocks.

    Attributes:
        wished: the check whose queue is to be shown instead, or None.
    """

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
        self.wished: Check | None = None
        blocked = [line.name for line in self.lines if line.holds_up]
        words = f"Not yet: {' · '.join(blocked)}." if blocked else ""
        self.blocked = parts.label(words, strong=True, wrap=True)
        self.blocked.setVisible(bool(blocked))
        self.body.addWidget(self.blocked)
        self.buttons: dict[str, QPushButton] = {}
        for line in self.lines:
            self.body.addWidget(parts.hairline())
            self.body.addWidget(self._row(theme_, line))
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
        self.act_button.setEnabled(not blocked)
        self.act_button.setToolTip("; ".join(blocked))
        for button in list(self.buttons.values())[:1]:
            button.setDefault(True)  # Enter goes where something is left to do

    def _row(self, theme_: Theme, check: Check) -> QWidget:
        """Icon, name and figure of one check, and the way to what it lacks."""
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
        if check.holds_up and check.queue in _WAYS:
            button = QPushButton(_WAYS[check.queue])
            button.setAccessibleName(f"{button.text()}: {check.name}")
            button.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
            button.clicked.connect(partial(self._leave, check))
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
            self.buttons[check.name] = button
        return made

    def showEvent(self, event: QShowEvent) -> None:
        """As high as its words are at this width: Qt guesses 30 px more, which part the lines."""
        super().showEvent(event)
        layout = self.layout()
        if layout is not None:
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def _leave(self, check: Check, _checked: bool = False) -> None:
        self.wished = check
        self.reject()
