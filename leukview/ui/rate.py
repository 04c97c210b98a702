"""How fast a run goes."""

from __future__ import annotations

import time
from collections.abc import Callable


class Rate:
    """Images per second, smoothed over some seconds, for the time left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self.per_second = 0.0

    def start(self) -> None:
        self._last, self.per_second = self._clock(), 0.0

    def add(self, images: int) -> None:
        now = self._clock()
        passed = max(now - self._last, 1e-3)
        self._last = now
        fresh = images / passed
        weight = 1.0 if self.per_second == 0 else min(1.0, passed / 3.0)
        self.per_second += weight * (fresh - self.per_second)
