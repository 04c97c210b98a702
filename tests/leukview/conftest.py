"""What tests of the application share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest


def _looks() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "leukview-look"]


@pytest.fixture
def looks() -> Callable[[], list[threading.Thread]]:
    """Gives the threads that ask a drive, at the time of the call."""
    return _looks


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds a drive's answer back; opened at the end, so that nothing is held any more."""
    made = threading.Event()
    yield made
    made.set()
    for thread in _looks():
        thread.join()
