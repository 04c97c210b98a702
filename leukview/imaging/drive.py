"""Questions to a drive that may never answer.

The system may hold a read of a dead drive for ever. Neither the window, nor a command, nor the end
of the program may hang on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from leukview.domain.progress import CancelToken

ANSWER_SECONDS = 5.0  # for a drive, while the window waits for it
READ_SECONDS = 60.0  # for a file in the background; 512 MB over a slow network take as long
MOST_SILENT = 3  # files without an answer, one after the other
_ASK_SECONDS = 0.1
_GRACE_SECONDS = 0.2  # for what is nearly done when it is stopped
_T = TypeVar("_T")
_Item = TypeVar("_Item")


class Drive:
    """Asks a drive in a thread that nobody waits for; only one question to it is open at a time."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """An earlier question has no answer yet."""
        return self._thread is not None and self._thread.is_alive()

    def within(
        self,
        seconds: float,
        work: Callable[[], _T],
        cancel: CancelToken | None = None,
        *,
        life: Callable[[], object] | None = None,
    ) -> _T | None:
        """What `work` gives, or raises; None when it takes longer than that, or it is stopped.

        It is not begun before the earlier question has its answer.

        Args:
            seconds: to wait.
            work: the question; it gives something other than None.
            cancel: ends the waiting.
            life: a sign of it, other each time the drive has given something; the time begins anew
                then. Without one, the time is for all of the work.
        """
        answer: list[_T] = []
        raised: list[Exception] = []

        def ask() -> None:
            try:
                answer.append(work())
            except Exception as error:  # noqa: BLE001  # raised where the answer is waited for
                raised.append(error)

        until = time.monotonic() + seconds
        if not self._wait(until, cancel):
            return None
        self._thread = threading.Thread(target=ask, name="leukview-look", daemon=True)
        self._thread.start()
        sign = life() if life else None
        while not self._wait(until, cancel):
            if life is None or life() == sign or (cancel and cancel.cancelled):
                break
            sign, until = life(), time.monotonic() + seconds
        if raised:
            raise raised[0]
        return answer[0] if answer else None

    def each(
        self,
        seconds: float,
        work: Callable[[_Item], _T],
        items: Sequence[_Item],
        cancel: CancelToken | None = None,
    ) -> list[_T]:
        """What `work` gives for the items, in their order, as far as it came within that time."""
        answers: list[_T] = []
        stop = CancelToken()

        def ask() -> None:
            for item in items:
                if stop.cancelled:
                    return
                answers.append(work(item))

        self.within(seconds, ask, cancel)
        stop.cancel()
        return list(answers)

    def _wait(self, until: float, cancel: CancelToken | None) -> bool:
        """Wait for the open question; False if it stays open."""
        while self.busy and (left := until - time.monotonic()) > 0:
            assert self._thread is not None  # it is busy
            if cancel and cancel.cancelled:
                self._thread.join(min(left, _GRACE_SECONDS))
                break
            self._thread.join(min(left, _ASK_SECONDS))
        return not self.busy
