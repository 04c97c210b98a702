"""How long work speaks: `Progress` goes out, `CancelToken` comes in."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of long work: `done` of `total` items, `note` for the status bar."""

    done: int
    total: int
    note: str = ""


class CancelToken:
    """Asked by the worker between items, set by anyone, once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()
