"""Connections to a session's file: one that writes, and short ones that read meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leukview.domain.errors import SessionError

_WAIT_SECONDS = 10  # for another process that reads while we write


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open a file that exists; any thread may use the connection, one at a time.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    uri = path.absolute().as_uri() + ("?mode=ro" if read_only else "?mode=rw")
    return sqlite3.connect(
        uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )


def rows(path: Path, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
    """Rows from a connection of the calling thread; the writer goes on meanwhile.

    Raises:
        SessionError: the file cannot be read.
    """
    try:
        with contextlib.closing(connect(path, read_only=True)) as connection:
            yield from connection.execute(query, values)
    except sqlite3.Error as error:
        raise SessionError(
            f"The session {path.name} cannot be read ({error}). Nothing in it was changed."
            " Check that the drive is there, then open the folder again."
        ) from error
