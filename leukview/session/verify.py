"""Whether the log of a session is still what was written."""

from __future__ import annotations

from leukview.session.events import first_altered
from leukview.session.store import SessionStore


def verify(store: SessionStore) -> int | None:
    """Number of the first event that was altered or is missing, or None when the chain holds.

    Events cut off at the very end cannot be noticed from the file alone.

    Raises:
        SessionError: the session cannot be read.
    """
    return first_altered(store.events())
