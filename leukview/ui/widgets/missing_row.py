"""A folder opened before that is not there any more: greyed, with why, and a way to drop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from leukview.ui import messages, theme
from leukview.ui.settings import Recent
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.side_panel import FolderRow


class MissingRow(QWidget):
    """Its row still opens the folder, which may be back by then.

    Attributes:
        row: the folder as it is shown otherwise, greyed.
        words: why it is.
        remove_button: takes it off the list.
    """

    removed = Signal()

    def __init__(self, theme_: Theme, entry: Recent) -> None:
        super().__init__()
        body = parts.column(margins=(0, 0, 0, 6), gap=0)
        self.setLayout(body)
        self.row = FolderRow(theme_, flush=True, faded=True)
        self.row.setCheckable(False)
        self.row.say(entry.name, messages.NOT_FOUND, "question")
        self.row.state.hide()  # below, in as many lines as it needs
        self.row.setFixedHeight(self.row.name.sizeHint().height() + 12)
        self.row.setToolTip(entry.path)
        body.addWidget(self.row)
        foot = parts.row(margins=(theme.ICON + 10, 0, theme.PAD_PANEL, 0))
        self.words = parts.label(messages.NOT_FOUND, Style.CAPTION, tone="second", wrap=True)
        foot.addWidget(self.words, 1)
        self.remove_button = parts.Button("")
        self.remove_button.setText("Remove from the list")
        self.remove_button.setAccessibleName(f"Remove {entry.name} from the list")
        self.remove_button.setToolTip("Images and decisions stay where they are.")
        self.remove_button.clicked.connect(self.removed)
        foot.addWidget(self.remove_button)
        body.addLayout(foot)
