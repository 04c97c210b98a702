"""Questions with one answer in words: why excluded, who reviews."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from leukview.ui import theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.theme import Style
from leukview.ui.widgets import parts

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
    """Words about images, kept in the log and in the table; none takes them away."""

    def __init__(self, text: str, parent: QWidget | None) -> None:
        super().__init__(
            "Comment",
            "It is kept with the image, stands in every table, and can be undone."
            " Without words the comment goes.",
            "Keep the comment",
            text,
            parent,
        )
        self.field.setMaxLength(500)

    def _look(self) -> None:
        self.act_button.setEnabled(True)


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
