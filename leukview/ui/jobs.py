"""Run plain generators off the GUI thread and hear of them in Qt signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QRunnable, QThread, QThreadPool, Signal, Slot

from leukview.domain.progress import CancelToken

Work = Callable[[CancelToken], Iterator[object]]


class Job(QObject):
    """The GUI's handle on one running job; it lives in the GUI thread.

    The worker emits the private signals; the slots run in the GUI thread because this object lives
    there, and only then call whoever asked. A job that was dismissed says nothing any more, so
    what it still produces cannot land in a folder that was opened after it.
    """

    finished = Signal(bool)  # True: it ran to the end; False: cancelled or failed
    _stepped = Signal(object)
    _failed = Signal(object)
    _ended = Signal(bool)

    def __init__(
        self,
        on_step: Callable[[object], None] | None,
        on_failure: Callable[[Exception], None] | None,
        on_finished: Callable[[bool], None] | None,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.token = CancelToken()
        self._calls = (on_step, on_failure, on_finished)
        self._dismissed = False
        self._stepped.connect(self._step)
        self._failed.connect(self._fail)
        self._ended.connect(self._end)

    def cancel(self) -> None:
        """Ask it to stop; what it has done so far still arrives, then `finished(False)`."""
        self.token.cancel()

    def dismiss(self) -> None:
        """Stop it and hear nothing more of it."""
        self._dismissed = True
        self.token.cancel()

    @Slot(object)
    def _step(self, value: object) -> None:
        if self._calls[0] is not None and not self._dismissed:
            self._calls[0](value)

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if self._calls[1] is not None and not self._dismissed:
            self._calls[1](error)

    @Slot(bool)
    def _end(self, complete: bool) -> None:
        if self._calls[2] is not None and not self._dismissed:
            self._calls[2](complete)
        self._calls = (None, None, None)  # they may hold whole folders
        self.finished.emit(complete)


class _Runnable(QRunnable):
    def __init__(self, job: Job, work: Work) -> None:
        super().__init__()
        self._job, self._work = job, work

    def run(self) -> None:
        """Called by Qt in a pool thread."""
        job, token = self._job, self._job.token
        try:
            if not token.cancelled:
                for value in self._work(token):
                    job._stepped.emit(value)
        except Exception as error:  # noqa: BLE001  # the thread's last line of defence; it is shown
            job._failed.emit(error)
            job._ended.emit(False)
            return
        job._ended.emit(not token.cancelled)


class JobRunner(QObject):
    """One pool with one thread: jobs queue up and never race for the session."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        priority: QThread.Priority = QThread.Priority.InheritPriority,
    ) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setThreadPriority(priority)
        self._jobs: set[Job] = set()

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    def start(
        self,
        work: Work,
        *,
        on_step: Callable[[object], None] | None = None,
        on_failure: Callable[[Exception], None] | None = None,
        on_finished: Callable[[bool], None] | None = None,
    ) -> Job:
        """Queue `work`. Callbacks run in the GUI thread; they are in place before it starts.

        Args:
            work: makes the generator in the worker thread; every value it yields is a step.
            on_step: gets each value.
            on_failure: gets the exception that ended it.
            on_finished: gets True when it ran to the end, else False. Always called once, last.
        """
        job = Job(on_step, on_failure, on_finished, self)
        self._jobs.add(job)
        job.finished.connect(self._forget)
        self._pool.start(_Runnable(job, work))
        return job

    @Slot(bool)
    def _forget(self, _complete: bool) -> None:
        job = self.sender()
        if isinstance(job, Job):
            self._jobs.discard(job)
            job.deleteLater()

    def dismiss(self) -> None:
        """Cancel everything and hear nothing more of it."""
        for job in self._jobs:
            job.dismiss()

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """Cancel everything and wait; False if a job would not stop in time."""
        self.dismiss()
        return self._pool.waitForDone(timeout_ms)
