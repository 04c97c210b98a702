"""Bring the tables of a session to the version this program knows, one step at a time."""

from __future__ import annotations

import sqlite3

from leukview.domain.errors import SessionError
from leukview.session import schema

# Step n brings version n to version n + 1. A released step is never changed.
STEPS: tuple[tuple[str, ...], ...] = (schema.FIRST,)


def check(connection: sqlite3.Connection, name: str) -> int:
    """The version of an opened file, 0 for a new one.

    Args:
        connection: to the file.
        name: of the file, for the message.

    Raises:
        SessionError: the file is not ours, or from a newer LeukView.
        sqlite3.DatabaseError: it is damaged.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    ours = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if ours != schema.APPLICATION_ID and (tables or version):
        raise SessionError(
            f"{name} is a database of another program, not a LeukView session. It was not touched."
            " Choose another file."
        )
    if version > schema.VERSION:
        raise SessionError(
            f"The session {name} was written by a newer LeukView (format {version}, this one knows"
            f" {schema.VERSION}). It was not touched, your decisions are safe in it."
            " Install the newer LeukView."
        )
    return version


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Take all missing steps in one transaction: either all hold or none does."""
    if version == schema.VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
