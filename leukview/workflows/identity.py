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
from typing import TypeVar

from leukview.domain.errors import ImageError
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
_T = TypeVar("_T")
_BATCH, _BATCH_SECONDS = 64, 0.2


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


def touched(images: Sequence[ImageFile]) -> list[bool]:
    """Whether each file has another size or time now; one that is out of reach has not."""
    out: list[bool] = []
    for image in images:
        try:
            out.append(again(image) is not image)
        except OSError:
            out.append(False)
    return out


def reread(
    rows: Iterable[int],
    images: Sequence[ImageFile],
    store: SessionStore,
    *,
    done: Callable[[int], bool],
    model_sha256: Callable[[], str],
    cancel: CancelToken,
) -> Iterator[list[Reread]]:
    """Read files again, one after the other, with what was said about their bytes earlier.

    Args:
        rows: of the files, in the order wanted.
        images: of all rows.
        store: the session; it is only read.
        done: whether a row has been read by somebody else in the meantime.
        model_sha256: of the model whose suggestions are shown at that moment.
        cancel: asked before each file.

    Yields:
        At most 64 files, after about 0.2 s.

    Raises:
        SessionError: the session cannot be read.
    """
    batch: list[Reread] = []
    since = time.monotonic()
    for row in rows:
        if cancel.cancelled:
            break
        if not done(row):
            batch.append(_bounded(row, images[row], cancel))
        if len(batch) >= _BATCH or (batch and time.monotonic() - since >= _BATCH_SECONDS):
            yield _with_said(batch, store, model_sha256())
            batch, since = [], time.monotonic()
    if batch:
        yield _with_said(batch, store, model_sha256())


def _bounded(row: int, image: ImageFile, cancel: CancelToken) -> Reread:
    found = within(READ_SECONDS, lambda: read_again(row, image), cancel)
    return found or Reread(row, image, "", _NO_ANSWER)


def _with_said(batch: list[Reread], store: SessionStore, model_sha256: str) -> list[Reread]:
    hashes = [one.sha256 for one in batch if one.sha256]
    if not model_sha256 or not hashes:
        return batch
    said = {known.sha256: known for known in store.results(model_sha256, hashes)}
    return [replace(one, said=said.get(one.sha256), model_sha256=model_sha256) for one in batch]


def within(seconds: float, work: Callable[[], _T], cancel: CancelToken | None = None) -> _T | None:
    """What `work` gives, or None when a dead drive keeps it longer than that, or it is stopped.

    It goes on in a thread that nobody waits for: the system may hold a read of such a drive for
    ever, and neither the window nor the end of the program may hang on it.
    """
    answer: list[_T] = []
    thread = threading.Thread(
        target=lambda: answer.append(work()), name="leukview-look", daemon=True
    )
    thread.start()
    until = time.monotonic() + seconds
    while thread.is_alive() and (left := until - time.monotonic()) > 0:
        if cancel and cancel.cancelled:
            break
        thread.join(min(left, _ASK_SECONDS))
    return answer[0] if answer else None
