"""Which session belongs to which folder, also after the folder was renamed or moved.

A small SQLite file beside the sessions remembers paths and a sample of image hashes. The sample is
the 32 images whose file names hash lowest, so that it stays nearly the same when images are added.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import platformdirs

from leukview.domain.errors import DriveError, ImageError, SessionError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.decode import sha256_of
from leukview.imaging.drive import READ_SECONDS, Drive
from leukview.session.connection import connect
from leukview.session.store import SessionStore, open_store

SAMPLE = 32
_MOST_REGISTERED = 4096  # of an imported session; a folder with some images more finds it
SHARE = 0.5  # of the sample that must be known, to call a folder the same
_ALL_BUT = 0.9  # of both samples, to call a folder the same as one inside it
_INDEX = "index.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS folder (path TEXT PRIMARY KEY, session TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hash (
    sha256 TEXT NOT NULL, session TEXT NOT NULL, PRIMARY KEY (sha256, session)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sampled (
    session TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (session, name)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Found:
    """How a session was found: by the folder's path, by the images' hashes, or made new."""

    how: Literal["path", "hashes", "new"]


def data_folder() -> Path:
    """Where sessions lie: `LEUKVIEW_DATA`, else the user's data folder."""
    wanted = os.environ.get("LEUKVIEW_DATA")
    return Path(wanted) if wanted else Path(platformdirs.user_data_dir("LeukView", False))


class _StoppedError(Exception):
    """The person gave up waiting."""


class _Reading:
    """Reads from the images' drive, never longer than a minute without an answer."""

    def __init__(self, cancel: CancelToken | None) -> None:
        self._drive, self._cancel = Drive(), cancel

    def answer(self, ask: Callable[[], str]) -> str:
        """What `ask` gives.

        Raises:
            DriveError: nothing came.
            _StoppedError: it was stopped.
        """
        found = self._drive.within(READ_SECONDS, ask, self._cancel)
        if self._cancel and self._cancel.cancelled:
            raise _StoppedError
        if found is None:
            raise DriveError(
                "The drive with the images does not answer, so it is not known whether they were"
                " reviewed before. Nothing was opened, and no decision was touched. Check the drive"
                " and its connection, then open the folder again."
            )
        return found

    def sha256(self, image: ImageFile) -> str:
        """Hash of an image's bytes; "" if it cannot be read. Raises as `answer`."""
        with contextlib.suppress(ImageError, OSError):
            return self.answer(partial(sha256_of, image.path))
        return ""


def find_or_create(
    images: Sequence[ImageFile],
    folder: Path,
    data_dir: Path | None = None,
    *,
    cancel: CancelToken | None = None,
) -> tuple[SessionStore, Found] | None:
    """The session of a folder, opened; None when it was stopped before.

    The path counts if any sampled image is known under it; otherwise the session that knows most
    of the sampled images, and at least half; otherwise a new one.

    Raises:
        DriveError: the drive with the images does not answer.
        SessionError: the data folder cannot be used, or the session cannot be opened.
    """
    base = (data_dir or data_folder()) / "sessions"
    reading = _Reading(cancel)
    try:
        path = reading.answer(lambda: str(folder.resolve()))
        hashes = _sampled(images, reading)
        sessions_folder(data_dir)
        with _index(base) as index:
            # Before the transaction: other windows would wait for as long as the drive takes.
            name, found = _by_path(index, path, images, hashes, base, reading), Found("path")
            apart = set() if name else _apart(index, path, hashes, reading)
            index.execute("BEGIN IMMEDIATE")
            if not name:
                name = _most_known(index, sorted(set(hashes.values())), base, apart)
                found = Found("hashes" if name else "new")
                name = name or uuid.uuid4().hex
            index.execute("INSERT OR REPLACE INTO folder VALUES (?, ?)", (path, name))
            rows = [(sha256, name) for sha256 in hashes.values()]
            index.executemany("INSERT OR IGNORE INTO hash VALUES (?, ?)", rows)
            seen = [(name, image, sha256) for image, sha256 in hashes.items()]
            index.executemany("INSERT OR REPLACE INTO sampled VALUES (?, ?, ?)", seen)
            if found.how == "new":
                # Another window takes a session without a file for a lost one and makes its own.
                os.close(os.open(base / f"{name}.lkv", os.O_RDWR | os.O_CREAT, 0o600))
            index.execute("COMMIT")
    except _StoppedError:
        return None
    except (OSError, sqlite3.Error) as error:
        raise SessionError(
            f"LeukView's data folder {base} cannot be used ({error}). No decision was touched."
            " Check its rights and the free space, or set LEUKVIEW_DATA to another folder."
        ) from error
    return open_store(base / f"{name}.lkv"), found


def find(
    images: Sequence[ImageFile],
    folder: Path,
    data_dir: Path | None = None,
    *,
    cancel: CancelToken | None = None,
) -> Path | None:
    """The file of the session that `find_or_create` would open; None without one, or if stopped.

    Nothing is made and nothing is remembered.

    Raises:
        DriveError: the drive with the images does not answer.
        SessionError: the data folder cannot be read.
    """
    base = (data_dir or data_folder()) / "sessions"
    reading = _Reading(cancel)
    try:
        if not (base / _INDEX).is_file():
            return None
        path = reading.answer(lambda: str(folder.resolve()))
        hashes = _sampled(images, reading)
        with contextlib.closing(connect(base / _INDEX, read_only=True)) as index:
            name = _by_path(index, path, images, hashes, base, reading)
            apart = set() if name else _apart(index, path, hashes, reading)
            name = name or _most_known(index, sorted(set(hashes.values())), base, apart)
    except _StoppedError:
        return None
    except (OSError, sqlite3.Error) as error:
        raise SessionError(
            f"LeukView's data folder {base} cannot be read ({error}). Nothing was changed. Check"
            " its rights, or set LEUKVIEW_DATA to another folder."
        ) from error
    return base / f"{name}.lkv" if name else None


def sessions_folder(data_dir: Path | None = None) -> Path:
    """Where session files lie; made, and readable by its owner only.

    Raises:
        OSError: it cannot be made.
    """
    base = (data_dir or data_folder()) / "sessions"
    for private in (base.parent, base):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        private.chmod(0o700)  # it may have been made by someone less careful
    return base


def sharing(hashes: Collection[str], data_dir: Path | None = None) -> list[Path]:
    """Session files of which at least half of the sampled images have one of these hashes.

    Raises:
        SessionError: the data folder cannot be read.
    """
    base = (data_dir or data_folder()) / "sessions"
    if not (base / _INDEX).is_file():
        return []
    known: dict[str, list[bool]] = {}
    try:
        with contextlib.closing(connect(base / _INDEX, read_only=True)) as index:
            for session, sha256 in index.execute("SELECT session, sha256 FROM hash"):
                known.setdefault(session, []).append(sha256 in hashes)
    except sqlite3.Error as error:
        raise SessionError(
            f"LeukView's data folder {base} cannot be read ({error}). Nothing was changed. Check"
            " its rights, or set LEUKVIEW_DATA to another folder."
        ) from error
    paths = [base / f"{s}.lkv" for s, found in known.items() if sum(found) >= SHARE * len(found)]
    return [path for path in paths if path.is_file() and path.stat().st_size]


def register(session: str, images: Mapping[str, str], data_dir: Path | None = None) -> None:
    """Let folders with these images (name to hash) find a session.

    Raises:
        OSError, sqlite3.Error: the index cannot be written.
    """
    names = sorted(images, key=lambda name: _rank(name.rpartition("/")[2]))[:_MOST_REGISTERED]
    with _index(sessions_folder(data_dir)) as index:
        index.execute("BEGIN IMMEDIATE")
        rows = [(images[name], session) for name in names]
        index.executemany("INSERT OR IGNORE INTO hash VALUES (?, ?)", rows)
        index.execute("COMMIT")


def forget(session: str, data_dir: Path | None = None) -> None:
    """Remove every trace of a session from the index, also from its free blocks.

    Raises:
        OSError, sqlite3.Error: the index cannot be written.
    """
    with _index(sessions_folder(data_dir)) as index:
        index.execute("PRAGMA secure_delete = ON")
        index.execute("BEGIN IMMEDIATE")
        for table in ("folder", "hash", "sampled"):
            index.execute(f"DELETE FROM {table} WHERE session = ?", (session,))
        index.execute("COMMIT")


def _by_path(
    index: sqlite3.Connection,
    path: str,
    images: Sequence[ImageFile],
    hashes: Mapping[str, str],
    base: Path,
    reading: _Reading,
) -> str:
    """The session that belonged to this path, if it knows any of its images; else ""."""
    row = index.execute("SELECT session FROM folder WHERE path = ?", (path,)).fetchone()
    if row is None or not (base / f"{row[0]}.lkv").is_file():
        return ""
    name = str(row[0])
    known = name in _known(index, sorted(set(hashes.values())))
    return name if known or _still_there(index, name, images, reading) else ""


def _apart(
    index: sqlite3.Connection, path: str, hashes: Mapping[str, str], reading: _Reading
) -> set[str]:
    """Sessions of folders above or below this one that are still there with other images too.

    Such a folder was not moved here: it is one slide of several, or all of them read as one, and
    has a record of its own. With all but the same images it is the same slide, opened one folder
    higher or lower.
    """
    here, sample, out = Path(path), set(hashes.values()), set()
    for other, session in index.execute("SELECT path, session FROM folder").fetchall():
        there = Path(other)
        if there == here or not (there in here.parents or here in there.parents):
            continue
        query = "SELECT name, sha256 FROM sampled WHERE session = ?"
        theirs = dict(index.execute(query, (session,)).fetchall())
        common = len(sample & set(theirs.values()))
        same = common >= _ALL_BUT * max(len(sample), len(set(theirs.values())), 1)
        if not same and reading.answer(partial(_any_of, there, list(theirs))):
            out.add(session)
    return out


def _any_of(folder: Path, names: Sequence[str]) -> str:
    """The first of these files that is there; "" for none."""
    return next((name for name in names if (folder / name).is_file()), "")


def _most_known(
    index: sqlite3.Connection, hashes: Sequence[str], base: Path, apart: Collection[str]
) -> str:
    """The session that knows most of these hashes, and at least half; else "". None of `apart`."""
    known = {
        name: count
        for name, count in _known(index, hashes).items()
        if name not in apart and (base / f"{name}.lkv").is_file()
    }
    best = max(known, key=lambda name: known[name], default="")
    return best if best and known[best] >= SHARE * len(hashes) else ""


def _known(index: sqlite3.Connection, hashes: Sequence[str]) -> dict[str, int]:
    """How many of these hashes each session knows."""
    marks = ",".join("?" * len(hashes))
    query = f"SELECT session, count(*) FROM hash WHERE sha256 IN ({marks}) GROUP BY session"
    return dict(index.execute(query, list(hashes)).fetchall())


def _still_there(
    index: sqlite3.Connection, session: str, images: Sequence[ImageFile], reading: _Reading
) -> bool:
    """Whether an image that was sampled earlier still lies under its name, with the same bytes.

    Many images added to a folder can push all earlier ones out of the sample.
    """
    by_name = {image.name: image for image in images}
    query = "SELECT name, sha256 FROM sampled WHERE session = ?"
    return any(
        reading.sha256(by_name[name]) == sha256
        for name, sha256 in index.execute(query, (session,)).fetchall()
        if name in by_name
    )


@contextlib.contextmanager
def _index(base: Path) -> Iterator[sqlite3.Connection]:
    path = base / _INDEX
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        connection.executescript(_TABLES)
        yield connection
    finally:
        connection.close()  # an open transaction is rolled back


def _sampled(images: Sequence[ImageFile], reading: _Reading) -> dict[str, str]:
    """Hashes of the sampled images by their names; unreadable ones are left out."""
    sample = sorted(images, key=lambda image: _rank(image.path.name))[:SAMPLE]
    return {image.name: sha256 for image in sample if (sha256 := reading.sha256(image))}


def _rank(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
