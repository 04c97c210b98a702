"""Opens folders in the background; what was begun is given up when another one is wished for.

It works in the controller's one worker thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from leukview.domain.progress import Progress
from leukview.ui import messages
from leukview.ui.jobs import Job, JobRunner
from leukview.workflows.opened import Opening


class Opener(QObject):
    """One folder at a time.

    Attributes:
        model: that was asked for when the folder was; "auto", a name or a path.
    """

    said = Signal(str)  # how far it is
    opened = Signal(object)  # Opened; it belongs to who hears it
    failed = Signal(str)

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model = ""
        self._runner = runner
        self._job: Job | None = None
        self._opening: Opening | None = None

    def start(self, paths: Sequence[Path], *, model: str, reviewer: str) -> None:
        """Open these paths; `opened` or `failed` tells."""
        self.drop()
        self.model = model
        opening = self._opening = Opening(paths, model=model, reviewer=reviewer)
        self._job = self._runner.start(
            opening.steps,
            on_step=self._step,
            on_failure=lambda error: self.failed.emit(messages.failure(error)),
        )

    def drop(self) -> None:
        """Give it up and hear nothing more of it; nothing was changed."""
        if self._job is not None:
            self._job.dismiss()
        if self._opening is not None:
            self._opening.abandon()
        self._job = self._opening = None

    def _step(self, step: object) -> None:
        if isinstance(step, Progress):
            self.said.emit(step.note)
            return
        made = self._opening.take() if self._opening else None
        self._job = self._opening = None
        if made is not None:
            self.opened.emit(made)
