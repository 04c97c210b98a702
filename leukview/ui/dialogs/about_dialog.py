"""What this is, and every key with what it does."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from leukview import __version__
from leukview.ui import messages, theme
from leukview.ui.actions import MENUS, Actions
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.theme import Style
from leukview.ui.widgets import parts

_ICON = 72
_TALLEST = 480
Group = tuple[str, Sequence[tuple[str, str]]]


class AboutDialog(ActDialog):
    """Icon, version, notice, licence."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(
            "About LeukView",
            "Review of white-blood-cell images with the suggestions of an EfficientNet-B3."
            " Everything stays on this computer.",
            "",
            parent,
            safe="Close",
        )
        line = parts.row(gap=theme.PAD_CARD)
        self.icon = QLabel()
        size = QSize(_ICON, _ICON)
        self.icon.setPixmap(theme.app_icon().pixmap(size, self.devicePixelRatioF()))
        self.icon.setAccessibleName("Icon of LeukView")
        line.addWidget(self.icon)
        words = parts.column(gap=theme.GAP_ICON)
        words.addStretch(1)
        for made in (
            parts.label(f"LeukView {__version__}", Style.GROUP),
            parts.label(messages.NOTICE, strong=True),
            parts.label(
                "Apache-2.0. Qt is used under the LGPL 3; the folder of licences names all parts.",
                Style.CAPTION,
                tone="second",
                wrap=True,
            ),
        ):
            words.addWidget(made)
        words.addStretch(1)
        line.addLayout(words, 1)
        self.body.addLayout(line)


class KeysDialog(ActDialog):
    """Two columns: what is done, and its keys; grouped as in the menus."""

    def __init__(self, actions: Actions, parent: QWidget | None) -> None:
        super().__init__(
            "Keys",
            "Digits are found by their place on the keyboard, so they decide on every layout.",
            "",
            parent,
            safe="Close",
        )
        self.groups = groups(actions)
        inside = parts.panel()
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, theme.PAD_PANEL, 0)
        grid.setHorizontalSpacing(theme.GAP_SECTION)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        inside.setLayout(grid)
        for title, lines in self.groups:
            if grid.rowCount() > 1:
                grid.setRowMinimumHeight(grid.rowCount(), theme.GAP)
            grid.addWidget(parts.label(title, strong=True), grid.rowCount(), 0, 1, 2)
            for words, key in lines:
                row = grid.rowCount()
                grid.addWidget(parts.label(words), row, 0)
                grid.addWidget(parts.key_cap(key), row, 1, Qt.AlignmentFlag.AlignRight)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(min(_TALLEST, inside.sizeHint().height()))
        self.body.addWidget(scroll)


def groups(actions: Actions) -> list[Group]:
    """Every action that has a key, by menu: what decides first, and there the classes first."""
    made: list[Group] = []
    for title, entries in sorted(MENUS, key=lambda menu: menu[0] != "&Decide"):
        lines = [(e.words.replace("&", ""), _shown(e.keys)) for e in entries if e.keys]
        if title == "&Decide":
            classes = [(a.text(), _shown([a.shortcut().toString()])) for a in actions.class_actions]
            lines = [*classes, *lines]
        if lines:
            made.append((title.replace("&", ""), lines))
    return made


def _shown(keys: Sequence[str]) -> str:
    """The first key as this system writes it."""
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
