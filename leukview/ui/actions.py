"""Everything that a menu offers, with its key: one list, from which the menus are built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from leukview.domain.classes import CellClass
from leukview.ui.theme import Wish

MOST_KEYS = 9


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu.

    Attributes:
        name: to find it by.
        words: in the menu.
        keys: shortcuts, the first is shown.
        checkable: whether it is on or off.
        page: whether it belongs to the review page and is off elsewhere.
        repeats: whether a key that is held does it again and again. Never what decides: it would
            decide images that nobody has looked at.
    """

    name: str
    words: str
    keys: tuple[str, ...] = ()
    checkable: bool = False
    page: bool = False
    repeats: bool = False


LINE = Entry("", "")
MENUS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "&File",
        (
            Entry("open", "&Open folder…", ("Ctrl+O",)),
            Entry("add_slides", "&Add slides to the worklist…", ("Ctrl+Shift+O",)),
            Entry("export", "&Export…", ("Ctrl+E",)),
            Entry("stop_export", "&Stop the export"),
            Entry("import", "&Import…", ("Ctrl+I",)),
            LINE,
            Entry("close_folder", "&Close the folder", ("Ctrl+W",)),
            Entry("delete_session", "&Delete this session…"),
            Entry("quit", "&Quit", ("Ctrl+Q",)),
        ),
    ),
    (
        "&Edit",
        (
            Entry("undo", "&Undo", ("Ctrl+Z",)),
            Entry("redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
        ),
    ),
    (
        "&View",
        (
            Entry("review", "&Review", ("F2",)),
            Entry("overview", "&Overview", ("F3",)),
            Entry("worklist", "Wor&klist", ("F9",), checkable=True),
            LINE,
            Entry("zoom_in", "&Larger image", ("+", "="), page=True, repeats=True),
            Entry("zoom_out", "&Smaller image", ("-",), page=True, repeats=True),
            Entry("fit", "&Fit the image", ("0",), page=True),
            Entry("whole", "&Whole images in the gallery", checkable=True),
            Entry("side_by_side", "&Compare the selected images", ("D",), page=True),
            Entry("history", "&History of the image…", ("Ctrl+H",), page=True),
            Entry("map", "&Activation map of the image", ("E",), page=True),
        ),
    ),
    (
        "&Queue",
        (
            Entry("next", "&Next that needs review", ("N",), page=True, repeats=True),
            Entry("previous", "&Previous that needs review", ("Shift+N",), page=True, repeats=True),
            LINE,
            Entry("filter", "&Filter…", ("/", "Ctrl+F"), page=True),
            Entry("clear_filter", "&Clear the filter", page=True),
            Entry("refresh", "&Build the queue anew", ("F5",), page=True),
            LINE,
            Entry("group", "&Group by class", ("G",), checkable=True, page=True),
            Entry("fold", "F&old the group of the image", ("Shift+G",), page=True),
            Entry("unfold", "&Unfold all groups", page=True),
            LINE,
            Entry("next_page", "Next &page of the class", ("Ctrl+PgDown",), page=True),
            Entry("previous_page", "Page bac&k", ("Ctrl+PgUp",), page=True),
        ),
    ),
    (
        "&Decide",
        (
            Entry("agree", "&Agree with the suggestion", ("Enter", "Return"), page=True),
            Entry("confirm", "Confirm the &page", ("Shift+Enter", "Shift+Return"), page=True),
            Entry("unsure", "&Unsure", ("U",), page=True),
            Entry("exclude", "E&xclude", ("X",), page=True),
            Entry("clear", "&Clear the decision", ("Backspace",), page=True),
            LINE,
            Entry("flag", "&Flag", ("F",), page=True),
            Entry("comment", "C&omment…", ("C",), page=True),
            LINE,
            Entry("advance", "Go to the &next image after a decision", checkable=True),
            Entry("reason", "&Reason for excluding…"),
            Entry("reviewer", "Re&viewer…"),
        ),
    ),
    (
        "&Slide",
        (
            Entry("audit", "&Draw the audit sample…", page=True),
            Entry("finish", "&Finish the slide…", ("Ctrl+Enter", "Ctrl+Return")),
            Entry("amend", "&Amend the slide…"),
            Entry("verify", "&Verify the record…"),
            LINE,
            Entry("second", "&Second reader…"),
            Entry("settle", "Settle what the readers call &differently…"),
            Entry("first", "Back to the &first reading"),
            Entry("readers", "Agreement of the &readers…"),
            LINE,
            Entry("blind", "Read &new slides blind first", checkable=True),
            LINE,
            Entry("next_slide", "Next s&lide of the worklist", ("]", "Alt+Down")),
            Entry("previous_slide", "&Previous slide of the worklist", ("[", "Alt+Up")),
        ),
    ),
    (
        "&Model",
        (
            Entry("run", "&Run", ("Ctrl+R",)),
            Entry("stop", "&Stop", ("Ctrl+.",)),
            Entry("run_on_open", "Run when a folder is &opened", checkable=True),
            LINE,
            Entry("compare", "&Compare with a second model…"),
            Entry("compare_none", "Compare &no more"),
            LINE,
        ),
    ),
    (
        "&Help",
        (
            Entry("keys", "&Keys", ("F1",)),
            Entry("about", "&About LeukView"),
        ),
    ),
)


def digits(classes: Sequence[CellClass]) -> list[str]:
    """The key of each class: the model's own, else its place where that is free, else ""."""
    taken = {one.key for one in classes}
    places = (str(number) if number <= MOST_KEYS else "" for number in range(1, len(classes) + 1))
    return [
        one.key or ("" if place in taken else place)
        for one, place in zip(classes, places, strict=True)
    ]


class Actions(QObject):
    """The actions by name, in menus.

    Single letters are shortcuts of the window, so a text field that has the focus takes them first.
    """

    def __init__(self, bar: QMenuBar, parent: QObject) -> None:
        super().__init__(parent)
        self._made: dict[str, QAction] = {}
        self._paged: list[QAction] = []
        self.menus: dict[str, QMenu] = {}
        self.class_actions: list[QAction] = []
        for title, entries in MENUS:
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            self.menus[title.replace("&", "")] = menu
            for entry in entries:
                if entry is LINE:
                    menu.addSeparator()
                else:
                    menu.addAction(self._action(entry))
        self._decide_line = self._made["agree"]
        self._themes = QActionGroup(self)

    def __getitem__(self, name: str) -> QAction:
        return self._made[name]

    @property
    def every(self) -> list[QAction]:
        return [*self._made.values(), *self.class_actions]

    def _action(self, entry: Entry) -> QAction:
        made = QAction(entry.words, self)
        made.setShortcuts([QKeySequence(key) for key in entry.keys])
        made.setCheckable(entry.checkable)
        made.setAutoRepeat(entry.repeats)
        self._made[entry.name] = made
        if entry.page:
            self._paged.append(made)
        return made

    def bind(self, name: str, act: Callable[[], object]) -> None:
        """Do `act` when this action is chosen."""
        self._made[name].triggered.connect(lambda _on=False: act())

    def toggle(self, name: str, on: bool, act: Callable[[bool], object]) -> None:
        """Show an on-off action and hear when it changes."""
        self._made[name].setChecked(on)
        self._made[name].toggled.connect(act)

    def add_themes(self, wish: Wish, choose: Callable[[Wish], object]) -> None:
        """The submenu of themes under View."""
        menu = self.menus["View"]
        menu.addSeparator()
        themes = menu.addMenu("&Theme")
        for one, words in (
            (Wish.SYSTEM, "As the &system"),
            (Wish.LIGHT, "&Light"),
            (Wish.DARK, "&Dark"),
        ):
            action = QAction(words, self._themes)
            action.setCheckable(True)
            action.setChecked(one is wish)
            action.triggered.connect(lambda _on=False, chosen=one: choose(chosen))
            themes.addAction(action)
            self._made[f"theme_{one.value}"] = action

    def set_classes(self, classes: Sequence[CellClass], decide: Callable[[int], object]) -> None:
        """One action per class, with its digit; the number pad gives the same digits."""
        menu = self.menus["Decide"]
        for old in self.class_actions:
            menu.removeAction(old)
            if old in self._paged:
                self._paged.remove(old)
            old.deleteLater()
        self.class_actions = []
        for number, (one, key) in enumerate(zip(classes, digits(classes), strict=True)):
            made = QAction(one.name, self)
            made.setAutoRepeat(False)
            if key:
                made.setShortcuts([QKeySequence(key), QKeySequence(f"Num+{key}")])
            made.triggered.connect(lambda _on=False, at=number: decide(at))
            menu.insertAction(self._decide_line, made)
            self.class_actions.append(made)
            self._paged.append(made)

    def of_digit(self, digit: str) -> QAction | None:
        """The action of the class that has this digit as its key."""
        key = QKeySequence(digit)
        return next((one for one in self.class_actions if key in one.shortcuts()), None)

    def enable_page(self, enabled: bool) -> None:
        """Switch everything that only makes sense on the review page."""
        for action in self._paged:
            action.setEnabled(enabled)
