"""What the window can ask for: open, run, stop, choose a model, decide, export. No widgets here.

It talks to the workflows only, in one worker thread for what takes long. Everything that it says
is said in the GUI thread.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from leukview.domain.errors import LeukViewError
from leukview.domain.progress import CancelToken, Progress
from leukview.inference.providers import Device
from leukview.ui import messages
from leukview.ui.checking import Checking
from leukview.ui.exporting import Exporting
from leukview.ui.jobs import Job, JobRunner
from leukview.ui.models import summary
from leukview.ui.rate import Rate
from leukview.ui.saving import Saving
from leukview.ui.settings import Recent, Settings
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.opened import (
    AUTO,
    Batch,
    Opened,
    Opening,
    choice_for,
    fresh_rows,
    rows_to_run,
    run_model,
    use_model,
)
from leukview.workflows.review import Changes, Review


class Stage(enum.Enum):
    """What is going on."""

    EMPTY = enum.auto()
    OPENING = enum.auto()
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
        self.model_wish, self._device_wish = model, device
        self.stage = Stage.EMPTY
        self.note = ""
        self.folder: Opened | None = None
        self.device: Device | None = None
        self.refusal = ""
        self.run_done = self.run_total = 0
        self.rate = Rate()
        self._runner = JobRunner(self)
        self.checking = Checking(self)
        self.exporting = Exporting(self.checking, self)
        self.saving = Saving(self)
        self._replaced: set[int] = set()  # rows to be run anew
        self._stopped = False  # by the user
        self._wire()
        self._job: Job | None = None
        self._opening: Opening | None = None
        self._ended: bool | None = None

    def _wire(self) -> None:
        self.checking.changed.connect(self._compared)
        self.checking.ready.connect(self._complete)
        self.checking.said.connect(self.noted)
        self.checking.warned.connect(self.warned)
        self.checking.looked_up.connect(self._run_on_open)
        self.checking.ended.connect(self._run_replaced)
        self.exporting.said.connect(self.noted)
        self.exporting.failed.connect(self.failed)
        self.exporting.exported.connect(self.exported)

    @property
    def review(self) -> Review | None:
        return self.folder.review if self.folder else None

    @property
    def choice(self) -> ModelChoice | None:
        return self.folder.choice if self.folder else None

    @property
    def threshold(self) -> float:
        return self.choice.model.contract.review.confidence if self.choice else 0.0

    # Opening and closing

    def open(self, paths: Sequence[Path]) -> None:
        """Leave the folder that is open and open these paths."""
        self.leave()
        opening = self._opening = Opening(
            paths, model=self.model_wish, reviewer=self.settings.reviewer
        )
        self._stage(Stage.OPENING, "Looking for images…")
        self._job = self._runner.start(
            opening.steps,
            on_step=self._open_step,
            on_failure=self._open_failed,
            on_finished=self._open_ended,
        )

    @Slot(object)
    def _open_step(self, step: object) -> None:
        if isinstance(step, Progress):
            self._stage(Stage.OPENING, step.note)
            return
        made = self._opening.take() if self._opening else None
        if made is None:
            return
        self.folder, self.refusal = made, made.refusal
        self.saving.listen(made)
        self._stage(Stage.READY, "")
        self._remember()
        self.opened.emit()
        self.model_changed.emit()
        self.checking.start(made)
        if made.choosing:
            self.choose_model(self.model_wish)
        else:
            self._run_on_open()

    def _run_on_open(self) -> None:
        """Not before it is known which images the session knows already."""
        wished = self.settings.flag("run_on_open", True)
        if wished and not self._stopped and not self.checking.looking_up:
            self.run()
        self.progressed.emit()  # the status line has said how many files were read

    def _compared(self, changes: Changes) -> None:
        self._replaced.update(changes.replaced.tolist())
        self._tell(changes)

    def _run_replaced(self) -> None:
        """What was found to be other images is classified anew, and nothing else."""
        if self.folder is None or self._stopped or not self.settings.flag("run_on_open", True):
            return
        rows = [row for row in fresh_rows(self.folder) if row in self._replaced]
        if rows and self.can_run:
            self._replaced.clear()
            self._start_run(rows)

    def _open_failed(self, error: Exception) -> None:
        self._stage(Stage.EMPTY, "")
        self.open_failed.emit(messages.failure(error))

    def _open_ended(self, _complete: bool) -> None:
        if self.stage is Stage.OPENING:
            self._stage(Stage.READY if self.folder else Stage.EMPTY, "")

    def leave(self) -> None:
        """Close the open folder; everything in it is saved."""
        self._drop_run()
        self.checking.leave()
        if self._opening is not None:
            self._opening.abandon()
            self._opening = None
        if self.folder is not None:
            self.leaving.emit()
        folder, self.folder = self.folder, None
        self.device, self._stopped = None, False
        self._replaced.clear()
        self.saving.leave()
        self.exporting.leave()  # what fails now is said where no folder is
        if folder is not None:
            self._remember(folder)
            try:
                folder.close()
            except LeukViewError as error:
                self.failed.emit(str(error))
            self._stage(Stage.EMPTY, "")

    def close(self) -> bool:
        """Stop everything, save everything. False if a job would not end in time."""
        if self._ended is not None:
            return self._ended
        self._drop_run()
        ended = [one.shut_down() for one in (self.checking, self.exporting, self._runner)]
        self._ended = all(ended)
        self.leave()
        self.settings.sync()
        return self._ended

    def _remember(self, folder: Opened | None = None) -> None:
        folder = folder or self.folder
        if folder is None:
            return
        count = summary.counts(folder.review)
        left = count.review - count.reviewed
        self.settings.remember(Recent(str(folder.folder), count.images, count.decided, left))

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

    def choose_model(self, name: str) -> None:
        """Use another model: "auto", a shipped name, or the path of a file."""
        self.model_wish, self._stopped = name, False
        if self.folder is None:
            self.model_changed.emit()
            return
        self._drop_run()
        folder = self.folder
        self._stage(Stage.OPENING, messages.opening_model(folder.review.count, name == AUTO))

        def work(cancel: CancelToken) -> Iterator[object]:
            yield choice_for(folder.scan.images, name, cancel)

        self._job = self._runner.start(
            work,
            on_step=self._model_step,
            on_failure=self._run_failed,
            on_finished=self._open_ended,
        )

    def _model_step(self, step: object) -> None:
        folder = self.folder
        if folder is None or not isinstance(step, tuple):
            return
        choice, self.refusal = step
        self._stage(Stage.READY, "")
        if choice is not None:
            use_model(folder, choice, remember=self.model_wish == AUTO)
            self.device = None
        self.model_changed.emit()
        if choice is not None:
            self._run_on_open()

    # The run

    @property
    def has_fresh(self) -> bool:
        """Whether there are images that were not run at all; those that failed do not count."""
        return self.folder is not None and bool(fresh_rows(self.folder))

    @property
    def can_run(self) -> bool:
        folder = self.folder
        return self.stage is Stage.READY and folder is not None and bool(rows_to_run(folder))

    def run(self) -> None:
        """Classify what has no suggestion yet, in the background."""
        if self.folder is not None and self.can_run:
            self._start_run(rows_to_run(self.folder))

    def _start_run(self, rows: Sequence[int]) -> None:
        folder, device = self.folder, self._device_wish
        if folder is None or folder.choice is None:
            return
        choice, self._stopped = folder.choice, False
        self.run_done, self.run_total = 0, len(rows)
        self.rate.start()
        self._stage(Stage.RUNNING, "")
        self._job = self._runner.start(
            lambda cancel: run_model(folder, choice.model, rows, device, cancel),
            on_step=self._run_step,
            on_failure=self._run_failed,
            on_finished=self._run_ended,
        )

    def stop(self) -> None:
        """Stop the run; what has arrived is kept."""
        if self._job is not None:
            self._stopped = True
            self._job.cancel()

    def _run_step(self, step: object) -> None:
        review = self.review
        if review is None:
            return
        if isinstance(step, Batch):
            self._device(step.device)
            changes = review.add_results(step.rows, step.results)
            self.run_done += len(step.results)
            self.rate.add(len(step.results))
            self._tell(changes)
            self.progressed.emit()
        elif isinstance(step, Device):
            self._device(step)
            self.rate.start()

    def _device(self, device: Device) -> None:
        if device != self.device:
            self.device = device
            self.device_changed.emit()

    def _run_failed(self, error: Exception) -> None:
        self.failed.emit(messages.failure(error))

    def _run_ended(self, complete: bool) -> None:
        self._job = None
        self._stage(Stage.READY, "")
        if self.review is None:
            return
        count = summary.counts(self.review)
        self._remember()
        finished = messages.finished(count.suggested, count.review, count.unread)
        self.run_ended.emit(finished if complete else messages.stopped(count.suggested))
        if complete and not self.checking.busy:
            self._run_replaced()

    def _drop_run(self) -> None:
        if self._job is not None:
            self._job.dismiss()
            self._job = None

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
        self.settings.reviewer = name
        if self.review is not None:
            self.review.reviewer = name

    # The table

    def export(self, path: Path, *, bom: bool, force: bool) -> None:
        """Write the table, with or without a model; `exported` or `failed` tells."""
        if self.folder is not None:
            device = self.device.name if self.device else ""
            self.exporting.start(self.folder, path, device=device, bom=bom, force=force)

    def _stage(self, stage: Stage, note: str) -> None:
        if (stage, note) != (self.stage, self.note):
            self.stage, self.note = stage, note
            self.stage_changed.emit()
