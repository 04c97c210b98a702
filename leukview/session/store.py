"""One session on disk: what people did and what models said.

A call to `append` returns at once; the event is on the disk (WAL, `synchronous=FULL`) when
`on_saved` names it. If the disk refuses, `on_failed` is told; see `writer`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from leukview.domain.classes import CellClass
from leukview.domain.errors import SessionError
from leukview.domain.records import ImageFile, ImageResult
from leukview.session import migrations, schema, suggestions
from leukview.session.connection import connect, rows
from leukview.session.drives import is_remote
from leukview.session.events import GENESIS, Event, Head, chained, encode
from leukview.session.lock import WriterLock
from leukview.session.writer import Writer

_ONLY_READ = (
    "This session was opened for reading only. Nothing was changed. Open its folder of images in"
    " the window to decide."
)


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
            connection = connect(path, read_only=True)
            with contextlib.closing(connection):
                migrations.check(connection, path.name)
            return SessionStore(path, None, None)
        # Made by us first, because SQLite would make it readable by everyone.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = connect(path, read_only=False)
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


def open_to_read(path: Path) -> SessionStore:
    """Open a session that exists without writing to it, whoever else writes meanwhile.

    Raises:
        SessionError: it cannot be read, is empty, damaged, from another version, or not ours.
    """
    try:
        with contextlib.closing(connect(path, read_only=True)) as connection:
            version = migrations.check(connection, path.name)
        if version == schema.VERSION:
            return SessionStore(path, None, None, notice=_ONLY_READ)
    except sqlite3.Error as error:
        raise SessionError(
            f"The session {path.name} cannot be read ({error}). Nothing in it was changed."
            " Check that it is a session of LeukView, and its rights."
        ) from error
    raise SessionError(
        f"The session {path.name} was never used, or was written by an older LeukView. Nothing in"
        " it was changed. Open its folder of images in the window once."
    )


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
        notice: str = "",
    ) -> None:
        self.path = path
        self.read_only = connection is None
        self.notice = notice or _notice(read_only=self.read_only, remote=remote)
        self.on_saved: Callable[[int, str], None] | None = None
        self.on_failed: Callable[[Exception], None] | None = None
        self._connection, self._lock = connection, lock
        self._writer: Writer | None = None
        last = int(next(self._read("SELECT coalesce(max(seq), 0) FROM event"))[0])
        if connection is not None:
            self._writer = Writer(
                connection, path.name, last, saved=self._saved, failed=self._failed
            )

    def append(self, kind: str, payload: Mapping[str, Any], at: str = "") -> int:
        """Queue one event and return its number; `at` is its time, "" for now.

        Raises:
            SessionError: the session is read-only or closed, or an earlier event is not saved yet
                because the disk refused it. The event was not taken.
        """
        if self._writer is None:
            raise SessionError(self.notice)
        return self._writer.append(kind, encode(payload), at)

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

    def head(self) -> Head:
        """Where the log ends, with what is queued; does not wait for the disk."""
        waiting = self._writer.waiting() if self._writer else []  # before the disk is looked at
        query = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
        seq, last = next(iter(self._read(query)), (0, GENESIS))
        for number, at, kind, text in waiting:
            if number > seq:
                seq, last = number, chained(last, number, at, kind, text)
        return Head(seq, last)

    def known_images(self) -> Iterator[suggestions.KnownImage]:
        """Every file whose bytes were read in this session."""
        self._settle()
        for row in self._read(suggestions.KNOWN):
            yield suggestions.KnownImage(*row)

    def models(self) -> list[suggestions.KnownModel]:
        """The models whose suggestions are kept, in the order in which they came first."""
        self._settle()
        return [suggestions.known_model(row) for row in self._read(suggestions.MODELS)]

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
            said = self._read(suggestions.SAID, model_sha256)
        else:
            said = self._read(suggestions.SAID_OF, model_sha256, json.dumps(list(only)))
        for row in said:
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
        return self._writer.failure if self._writer else None

    @property
    def unsaved(self) -> int:
        """Events that are not on the disk yet."""
        return self._writer.unsaved if self._writer else 0

    def flush(self) -> None:
        """Wait until everything queued is on the disk. Not from the two callbacks.

        Raises:
            SessionError: the disk refuses.
        """
        failure = self._settle()
        if failure is not None:
            raise failure

    def retry(self) -> None:
        """Write again what the disk refused, in the same order; `on_saved` or `on_failed` tells."""
        if self._writer is not None:
            self._writer.retry()

    def close(self) -> None:
        """Write what is queued, end the thread and let others write. Again: does nothing.

        Raises:
            SessionError: some events could not be written; the session is closed all the same.
        """
        if self._writer is None or self._connection is None or not self._writer.close():
            return
        self._connection.close()
        _release(self._lock)
        lost = self.unsaved
        if lost:
            raise SessionError(
                f"{self.failure} When the session was closed, {lost} of the last actions were not"
                " saved; all earlier ones are."
            )

    def _saved(self, seq: int, at: str) -> None:
        listener = self.on_saved  # another thread may take it away
        if listener is not None:
            listener(seq, at)

    def _failed(self, error: Exception) -> None:
        listener = self.on_failed
        if listener is not None:
            listener(error)

    def _put(self, run: Callable[[sqlite3.Connection], None]) -> None:
        if self._writer is not None:
            self._writer.put(run)

    def _read(self, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
        return rows(self.path, query, *values)

    def _settle(self) -> SessionError | None:
        return self._writer.settle() if self._writer else None


def _release(lock: WriterLock | None) -> None:
    if lock is not None:
        lock.release()


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
