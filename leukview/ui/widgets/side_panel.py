"""Left panel: the worklist, folders opened before, and the checklist of what is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from leukview.ui import theme
from leukview.ui.models import slide_lines
from leukview.ui.models.slide_lines import Shown, Stand
from leukview.ui.settings import Recent
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.slide_list import SlideList
from leukview.workflows.worklist import Slide

LEAST, USUAL = 176, 224
EMPTY = "Add the folders of several slides to see here, by patient, what is left of each."


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
        self._drawn: tuple[str, str, float] | None = None
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
        dpr = self.devicePixelRatioF()
        if self._drawn == (self._icon_name, colour, dpr):
            return
        self._drawn = (self._icon_name, colour, dpr)
        icon = self._theme.icon(self._icon_name, colour)
        self._icon.setPixmap(icon.pixmap(QSize(theme.ICON, theme.ICON), dpr))


class SidePanel(QFrame):
    """Worklist above, checklist below."""

    folder_chosen = Signal(str)
    add_wished = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._shown = theme_, Shown()
        self.setProperty("role", "panel")
        self.setMinimumWidth(LEAST)
        outer = parts.column(gap=0)
        self.setLayout(outer)
        self.add_button = QToolButton()
        self.add_button.setProperty("kind", "flat")
        self.add_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add_button.setAccessibleName("Add slides to the worklist")
        self.add_button.clicked.connect(self.add_wished)
        title = parts.row(margins=(theme.PAD_PANEL, 6, theme.GAP, 4))
        title.addWidget(parts.label("Worklist", strong=True), 1)
        title.addWidget(self.add_button)
        outer.addLayout(title)
        self.list = SlideList(theme_)
        self.list.chosen.connect(self.folder_chosen)
        outer.addWidget(self.list, 1)
        self.hint = parts.label(EMPTY, Style.CAPTION, tone="second", wrap=True)
        self.hint.setContentsMargins(theme.PAD_PANEL, 0, theme.PAD_PANEL, theme.PAD_PANEL)
        outer.addWidget(self.hint)
        outer.addWidget(parts.hairline())
        outer.addLayout(self._checklist())
        parts.in_order([self.add_button, self.list])
        theme_.changed.connect(self._draw_icons)
        self._draw_icons()

    def _checklist(self) -> QVBoxLayout:
        foot = parts.column(margins=(theme.PAD_PANEL, 12, theme.PAD_PANEL, 12), gap=6)
        self.title = parts.Elided(strong=True)
        foot.addWidget(self.title)
        self.read = CheckRow(self._theme, "Readable")
        self.suggested = CheckRow(self._theme, "Suggested")
        self.review = CheckRow(self._theme, "Needs review")
        self.decided = CheckRow(self._theme, "Decided")
        self.audit = CheckRow(self._theme, "Audit sample")
        self.target = CheckRow(self._theme, "Target")
        self._checks = (
            *(self.read, self.suggested, self.review),
            *(self.decided, self.audit, self.target),
        )
        for line in self._checks:
            foot.addWidget(line)
        return foot

    # What is shown

    def show_slides(self, slides: Iterable[Slide], folded: Set[str]) -> None:
        """The slides of the worklist in order, and the patients whose slides are not shown."""
        self._show(replace(self._shown, slides=tuple(slides), folded=frozenset(folded)))

    def show_recent(self, entries: Iterable[Recent], missing: Set[str] = frozenset()) -> None:
        """Folders opened before, newest first, and all paths that were not found."""
        self._show(replace(self._shown, recents=tuple(entries), missing=frozenset(missing)))

    def show_current(self, path: str, name: str, stand: Stand) -> None:
        """The open folder, and where it stands now."""
        self._show(replace(self._shown, current=path, current_name=name, stand=stand))

    def set_hidden(self, hidden: bool) -> None:
        """Show no name, no folder of before, and nothing that depends on a model."""
        self._show(replace(self._shown, hidden=hidden))

    @property
    def hidden(self) -> bool:
        """Whether no name may be shown."""
        return self._shown.hidden

    def _show(self, shown: Shown) -> None:
        before, self._shown = self._shown, shown
        if shown == before:
            return
        if replace(before, stand=shown.stand) == shown:
            found = slide_lines.open_line(self.list.lines, shown)
            if found is not None:
                self.list.put(*found)
        else:
            self.list.show_lines(slide_lines.lines(shown))
            self.hint.setVisible(not shown.slides)
            self.title.say(slide_lines.open_name(shown))

    def _draw_icons(self) -> None:
        self.add_button.setIcon(self._theme.icon("plus"))
        for check in self._checks:
            check.draw_icon()
