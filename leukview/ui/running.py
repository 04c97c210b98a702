"""The run of the model over the open folder: starts it, stops it, and says how far it is.

It works in the controller's one worker thread. When to run, and over which images, is not its
business.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from leukview.inference.model_file import ModelFile
from leukview.inference.providers import Device
from leukview.ui import messages
from leukview.ui.jobs import Job, JobRunner
from leukview.ui.rate import Rate
from leukview.workflows.opened import Batch, Opened, run_model


class Running(QObject):
    """One run at a time.

    Attributes:
        wish: the device that was asked for: "auto", "cpu", "cuda" or "cuda:N".
        device: on which the model of the open folder ran last; None before its first run.
        done: images of this run that have their result.
        total: images of this run.
        rate: of this run.
        stopped: the last run was stopped by the user, so none begins by itself.
    """

    changed = Signal(object)  # Changes
    progressed = Signal()
    device_changed = Signal()
    failed = Signal(str)
    ended = Signal(bool)  # whether all images were run

    def __init__(self, runner: JobRunner, wish: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self.wish = runner, wish
        self._job: Job | None = None
        self._folder: Opened | None = None
        self.device: Device | None = None
        self.done = self.total = 0
        self.rate = Rate()
        self.stopped = False

    @property
    def stopping(self) -> bool:
        """It was told to stop and has not stopped yet."""
        return self._job is not None and self._job.token.cancelled

    def start(self, folder: Opened, model: ModelFile, rows: Sequence[int]) -> None:
        """Classify these rows of the folder by the model."""
        wish = self.wish
        self._folder, self.stopped = folder, False
        self.done, self.total = 0, len(rows)
        self.rate.start()
        self._job = self._runner.start(
            lambda cancel: run_model(folder, model, rows, wish, cancel),
            on_step=self._step,
            on_failure=lambda error: self.failed.emit(messages.failure(error)),
            on_finished=self._end,
        )

    def stop(self) -> None:
        """Stop the run; what has arrived is kept."""
        if self._job is not None:
            self.stopped = True
            self._job.cancel()

    def drop(self) -> None:
        """Stop it and hear nothing more of it."""
        if self._job is not None:
            self._job.dismiss()
        self._job = self._folder = None

    def leave(self) -> None:
        """Another folder: nothing of this one holds for it."""
        self.drop()
        self.device, self.stopped = None, False

    def _step(self, step: object) -> None:
        if self._folder is None:
            return
        if isinstance(step, Batch):
            self._on(step.device)
            changes = self._folder.review.add_results(step.rows, step.results)
            self.done += len(step.results)
            self.rate.add(len(step.results))
            self.changed.emit(changes)
            self.progressed.emit()
        elif isinstance(step, Device):
            self._on(step)
            self.rate.start()

    def _on(self, device: Device) -> None:
        if device != self.device:
            self.device = device
            self.device_changed.emit()

    def _end(self, complete: bool) -> None:
        self._job = self._folder = None
        self.ended.emit(complete)
