"""Which model suggests for the open folder: looks for it in the background, until it is stopped.

It works in the controller's one worker thread. What becomes of the folder with another model is
not its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject, Signal

from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.ui import messages
from leukview.ui.jobs import Job, JobRunner
from leukview.workflows.opened import choice_for


class Choosing(QObject):
    """One choice at a time.

    Attributes:
        wish: "auto", a shipped model's name, or the path of a file; what was asked for last.
    """

    chosen = Signal(object)  # a ModelChoice or None, and why there is none
    kept = Signal(bool)  # no answer, all is as before; whether it was stopped, or else failed
    failed = Signal(str)

    def __init__(self, runner: JobRunner, wish: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wish = self._before = wish
        self._runner = runner
        self._job: Job | None = None

    @property
    def stopping(self) -> bool:
        """It was told to stop and has not stopped yet."""
        return self._job is not None and self._job.token.cancelled

    def start(self, images: Sequence[ImageFile], name: str) -> None:
        """Find the model that a name stands for; "auto" looks at some of the images."""
        before = self._before if self._job is not None else self.wish
        self.drop()
        self._before, self.wish = before, name

        def work(cancel: CancelToken) -> Iterator[object]:
            found = choice_for(images, name, cancel)
            if not cancel.cancelled:  # it has not looked at all it wanted to look at
                yield found

        self._job = self._runner.start(
            work,
            on_step=self._answer,
            on_failure=lambda error: self.failed.emit(messages.failure(error)),
            on_finished=self._end,
        )

    def stop(self) -> None:
        """Give it up; `kept` says when."""
        if self._job is not None:
            self._job.cancel()

    def drop(self) -> None:
        """Give it up and hear nothing more of it."""
        if self._job is not None:
            self._job.dismiss()
        self._job = None

    def _answer(self, found: object) -> None:
        self.drop()  # nothing is left to be stopped
        self.chosen.emit(found)

    def _end(self, _complete: bool) -> None:
        if self._job is not None:
            stopped = self.stopping
            self._job, self.wish = None, self._before
            self.kept.emit(stopped)
