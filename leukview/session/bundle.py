"""A whole session as one `.leukview` file, taken to another computer, or deleted for good.

The file is the session's database at one moment, without the files that SQLite keeps beside it and
without the path of a model file, which would name the person's folders.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from leukview.domain.errors import OutputError, SessionError
from leukview.session import index
from leukview.session.connection import connect
from leukview.session.events import Head
from leukview.session.lock import WriterLock
from leukview.session.store import open_to_read
from leukview.session.verify import check, hashes

ENDING = ".leukview"
_SAID = {
    "new": "Its images open with it from now on; nothing else was touched.",
    "longer": "The session here was its beginning, and goes on as the file does.",
    "known": "The session here has all of its events already, so nothing was changed.",
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        path: the session that holds its events now.
        how: as a new session; it had more events than the one here, which it continues; or there
            was nothing to do, because the one here has all its events.
        head: of that session.
    """

    path: Path
    how: Literal["new", "longer", "known"]
    head: Head

    @property
    def words(self) -> str:
        """The same for people."""
        return f"{self.head.words}. {_SAID[self.how]}"


def export(session: Path, target: Path, *, force: bool = False) -> Head:
    """Write a session as one file, completely or not at all; it may be open and written meanwhile.

    Args:
        session: its file.
        target: the new file.
        force: replace a file that is there.

    Returns:
        Where the log ends that was written.

    Raises:
        OutputError: the file exists and `force` is false, or cannot be written.
        SessionError: the session cannot be read, or its log is not what was written.
    """
    if target.exists() and not force:
        raise OutputError(
            f"{target} exists and was left as it is. Nothing was exported. Choose another name."
        )
    open_to_read(session)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        try:
            _copy(session, part)
            found = check(part)
            if found.fault:
                raise SessionError(
                    f"The log of this session is not what was written. {found.fault} Nothing was"
                    " exported."
                )
            if target.exists() and not force:
                raise FileExistsError(f"{target.name} was made by another program meanwhile")
            part.replace(target)
            _sync(target.parent)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(
            f"{target} cannot be written ({error}). Nothing was exported, and the session is as it"
            " was. Check the free space and the rights of the folder, or choose another."
        ) from error
    return found.head


def import_(file: Path, data_dir: Path | None = None) -> Imported:
    """Take a `.leukview` file among the sessions here; its folder of images finds it then.

    Where a session here knows the same images, one log has to be the beginning of the other: the
    longer one stays. Decisions made apart from each other are never mixed and never replaced.

    Raises:
        SessionError: it is no session, from another version, damaged or altered; it names no image;
            the session here went another way, or is open in a window.
    """
    found = check(file)
    if found.fault:
        raise SessionError(
            f"{file.name} was damaged or altered. {found.fault} Nothing was imported. Export the"
            " session again where it was made."
        )
    images = {known.name: known.sha256 for known in open_to_read(file).known_images()}
    if not images:
        raise SessionError(
            f"{file.name} names no image, so no folder would ever find it. Nothing was imported."
        )
    theirs = hashes(file)
    here = index.sharing(set(images.values()), data_dir)
    logs = {path: hashes(path) for path in here}
    for path, ours in logs.items():
        if theirs[: len(ours)] != ours and ours[: len(theirs)] != theirs:
            raise SessionError(_other_way(file, path, ours, theirs))
    longest = max(logs, key=lambda path: len(logs[path]), default=None)
    if longest is not None and len(logs[longest]) >= len(theirs):
        return Imported(longest, "known", check(longest).head)
    try:
        if longest is None:
            path = index.sessions_folder(data_dir) / f"{uuid.uuid4().hex}.lkv"
            _place(file, path)
        else:
            path = longest
            _continue(file, path, logs[path])
        index.register(path.stem, images, data_dir)
    except (OSError, sqlite3.Error) as error:
        raise SessionError(
            f"{file.name} could not be imported ({error}). No decision here was touched. Check the"
            " free space and the rights of LeukView's data folder."
        ) from error
    return Imported(path, "longer" if longest else "new", found.head)


def delete(session: Path, data_dir: Path | None = None) -> None:
    """Remove a session for good: its content is overwritten, then all its files and traces go.

    What a drive keeps of overwritten blocks, and backups of the computer, are out of reach.

    Raises:
        SessionError: it is open in a window, or cannot be written; nothing, or not all, was
            deleted, as it says.
    """
    lock = WriterLock.acquire(session.with_name(session.name + ".lock"))
    if lock is None:
        raise SessionError(
            "This session is open in a LeukView window. Nothing was deleted. Close the window, then"
            " delete it."
        )
    try:
        try:
            _overwrite(session)
            index.forget(session.stem, data_dir)
            for path in session.parent.glob(f"{session.name}*"):
                if not path.name.endswith(".lock"):
                    path.unlink(missing_ok=True)
            _sync(session.parent)
        finally:
            lock.release()
        session.with_name(session.name + ".lock").unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise SessionError(
            f"The session was not deleted completely ({error}). Check the rights of LeukView's data"
            " folder and that no window shows this session, then delete it again."
        ) from error


def _other_way(file: Path, here: Path, ours: list[str], theirs: list[str]) -> str:
    pairs = zip(ours, theirs, strict=False)
    shared = next((n for n, (one, other) in enumerate(pairs) if one != other), 0)
    return (
        f"There is a session of these images here with other decisions: the logs are the same up to"
        f" event {shared}, then {len(ours) - shared:,} here and {len(theirs) - shared:,} in"
        f" {file.name}. Nothing was imported, and nothing was changed. Keep the one here, or export"
        f" and then delete it ({here.name}) before you import."
    )


def _copy(session: Path, part: Path) -> None:
    """The session at this moment as one private file on the disk."""
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.closing(connect(session, read_only=True)) as source:
        source.execute("VACUUM INTO ?", (str(part),))
    with contextlib.closing(connect(part, read_only=False)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")  # WAL would leave two files beside it
        row = copy.execute("SELECT value FROM meta WHERE key = 'last model'").fetchone()
        if row is not None:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                kept = json.loads(row[0])
                kept["path"] = kept["model"]
                values = (json.dumps(kept), "last model")
                copy.execute("UPDATE meta SET value = ? WHERE key = ?", values)
                copy.execute("VACUUM")  # the former value would stay in a free block
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _place(file: Path, path: Path) -> None:
    part = path.with_name(f"{path.stem}.part")
    try:
        _copy(file, part)
        part.replace(path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _continue(file: Path, path: Path, expected: list[str]) -> None:
    """Let a session go on as the file does, in one transaction: whoever reads it sees one of both.

    Raises:
        SessionError: it is open in a window, or was changed meanwhile.
    """
    lock = WriterLock.acquire(path.with_name(path.name + ".lock"))
    if lock is None:
        raise SessionError(
            "The session of these images is open in a LeukView window. Nothing was imported. Close"
            " the window, then import again."
        )
    try:
        if hashes(path) != expected:
            raise SessionError("The session was used meanwhile. Nothing was imported. Try again.")
        with _both(file, path) as (source, local):
            local.execute("PRAGMA synchronous = FULL")
            source.backup(local)
    finally:
        lock.release()


@contextlib.contextmanager
def _both(file: Path, path: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    with (
        contextlib.closing(connect(file, read_only=True)) as source,
        contextlib.closing(connect(path, read_only=False)) as local,
    ):
        yield source, local


def _overwrite(session: Path) -> None:
    """Leave nothing but noughts of what was in the tables, and no journal of it."""
    with contextlib.closing(connect(session, read_only=False)) as connection:
        connection.execute("PRAGMA busy_timeout = 1000")
        # Takes the log of writes back into the file, and keeps the next one off the disk.
        mode = connection.execute("PRAGMA journal_mode = MEMORY").fetchone()[0]
        if mode != "memory":
            raise sqlite3.OperationalError("another program reads it")
        connection.execute("PRAGMA secure_delete = ON")
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for (name,) in names:
            connection.execute(f'DROP TABLE "{name}"')
    with session.open("rb+") as file:
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make a new name in a folder last; Windows has no such call, and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
