"""Several files that belong together, put in place as one: all of them, or none."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from leukview.domain.errors import OutputError

EARLIER = "earlier"  # copies of the files that are being replaced, in the folder of the drafts


@contextlib.contextmanager
def draft_folder(parent: Path) -> Iterator[Path]:
    """A folder for drafts; removed at the end, unless it holds the only copy of an earlier file.

    Raises:
        OutputError: the folder cannot be made, or a draft cannot be written.
    """
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix="draft-"))
        yield folder
    except FileNotFoundError:
        raise  # something to read, whose message says how to get it
    except OSError as error:
        raise OutputError(_unchanged(error)) from error
    finally:
        if folder and not (folder / EARLIER).exists():
            shutil.rmtree(folder, ignore_errors=True)


def replace_all(drafts: Mapping[Path, Path], folder: Path) -> None:
    """Put every draft in its place, in the given order; if one cannot be, none is.

    The earlier files are copied first, so that a full disk shows before anything has changed, and
    come back when a rename fails. No file system renames several files at once: a power cut between
    two renames leaves a mix, and the copies in `folder`.

    Args:
        drafts: place of each file, and its draft on the same file system.
        folder: of the drafts, see `draft_folder`.

    Raises:
        OutputError: a file could not be replaced; says whether all the earlier ones are back.
    """
    kept = folder / EARLIER
    earlier = {place: kept / place.name for place in drafts if place.exists()}
    try:
        kept.mkdir()
        for place, copy in earlier.items():
            shutil.copy2(place, copy)
        for place, draft in drafts.items():
            draft.replace(place)
    except BaseException as error:  # an interrupt too may not leave a mix
        # By the drafts that are gone: an interrupt may come right behind a rename.
        done = [place for place, draft in drafts.items() if not draft.exists()]
        lost = [place for place in reversed(done) if not _put_back(place, earlier.get(place))]
        if lost:
            names = ", ".join(place.name for place in lost)
            raise OutputError(
                f"{_reason(error)}. This stopped the replacement halfway, and {names} could not be"
                f" put back: the new ones stand in their places, the earlier ones lie in {kept}."
                " Close what holds the files open, then copy them back or export again."
            ) from error
        shutil.rmtree(kept, ignore_errors=True)
        if isinstance(error, OSError):
            raise OutputError(_unchanged(error)) from error
        raise
    shutil.rmtree(kept, ignore_errors=True)


def _put_back(place: Path, earlier: Path | None) -> bool:
    try:
        if earlier:
            earlier.replace(place)
        else:
            place.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        name = error.filename2 or error.filename
        return f"{name}: {error.strerror}" if name else error.strerror
    return str(error) or type(error).__name__


def _unchanged(error: OSError) -> str:
    return (
        f"{_reason(error)}. Nothing was published; the earlier files are as they were. Close what"
        " holds them open or make room on the disk, then export again."
    )
