"""One thing that a person did, as it is kept: numbered, dated, and chained to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

GENESIS = "0" * 64  # what the first event names as the hash before it


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log.

    Attributes:
        seq: 1, 2, 3, ... without gaps.
        at: UTC, `2026-11-22T18:05:09Z`.
        kind: what was done ("decide", "undo", ...).
        text: its particulars as JSON, exactly as stored and hashed.
        hash: SHA-256 over the hash of the event before and all of the above.
    """

    seq: int
    at: str
    kind: str
    text: str
    hash: str

    @property
    def payload(self) -> dict[str, Any]:
        """The particulars, read from `text`."""
        return msgspec.json.decode(self.text, type=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends: kept elsewhere, it shows later whether something was cut off.

    Attributes:
        events: how many there are.
        sha256: hash of the last one, `GENESIS` of an empty log.
    """

    events: int
    sha256: str

    @property
    def words(self) -> str:
        """How many events, for people."""
        return "1 event" if self.events == 1 else f"{self.events:,} events"


def encode(payload: Mapping[str, Any]) -> str:
    """JSON with sorted keys, so that equal payloads are equal texts."""
    return msgspec.json.encode(payload, order="deterministic").decode()


def chained(previous: str, seq: int, at: str, kind: str, text: str) -> str:
    """Hash of an event that follows the one with hash `previous`."""
    head = encode({"previous": previous, "seq": seq, "at": at, "kind": kind})
    return hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()


def first_altered(events: Iterable[Event]) -> int | None:
    """Number of the first event that is not as it was written, or None.

    A missing event is named by its number. Events cut off at the end leave no trace here: keep the
    last hash elsewhere to notice that.
    """
    previous = GENESIS
    for expected, event in enumerate(events, start=1):
        if event.seq != expected:
            return expected
        if event.hash != chained(previous, event.seq, event.at, event.kind, event.text):
            return event.seq
        previous = event.hash
    return None


def now() -> str:
    """UTC time as in every table: whole seconds, `Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
