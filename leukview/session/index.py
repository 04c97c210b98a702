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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from leukview.domain.errors import ImageError, SessionError
from leukview.domain.records import ImageFile
from leukview.imaging.decode import sha256_of
from leukview.session.store import SessionStore, open_store

SAMPLE = 32
SHARE = 0.5  # of the sample that must be known, to call a folder the same
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


def find_or_create(
    images: Sequence[ImageFile], folder: Path, data_dir: Path | None = None
) -> tuple[SessionStore, Found]:
    """The session of a folder, opened.

    The path counts if any sampled image is known under it; otherwise the session that knows most
    of the sampled images, and at least half; otherwise a new one.

    Raises:
        SessionError: the data folder cannot be used, or the session cannot be opened.
    """
    base = (data_dir or data_folder()) / "sessions"
    path = str(folder.resolve())
    hashes = _sampled(images)
    try:
        for private in (base.parent, base):
            private.mkdir(mode=0o700, parents=True, exist_ok=True)
            private.chmod(0o700)  # it may have been made by someone less careful
        with _index(base) as index:
            name, found = _look_up(index, path, images, sorted(set(hashes.values())), base)
            index.execute("INSERT OR REPLACE INTO folder VALUES (?, ?)", (path, name))
            rows = [(sha256, name) for sha256 in hashes.values()]
            index.executemany("INSERT OR IGNORE INTO hash VALUES (?, ?)", rows)
            seen = [(name, image, sha256) for image, sha256 in hashes.items()]
            index.executemany("INSERT OR REPLACE INTO sampled VALUES (?, ?, ?)", seen)
    except (OSError, sqlite3.Error) as error:
        raise SessionError(
            f"LeukView's data folder {base} cannot be used ({error}). No decision was touched."
            " Check its rights and the free space, or set LEUKVIEW_DATA to another folder."
        ) from error
    return open_store(base / f"{name}.lkv"), found


def _look_up(
    index: sqlite3.Connection,
    path: str,
    images: Sequence[ImageFile],
    hashes: Sequence[str],
    base: Path,
) -> tuple[str, Found]:
    marks = ",".join("?" * len(hashes))
    known: dict[str, int] = dict(
        index.execute(
            f"SELECT session, count(*) FROM hash WHERE sha256 IN ({marks}) GROUP BY session",
            list(hashes),
        ).fetchall()
    )
    known = {name: n for name, n in known.items() if (base / f"{name}.lkv").is_file()}
    row = index.execute("SELECT session FROM folder WHERE path = ?", (path,)).fetchone()
    if row is not None and (row[0] in known or _still_there(index, row[0], images, base)):
        return row[0], Found("path")
    best = max(known, key=lambda name: known[name], default="")
    if best and known[best] >= SHARE * len(hashes):
        return best, Found("hashes")
    return uuid.uuid4().hex, Found("new")


def _still_there(
    index: sqlite3.Connection, session: str, images: Sequence[ImageFile], base: Path
) -> bool:
    """Whether an image that was sampled earlier still lies under its name, with the same bytes.

    Many images added to a folder can push all earlier ones out of the sample.
    """
    if not (base / f"{session}.lkv").is_file():
        return False
    by_name = {image.name: image for image in images}
    query = "SELECT name, sha256 FROM sampled WHERE session = ?"
    for name, sha256 in index.execute(query, (session,)):
        if name in by_name:
            with contextlib.suppress(ImageError, OSError):
                if sha256_of(by_name[name].path) == sha256:
                    return True
    return False


@contextlib.contextmanager
def _index(base: Path) -> Iterator[sqlite3.Connection]:
    path = base / "index.sqlite"
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    try:
        connection.executescript(_TABLES)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()  # an open transaction is rolled back


def _sampled(images: Sequence[ImageFile]) -> dict[str, str]:
    """Hashes of the sampled images by their names; unreadable ones are left out.

    A drive that hangs, instead of failing, holds the opening up here: 32 reads without a limit.
    """

    def rank(image: ImageFile) -> bytes:
        name = image.path.name.encode("utf-8", "surrogateescape")
        return hashlib.sha256(name).digest()

    out: dict[str, str] = {}
    for image in sorted(images, key=rank)[:SAMPLE]:
        with contextlib.suppress(ImageError, OSError):
            out[image.name] = sha256_of(image.path)
    return out
