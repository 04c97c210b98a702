"""Which bytes an image of the review stands for: recalled from the session, or read again.

Name, size and time of a file make its hash likely, not certain: a folder can be filled anew with
files that are equal in all three. So what is recalled holds until the bytes have been read.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from leukview.domain.errors import DriveError, ImageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.decode import sha256_of
from leukview.imaging.drive import MOST_SILENT, READ_SECONDS, Drive
from leukview.imaging.scan import again
from leukview.session.store import SessionStore
from leukview.session.suggestions import KnownImage, StoredSuggestion

_NO_ANSWER = "The drive does not answer. Check it, then open the folder again."
_SILENT = (
    "The drive does not answer, so the files were not read to the end. What is shown for the rest"
    " is what was known earlier. Check the drive, then open the folder again."
)
_BATCH, _BATCH_SECONDS = 64, 0.2


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
