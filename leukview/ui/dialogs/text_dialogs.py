"""Questions with one answer in words: why excluded, who reviews."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from leukview.ui import theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.theme import Style
from leukview.ui.widgets import parts

COMMENTS = ("smudged", "out of focus", "cut at the edge", "overlaps another cell")
MOST_COMMENTS = 12  # more would not be found at a glance
_WIDE = 180  # of the words on a button, two of which stand side by side
REASONS = ("artefact", "no white blood cell", "out of focus", "more than one cell")


class TextDialog(ActDialog):
    """One line of text that may not be empty."""

    def __init__(
        self, title: str, sentence: str, verb: str, text: str, parent: QWidget | None
    ) -> None:
        super().__init__(title, sentence, verb, parent)
        self.field = QLineEdit(text)
        self.field.setAccessibleName(title)
        self.field.setMaxLength(120)
        self.field.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        self.body.addWidget(self.field)
        self.field.textChanged.connect(self._look)
        self.field.selectAll()
        self.field.setFocus()
        self._look()

    @property
    def text(self) -> str:
        return self.field.text().strip()

    def _look(self) -> None:
        self.act_button.setEnabled(bool(self.text))


class ReasonDialog(TextDialog):
    """Why an image is excluded; asked once, then remembered until the window closes."""

    def __init__(self, text: str, parent: QWidget | None) -> None:
        super().__init__(
            "Exclude from the count",
            "Excluded images stay in the table, with this reason. It is used for the next ones"
            " too; the menu Decide changes it.",
            "Exclude",
            text or REASONS[0],
            parent,
        )
        self.reasons: list[QPushButton] = []
        grid = QGridLayout()  # in one line they would be cut off
        grid.setSpacing(theme.GAP)
        for number, reason in enumerate(REASONS):
            button = QPushButton(reason)
            button.setAutoDefault(False)
            button.setFont(theme.font(Style.CAPTION))
            button.clicked.connect(lambda _on=False, words=reason: self.field.setText(words))
            self.reasons.append(button)
            grid.addWidget(button, number // 2, number % 2)
        self.body.addLayout(grid)


class CommentDialog(TextDialog):
    """Words about images, kept in the log and in the table; none takes them away.

    Attributes:
        reasons: words to choose from, as the reader has left them.
    """

    def __init__(
        self, text: str, parent: QWidget | None, *, reasons: Sequence[str] = COMMENTS
    ) -> None:
        self.reasons = list(reasons)
        super().__init__(
            "Comment",
            "It is kept with the image, stands in every table, and can be undone."
            " Without words the comment goes.",
            "Keep the comment",
            text,
            parent,
        )
        self.field.setMaxLength(500)
        self.chosen: list[QPushButton] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.GAP)
        self.body.addLayout(self._grid)
        self.listed = QPushButton()
        self.listed.setAutoDefault(False)
        self.listed.clicked.connect(self._list)
        line = parts.row()
        line.addWidget(self.listed)
        line.addStretch(1)
        self.body.addLayout(line)
        self._offer()
        self.field.textChanged.connect(self._look_up)
        self._look_up()

    def _look(self) -> None:
        self.act_button.setEnabled(True)

    def _look_up(self) -> None:
        """Whether the words can be put on the list or taken off it."""
        kept = self.text in self.reasons
        self.listed.setText("Take it off the list" if kept else "Put it on the list")
        self.listed.setEnabled(kept or (bool(self.text) and len(self.reasons) < MOST_COMMENTS))

    def _offer(self) -> None:
        """A button for each of the words; a click writes them."""
        parts.clear(self._grid)
        self.chosen = []
        for number, words in enumerate(self.reasons):
            button = QPushButton()
            button.setAutoDefault(False)
            button.setFont(theme.font(Style.CAPTION))
            short = button.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, _WIDE)
            button.setText(short.replace("&", "&&"))
            button.setAccessibleName(words)
            button.setToolTip(parts.tip(words) if short != words else "")
            button.clicked.connect(lambda _on=False, said=words: self.field.setText(said))
            self.chosen.append(button)
            self._grid.addWidget(button, number // 2, number % 2)

    def _list(self) -> None:
        words = self.text
        if words in self.reasons:
            self.reasons.remove(words)
        else:
            self.reasons.append(words)
        self._offer()
        self._look_up()
        self.field.setFocus()


class AmendDialog(TextDialog):
    """Why a final slide is changed."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(
            "Amend the slide",
            "The slide can be changed again and is marked as amended."
            " The reason stands in the log.",
            "Amend",
            "",
            parent,
        )


class ReviewerDialog(TextDialog):
    """Whose name stands beside the decisions."""

    def __init__(self, text: str, parent: QWidget | None) -> None:
        super().__init__(
            "Reviewer",
            "This name is written beside each decision from now on. It is asserted, not checked.",
            "Use this name",
            text,
            parent,
        )
