"""Many images through one model: threads decode ahead, the session runs, results in order."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from leukview.contract import ModelContract
from leukview.domain.errors import ImageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile, ImageResult
from leukview.imaging.decode import GOES_ON, read
from leukview.imaging.preprocess import resize
from leukview.imaging.scan import again
from leukview.inference.classifier import Classifier
from leukview.inference.providers import threads

log = logging.getLogger(__name__)

YIELD_SECONDS, YIELD_IMAGES = 0.2, 64  # often enough for a window, rare enough for 100,000 images
_ASK_SECONDS = 0.1  # how often a waiting run looks whether it was stopped
READ_SECONDS = 60.0  # for one image; 512 MB over a slow network take as long
_CLOSE_SECONDS = 1.0  # for the images under way when a run ends
_NO_ANSWER = f"The drive did not answer within a minute. {GOES_ON} Check it, then try again."
# A 64-megapixel image takes 192 MB while it is decoded, so there are few at a time.
_MOST_DECODERS = 8


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One image after decoding: pixels of the model's size, or an error."""

    image: ImageFile
    sha256: str = ""
    pixels: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()
    error: str = ""


def classify(
    images: Sequence[ImageFile],
    classifier: Classifier,
    *,
    batch_size: int | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[list[ImageResult]]:
    """Classify images in order.

    Args:
        images: what to read.
        classifier: used from the calling thread only.
        batch_size: images per run of the session; None takes what suits the device.
        cancel: stops within a second; what was finished is yielded before the end.

    Yields:
        Results in the order of `images`, after at most 64 images or about 0.2 s. An image that
        cannot be read becomes a result with an error, and the work goes on. The image of a result
        has the size and time that the file had just before it was read.

    Raises:
        DeviceError: the GPU failed and was required. What was finished was yielded before.
    """
    token = cancel or CancelToken()
    ready: list[ImageResult] = []
    since = time.monotonic()
    ahead = _DecodeAhead(images, classifier.contract, token, batch_size or classifier.batch_size)
    try:
        while not token.cancelled:
            batch = ahead.take(batch_size or classifier.batch_size)
            if not batch:
                break
            ready += _results(batch, classifier)
            if len(ready) >= YIELD_IMAGES or time.monotonic() - since >= YIELD_SECONDS:
                out, ready = ready, []
                for at in range(0, len(out), YIELD_IMAGES):
                    yield out[at : at + YIELD_IMAGES]
                since = time.monotonic()
    except Exception:
        ahead.close()
        if ready:
            yield ready
        raise
    finally:
        ahead.close()
    if ready:
        yield ready


@dataclass(slots=True)
class _Task:
    """One image on its way through a decoding thread.

    Attributes:
        image: to read.
        began: when a thread took it up, `time.monotonic`; None while it waits.
        done: set once `prepared` stands.
        prepared: the outcome; None when the run was stopped before it.
    """

    image: ImageFile
    began: float | None = None
    done: threading.Event = field(default_factory=threading.Event)
    prepared: _Prepared | None = None

    @property
    def stuck(self) -> bool:
        return self.began is not None and time.monotonic() - self.began >= READ_SECONDS


class _DecodeAhead:
    """Threads that keep a bounded queue of prepared images filled, in order.

    They are daemons and are not waited for without end: a drive that is gone may hold a read for
    ever, and neither the run nor the end of the program may hang on it.
    """

    def __init__(
        self,
        images: Sequence[ImageFile],
        contract: ModelContract,
        token: CancelToken,
        batch_size: int,
    ) -> None:
        self._left = iter(images)
        self._contract = contract
        self._token = token
        self._closed = CancelToken()
        workers = min(_MOST_DECODERS, threads(), max(1, len(images)))
        self._depth = 2 * batch_size + workers
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._queue: deque[_Task] = deque()
        self._fill()
        for _ in range(workers):
            self._start_thread()

    def take(self, count: int) -> list[_Prepared]:
        """The next images, at most `count`; none at the end, fewer when stopped."""
        batch: list[_Prepared] = []
        while len(batch) < count and self._queue and not self._token.cancelled:
            task = self._queue[0]
            if task.done.wait(_ASK_SECONDS):
                prepared = task.prepared
            elif task.stuck:
                self._start_thread()  # in the place of the one that hangs
                prepared = _Prepared(task.image, error=_NO_ANSWER)
            else:
                continue
            if prepared is None:
                break
            batch.append(prepared)
            self._queue.popleft()
            self._fill()
        return batch

    def close(self) -> None:
        """Drop what waits and end the threads; calling it again does nothing."""
        self._closed.cancel()
        self._queue.clear()
        until = time.monotonic() + _CLOSE_SECONDS
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._threads.clear()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, name="leukview-decode", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.began = time.monotonic()
            try:
                task.prepared = self._prepare(task.image)
            finally:
                task.done.set()

    def _fill(self) -> None:
        while len(self._queue) < self._depth:
            image = next(self._left, None)
            if image is None:
                return
            task = _Task(image)
            self._queue.append(task)
            self._tasks.put(task)

    def _prepare(self, image: ImageFile) -> _Prepared | None:
        """One image, in a thread of the pool; None when the run was stopped before it."""
        if self._closed.cancelled or self._token.cancelled:
            return None
        contract = self._contract
        with contextlib.suppress(OSError):  # the reading says it better
            image = again(image)
        try:
            decoded = read(image.path)
            pixels = resize(decoded.pixels, contract.height, contract.width, contract.resize)
        except ImageError as error:
            return _Prepared(image, error.sha256, error=str(error))
        except MemoryError:
            return _Prepared(
                image,
                error=f"There is not enough memory to read the image. {GOES_ON}"
                " Close other programs, or cut the image.",
            )
        except Exception as error:
            log.exception("reading %s failed", image.name)
            return _Prepared(
                image,
                error=f"Reading the image failed ({type(error).__name__}: {error}). {GOES_ON}"
                " Save it again as PNG.",
            )
        notes = decoded.notes + _size_note(decoded.pixels, contract)
        return _Prepared(image, decoded.sha256, pixels, notes)


def _size_note(pixels: NDArray[np.uint8], contract: ModelContract) -> tuple[str, ...]:
    height, width = pixels.shape[:2]
    low, high = contract.smallest_side, contract.largest_side
    if low <= min(height, width) and max(height, width) <= high:
        return ()
    seen = f"{low}" if low == high else f"{low} to {high}"
    return (f"{width} x {height} pixels, the model has seen sides of {seen}",)


def _results(batch: Sequence[_Prepared], classifier: Classifier) -> list[ImageResult]:
    arrays = [one.pixels for one in batch if one.pixels is not None]
    suggestions = iter(classifier.suggest(classifier.run(np.stack(arrays))) if arrays else ())
    return [
        ImageResult(
            image=one.image,
            sha256=one.sha256,
            suggestion=None if one.error else next(suggestions),
            error=one.error,
            notes=one.notes,
            model=classifier.identity,
        )
        for one in batch
    ]
