"""The tables of one session, as SQL.

`event` is what people did: rows are only ever added, triggers refuse the rest, and each row carries
the hash of the one before. `suggestion` is what models said, by the hash of the image's bytes;
nothing written there reaches `event`.
"""

from __future__ import annotations

APPLICATION_ID = 0x4C6B5677  # "LkVw": tells our files from any other SQLite file
VERSION = 1

FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL,
        hash TEXT NOT NULL
    )""",
    """CREATE TRIGGER event_never_changes BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END""",
    """CREATE TRIGGER event_never_goes BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never removed'); END""",
    """CREATE TABLE model (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE,
        model_id TEXT NOT NULL,
        classes TEXT NOT NULL
    )""",
    """CREATE TABLE image (
        folder TEXT NOT NULL,
        name TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (folder, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE suggestion (
        model INTEGER NOT NULL REFERENCES model (id),
        sha256 TEXT NOT NULL,
        class_id TEXT NOT NULL,
        confidence REAL NOT NULL,
        probabilities BLOB NOT NULL,
        unfamiliarity REAL NOT NULL,
        unfamiliar INTEGER NOT NULL,
        needs_review INTEGER NOT NULL,
        notes TEXT NOT NULL,
        device TEXT NOT NULL,
        PRIMARY KEY (model, sha256)
    ) WITHOUT ROWID""",
)
