"""Dialogs of the readings: the second reader, and how far two readers agree."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QRadioButton, QWidget

from leukview.measures.agreement import Agreement
from leukview.ui import messages
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.text_dialogs import TextDialog
from leukview.ui.theme import Style
from leukview.ui.widgets import parts
from leukview.workflows.readers import BetweenReaders, kappa_words
from leukview.workflows.record import Mode


class SecondReaderDialog(TextDialog):
    """Who reads the slide the second time, and whether with suggestions."""

    def __init__(self, name: str, parent: QWidget | None) -> None:
        super().__init__(
            "Second reader",
            "Another person reads the same slide. Nothing that the first reader decided is shown;"
            " both readings are kept. Your name:",
            "Begin the second reading",
            name,
            parent,
        )
        self.blind = QRadioButton("Blind first: no suggestion is shown")
        self.assisted = QRadioButton("Assisted: suggestions are shown")
        self.blind.setChecked(True)
        for one in (self.blind, self.assisted):
            self.body.addWidget(one)

    @property
    def mode(self) -> Mode:
        """How the second reading is to be done."""
        return Mode.BLIND if self.blind.isChecked() else Mode.ASSISTED


class AgreementDialog(ActDialog):
    """Two readers: how many images, how often the same, Cohen's kappa, and each class by itself."""

    def __init__(self, found: BetweenReaders, parent: QWidget | None) -> None:
        first, second = found.first or "First reader", found.second or "Second reader"
        settled = f", {found.settled:,} of these settled" if found.settled else ""
        if found.again:
            settled += f", {found.again:,} to be settled again"
        super().__init__(
            "Agreement of the readers",
            f"{first} and {second} have both decided {found.both:,} of"
            f" {messages.images(found.images)}; {found.differing:,} differ{settled}."
            " Kappa depends on how rare a class is: read it beside the counts.",
            "",
            parent,
            wide=True,
            safe="Close",
        )
        self.kappa = parts.label(
            f"Cohen\N{RIGHT SINGLE QUOTATION MARK}s \N{GREEK SMALL LETTER KAPPA}"
            f" {kappa_words(found.whole)}",
            strong=True,
        )
        self.raw = parts.label(
            f"The same class for {found.whole.same:,} of {found.whole.n:,} that both decided for a"
            " class",
            tone="second",
        )
        self.body.addWidget(self.kappa)
        self.body.addWidget(self.raw)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        heads = (
            "Class",
            first,
            second,
            "Both",
            "Agreement on it",
            "\N{GREEK SMALL LETTER KAPPA}, 95 % CI",
        )
        self.rows: list[tuple[str, ...]] = []
        for one, each in zip(found.classes, found.each, strict=True):
            shares = [messages.percent(p) for p in each.prevalence]
            self.rows.append(
                (
                    one.name,
                    f"{each.first:,} ({shares[0]})",
                    f"{each.second:,} ({shares[1]})",
                    f"{each.both:,}",
                    "\N{EN DASH}" if math.isnan(each.positive) else messages.percent(each.positive),
                    _kappa(each.agreement),
                )
            )
        for column, words in enumerate(heads):
            self._put(grid, 0, column, words, second=True)
        for line, cells in enumerate(self.rows, 1):
            for column, words in enumerate(cells):
                self._put(grid, line, column, words)
        if self.rows:
            self.body.addLayout(grid)

    @staticmethod
    def _put(grid: QGridLayout, line: int, column: int, words: str, second: bool = False) -> None:
        label = parts.label(words, Style.CAPTION, tone="second" if second else "")
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(label, line, column)


def _kappa(found: Agreement) -> str:
    """Kappa and its interval without what stands above it."""
    if math.isnan(found.kappa):
        return "not defined"
    range_ = "" if math.isnan(found.low) else f" ({found.low:.2f}\N{EN DASH}{found.high:.2f})"
    return f"{found.kappa:.2f}{range_}".replace("-", "\N{MINUS SIGN}")
