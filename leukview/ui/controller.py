"""What the window can ask for: open, run, stop, choose a model, decide, export. No widgets here.

It talks to the workflows only, in one worker thread for what takes long. Everything that it says
is said in the GUI thread.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from leukview.domain.errors import LeukViewError
from leukview.domain.progress import CancelToken
from leukview.inference.providers import Device
from leukview.ui import messages
from leukview.ui.checking import Checking
from leukview.ui.choosing import Choosing
from leukview.ui.export_kinds import Chosen
from leukview.ui.exporting import Exporting
from leukview.ui.jobs import JobRunner
from leukview.ui.models import summary
from leukview.ui.opener import Opener
from leukview.ui.recents import Recents
from leukview.ui.running import Running
from leukview.ui.saving import Saving
from leukview.ui.settings import Settings
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.opened import (
    AUTO,
    Opened,
    fresh_rows,
    rows_to_run,
    use_model,
)
from leukview.workflows.review import Changes, Review

# Readers of images stop at once; this is for a model that is being loaded, or a table's drive.
_END_SECONDS = 10.0


class Stage(enum.Enum):
    """What is going on."""

    EMPTY = enum.auto()
    OPENING = enum.auto()
    CHOOSING = enum.auto()  # a model; the folder is open
    READY = enum.auto()
    RUNNING = enum.auto()


class Controller(QObject):
    """The open folder and everything that happens to it."""

    stage_changed = Signal()
    opened = Signal()
    leaving = Signal()  # the folder is still there
    open_failed = Signal(str)
    model_changed = Signal()
    device_changed = Signal()
    changed = Signal(object)  # Changes
    progressed = Signal()
    run_ended = Signal(str)
    failed = Signal(str)
    exported = Signal(str)
    noted = Signal(str)  # for the status line
    warned = Signal(str)  # for the banner
    replaced = Signal(object)  # rows whose pixels are outdated

    def __init__(
        self,
        settings: Settings,
        *,
        model: str = AUTO,
        device: str = AUTO,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.stage = Stage.EMPTY
        self.note = ""
        self.folder: Opened | None = None
        self.refusal = ""
        self._runner = JobRunner(self)
        self.opener = Opener(self._runner, self)
        self.choosing = Choosing(self._runner, model, self)
        self.running = Running(self._runner, device, self)
        self.checking = Checking(self)
        self.exporting = Exporting(self.checking, self)
        self.saving = Saving(self)
        self.recents = Recents(settings, self)
        self._replaced: set[int] = set()  # rows to be run anew
        self._asked = False  # for a run, before there was a model
        self._wire()
        self._ended: bool | None = None

    def _wire(self) -> None:
        self.checking.changed.connect(self._compared)
        self.checking.ready.connect(self._complete)
        self.checking.said.connect(self.noted)
        self.checking.warned.connect(self.warned)
        self.checking.looked_up.connect(self._run_on_open)
        self.checking.ended.connect(self._run_replaced)
        self.opener.said.connect(lambda words: self._stage(Stage.OPENING, words))
        self.opener.opened.connect(self._opened)
        self.opener.failed.connect(self._open_failed)
        self.choosing.chosen.connect(self._model_chosen)
        self.choosing.kept.connect(self._model_kept)
        self.choosing.failed.connect(self.failed)
        self.running.changed.connect(self._tell)
        self.running.progressed.connect(self.progressed)
        self.running.device_changed.connect(self.device_changed)
        self.running.failed.connect(self.failed)
        self.running.ended.connect(self._run_ended)
        self.exporting.said.connect(self.noted)
        self.exporting.failed.connect(self.failed)
        self.exporting.exported.connect(self.exported)

    @property
    def review(self) -> Review | None:
        return self.folder.review if self.folder else None

    @property
    def blind(self) -> bool:
        """Whether nothing may be shown that depends on the model."""
        return bool(self.folder and self.folder.review.blind)

    @property
    def choice(self) -> ModelChoice | None:
        return self.folder.choice if self.folder else None

    @property
    def model_wish(self) -> str:
        return self.choosing.wish

    @property
    def device(self) -> Device | None:
        return self.running.device

    @property
    def threshold(self) -> float:
        return self.choice.model.contract.review.confidence if self.choice else 0.0

    # Opening and closing

    def open(self, paths: Sequence[Path]) -> None:
        """Leave the folder that is open and open these paths."""
        self.leave()
        self._stage(Stage.OPENING, "Looking for images…")
        self.opener.start(paths, model=self.model_wish, reviewer=self.settings.reviewer)

    def _opened(self, made: Opened) -> None:
        # What was wished for in the meantime is chosen afterwards.
        wish, self.choosing.wish = self.model_wish, self.opener.model
        self.folder, self.refusal = made, made.refusal
        self.saving.listen(made)
        self._stage(Stage.READY, "")
        self.recents.remember(made)
        self.opened.emit()
        self.model_changed.emit()
        self.checking.start(made)
        if made.choosing or wish != self.model_wish:
            self.choose_model(wish)
        else:
            self._run_on_open()

    def _run_on_open(self) -> None:
        """Not before it is known which images the session knows already."""
        wished = self._asked or self.settings.flag("run_on_open", True)
        if wished and not self.running.stopped and not self.checking.looking_up:
            self.run()
        self.progressed.emit()  # the status line has said how many files were read

    def _compared(self, changes: Changes) -> None:
        self._replaced.update(changes.replaced.tolist())
        self._tell(changes)

    def _run_replaced(self) -> None:
        """What was found to be other images is classified anew, and nothing else."""
        wished = self.settings.flag("run_on_open", True)
        if self.folder is None or self.running.stopped or not wished:
            return
        rows = [row for row in fresh_rows(self.folder) if row in self._replaced]
        if rows and self.can_run:
            self._replaced.clear()
            self._start_run(rows)

    def _open_failed(self, words: str) -> None:
        self._stage(Stage.EMPTY, "")
        self.open_failed.emit(words)

    def stop_opening(self) -> None:
        """Give up a folder that is being opened; nothing was changed."""
        if self.stage is Stage.OPENING:
            self.leave()
            self._stage(Stage.EMPTY, "")

    def leave(self) -> None:
        """Close the open folder; everything in it is saved."""
        self.opener.drop()
        self.choosing.drop()
        self.running.leave()
        self.checking.leave()
        if self.folder is not None:
            self.leaving.emit()
        folder, self.folder = self.folder, None
        self._replaced.clear()
        self._asked = False
        self.saving.leave()
        self.exporting.leave()  # what fails now is said where no folder is
        if folder is not None:
            self.recents.remember(folder)
            try:
                folder.close()
            except LeukViewError as error:
                self.failed.emit(str(error))
            self._stage(Stage.EMPTY, "")

    def close(self) -> bool:
        """Save everything, stop everything. False if a job would not end in time.

        Decisions come first: whoever loses patience and kills the program loses none.
        """
        if self._ended is not None:
            return self._ended
        self.leave()
        self.settings.sync()
        until = time.monotonic() + _END_SECONDS
        self._ended = True
        for one in (self.checking, self.exporting, self.recents, self._runner):
            left = max(0.0, until - time.monotonic())
            self._ended = one.shut_down(round(1000 * left)) and self._ended
        return self._ended

    def background(
        self, work: Callable[[CancelToken], Iterator[object]], on_step: Callable[[object], None]
    ) -> None:
        """Do something small for the open folder first; unheard once another one is open."""
        folder = self.folder

        def heard(step: object) -> None:
            if self.folder is folder:
                on_step(step)

        self._runner.start(work, on_step=heard)

    # The model

    @property
    def _unchosen(self) -> bool:
        """Nothing speaks against a model, but none was chosen: that was stopped."""
        return self.folder is not None and self.folder.choosing and not self.refusal

    def choose_model(self, name: str) -> None:
        """Use another model: "auto", a shipped name, or the path of a file."""
        self.running.stopped = False
        if self.folder is None:
            self.choosing.wish = name
            self.model_changed.emit()
            return
        self.running.drop()
        self.choosing.start(self.folder.scan.images, name)
        note = messages.opening_model(self.folder.review.count, name == AUTO)
        self._stage(Stage.CHOOSING, note)

    def _model_chosen(self, found: tuple[ModelChoice | None, str]) -> None:
        folder = self.folder
        if folder is None:
            return
        choice, self.refusal = found
        self._stage(Stage.READY, "")
        if choice is not None:
            use_model(folder, choice, remember=self.model_wish == AUTO)
            self.running.device = None
        self.model_changed.emit()
        if choice is not None:
            self._run_on_open()

    def _model_kept(self, stopped: bool) -> None:
        self._asked = False
        self._stage(Stage.READY, "")
        if stopped and self.choice is not None:
            self.noted.emit(messages.still_in_use(self.choice.model.contract.title))

    # The run

    @property
    def has_fresh(self) -> bool:
        """Whether there are images that were not run at all; those that failed do not count."""
        return self._unchosen or (self.folder is not None and bool(fresh_rows(self.folder)))

    @property
    def can_run(self) -> bool:
        if self.stage is not Stage.READY or self.folder is None:
            return False
        return self._unchosen or bool(rows_to_run(self.folder))

    @property
    def can_stop(self) -> bool:
        return self.stage in (Stage.CHOOSING, Stage.RUNNING) and not self.stopping

    @property
    def stopping(self) -> bool:
        """The run, or the choice of a model, was told to stop and has not stopped yet."""
        return self.running.stopping or self.choosing.stopping

    def run(self) -> None:
        """Classify what has no suggestion yet, in the background; a model is chosen before."""
        if self.folder is None or not self.can_run:
            return
        if self._unchosen:
            self._asked = True
            self.choose_model(self.model_wish)
        else:
            self._start_run(rows_to_run(self.folder))

    def _start_run(self, rows: Sequence[int]) -> None:
        if self.folder is not None and self.folder.choice is not None:
            self._asked = False
            self.running.start(self.folder, self.folder.choice.model, rows)
            self._stage(Stage.RUNNING, "")

    def stop(self) -> None:
        """Stop the run, or the choice of a model; what has arrived is kept."""
        if self.can_stop:
            self.running.stop()
            self.choosing.stop()
            self.running.stopped = True  # so that no run begins by itself
            self._stage(self.stage, messages.STOPPING)

    def _run_ended(self, complete: bool) -> None:
        self._stage(Stage.READY, "")
        if self.folder is None:
            return
        self.recents.remember(self.folder)
        count = summary.counts(self.folder.review)
        finished = messages.finished(count.suggested, count.review, count.unread)
        self.run_ended.emit(finished if complete else messages.stopped(count.suggested))
        if complete and not self.checking.busy:
            self._run_replaced()

    # Decisions

    def act(self, action: Callable[[Review], Changes | None]) -> Changes | None:
        """Do something to the review and say what changed; None when it was not done."""
        review = self.review
        if review is None:
            return None
        try:
            changes = action(review)
        except LeukViewError as error:
            (self.saving.failed if self.saving.refused else self.failed).emit(str(error))
            return None
        if changes is None:
            return None
        self._tell(changes)
        if len(changes.waiting) and self.folder is not None:
            self.checking.wait(self.folder, changes)
        return changes

    def _complete(self, then: Callable[[], Changes]) -> None:
        """Do what was asked for before its files had been looked at."""
        changes = self.act(lambda _review: then())
        if changes is not None:
            self.noted.emit(changes.text)

    def _tell(self, changes: Changes) -> None:
        if len(changes.replaced):
            self.replaced.emit(changes.replaced)
        if len(changes.rows) or changes.text:  # an action may concern no image of this folder
            self.changed.emit(changes)

    def set_reviewer(self, name: str) -> None:
        """Whose name stands beside the decisions from now on."""
        if self.review is not None and self.act(lambda r: r.rename(name)) is None:
            return
        self.settings.reviewer = name

    # The table

    def export(self, chosen: Chosen) -> None:
        """Write what was chosen; `exported` or `failed` tells."""
        if self.folder is not None:
            device = self.device.name if self.device else ""
            self.exporting.begin(self.folder, chosen, device=device)

    def _stage(self, stage: Stage, note: str) -> None:
        if (stage, note) != (self.stage, self.note):
            self.stage, self.note = stage, note
            self.stage_changed.emit()
