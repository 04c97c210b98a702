"""What was recorded of a folder: read for an export or a report, never made and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from natsort import natsort_keygen, ns

from leukview.contract import ModelContract
from leukview.domain.errors import OutputError, UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile, ModelIdentity
from leukview.imaging.drive import Drive
from leukview.session.index import find
from leukview.session.store import SessionStore, open_to_read
from leukview.workflows.identity import reread
from leukview.workflows.last_model import last
from leukview.workflows.open_folder import open_folder
from leukview.workflows.opened import recall
from leukview.workflows.review import Review
from leukview.workflows.worklist import names_of

SESSION_FILES = frozenset({".lkv", ".leukview"})
_IN_ORDER = natsort_keygen(alg=ns.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A session, and its images as far as they are there.

    Attributes:
        folder: that was named (of several paths, the first), or the session's file.
        store: the session, opened for reading only; `store.head()` says where its log ends.
        review: suggestions of the model used last, and decisions; ready for `snapshot`.
        identity: of that model; its device is "", because each row has its own.
        contract: of that model; None where its very file is not to be found.
        problems: folders and files that could not be looked at, each in a sentence.
        unread: images whose bytes could not be read now; what stands there is what was known.
    """

    folder: Path
    store: SessionStore
    review: Review
    identity: ModelIdentity
    contract: ModelContract | None
    problems: tuple[str, ...] = ()
    unread: int = 0


def session_file(paths: Sequence[Path], *, cancel: CancelToken | None = None) -> Path:
    """The file of the session of a folder, or the session file itself.

    Raises:
        UsageError: no such path, no images, or they were never reviewed.
        DriveError, SessionError: the drive or the data folder cannot be read.
    """
    return _found(paths, cancel)[0]


def recorded(paths: Sequence[Path], *, cancel: CancelToken | None = None) -> Recorded:
    """Read the session of a folder, and the files of its images to know which they are.

    Args:
        paths: a folder of images as it was opened in the window (or the paths that were opened
            together), or one session file (`.lkv`, `.leukview`). Of a session file the images are
            those it knows; they are not looked for.
        cancel: ends it with an error.

    Raises:
        UsageError: no such path, no images, or they were never reviewed.
        OutputError: it was stopped.
        DriveError, SessionError: the drive or the session cannot be read.
    """
    file, images, problems = _found(paths, cancel)
    store = open_to_read(file)
    if images is None:
        images = _known(store)
    model = last(store)
    review = Review(images, model.classes, store, reviewer="", cancel=cancel)
    if not _is_session(paths):
        review.slide, review.patient = names_of(paths[0] if paths[0].is_dir() else paths[0].parent)
    if model.identity.sha256:
        recall(review, model.identity.sha256)
    unread = 0 if _is_session(paths) else _read(review, store, cancel)
    _stop_if(cancel)
    return Recorded(
        folder=paths[0].absolute(),
        store=store,
        review=review,
        identity=model.identity,
        contract=model.contract,
        problems=problems,
        unread=unread,
    )


def _is_session(paths: Sequence[Path]) -> bool:
    return len(paths) == 1 and paths[0].suffix.lower() in SESSION_FILES and paths[0].is_file()


def _found(
    paths: Sequence[Path], cancel: CancelToken | None
) -> tuple[Path, Sequence[ImageFile] | None, tuple[str, ...]]:
    """The session's file, the images (None where only the session names them), and problems."""
    if _is_session(paths):
        return paths[0], None, ()
    scan = open_folder(paths, cancel=cancel)
    _stop_if(cancel)
    first = paths[0].absolute()
    file = find(scan.images, first if first.is_dir() else first.parent, cancel=cancel)
    _stop_if(cancel)
    if file is None or not file.stat().st_size:
        name = paths[0].name or str(paths[0])
        raise UsageError(
            f"The images in {name!r} were never reviewed here, or that was deleted: nothing is"
            " recorded of them. Nothing was changed. Open the folder in the window first, or import"
            " a session with `leukview import`."
        )
    return file, scan.images, scan.problems


def _stop_if(cancel: CancelToken | None) -> None:
    if cancel and cancel.cancelled:
        raise OutputError("It was stopped. Nothing was written. Start again.")


def _known(store: SessionStore) -> list[ImageFile]:
    """The images that a session knows; a folder opened under two names counts once."""
    once = {(known.name, known.sha256): known for known in store.known_images()}
    images = [
        ImageFile(
            path=Path(known.folder, known.name),
            name=known.name,
            folder=known.folder,
            bytes=known.bytes,
            modified_ns=known.modified_ns,
        )
        for known in once.values()
    ]
    return sorted(images, key=lambda image: _IN_ORDER(image.name))


def _read(review: Review, store: SessionStore, cancel: CancelToken | None) -> int:
    """Read what is not certain; returns how many could not be read."""
    rows = [row for some in review.to_read() for row in some.tolist()]
    drive = Drive()
    unread = 0
    for found in reread(
        rows,
        review.images,
        store,
        done=lambda row: bool(review.checked[row]),
        model_sha256=lambda: review.model_sha256,
        drive=drive,
        cancel=cancel or CancelToken(),
    ):
        unread += sum(1 for one in found if one.error)
        review.compare(found)
    return unread
