"""How a slide is read and by whom: assisted or blind first, second reader, what settles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from leukview.ui import messages
from leukview.ui.controller import Controller
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.reading_dialogs import AgreementDialog, SecondReaderDialog
from leukview.ui.dialogs.text_dialogs import TextDialog
from leukview.ui.models import queue
from leukview.ui.models.queue import Tab
from leukview.ui.settings import Settings
from leukview.ui.widgets.banner import Gravity, Notice
from leukview.ui.widgets.toolbar import REVIEW
from leukview.workflows.actions import Reading
from leukview.workflows.readers import between_readers
from leukview.workflows.record import Mode
from leukview.workflows.review import Review

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow

_MODES = (Mode.ASSISTED, Mode.BLIND)
_BLIND_WISH = "blind_first"
_HIDDEN = "Hidden until the blind reading ends."


class Readings(QObject):
    """Changes how the slide is read, and lets the window show no more than it may."""

    def __init__(self, window: MainWindow, controller: Controller, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._controller, self._settings = window, controller, settings
        actions = window.actions_
        for name, act in (
            ("second", self.second),
            ("first", self.first),
            ("settle", self.settle),
            ("readers", self.show_agreement),
        ):
            actions.bind(name, act)
        actions.toggle("blind", settings.flag(_BLIND_WISH, False), self._wish)
        window.toolbar.mode_chosen.connect(self._choose)
        controller.opened.connect(self._opened)
        controller.changed.connect(lambda _changes: self._say())
        self.show()

    # What there is

    def show(self) -> None:
        """Bring the window up to how the slide is read."""
        review, window = self._controller.review, self._window
        blind = self._controller.blind
        wish = self._settings.flag(_BLIND_WISH, False)
        window.toolbar.set_blind(blind)
        window.toolbar.modes.choose(int(blind if review is not None else wish))
        window.page.inspector.set_blind(blind)
        window.toolbar.pages.set_enabled(1, not blind, _HIDDEN)
        actions, here = window.actions_, window.stack.currentWidget() is window.page
        for name in ("agree", "next", "previous", "confirm", "next_page", "previous_page"):
            actions[name].setEnabled(here and review is not None and not blind)
        for name in ("overview", "export"):
            actions[name].setEnabled(review is not None and not blind)
            actions[name].setToolTip(_HIDDEN if blind else "")
        self._enable(review)

    def _enable(self, review: Review | None) -> None:
        record = review.record if review else None
        reading = record.reading if record else None
        two = bool(record and Reading.SECOND in record.readers)
        open_ = bool(record and record.open)
        for name, on, why in (
            ("second", open_ and reading is not Reading.SECOND, "The slide is open for changes."),
            ("first", open_ and reading not in (None, Reading.FIRST), "This is the first reading."),
            (
                "settle",
                open_ and two and reading is not Reading.ADJUDICATION,
                "After a second one.",
            ),
            ("readers", two and reading is not Reading.SECOND, "Not during the second reading."),
        ):
            self._window.actions_[name].setEnabled(on)
            self._window.actions_[name].setToolTip("" if on else why)

    def corner(self) -> str:
        """Slide and reader, for the right of the menus."""
        review, folder = self._controller.review, self._controller.folder
        if review is None or folder is None:
            return self._settings.reviewer
        names = filter(None, (folder.slide or folder.folder.name, folder.patient))
        said = "names hidden" if review.blind else " · ".join(names)
        reading = review.record.reading
        which = {Reading.SECOND: " (second reader)", Reading.ADJUDICATION: " (adjudication)"}
        return f"{said} · {review.reviewer}{which.get(reading, '')}"

    def title(self) -> str:
        """Of the window."""
        folder = self._controller.folder
        if folder is None:
            return "LeukView"
        name = folder.slide or folder.folder.name
        return f"{'Blind first' if self._controller.blind else name} – LeukView"

    # Assisted or blind

    def _wish(self, blind: bool) -> None:
        self._settings.set_flag(_BLIND_WISH, blind)
        if self._controller.review is None:
            self._window.toolbar.modes.choose(int(blind))

    def _opened(self) -> None:
        """A slide that nobody has read is read as was wished; a reader goes on as who they were."""
        review = self._controller.review
        if review is None:
            return
        record = review.record
        name = record.readers.get(record.reading, "")
        if name:
            review.reviewer = name
        fresh = not record.modes and record.reading is Reading.FIRST and not review.state.any()
        if fresh and record.open and self._settings.flag(_BLIND_WISH, False):
            self._begin_blind(review)
        self._say()

    def _begin_blind(self, review: Review) -> None:
        """Blind first holds where it cannot be recorded too: then it is shown so, and that is said.

        Another window may write the session, or the disk may refuse.
        """
        if review.read_only or not self._set(Mode.BLIND):
            self._controller.act(lambda r: r.cover())
            self._anew()
        if review.read_only:
            self._controller.warned.emit(messages.COVERED)

    def _choose(self, number: int) -> None:
        """The switch in the toolbar; without a slide it is for those that are opened next."""
        review, mode = self._controller.review, _MODES[number]
        if review is None:
            self._window.actions_["blind"].setChecked(mode is Mode.BLIND)
            return
        if review.covered and review.read_only:
            self._controller.noted.emit(messages.COVERED)
        elif _MODES[review.blind] is not mode and self._agreed(review, mode):
            self._set(mode)
        self.show()

    def _agreed(self, review: Review, mode: Mode) -> bool:
        """Ask where the change costs something."""
        open_, seen = int(queue.undecided(review).sum()), int(review.seen.sum())
        if mode is Mode.ASSISTED and open_:
            title, verb = "End the blind reading?", "Show the suggestions"
            words = (
                f"{messages.images(open_)} of {review.count:,} are not decided yet. Your decisions"
                " stay. What you change after this is counted as changed with the suggestion"
                " in view."
            )
        elif mode is Mode.BLIND and seen:
            title, verb = "Read blind from here?", "Hide the suggestions"
            words = (
                f"The suggestions of {messages.images(seen)} have been on the screen already; the"
                " record says so. Your decisions stay."
            )
        else:
            return True
        dialog = ActDialog(title, words, verb, self._window)
        taken = bool(dialog.exec())
        dialog.deleteLater()
        return taken

    def _set(self, mode: Mode) -> bool:
        if self._controller.act(lambda r: r.set_mode(mode)) is None:
            return False
        self._anew()
        return True

    # The notices of a reading; no other module says or takes back these two

    def _say(self) -> None:
        review, say = self._controller.review, self._window.page.banner.say
        say(Gravity.BLIND, self._blind(review) if review and review.blind else None)
        say(Gravity.SETTLE, self._again(review) if review and not review.blind else None)

    def _blind(self, review: Review) -> Notice:
        """That it is blind; that the suggestions may be shown when nothing is left to decide."""
        if queue.undecided(review).any():
            return Notice(messages.BLIND, lasting=True)
        words = "Every image is decided. Your decisions stay when the suggestions are shown."
        return Notice(words, "Show the suggestions", lambda: self._choose(0), lasting=True)

    def _again(self, review: Review) -> Notice | None:
        """That a settlement does not hold any more, since a reader has said otherwise."""
        count = review.settled_before
        if not count:
            return None
        which = "1 image was" if count == 1 else f"{messages.images(count)} were"
        words = f"{which} settled before a reader decided otherwise, and must be settled again."
        if review.record.reading is Reading.ADJUDICATION:
            return Notice(words, lasting=True)
        return Notice(words, "Settle the differences", self.settle, lasting=True)

    def go(self, reading: Reading) -> bool:
        """Go on with a reading, asking what has to be asked; whether it is the current one now."""
        review = self._controller.review
        if review is not None and review.record.reading is not reading:
            acts = {Reading.SECOND: self.second, Reading.ADJUDICATION: self.settle}
            acts.get(reading, self.first)()
        return review is not None and review.record.reading is reading

    # Readers

    def second(self) -> None:
        """Ask for the other person's name and how they read, and hide what the first decided."""
        review = self._controller.review
        if review is None:
            return
        known = review.record.readers.get(Reading.SECOND, "")
        dialog = SecondReaderDialog(known, self._window)
        taken, name, mode = bool(dialog.exec()), dialog.text, dialog.mode
        dialog.deleteLater()
        if taken and self._begin(Reading.SECOND, name):
            again = review.record.modes.get(Reading.SECOND)
            self._set(again or mode)

    def first(self) -> None:
        """Go back to the first reading."""
        review = self._controller.review
        if review is not None:
            readers = review.record.readers
            self._begin(Reading.FIRST, readers.get(Reading.FIRST) or self._settings.reviewer)

    def settle(self) -> None:
        """Show only what the two readers call differently; somebody decides."""
        if self._controller.review is None:
            return
        dialog = TextDialog(
            "Settle the differences",
            "Only images that the two readers call differently are shown, with what each of them"
            " said. What is decided now stands in the table. Who decides:",
            "Begin",
            self._settings.reviewer,
            self._window,
        )
        taken, name = bool(dialog.exec()), dialog.text
        dialog.deleteLater()
        if taken and self._begin(Reading.ADJUDICATION, name):
            self._window.page.show_tab(Tab.SETTLE)
            self._window.page.go(0)

    def show_agreement(self) -> None:
        """How far the two readers agree."""
        review = self._controller.review
        found = between_readers(review) if review is not None else None
        if found is not None:
            dialog = AgreementDialog(found, self._window)
            dialog.exec()
            dialog.deleteLater()

    def _begin(self, reading: Reading, name: str) -> bool:
        if self._controller.act(lambda r: r.begin(reading, name)) is None:
            return False
        self._anew()
        return True

    def _anew(self) -> None:
        """Everything is shown anew: another reading has other decisions, queues and names."""
        if self._window.stack.currentWidget() is not self._window.page:
            self._window.show_page(REVIEW)
        self._controller.model_changed.emit()
        self._window.page.go(0)
        self._window.page.current.show_tile()  # its words follow how the slide is read now
