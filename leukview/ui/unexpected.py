"""Errors that nobody expected, in a slot or a thread: logged, and said instead of a dead key."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterator
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from leukview.ui import messages

log = logging.getLogger(__name__)


class Unexpected(QObject):
    """Takes the place of Python's own last word while a window is there."""

    said = Signal(str)  # connect it queued: it may come from any thread, or from a paint event

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Hear of them until the end of the block."""
        before = sys.excepthook, threading.excepthook
        sys.excepthook, threading.excepthook = self._in_slot, self._in_thread
        try:
            yield
        finally:
            sys.excepthook, threading.excepthook = before

    def _in_slot(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            log.error("unexpected", exc_info=(kind, error, trace))
            self.said.emit(messages.failure(error))
        else:  # Ctrl+C
            sys.__excepthook__(kind, error, trace)

    def _in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._in_slot(args.exc_type, args.exc_value, args.exc_traceback)
