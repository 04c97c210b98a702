"""The single thread that writes a session: all that waits goes into one commit, then the next.

If the disk refuses, everything unwritten waits in memory in its order, and new events are refused
until `retry` succeeds.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leukview.domain.errors import SessionError
from leukview.session.events import GENESIS, chained, now

log = logging.getLogger(__name__)

_MOST_PER_COMMIT = 256


@dataclass(frozen=True, slots=True)
class _Write:
    """Work for the thread; `seq` of the event in it and its fields, 0 for anything else."""

    run: Callable[[sqlite3.Connection], None]
    seq: int = 0
    fields: tuple[str, str, str] = ("", "", "")


class Writer:
    """Writes in its thread, from when it is made until `close`.

    Args:
        connection: used by the thread only; `close` leaves it open.
        name: of the file, for the log.
        last: number of the last event that is on the disk.
        saved: told (seq, UTC time) by the thread; see `SessionStore.on_saved`.
        failed: told by the thread that the disk refused.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        name: str,
        last: int,
        *,
        saved: Callable[[int, str], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._connection, self._name, self._last = connection, name, last
        self._saved, self._failed = saved, failed
        self._changed = threading.Condition()
        self._queue: deque[_Write] = deque()
        self._failure: SessionError | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._write_all, name="leukview-session")
        self._thread.start()

    @property
    def failure(self) -> SessionError | None:
        """Why the disk takes nothing now, or None."""
        return self._failure

    @property
    def unsaved(self) -> int:
        """Events that are not on the disk yet."""
        with self._changed:
            return sum(1 for write in self._queue if write.seq)

    def waiting(self) -> list[tuple[int, str, str, str]]:
        """Number, time, kind and text of the events that may not be on the disk yet, in order."""
        with self._changed:
            return [(write.seq, *write.fields) for write in self._queue if write.seq]

    def append(self, kind: str, text: str, at: str = "") -> int:
        """Queue one event, its particulars as JSON, and return its number; `at` "" is now.

        Raises:
            SessionError: closed, or an earlier event is not saved yet. The event was not taken.
        """
        at = at or now()
        with self._changed:
            if self._closing:
                raise SessionError(
                    "The session is closed. Nothing was changed. Open the folder again."
                )
            if self._failure is not None:
                raise self._failure
            self._last += 1
            seq = self._last

            def run(connection: sqlite3.Connection) -> None:
                previous = connection.execute(
                    "SELECT hash FROM event ORDER BY seq DESC LIMIT 1"
                ).fetchone()
                before = previous[0] if previous else GENESIS
                connection.execute(
                    "INSERT INTO event VALUES (?, ?, ?, ?, ?)",
                    (seq, at, kind, text, chained(before, seq, at, kind, text)),
                )

            self._queue.append(_Write(run, seq, (at, kind, text)))
            self._changed.notify_all()
        return seq

    def put(self, run: Callable[[sqlite3.Connection], None]) -> None:
        """Queue what can be computed again; dropped where nothing can be written now."""
        with self._changed:
            if self._failure or self._closing:
                return
            self._queue.append(_Write(run))
            self._changed.notify_all()

    def settle(self) -> SessionError | None:
        """Wait until all that is queued is on the disk; else why the disk refuses."""
        with self._changed:
            self._changed.wait_for(lambda: not self._queue or self._failure is not None)
            return self._failure

    def retry(self) -> None:
        """Write again what the disk refused, in the same order; nothing once it was closed."""
        with self._changed:
            if self._closing:  # no thread is left, so who waits in `settle` would wait for ever
                return
            self._failure = None
            self._changed.notify_all()

    def close(self) -> bool:
        """Try once more to write what is queued, and join the thread; False if it was closed."""
        with self._changed:
            if self._closing:
                return False
            self._closing = True
            self._failure = None  # one last try
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        return True

    def _write_all(self) -> None:
        failed = False
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closing or (bool(self._queue) and self._failure is None)
                )
                if not self._queue or self._failure is not None:
                    return  # closing, and nothing more can be done
                batch = list(itertools.islice(self._queue, _MOST_PER_COMMIT))
            error = self._commit(batch)
            with self._changed:
                events = any(write.seq for write in self._queue)
                failure = self._failure = _refused(error, events=events) if error else None
                if failure is None:
                    for _ in batch:
                        self._queue.popleft()
                self._changed.notify_all()
            self._tell(batch, failure, again=failed)
            failed = failure is not None

    def _commit(self, batch: Sequence[_Write]) -> Exception | None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for write in batch:
                write.run(connection)
            connection.execute("COMMIT")
        except Exception as error:
            log.exception("writing %s failed", self._name)
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            return error
        return None

    def _tell(self, batch: Sequence[_Write], failure: SessionError | None, *, again: bool) -> None:
        try:
            if failure is not None:
                self._failed(failure)
                return
            at = now()
            numbers = [write.seq for write in batch if write.seq]
            for number in numbers or [0] * again:
                self._saved(number, at)
        except Exception:
            log.exception("a listener of the session failed")  # the next event matters more


def _refused(error: Exception, *, events: bool) -> SessionError:
    if not events:
        return SessionError(
            f"The session cannot be written now ({error}). All your actions so far are saved; what"
            " the model said last is kept in memory. Free disk space or check the data folder's"
            " rights, then retry; until then no decision is taken."
        )
    return SessionError(
        f"Your last action was NOT saved ({error}). All earlier ones are, and this one is kept in"
        " memory. Free disk space or check the data folder's rights, then retry."
    )
