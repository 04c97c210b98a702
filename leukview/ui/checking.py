"""Reads the files of the open folder again in the background and compares them with the session.

It has its own thread of the lowest priority, so that neither a run nor a decision waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QThread, Signal

from leukview.domain.progress import CancelToken
from leukview.imaging.drive import Drive
from leukview.ui import messages
from leukview.ui.jobs import Job, JobRunner
from leukview.workflows.columns import Changes, Rows
from leukview.workflows.identity import Looked, Reread, look, reread
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
        replaced: images of this pass that were not what the session took them for.
    """

    changed = Signal(object)  # Changes
    said = Signal(str)
    warned = Signal(str)
    looked_up = Signal()
    ready = Signal(object)  # what was asked for, now that its files have been looked at
    ended = Signal(bool)  # whether all files were read

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = JobRunner(self, priority=QThread.Priority.LowestPriority)
        self._job: Job | None = None
        self._folder: Opened | None = None
        self._drive = Drive()
        self._loud = False
        self._waiting: list[Changes] = []
        self._why = ""
        self.looking_up = False
        self.replaced = self._done = self._all = self._failed = 0

    @property
    def busy(self) -> bool:
        return self._job is not None

    @property
    def waiting(self) -> int:
        """Images about which something was asked for that waits for their files."""
        return sum(len(one.waiting) for one in self._waiting)

    def wait(self, folder: Opened, changes: Changes) -> None:
        """Look at the files that `changes` waits for before all others, then `ready` says so."""
        self._waiting.append(changes)
        self.start(folder, loud=True)

    def give_up(self) -> int:
        """Forget what waits; returns how many images it was about."""
        count, self._waiting = self.waiting, []
        return count

    def start(self, folder: Opened, *, loud: bool = False) -> None:
        """Read what `Review.to_read` names, and look at what is waited for before.

        Args:
            folder: the open one; what is left of an earlier pass belongs to this one.
            loud: whether to say how far it is all the time; else until `looked_up` only.
        """
        if not self.busy:
            self.replaced = self._failed = 0
        self._drop()
        if self._folder is not folder:
            self._drive = Drive()
        waits = np.zeros(folder.review.count, np.bool_)  # sets of numpy take ten times as long
        for one in self._waiting:
            waits[one.waiting] = True
        parts = [np.flatnonzero(waits), *(r[~waits[r]] for r in folder.review.to_read())]
        self.looking_up = self.looking_up or (self._folder is not folder and bool(len(parts[1])))
        self._folder, self._loud, self._why = folder, loud, ""
        self._done, self._all = 0, sum(len(rows) for rows in parts)
        if not self._all:
            self._end(True)
            return
        drive = self._drive
        self._job = self._runner.start(
            lambda cancel: _pass(folder, parts, drive, cancel),
            on_step=self._step,
            on_failure=self._fail,
            on_finished=self._end,
        )

    def leave(self) -> None:
        """Another folder: hear nothing more of this one."""
        self._drop()
        self._folder, self.looking_up = None, False
        self._waiting = []

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; False if it would not end in time."""
        self.leave()
        return self._runner.shut_down(timeout_ms)

    def _drop(self) -> None:
        if self._job is not None:
            self._job.dismiss()
        self._job = None

    def _step(self, step: object) -> None:
        if self._folder is None:
            return
        if isinstance(step, _Read):
            if step.part == _WANTED:
                self._go_on()
            if step.part == _UNKNOWN:
                self._open_gate()
        elif isinstance(step, Looked):
            self._folder.review.checked[list(step.touched)] = False
            self._count(step.count - len(step.touched))
        elif isinstance(step, list):
            self._take(self._folder, step)

    def _go_on(self) -> None:
        """What waited for its files can be done."""
        self._loud = False
        waited, self._waiting = self._waiting, []
        for one in waited:
            self.ready.emit(one.then)

    def _take(self, folder: Opened, found: list[Reread]) -> None:
        changes = folder.review.compare(found)
        self._failed += sum(1 for one in found if one.error)
        self.replaced += len(changes.replaced)
        self.changed.emit(changes)
        self._count(len(found))

    def _count(self, files: int) -> None:
        self._done += files
        if self._loud or self.looking_up:
            self.said.emit(messages.reading(min(self._done, self._all), self._all))

    def _fail(self, error: Exception) -> None:
        self._why = messages.failure(error)

    def _open_gate(self) -> None:
        if self.looking_up:
            self.looking_up = False
            self.looked_up.emit()

    def _end(self, complete: bool) -> None:
        self._job = None
        self._open_gate()  # it may have failed on the way
        lost = self.give_up()
        words = [
            messages.compared(self.replaced, 0 if self._why else self._failed),
            self._why,
            messages.not_done(lost) if lost else "",
        ]
        if any(words):
            self.warned.emit(" ".join(filter(None, words)))
        elif self._loud and complete:
            self.said.emit("All files are read.")
        self.ended.emit(complete)


def _pass(
    folder: Opened, parts: Sequence[Rows], drive: Drive, cancel: CancelToken
) -> Iterator[object]:
    """Look at the files of the first part, read all that are not certain; in the worker thread."""
    review = folder.review
    touched: set[int] = set()
    for looked in look(
        np.compress(review.checked[parts[0]], parts[0]).tolist(), review.images, drive, cancel
    ):
        touched.update(looked.touched)
        yield looked
    for number, rows in enumerate(parts):
        yield from reread(
            rows.tolist(),
            review.images,
            folder.store,
            done=lambda row: bool(review.checked[row]) and row not in touched,
            model_sha256=lambda: review.model_sha256,
            drive=drive,
            cancel=cancel,
        )
        if len(rows) and not cancel.cancelled:
            yield _Read(number)
