"""Over the gallery while something runs: a thin bar, the count, the rate and the time left."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QProgressBar, QWidget

from leukview.ui import theme
from leukview.ui.widgets import parts


class RunStrip(QFrame):
    """Hidden when nothing runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        line = parts.row(margins=(theme.PAD_CARD, 8, theme.PAD_CARD, 8), gap=theme.PAD_CARD)
        self.setLayout(line)
        self.count = parts.label(strong=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.words = parts.label(tone="second")
        line.addWidget(self.count)
        line.addWidget(self.bar, 1)
        line.addWidget(self.words)
        self.hide()

    def show_words(self, words: str) -> None:
        """Something goes on that has no count: the sentence alone, without a bar."""
        self.count.setMinimumWidth(0)
        self.count.setText(words)
        self.bar.hide()
        self.words.hide()

    def show_run(self, done: int, total: int, words: str) -> None:
        """How many are done, and a few words on the rest."""
        self.count.setText(f"{done:,} of {total:,}")
        # The count's width is that of its longest text, so the bar does not shake.
        widest = self.count.fontMetrics().horizontalAdvance(f"{total:,} of {total:,}")
        self.count.setMinimumWidth(widest + 2)
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        self.bar.show()
        self.words.setText(words)
        self.words.show()
