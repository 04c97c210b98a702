"""Pixels for the tiles: decoded in worker threads, newest request first, kept within a budget."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from leukview.domain.errors import ImageError
from leukview.domain.progress import CancelToken
from leukview.imaging import decode
from leukview.imaging.drive import ANSWER_SECONDS, Drive
from leukview.imaging.thumbnails import thumbnail

log = logging.getLogger(__name__)
FULL = 0  # as an edge: the whole image in its own size
_BUDGET = 256 * 1024 * 1024
_WAITING = 400  # older requests than these have long scrolled away
_FULLY_KEPT = 8
_END_SECONDS = 1.0  # for what is being decoded when the window is closed
_SAMPLE, _SAMPLE_EDGE = 32, 128
Key = tuple[int, int]
Pixels = NDArray[np.uint8]


def to_image(pixels: Pixels) -> QImage:
    """A QImage that owns its bytes, of uint8 (H, W, 3) RGB.

    Its format is the one that a pixmap keeps, so that the worker converts it and not the window.
    """
    packed = np.ascontiguousarray(pixels)
    height, width, _ = packed.shape
    view = QImage(packed.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)


def centre(pixels: Pixels, window: float) -> Pixels:
    """The middle of an image: `window` of its longer side, at most what there is."""
    height, width = pixels.shape[:2]
    side = max(1, round(max(height, width) * window))
    tall, wide = min(height, side), min(width, side)
    top, left = (height - tall) // 2, (width - wide) // 2
    return pixels[top : top + tall, left : left + wide]


class PixelLoader(QObject):
    """Gives pixmaps by image row and edge, or asks for them and says `arrived` later.

    Args of the worker's pixmaps: edge in device pixels (`FULL`: undecimated). Requests form a
    stack, so what came into view last is decoded first; the least recently shown go first when
    the budget is spent.
    """

    arrived = Signal(int, int)  # image row, edge
    _decoded = Signal(int, int, int, object)

    def __init__(self, parent: QObject | None = None, *, threads: int = 2) -> None:
        super().__init__(parent)
        self._paths: Sequence[Path] = ()
        self.window = 1.0
        self._run = 0
        self._kept: OrderedDict[Key, QPixmap] = OrderedDict()
        self._last: dict[int, int] = {}
        self._bytes = 0
        self._failed: dict[Key, str] = {}
        self._stack: OrderedDict[Key, Callable[[], Pixels]] = OrderedDict()
        self._busy: set[Key] = set()
        self._outdated: set[Key] = set()
        self._asked: dict[Key, None] = {}
        # Decoding begins when the frame that asked is painted: threads that start in the middle of
        # it take the interpreter's lock from the painter for milliseconds at a time.
        self._begin = QTimer(self, singleShot=True, interval=0)
        self._begin.timeout.connect(self._hand_over)
        self._wake = threading.Condition()
        self._stopping = False
        self._told = 0.0
        self._decoded.connect(self._take)
        self._threads = [
            threading.Thread(target=self._work, name=f"leukview-pixels-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def open(self, paths: Sequence[Path]) -> None:
        """Forget everything and serve these files from now on."""
        with self._wake:
            self._run += 1
            self._stack.clear()
            self._busy.clear()
            self._outdated.clear()
        self._asked.clear()
        self._paths = paths
        self._kept.clear()
        self._last.clear()
        self._failed.clear()
        self._bytes = 0

    def show_window(self, window: float) -> None:
        """Show this share of each image, from its middle, in the tiles."""
        if window != self.window:
            self.window = window
            self.open(self._paths)

    def pixmap(self, row: int, edge: int) -> QPixmap | None:
        """What is there; if nothing, it is asked for. `edge` in device pixels, or FULL."""
        key = (row, edge)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        if key not in self._failed:
            self._ask(key)
        return None

    def standin(self, row: int) -> QPixmap | None:
        """Any other size of the same image, while the right one is being decoded."""
        return self._kept.get((row, self._last.get(row, FULL)))

    def failure(self, row: int, edge: int) -> str:
        """Why this image cannot be shown, or ""."""
        return self._failed.get((row, edge), "")

    def retry(self) -> None:
        """Forget the failures, for a folder that is reachable again."""
        self._failed.clear()

    def forget(self, rows: Sequence[int]) -> None:
        """Read these images anew: their files are others now, also for what is being decoded."""
        some = set(rows)
        for key in [key for key in self._kept if key[0] in some]:
            self._bytes -= _size(self._kept.pop(key))
        self._failed = {key: words for key, words in self._failed.items() if key[0] not in some}
        for row in some:
            self._last.pop(row, None)
        with self._wake:
            self._outdated |= {key for key in self._busy if key[0] in some}

    def stop(self, seconds: float = _END_SECONDS) -> bool:
        """End the worker threads; to be called before the program ends.

        Args:
            seconds: for all of them, from when they were told first. They are daemons: one that a
                dead drive holds may be left.

        Returns:
            Whether all have ended.
        """
        with self._wake:
            self._told = self._told if self._stopping else time.monotonic()
            self._stopping = True
            self._stack.clear()
            self._wake.notify_all()
        until = self._told + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _ask(self, key: Key) -> None:
        if 0 <= key[0] < len(self._paths):
            self._asked[key] = None
            if not self._begin.isActive():
                self._begin.start()

    def _hand_over(self) -> None:
        """Give what was asked for to the threads, so that the first of a frame is done first."""
        asked, self._asked = list(self._asked), {}
        with self._wake:
            for key in reversed(asked):
                if key in self._busy:
                    continue
                row, edge = key
                self._stack[key] = partial(_read, self._paths[row], edge, self.window)
                self._stack.move_to_end(key)
            while len(self._stack) > _WAITING:
                self._stack.popitem(last=False)
            self._wake.notify_all()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._stack and not self._stopping:
                    self._wake.wait()
                if self._stopping:
                    return
                key, read = self._stack.popitem()
                self._busy.add(key)
                run = self._run
            value = _image_or_reason(read)
            if not self._is_stopping():  # else nobody may be there any more
                self._decoded.emit(run, *key, value)

    def _is_stopping(self) -> bool:
        with self._wake:
            return self._stopping

    @Slot(int, int, int, object)
    def _take(self, run: int, row: int, edge: int, value: QImage | str) -> None:
        if run != self._run:
            return
        key = (row, edge)
        with self._wake:
            self._busy.discard(key)
            outdated = key in self._outdated
            self._outdated.discard(key)
        if outdated:
            self._ask(key)
            return
        if isinstance(value, str):
            self._failed[key] = value
        else:
            self._keep(key, QPixmap.fromImage(value))
        self.arrived.emit(row, edge)

    def _keep(self, key: Key, pixmap: QPixmap) -> None:
        self._kept[key] = pixmap
        self._bytes += _size(pixmap)
        row, edge = key
        if edge == FULL:
            full = [k for k in self._kept if k[1] == FULL]
            for old in full[:-_FULLY_KEPT]:
                self._bytes -= _size(self._kept.pop(old))
        else:
            self._last[row] = edge
        while self._bytes > _BUDGET and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])


def _size(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4


def _image_or_reason(read: Callable[[], Pixels]) -> QImage | str:
    """The picture, or why there is none; whatever goes wrong, the thread goes on."""
    try:
        return to_image(read())
    except (ImageError, OSError) as error:
        return str(error)
    except MemoryError:
        return "There is not enough memory to show the image. Close other programs."
    except Exception as error:
        log.exception("an image could not be decoded for the screen")
        return f"The image cannot be shown ({type(error).__name__}: {error}). Save it again as PNG."


def _read(path: Path, edge: int, window: float) -> Pixels:
    if edge == FULL:
        return decode.read(path).pixels
    whole = max(edge, round(edge / window))
    # Not by `window` itself: rounded twice, the middle would be a pixel off and be scaled again.
    return centre(thumbnail(path, whole), edge / whole)


def measure_window(paths: Sequence[Path], cancel: CancelToken) -> float | None:
    """`common_window` of some of these files, as far as their drive gives them in time.

    Returns:
        The share of the side; None when nothing could be read, or it was cancelled.
    """
    places = np.unique(np.linspace(0, len(paths) - 1, _SAMPLE).round().astype(int))
    some = [paths[at] for at in places] if paths else []
    read = Drive().each(ANSWER_SECONDS, _sample, some, cancel)
    samples = [pixels for pixels in read if pixels is not None]
    return common_window(samples) if samples and not cancel.cancelled else None


def _sample(path: Path) -> Pixels | None:
    try:
        return thumbnail(path, _SAMPLE_EDGE)
    except Exception:  # noqa: BLE001  # the tile says what is wrong with the image
        return None


def common_window(samples: Sequence[Pixels], *, margin: float = 0.06) -> float:
    """The share of the side that holds the cells of images with a uniform border, else 1.

    All tiles of a session show the same window, because size is evidence: the window is the 95th
    percentile of what the sampled images need around their middle, and 1 unless nearly all of
    them have a border of one colour.

    Args:
        samples: small images, uint8 (h, w, 3).
        margin: added around, as a share of the side.
    """
    needs = [_extent(pixels) for pixels in samples]
    framed = [need for need in needs if need is not None]
    if not samples or len(framed) < 0.9 * len(samples):
        return 1.0
    window = float(np.percentile(framed, 95)) + 2 * margin
    return 1.0 if window > 0.9 else max(window, 0.3)


def _extent(pixels: Pixels) -> float | None:
    """Share of the side, around the middle, that is not border; None without a uniform border."""
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.int16)
    border = np.median(ring, axis=0)
    # JPEG leaves a few grey levels of noise in a black border; a cell at the rim is tolerated.
    if np.mean(np.abs(ring - border).max(axis=1) <= 12) < 0.85:
        return None
    inside = np.abs(pixels.astype(np.int16) - border).max(axis=2) > 24
    if not inside.any():
        return None
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    height, width = inside.shape
    reach = max(
        height / 2 - rows[0],
        rows[-1] + 1 - height / 2,
        width / 2 - columns[0],
        columns[-1] + 1 - width / 2,
    )
    return float(2 * reach / max(height, width))
