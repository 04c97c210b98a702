"""What models said, on disk: by the hash of the image's bytes, apart from what people decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from leukview.domain.records import ImageFile, ImageResult, Suggestion

KNOWN = "SELECT folder, name, bytes, modified_ns, sha256 FROM image"
MODELS = "SELECT sha256, model_id, classes FROM model ORDER BY id"
SAID = """SELECT s.sha256, s.class_id, s.confidence, s.probabilities, s.unfamiliarity,
    s.unfamiliar, s.needs_review, s.notes, s.device
    FROM suggestion s JOIN model m ON m.id = s.model WHERE m.sha256 = ?"""
SAID_OF = SAID + " AND s.sha256 IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class KnownImage:
    """A file as it was when its bytes were read; `sha256` holds while the rest does."""

    folder: str
    name: str
    bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that spoke: SHA-256 of its file, its id, and its classes' ids in order."""

    sha256: str
    model_id: str
    class_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredSuggestion:
    """What a model said earlier about the bytes with this hash, and on which device."""

    sha256: str
    suggestion: Suggestion
    notes: tuple[str, ...]
    device: str


def known_model(row: Sequence[Any]) -> KnownModel:
    """One row of `MODELS`."""
    sha256, model_id, classes = row
    return KnownModel(sha256, model_id, tuple(msgspec.json.decode(classes, type=list[str])))


def stored(row: Sequence[Any]) -> StoredSuggestion:
    """One row of `SAID`."""
    sha256, class_id, confidence, shares, unfamiliarity, unfamiliar, review, notes, device = row
    return StoredSuggestion(
        sha256,
        Suggestion(
            class_id=class_id,
            confidence=confidence,
            probabilities=tuple(np.frombuffer(shares, "<f8").tolist()),
            unfamiliarity=unfamiliarity,
            unfamiliar=bool(unfamiliar),
            needs_review=bool(review),
        ),
        tuple(msgspec.json.decode(notes, type=list[str])),
        device,
    )


def put(
    connection: sqlite3.Connection, results: Sequence[ImageResult], class_ids: Sequence[str]
) -> None:
    """Add results inside the caller's transaction; the same model and bytes replace each other."""
    said: list[tuple[Any, ...]] = []
    models: dict[str, int] = {}
    for r in results:
        s = r.suggestion
        if s is None:
            continue
        if r.model.sha256 not in models:
            models[r.model.sha256] = _model(connection, r, class_ids)
        said.append(
            (
                models[r.model.sha256],
                r.sha256,
                s.class_id,
                s.confidence,
                np.asarray(s.probabilities, "<f8").tobytes(),
                s.unfamiliarity,
                s.unfamiliar,
                s.needs_review,
                msgspec.json.encode(r.notes).decode(),
                r.model.device,
            )
        )
    put_images(connection, [(r.image, r.sha256) for r in results])
    marks = ", ".join("?" * 10)
    connection.executemany(f"INSERT OR REPLACE INTO suggestion VALUES ({marks})", said)


def put_images(connection: sqlite3.Connection, files: Sequence[tuple[ImageFile, str]]) -> None:
    """Add hashes of files that were read, inside the caller's transaction."""
    rows = [(f.folder, f.name, f.bytes, f.modified_ns, sha256) for f, sha256 in files]
    connection.executemany("INSERT OR REPLACE INTO image VALUES (?, ?, ?, ?, ?)", rows)


def _model(connection: sqlite3.Connection, result: ImageResult, class_ids: Sequence[str]) -> int:
    connection.execute(
        "INSERT OR IGNORE INTO model (sha256, model_id, classes) VALUES (?, ?, ?)",
        (result.model.sha256, result.model.model_id, msgspec.json.encode(class_ids).decode()),
    )
    found = connection.execute("SELECT id FROM model WHERE sha256 = ?", (result.model.sha256,))
    return int(found.fetchone()[0])
