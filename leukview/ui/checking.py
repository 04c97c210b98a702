"""Reads the files of the open folder again in the background and compares them with the session.

It has its own thread of the lowest priority, so that neither a run nor a decision waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QThread, Signal

from leukview.domain.progress import CancelToken
from leukview.ui import messages
from leukview.ui.jobs import Job, JobRunner
from leukview.workflows.columns import Rows, none
from leukview.workflows.identity import Reread, reread
from leukview.workflows.opened import Opened


@dataclass(frozen=True, slots=True)
class _Read:
    """One part of the files has been read: the wanted, the unknown, or the recalled ones."""

    part: int


_WANTED, _UNKNOWN = 0, 1


class Checking(QObject):
    """One pass over files whose bytes are not certain.

    Attributes:
        looking_up: files are being read of which the session may know something.
        replaced: images so far that were not what the session took them for.
    """

    changed = Signal(object)  # Changes
    said = Signal(str)
    warned = Signal(str)
    looked_up = Signal()
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = JobRunner(self, priority=QThread.Priority.LowestPriority)
        self._job: Job | None = None
        self._folder: Opened | None = None
        self._loud = False
        self.looking_up = False
        self.replaced = self._done = self._all = self._failed = 0

    @property
    def busy(self) -> bool:
        return self._job is not None

    def start(self, folder: Opened, first: Rows | None = None, *, loud: bool = False) -> None:
        """Read what `Review.to_read` names, and `first` before all others.

        Args:
            folder: the open one; what is left of an earlier pass belongs to this one.
            first: rows that somebody waits for.
            loud: whether to say how far it is all the time; else until `looked_up` only.
        """
        self._drop()
        review = folder.review
        wanted = none() if first is None else first
        parts = [wanted, *(np.setdiff1d(rows, wanted) for rows in review.to_read())]
        self.looking_up = self.looking_up or (self._folder is not folder and bool(len(parts[1])))
        self._folder, self._loud = folder, loud
        self._done, self._failed = 0, 0
        self._all = sum(len(rows) for rows in parts)
        if not self._all:
            self.ended.emit()
            return

        def work(cancel: CancelToken) -> Iterator[object]:
            for number, rows in enumerate(parts):
                yield from reread(
                    rows.tolist(),
                    review.images,
                    folder.store,
                    done=lambda row: bool(review.checked[row]),
                    model_sha256=lambda: review.model_sha256,
                    cancel=cancel,
                )
                if len(rows):
                    yield _Read(number)

        self._job = self._runner.start(
            work, on_step=self._step, on_failure=self._fail, on_finished=self._end
        )

    def leave(self) -> None:
        """Another folder: hear nothing more of this one."""
        self._drop()
        self._folder, self.looking_up = None, False
        self.replaced = 0

    def shut_down(self) -> bool:
        """End the thread; False if a dead drive holds it."""
        self.leave()
        return self._runner.shut_down()

    def _drop(self) -> None:
        if self._job is not None:
            self._job.dismiss()
        self._job = None

    def _step(self, step: object) -> None:
        if self._folder is None:
            return
        if isinstance(step, _Read):
            if step.part == _WANTED:
                self._loud = False
                self.said.emit("The files are read. Decide now.")
            if step.part == _UNKNOWN:
                self._open_gate()
        elif isinstance(step, list):
            self._take(self._folder, step)

    def _take(self, folder: Opened, found: list[Reread]) -> None:
        changes = folder.review.compare(found)
        self._done += len(found)
        self._failed += sum(1 for one in found if one.error)
        self.replaced += len(changes.replaced)
        self.changed.emit(changes)
        if self._loud or self.looking_up:
            self.said.emit(messages.reading(min(self._done, self._all), self._all))

    def _fail(self, error: Exception) -> None:
        self.warned.emit(messages.failure(error))

    def _open_gate(self) -> None:
        if self.looking_up:
            self.looking_up = False
            self.looked_up.emit()

    def _end(self, _complete: bool) -> None:
        self._job = None
        self._open_gate()  # it may have failed on the way
        if self.replaced or self._failed:
            self.warned.emit(messages.compared(self.replaced, self._failed))
        elif self._loud:
            self.said.emit("All files are read.")
        self.ended.emit()
