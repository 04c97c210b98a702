"""The worklist at work: which slide is next, what is left of each, and the count target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAction, QActionGroup

from leukview.domain.classes import Unit
from leukview.domain.progress import CancelToken
from leukview.ui.controller import Controller, Stage
from leukview.ui.dialogs.slides_dialog import SlidesDialog, choose_parent
from leukview.ui.settings import Settings
from leukview.ui.widgets.banner import Gravity, Notice
from leukview.workflows.checks import counted
from leukview.workflows.review import Review
from leukview.workflows.worklist import class_names, group, names_of, shipped_class_names

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow

TARGETS = (100, 200, 400)
_IDLE_MS = 2_000  # after the last decision, so that no decision waits for the file of the worklist
_SHOWN = "worklist_shown"
_HIDDEN = "Names are hidden until the blind reading ends."
FIRST, LAST = "This is the first slide of the worklist.", "This is the last slide of the worklist."


class Slides(QObject):
    """Opens slides of the worklist, keeps what is known of them, and shows both in the panel."""

    def __init__(self, window: MainWindow, controller: Controller, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        self._list = controller.recents.worklist
        self._counted = 0
        self.keeping = QTimer(self, singleShot=True, interval=_IDLE_MS)
        self.keeping.timeout.connect(self._keep)
        side, a = window.page.side, window.actions_
        side.folder_chosen.connect(self.open)
        side.list.fold_wished.connect(self._list.fold)
        side.list.remove_wished.connect(self._remove)
        side.list.add_wished.connect(lambda path: self.add([Path(path)]))
        side.add_wished.connect(self.choose)
        for name, act in (
            ("add_slides", self.choose),
            ("next_slide", partial(self.step, 1)),
            ("previous_slide", partial(self.step, -1)),
        ):
            a.bind(name, act)
        self.targets = self._target_menu()
        shown = settings.flag(_SHOWN, True)
        side.setVisible(shown)
        a.toggle("worklist", shown, side.setVisible)
        a["worklist"].toggled.connect(partial(settings.set_flag, _SHOWN))
        self._list.changed.connect(self._listed)
        self._list.failed.connect(controller.failed)
        controller.opened.connect(self._opened)
        controller.leaving.connect(self.keeping.stop)  # it is kept when it is left
        controller.stage_changed.connect(self.show)
        controller.changed.connect(lambda _changes: self._decided())
        window.installEventFilter(self)
        self.show()

    # The list

    def show(self) -> None:
        """Bring the panel and the menus up to what is known."""
        side, recents = self._window.page.side, self._controller.recents
        side.show_slides(self._list.slides, self._list.folded)
        side.show_recent(recents.entries, recents.missing | self._list.missing)
        self._enable()

    def _enable(self) -> None:
        side, actions, blind = self._window.page.side, self._window.actions_, self._controller.blind
        for name in ("next_slide", "previous_slide"):
            actions[name].setEnabled(bool(self._list.slides))
            actions[name].setToolTip("" if self._list.slides else "The worklist is empty.")
        for one in (actions["add_slides"], side.add_button):
            one.setEnabled(not blind)
        if blind:
            self._window.page.banner.say(Gravity.SLIDES, None)
        actions["add_slides"].setToolTip(_HIDDEN if blind else "")
        side.add_button.setToolTip(_HIDDEN if blind else "Add slides to the worklist…")
        self._show_target()

    def choose(self) -> None:
        """Ask for the folder that holds slides, and add them."""
        path = choose_parent(self._window)
        if path is not None:
            self.add([path])

    def add(self, paths: Sequence[Path]) -> None:
        """Look for slides under these and put them on the list as they are wished to be called."""
        if self._controller.blind:
            self._controller.noted.emit(_HIDDEN)
            return
        review, known = self._controller.review, [one.path for one in self._list.slides]
        classes = class_names(review.classes if review is not None else ())
        dialog = SlidesDialog(self._window.theme_, paths, known, classes, self._window)
        taken, slides = bool(dialog.exec()), dialog.slides
        dialog.deleteLater()
        if not taken or not slides:
            return
        self._list.add(slides)
        self._window.page.banner.say(Gravity.SLIDES, None)
        # Whoever has opened all slides as one goes on with the first of them.
        if review is None or self._path in map(str, Path(slides[0].path).parents):
            self.open(slides[0].path)
        else:
            count = "1 slide is" if len(slides) == 1 else f"{len(slides):,} slides are"
            self._controller.noted.emit(f"{count} on the worklist.")

    def open(self, path: str) -> None:
        """Open one of them."""
        self._window.open([Path(path)])

    def step(self, step: int) -> None:
        """The next or the previous slide that can be found."""
        at = self._path
        while (found := self._list.neighbour(at, step)) is not None:
            if found.path not in self._list.missing:
                self.open(found.path)
                return
            at = found.path
        if self._list.slides:
            self._controller.noted.emit(LAST if step > 0 else FIRST)

    @property
    def _path(self) -> str:
        folder = self._controller.folder
        return str(folder.folder) if folder is not None else ""

    def _remove(self, paths: list[str], listed: bool) -> None:
        if listed:
            self._list.remove(paths)
        else:
            for path in paths:
                self._controller.recents.forget(path)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate:
            self._list.look()  # another window may have been at work
        return super().eventFilter(watched, event)

    def _listed(self) -> None:
        """The open folder has the names that stand in the list now."""
        folder = self._controller.folder
        if folder is not None:
            folder.name(*names_of(folder.folder))
            self._window.show_corner()
        self.show()

    def _opened(self) -> None:
        review = self._controller.review
        self._counted = counted(review) if review is not None else 0
        slide = self._list.find(self._path)
        if slide is not None and slide.patient in self._list.folded:
            self._list.fold(slide.patient, False)  # what is open is to be seen
        self.show()
        if review is not None and slide is None:
            self._controller.background(partial(_slides_in, review), self._several)

    def _several(self, count: object) -> None:
        """Say that the open folder holds several slides, which are read as one now."""
        if not isinstance(count, int) or count < 2 or self._controller.blind:
            return
        folder = self._path
        words = f"{count:,} folders in here hold images and are read as one slide."
        notice = Notice(words, "One slide each…", lambda: self.add([Path(folder)]))
        self._window.page.banner.say(Gravity.SLIDES, notice)

    # What is known of the open one

    def _decided(self) -> None:
        if self._controller.stage is not Stage.RUNNING:  # the end of a run is kept by itself
            self.keeping.start()
        self._enable()
        self._tell_target()

    def _keep(self) -> None:
        folder = self._controller.folder
        if folder is not None:
            self._controller.recents.remember(folder)

    # How many cells are to be counted

    def _target_menu(self) -> dict[int, QAction]:
        menu = self._window.actions_.menus["Slide"]
        menu.addSeparator()
        self._target = menu.addMenu("Count &target")
        group, made = QActionGroup(self), {}
        for cells in (0, *TARGETS):
            action = QAction(f"{cells} cells" if cells else "&None", group)
            action.setCheckable(True)
            action.triggered.connect(lambda _on=False, wished=cells: self.set_target(wished))
            self._target.addAction(action)
            made[cells] = action
        return made

    def set_target(self, cells: int) -> None:
        """Count this many cells; 0 for no target."""
        changes = self._controller.act(lambda review: review.set_target(cells))
        if changes is not None:
            self._controller.noted.emit(changes.text)
            self._window.page.show_counts()
            self._tell_target(anew=True)
        self._show_target()

    def _show_target(self) -> None:
        review = self._controller.review
        target = review.record.target if review is not None else 0
        self._target.setEnabled(review is not None and review.record.open)
        self.targets.get(target, self.targets[0]).setChecked(True)
        # Named after what is counted: a model of fields has images that show many cells.
        choice = self._controller.choice
        fields = choice is not None and choice.model.contract.unit is Unit.FIELD
        for count, action in self.targets.items():
            if count:
                action.setText(f"{count} {'images' if fields else 'cells'}")

    def _tell_target(self, *, anew: bool = False) -> None:
        """Say it once, when the last cell is counted; take it back when one is missing again."""
        review = self._controller.review
        if review is None:
            return
        before, self._counted = self._counted, counted(review)
        target, say = review.record.target, self._window.page.banner.say
        if not target or self._counted < target:
            say(Gravity.TARGET, None)
        elif anew or before < target:
            words = f"The count target of {target:,} is reached: {self._counted:,} are counted."
            say(Gravity.TARGET, Notice(words))


def _slides_in(review: Review, _cancel: CancelToken) -> Iterator[object]:
    """In the worker: how many slides the images of one folder would be."""
    known = shipped_class_names() | class_names(review.classes)
    yield len(group((image.name for image in review.images), known))
