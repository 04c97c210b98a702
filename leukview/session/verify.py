"""Whether the log of a session is still what was written, and what an export has seen of it.

Each event carries a hash over itself and the hash of the one before, so what is changed, removed or
put elsewhere no longer fits. What the file alone cannot show: events cut off at the end, and a log
that somebody wrote anew with all its hashes. The first is found against an export, which names the
head of the log at its time. The second is found only where one export is out of their reach.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leukview.domain.errors import SessionError
from leukview.session.connection import connect
from leukview.session.events import GENESIS, Event, Head, chained, first_altered
from leukview.session.store import SessionStore, open_to_read


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found.

    Attributes:
        head: number of events that are there, and hash of the last.
        fault: the first event that is not as it was written, in a sentence, or "".
    """

    head: Head
    fault: str


def verify(store: SessionStore) -> int | None:
    """Number of the first event that was altered or is missing, or None when the chain holds.

    Events cut off at the very end cannot be noticed from the file alone.

    Raises:
        SessionError: the session cannot be read.
    """
    return first_altered(store.events())


def check(path: Path, against: Head | None = None) -> Verified:
    """Follow the chain of the session file `path`.

    Args:
        path: of the file; it is only read.
        against: the head of its log as an export names it.

    Raises:
        SessionError: it is no session, from another version, or cannot be opened.
    """
    open_to_read(path)
    last, previous, count, fault = Head(0, GENESIS), GENESIS, 0, ""
    then = against.sha256 if against and not against.events else ""
    if against and not against.events and against.sha256 != GENESIS:
        fault = "The export names an empty log with the hash of another one."
    try:
        for event in _raw(path):
            count += 1
            last = Head(count, str(event.hash))
            fault = fault or _wrong(event, count, previous)
            previous = str(event.hash)
            if against and event.seq == against.events:
                then = previous
    except sqlite3.Error as error:
        fault = fault or f"The file is damaged after event {count} ({error})."
    if against and not fault:
        fault = _differs(last, against, then)
    return Verified(last, fault)


def _wrong(event: Event, expected: int, previous: str) -> str:
    """Why this event is not the one that was written with that number, or ""."""
    named = f"{event.seq} ({event.at}, {event.kind})"
    if event.seq > expected:
        return f"Event {expected} is missing. The next one that is there is {named}."
    if event.seq < expected:
        return f"Event {named} stands where event {expected} has to be."
    try:
        same = event.hash == chained(previous, event.seq, event.at, event.kind, event.text)
    except (UnicodeEncodeError, TypeError):  # bytes that no text has
        same = False
    return "" if same else f"Event {named} is not what was written, or not in its place."


def _differs(head: Head, against: Head, then: str) -> str:
    """How a log whose chain holds is not the one that an export has seen, or ""."""
    if head.events < against.events:
        lost = against.events - head.events
        which = "1 event was" if lost == 1 else f"{lost:,} events were"
        return (
            f"{which} cut off at the end: the export has seen {against.events:,}, and"
            f" {head.events:,} are left. The first that is missing is event {head.events + 1}."
        )
    if then != against.sha256:
        return (
            f"Event {against.events} is another one than the export has seen, so this is another"
            " history: the log was written anew, or the export is of another session."
        )
    return ""


def _raw(path: Path) -> Iterator[Event]:
    """Events as they stand there, also where a field is no text any more."""
    with contextlib.closing(connect(path, read_only=True)) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        for row in connection.execute(
            "SELECT seq, at, kind, payload, hash FROM event ORDER BY seq"
        ):
            yield Event(*row)


def hashes(path: Path) -> list[str]:
    """Hash of every event, in order.

    Raises:
        SessionError: the session cannot be read.
    """
    try:
        return [str(event.hash) for event in _raw(path)]
    except sqlite3.Error as error:
        raise SessionError(
            f"The session {path.name} cannot be read ({error}). Nothing was changed."
        ) from error
