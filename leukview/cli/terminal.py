"""What the commands say to people: words and progress to standard error, never data."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from leukview.domain.progress import CancelToken

QUIET, NORMAL = -1, 0
IMPATIENT_SECONDS = 1.0


class Terminal:
    """Standard error, as loud as asked for (`-q` leaves only errors)."""

    def __init__(self, loudness: int = NORMAL) -> None:
        self.loudness = loudness
        self.errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

    def say(self, text: str) -> None:
        if self.loudness > QUIET:
            self.errors.print(printable(text))

    def error(self, text: str) -> None:
        self.errors.print(printable(text))

    @contextlib.contextmanager
    def progress(self, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        """A bar with rate and time left on a terminal, silence in a pipe.

        Yields:
            A function that takes how many are done by now.
        """
        if self.loudness <= QUIET or not self.errors.is_terminal:
            yield _nothing
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        with Progress(*columns, console=self.errors, transient=True) as bar:
            task = bar.add_task("Classifying", total=total, rate="")

            def show(done: int) -> None:
                bar.update(task, completed=done)
                speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
                bar.update(task, rate=f"{speed:.1f} {unit}/s" if speed else "")

            yield show


def _nothing(_done: int) -> None:
    """In a pipe nobody watches a bar."""


def printable(text: str) -> str:
    """Show as text what a file name could smuggle into a terminal (escape sequences)."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )


def both_names(name: str, class_id: str) -> str:
    """A class as people call it, and in brackets as the table does, where that is another word."""
    return name if name.casefold() == class_id.casefold() else f"{name} ({class_id})"


def write_text(text: str) -> None:
    """Data to standard output: UTF-8 with the line ends that it has, whatever the locale.

    Raises:
        OSError: nobody reads it any more, or the disk behind it is full.
    """
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        raw.write(text.encode())
    sys.stdout.flush()


@contextlib.contextmanager
def stoppable() -> Iterator[CancelToken]:
    """Ctrl-C and SIGTERM set a token, so that what is finished can be kept.

    Another one, a second or more later, raises KeyboardInterrupt. Sooner it is the same wish told
    twice: `timeout` and shells signal both the process and its group.
    """
    token = CancelToken()
    asked: list[float] = []
    if threading.current_thread() is not threading.main_thread():
        yield token
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked.append(time.monotonic())
        if token.cancelled and asked[-1] - asked[0] >= IMPATIENT_SECONDS:
            raise KeyboardInterrupt
        token.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield token
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def has_display() -> bool:
    """Whether a window could be opened."""
    names = "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"
    return sys.platform != "linux" or any(os.environ.get(name) for name in names)
