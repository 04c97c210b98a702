"""Which bytes an image of the review stands for: recalled from the session, or read again.

Name, size and time of a file make its hash likely, not certain: a folder can be filled anew with
files that are equal in all three. So what is recalled holds until the bytes have been read.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from leukview.domain.errors import DriveError, ImageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.decode import sha256_of
from leukview.imaging.scan import again
from leukview.session.store import SessionStore
from leukview.session.suggestions import KnownImage, StoredSuggestion

ANSWER_SECONDS = 5.0  # for a drive, while the window waits for it
READ_SECONDS = 60.0  # for a file in the background; 512 MB over a slow network take as long
_ASK_SECONDS = 0.1
_NO_ANSWER = "The drive does not answer. Check it, then open the folder again."
_SILENT = (
    "The drive does not answer, so the files were not read to the end. What is shown for the rest"
    " is what was known earlier. Check the drive, then open the folder again."
)
MOST_SILENT = 3  # files without an answer, one after the other
_T = TypeVar("_T")
_Item = TypeVar("_Item")
_BATCH, _BATCH_SECONDS = 64, 0.2


class Drive:
    """Asks a drive that may never answer; only one question to it is open at a time.

    A question without an answer goes on in a thread that nobody waits for: the system may hold a
    read of a dead drive for ever, and neither the window nor the end of the program may hang on it.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """An earlier question has no answer yet."""
        return self._thread is not None and self._thread.is_alive()

    def within(
        self, seconds: float, work: Callable[[], _T], cancel: CancelToken | None = None
    ) -> _T | None:
        """What `work` gives, or raises; None when it takes longer than that, or it is stopped.

        It is not begun before the earlier question has its answer.
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
        self._wait(until, cancel)
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
            if cancel and cancel.cancelled:
                break
            assert self._thread is not None  # it is busy
            self._thread.join(min(left, _ASK_SECONDS))
        return not self.busy


@dataclass(frozen=True, slots=True)
class Looked:
    """Files that were looked at: the rows of those that changed, and how many there were."""

    touched: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Reread:
    """One file after its bytes were read.

    Attributes:
        row: in the review.
        image: with size and time from just before the reading.
        sha256: of the bytes, "" when they could not be read.
        error: why not, a sentence or "".
        said: what the model `model_sha256` said about these bytes earlier, or None.
    """

    row: int
    image: ImageFile
    sha256: str
    error: str = ""
    said: StoredSuggestion | None = None
    model_sha256: str = ""


def recall(known: Iterable[KnownImage], images: Iterable[ImageFile]) -> list[str]:
    """Hash of each file as the session knows it by name, size and time, or "".

    The opened folder may have another name than then; the names inside it count, unless they stand
    for different bytes in two folders of one session.
    """
    exact: dict[tuple[str, str, int, int], str] = {}
    inside: dict[tuple[str, int, int], str] = {}
    for k in known:
        file = (k.name, k.bytes, k.modified_ns)
        exact[k.folder, *file] = k.sha256
        inside[file] = k.sha256 if inside.get(file, k.sha256) == k.sha256 else ""
    out: list[str] = []
    for image in images:
        file = (image.name, image.bytes, image.modified_ns)
        out.append(exact.get((image.folder, *file)) or inside.get(file, ""))
    return out


def read_again(row: int, image: ImageFile) -> Reread:
    """Read a file's bytes for their hash; a failure is part of the answer."""
    # Looked at before it is read: a file that changes in between looks changed the next time.
    with contextlib.suppress(OSError):  # the reading says it better
        image = again(image)
    try:
        return Reread(row, image, sha256_of(image.path))
    except (ImageError, OSError) as error:
        return Reread(row, image, "", str(error))


def touched(image: ImageFile) -> bool:
    """Whether a file has another size or time now; one that is out of reach has not."""
    try:
        return again(image) is not image
    except OSError:
        return False


def reread(
    rows: Iterable[int],
    images: Sequence[ImageFile],
    store: SessionStore,
    *,
    done: Callable[[int], bool],
    model_sha256: Callable[[], str],
    drive: Drive,
    cancel: CancelToken,
) -> Iterator[list[Reread]]:
    """Read files again, one after the other, with what was said about their bytes earlier.

    Args:
        rows: of the files, in the order wanted.
        images: of all rows.
        store: the session; it is only read.
        done: whether a row has been read by somebody else in the meantime.
        model_sha256: of the model whose suggestions are shown at that moment.
        drive: on which they lie.
        cancel: asked before each file.

    Yields:
        At most 64 files, after about 0.2 s.

    Raises:
        SessionError: the session cannot be read.
        DriveError: several files in a row gave no answer.
    """
    batch: list[Reread] = []
    since, silent = time.monotonic(), 0
    for row in rows:
        if cancel.cancelled:
            break
        if not done(row):
            found = drive.within(READ_SECONDS, partial(read_again, row, images[row]), cancel)
            silent = 0 if found else silent + 1
            batch.append(found or Reread(row, images[row], "", _NO_ANSWER))
        if len(batch) >= _BATCH or (batch and time.monotonic() - since >= _BATCH_SECONDS):
            yield _with_said(batch, store, model_sha256())
            batch, since = [], time.monotonic()
        if silent >= MOST_SILENT and not cancel.cancelled:
            break
    if batch:
        yield _with_said(batch, store, model_sha256())
    if silent >= MOST_SILENT and not cancel.cancelled:
        raise DriveError(_SILENT)


def look(
    rows: Sequence[int], images: Sequence[ImageFile], drive: Drive, cancel: CancelToken
) -> Iterator[Looked]:
    """Look whether files that were read have changed since, without reading them.

    Args:
        rows: of the files.
        images: of all rows.
        drive: on which they lie.
        cancel: asked between the parts.

    Raises:
        DriveError: there was no answer.
    """
    left = list(rows)
    while left and not cancel.cancelled:
        some = left[:_BATCH]
        found = drive.each(READ_SECONDS, touched, [images[row] for row in some], cancel)
        if not found and not cancel.cancelled:
            raise DriveError(_SILENT)
        yield Looked(tuple(r for r, other in zip(some, found, strict=False) if other), len(found))
        left = left[len(found) :]


def _with_said(batch: list[Reread], store: SessionStore, model_sha256: str) -> list[Reread]:
    hashes = [one.sha256 for one in batch if one.sha256]
    if not model_sha256 or not hashes:
        return batch
    said = {known.sha256: known for known in store.results(model_sha256, hashes)}
    return [replace(one, said=said.get(one.sha256), model_sha256=model_sha256) for one in batch]
