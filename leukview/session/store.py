"""One session on disk: what people did, what models said, and a single thread that writes.

A call to `append` returns at once; the event is on the disk (WAL, `synchronous=FULL`) when
`on_saved` names it. If the disk refuses, `on_failed` is told, everything unwritten waits in memory
in its order, and new events are refused until `retry` succeeds.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leukview.domain.classes import CellClass
from leukview.domain.errors import SessionError
from leukview.domain.records import ImageFile, ImageResult
from leukview.session import migrations, suggestions
from leukview.session.drives import is_remote
from leukview.session.events import GENESIS, Event, chained, encode, now
from leukview.session.lock import WriterLock

log = logging.getLogger(__name__)

_MOST_PER_COMMIT = 256
_WAIT_SECONDS = 10  # for another process that reads while we write


@dataclass(frozen=True, slots=True)
class _Write:
    """Work for the writer; `seq` of the event in it, 0 for anything else."""

    run: Callable[[sqlite3.Connection], None]
    seq: int = 0


def open_store(path: Path) -> SessionStore:
    """Open or create the session file `path`; a second opener gets it read-only.

    Raises:
        SessionError: it cannot be read or made, is damaged, from a newer LeukView, or not ours.
    """
    lock: WriterLock | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = WriterLock.acquire(path.with_name(path.name + ".lock"))
        if lock is None:
            connection = _connect(path, read_only=True)
            with contextlib.closing(connection):
                migrations.check(connection, path.name)
            return SessionStore(path, None, None)
        # Made by us first, because SQLite would make it readable by everyone.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = _connect(path, read_only=False)
        try:
            version = migrations.check(connection, path.name)
            remote = is_remote(path.parent)
            connection.execute(f"PRAGMA journal_mode = {'DELETE' if remote else 'WAL'}")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone stops at the drive
            migrations.migrate(connection, version)
            return SessionStore(path, connection, lock, remote=remote)
        except BaseException:
            connection.close()
            raise
    except SessionError:
        _release(lock)
        raise
    except (sqlite3.Error, OSError) as error:
        _release(lock)
        raise SessionError(
            f"The session {path.name} cannot be opened ({error}). Nothing in it was changed."
            " Check the free space and the rights of LeukView's data folder; if the file is"
            " damaged, move it away and open the images again."
        ) from error


def read_meta(path: Path) -> dict[str, str]:
    """The small texts kept with a session, without opening it for writing.

    Raises:
        SessionError: it cannot be read.
    """
    return {str(key): str(value) for key, value in _rows(path, "SELECT key, value FROM meta")}


class SessionStore:
    """An open session. Use `open_store` to get one, and `close` it.

    Attributes:
        path: of the session file.
        read_only: another window or process writes to it; `append` is refused.
        notice: what a person has to know about this session, a sentence or "".
        on_saved: told (seq, UTC time) by the writer thread once an event is on the disk; seq is 0
            when the disk takes again what it refused, and no event was among it.
        on_failed: told by the writer thread that the disk refused; see `retry`.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection | None,
        lock: WriterLock | None,
        *,
        remote: bool = False,
    ) -> None:
        self.path = path
        self.read_only = connection is None
        self.notice = _notice(read_only=self.read_only, remote=remote)
        self.on_saved: Callable[[int, str], None] | None = None
        self.on_failed: Callable[[Exception], None] | None = None
        self._connection = connection
        self._lock = lock
        self._changed = threading.Condition()
        self._queue: deque[_Write] = deque()
        self._failure: SessionError | None = None
        self._closing = False
        self._last = self._last_seq()
        self._thread = threading.Thread(target=self._write_all, name="leukview-session")
        if not self.read_only:
            self._thread.start()

    def append(self, kind: str, payload: Mapping[str, Any]) -> int:
        """Queue one event and return its number.

        Raises:
            SessionError: the session is read-only or closed, or an earlier event is not saved yet
                because the disk refused it. The event was not taken.
        """
        text = encode(payload)
        at = now()
        with self._changed:
            self._refuse_when_blocked()
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

            self._queue.append(_Write(run, seq))
            self._changed.notify_all()
        return seq

    def put_results(self, results: Sequence[ImageResult], classes: Sequence[CellClass]) -> None:
        """Queue what a model said. Errors are not kept, so that such an image is tried again.

        In a read-only session and while the disk refuses, nothing is queued: suggestions can be
        computed again. Decisions are never touched.
        """
        said = [r for r in results if r.suggestion is not None and r.sha256]
        if not said:
            return
        class_ids = tuple(c.id for c in classes)
        self._put(lambda c: suggestions.put(c, said, class_ids))

    def put_images(self, files: Sequence[tuple[ImageFile, str]]) -> None:
        """Queue hashes of files that were read; not kept where `put_results` would not be."""
        if files:
            self._put(lambda c: suggestions.put_images(c, files))

    def events(self) -> Iterator[Event]:
        """All events that are on the disk, in order; waits for those that are queued."""
        self._settle()
        for row in self._read("SELECT seq, at, kind, payload, hash FROM event ORDER BY seq"):
            yield Event(*row)

    def known_images(self) -> Iterator[suggestions.KnownImage]:
        """Every file whose bytes were read in this session."""
        self._settle()
        for row in self._read(suggestions.KNOWN):
            yield suggestions.KnownImage(*row)

    def results(
        self, model_sha256: str, only: Sequence[str] | None = None
    ) -> Iterator[suggestions.StoredSuggestion]:
        """What this very model file said, by the hash of the image's bytes.

        Args:
            model_sha256: of the model's file.
            only: hashes of the images that are asked for; None for all.
        """
        self._settle()
        if only is None:
            rows = self._read(suggestions.SAID, model_sha256)
        else:
            rows = self._read(suggestions.SAID_OF, model_sha256, json.dumps(list(only)))
        for row in rows:
            yield suggestions.stored(row)

    def meta(self, key: str) -> str | None:
        """A small text kept with the session, or None."""
        self._settle()
        for (value,) in self._read("SELECT value FROM meta WHERE key = ?", key):
            return str(value)
        return None

    def set_meta(self, key: str, value: str) -> None:
        """Queue a small text to be kept with the session; ignored where it is read-only."""
        statement = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
        self._put(lambda c: c.execute(statement, (key, value)).close())

    @property
    def failure(self) -> SessionError | None:
        """Why the disk takes nothing now, or None."""
        return self._failure

    @property
    def unsaved(self) -> int:
        """Events that are not on the disk yet."""
        with self._changed:
            return sum(1 for write in self._queue if write.seq)

    def flush(self) -> None:
        """Wait until everything queued is on the disk. Not from the two callbacks.

        Raises:
            SessionError: the disk refuses.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._queue or self._failure is not None)
            if self._failure is not None:
                raise self._failure

    def retry(self) -> None:
        """Write again what the disk refused, in the same order; `on_saved` or `on_failed` tells."""
        with self._changed:
            self._failure = None
            self._changed.notify_all()

    def close(self) -> None:
        """Write what is queued, join the thread and let others write. Again: does nothing.

        Raises:
            SessionError: some events could not be written; the session is closed all the same.
        """
        with self._changed:
            already, self._closing = self._closing, True
            self._failure = None  # one last try
            self._changed.notify_all()
        if already:
            return
        if self._thread.is_alive():
            self._thread.join()
        if self._connection is not None:
            self._connection.close()
        _release(self._lock)
        lost = self.unsaved
        if lost:
            raise SessionError(
                f"{self._failure} When the session was closed, {lost} of the last actions were not"
                " saved; all earlier ones are."
            )

    def _put(self, run: Callable[[sqlite3.Connection], None]) -> None:
        """Queue what can be computed again; dropped where nothing can be written now."""
        with self._changed:
            if self.read_only or self._failure or self._closing:
                return
            self._queue.append(_Write(run))
            self._changed.notify_all()

    def _write_all(self) -> None:
        """The writer thread: all that waits goes into one commit, then the next."""
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
        assert connection is not None  # the thread runs only where there is one
        try:
            connection.execute("BEGIN IMMEDIATE")
            for write in batch:
                write.run(connection)
            connection.execute("COMMIT")
        except Exception as error:
            log.exception("writing %s failed", self.path.name)
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            return error
        return None

    def _tell(self, batch: Sequence[_Write], failure: SessionError | None, *, again: bool) -> None:
        try:
            if failure is not None:
                if self.on_failed is not None:
                    self.on_failed(failure)
                return
            at = now()
            numbers = [write.seq for write in batch if write.seq]
            for number in numbers or [0] * again:
                if self.on_saved is not None:
                    self.on_saved(number, at)
        except Exception:
            log.exception("a listener of the session failed")  # the next event matters more

    def _read(self, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
        return _rows(self.path, query, *values)

    def _settle(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._queue or self._failure is not None)

    def _last_seq(self) -> int:
        return int(next(self._read("SELECT coalesce(max(seq), 0) FROM event"))[0])

    def _refuse_when_blocked(self) -> None:
        if self.read_only:
            raise SessionError(self.notice)
        if self._failure is not None:
            raise self._failure
        if self._closing:
            raise SessionError("The session is closed. Nothing was changed. Open the folder again.")


def _rows(path: Path, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
    """Rows from a connection of the calling thread; the writer goes on meanwhile."""
    try:
        with contextlib.closing(_connect(path, read_only=True)) as connection:
            yield from connection.execute(query, values)
    except sqlite3.Error as error:
        raise SessionError(
            f"The session {path.name} cannot be read ({error}). Nothing in it was changed."
            " Check that the drive is there, then open the folder again."
        ) from error


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    uri = path.absolute().as_uri() + ("?mode=ro" if read_only else "?mode=rw")
    return sqlite3.connect(
        uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )


def _release(lock: WriterLock | None) -> None:
    if lock is not None:
        lock.release()


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


def _notice(*, read_only: bool, remote: bool) -> str:
    if read_only:
        return (
            "This session is open in another LeukView window, so it can only be looked at here."
            " Nothing was changed. Close the other window, then open the folder again."
        )
    if remote:
        return (
            "LeukView's data folder lies on a network drive. Decisions are saved there, but slower,"
            " and a lost connection can delay them. Set LEUKVIEW_DATA to a local folder."
        )
    return ""
