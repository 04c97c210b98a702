"""Left panel: the open folder, folders opened before, and the checklist of what is done."""

from __future__ import annotations

from collections.abc import Sequence, Set

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from leukview.ui import messages, theme
from leukview.ui.settings import Recent
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts

LEAST, USUAL = 176, 224


def state_of(entry: Recent) -> tuple[str, str]:
    """Icon and words for where a folder stands."""
    if entry.images and entry.decided >= entry.images:
        return "check-circle", f"All {entry.images:,} decided"
    if entry.to_review:
        return "circle-half", f"{entry.to_review:,} to review"
    if entry.decided:
        return "circle-half", f"{entry.decided:,} of {entry.images:,} decided"
    return "circle-dashed", f"{entry.images:,} images"


class FolderRow(QPushButton):
    """One folder: icon, name, state; 44 px high or as the font needs.

    Args:
        theme_: for the icon.
        flush: without a margin at the left.
        faded: greyed, for a folder that was not found.
    """

    def __init__(self, theme_: Theme, *, flush: bool = False, faded: bool = False) -> None:
        super().__init__()
        self._theme = theme_
        self._icon_name = "circle-dashed"
        self.setProperty("kind", "row")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        left = 0 if flush else theme.PAD_PANEL - 3  # 3 are the accent's
        line = parts.row(margins=(left, 4, theme.PAD_PANEL, 4), gap=10)
        self.setLayout(line)
        self._icon = QLabel()
        line.addWidget(self._icon)
        words = parts.column(gap=0)
        self.name = parts.Elided(tone="second" if faded else "")
        self.state = parts.Elided(Style.CAPTION, tone="second")
        words.addStretch(1)
        words.addWidget(self.name)
        words.addWidget(self.state)
        words.addStretch(1)
        line.addLayout(words, 1)
        high = self.name.sizeHint().height() + self.state.sizeHint().height()
        self.setFixedHeight(max(44, high + 10))

    def say(self, name: str, state: str, icon: str) -> None:
        self.name.say(name)
        self.state.say(state)
        self.setAccessibleName(f"Open the folder {name}, {state}")
        self._icon_name = icon
        self.draw_icon()

    def draw_icon(self) -> None:
        t = self._theme.tokens
        colour = t.ok if self._icon_name == "check-circle" else t.text_2
        colour = t.accent if self.isChecked() and colour == t.text_2 else colour
        icon = self._theme.icon(self._icon_name, colour)
        self._icon.setPixmap(icon.pixmap(QSize(theme.ICON, theme.ICON), self.devicePixelRatioF()))


class CheckRow(QWidget):
    """One line of the checklist: done, under way or not begun, with its figure."""

    def __init__(self, theme_: Theme, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icon_name = theme_, "circle-dashed"
        line = parts.row()
        self.setLayout(line)
        self._icon = QLabel()
        self.figure = parts.Elided(Style.CAPTION, tone="second")
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self._icon)
        line.addWidget(parts.label(words, Style.CAPTION))
        line.addWidget(self.figure, 1)

    def say(
        self, done: int, total: int, words: Sequence[str] = (), *, lacks: str = "circle-half"
    ) -> None:
        """Show where it stands.

        Args:
            done: of `total`.
            total: of all images.
            words: in the place of the figure; shorter ones behind, for a narrow panel.
            lacks: the icon while some lack.
        """
        self.figure.say(*(words or (f"{done:,} of {total:,}",)))
        if total and done >= total:
            self._icon_name = "check"
        else:
            self._icon_name = lacks if done else "circle-dashed"
        self.draw_icon()

    def draw_icon(self) -> None:
        t = self._theme.tokens
        colour = {"check": t.ok, "warning": t.warn}.get(self._icon_name, t.text_2)
        icon = self._theme.icon(self._icon_name, colour)
        self._icon.setPixmap(icon.pixmap(QSize(theme.ICON, theme.ICON), self.devicePixelRatioF()))


class SidePanel(QFrame):
    """Folders above, checklist below."""

    folder_chosen = Signal(str)

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self.setProperty("role", "panel")
        self.setMinimumWidth(LEAST)
        outer = parts.column(gap=0)
        self.setLayout(outer)
        title = parts.row(margins=(theme.PAD_PANEL, 10, theme.PAD_PANEL, 8))
        title.addWidget(parts.label("Folders", strong=True))
        outer.addLayout(title)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its rows have it
        inside = parts.panel()
        scroll.setWidget(inside)
        self._list = parts.column(gap=0)
        inside.setLayout(self._list)
        outer.addWidget(scroll, 1)
        self.current = FolderRow(theme_)
        self.current.setChecked(True)
        self.current.setFocusPolicy(self.current.focusPolicy().NoFocus)
        self.current.clicked.connect(lambda: self.current.setChecked(True))
        self._list.addWidget(self.current)
        self._before = parts.label("Opened before", Style.CAPTION, tone="second")
        self._before.setContentsMargins(theme.PAD_PANEL, 14, 0, 4)
        self._list.addWidget(self._before)
        self._rows: list[FolderRow] = []
        self._rest = parts.column(gap=0)
        self._list.addLayout(self._rest)
        self._list.addStretch(1)
        outer.addWidget(parts.hairline())
        outer.addLayout(self._checklist())
        theme_.changed.connect(self._draw_icons)

    def _checklist(self) -> QVBoxLayout:
        foot = parts.column(margins=(theme.PAD_PANEL, 12, theme.PAD_PANEL, 12), gap=6)
        self.title = parts.Elided(strong=True)
        foot.addWidget(self.title)
        self.suggested = CheckRow(self._theme, "Suggested")
        self.decided = CheckRow(self._theme, "Decided")
        self.review = CheckRow(self._theme, "Needs review")
        self.read = CheckRow(self._theme, "Readable")
        for line in (self.read, self.suggested, self.review, self.decided):
            foot.addWidget(line)
        return foot

    def show_recent(self, entries: Sequence[Recent], missing: Set[str] = frozenset()) -> None:
        """The other folders, newest first; a click opens one. `missing` are paths not found."""
        parts.clear(self._rest)
        self._rows = []
        for entry in entries:
            gone = entry.path in missing
            line = FolderRow(self._theme, faded=gone)
            icon, words = ("question", "Not found") if gone else state_of(entry)
            line.say(entry.name, words, icon)
            line.setToolTip(f"{entry.path}\n{messages.NOT_FOUND}" if gone else entry.path)
            line.setCheckable(False)
            line.clicked.connect(lambda _on=False, path=entry.path: self.folder_chosen.emit(path))
            self._rows.append(line)
            self._rest.addWidget(line)
        parts.in_order([self.current, *self._rows])
        self._before.setVisible(bool(self._rows))

    def _draw_icons(self) -> None:
        for line in (self.current, *self._rows):
            line.draw_icon()
        for check in (self.suggested, self.decided, self.review, self.read):
            check.draw_icon()
