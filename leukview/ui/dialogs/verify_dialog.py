"""Whether the record of the open slide holds: number of events, head, and an export beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from leukview.ui import theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.theme import Style
from leukview.ui.widgets import parts
from leukview.workflows.verdict import Verdict

_CHECKING = "The record is being checked…"


class VerifyDialog(ActDialog):
    """Stays open while it is checked, and while one export after another is laid beside it."""

    compare = Signal()

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(
            "Verify the record",
            "Each event carries a hash of itself and of the one before, so what was changed,"
            " removed or reordered no longer fits. Events cut off at the end are found only beside"
            " an export of that time.",
            "Compare with an exported file…",
            parent,
            wide=True,
            safe="Close",
        )
        self.act_button.clicked.disconnect()
        self.act_button.clicked.connect(self.compare)
        self.said = parts.label(strong=True, wrap=True)
        self.body.addWidget(self.said)
        self.events, self.head = parts.label(), parts.label(style=Style.CAPTION)
        self.head.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.PAD_PANEL)
        grid.setVerticalSpacing(theme.GAP // 2)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate((("Events", self.events), ("Head", self.head))):
            grid.addWidget(parts.label(name, tone="second"), row, 0)
            grid.addWidget(value, row, 1)
        self.body.addLayout(grid)
        self.compared = parts.label(wrap=True)
        self.body.addWidget(self.compared)
        self.body.addWidget(
            parts.label(
                "Of a copy of images, choose its labels.csv. Whoever can rewrite all files, the"
                " session and every export of it, is not caught: keep an export, or the head, where"
                " they cannot write.",
                Style.CAPTION,
                tone="second",
                wrap=True,
            )
        )
        self.wait()

    def wait(self) -> None:
        """Until `show_verdict` or `show_failure`."""
        self.act_button.setEnabled(False)
        _say(self.said, _CHECKING, "second")
        self.compared.setText("")
        self.compared.hide()

    def show_verdict(self, found: Verdict, *, hidden: bool = False) -> None:
        """What was found; without names of images where these are `hidden`."""
        self.act_button.setEnabled(True)
        holds = "The record holds: every event is as it was written."
        _say(self.said, found.fault or holds, "error" if found.fault else "ok")
        self.events.setText(f"{found.head.events:,}")
        self.head.setText(found.head.sha256)
        words, tone = found.compared, "ok"
        if found.copy is not None:
            fault = found.copy.counted if hidden else found.copy.fault
            words = f"{words} {fault or found.copy.words}"
            tone = "error" if fault else "ok"
        if words:
            _say(self.compared, words, tone)
        self._fit()

    def show_failure(self, words: str, *, again: bool) -> None:
        """Why it could not be checked, or compared; `again`: another export may be chosen."""
        self.act_button.setEnabled(again)
        if again:
            _say(self.compared, words, "error")
        else:
            _say(self.said, words, "error")
        self._fit()

    def _fit(self) -> None:
        """As high as the words of now need."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.adjustSize()


def _say(label: QLabel, words: str, tone: str) -> None:
    """In a tone, which a style sheet looks at only when it is told to."""
    label.setText(words)
    label.setProperty("tone", tone)
    label.style().polish(label)
    label.show()
