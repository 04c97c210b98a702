"""Which files of a folder may be images: regular files with the right ending, in natural order."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from natsort import natsort_keygen, ns

from leukview.domain.errors import UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.drive import READ_SECONDS, Drive

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
_IN_ORDER = natsort_keygen(alg=ns.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found.

    Attributes:
        images: files that may be images, in natural order within each given path.
        others: how many other files there were.
        problems: folders and files that could not be looked at, each in a sentence.
    """

    images: tuple[ImageFile, ...]
    others: int
    problems: tuple[str, ...]


def scan(
    paths: Sequence[Path], *, recursive: bool = True, cancel: CancelToken | None = None
) -> Scan:
    """Find the images under some folders and among some files.

    Names are relative to the folder that was given, or to the parent of the file that was given. A
    folder that is reached twice (a link to a parent, a path given twice) is walked once.

    Args:
        paths: folders and files.
        recursive: whether folders inside the folders are walked too.
        cancel: ends the walk early; what was found until then is returned.

    Raises:
        UsageError: one of the paths does not exist or cannot be opened, or there was no sign of
            life from their drive for a minute.
    """
    walk = _Walk(recursive, cancel)
    done = Drive().within(READ_SECONDS, partial(walk.all, paths), cancel, life=lambda: walk.seen)
    if not done and not (cancel and cancel.cancelled):
        walk.stop()
        raise UsageError(
            f"The drive of {_text(str(paths[0]))!r} does not answer. Nothing was read, and nothing"
            " was changed. Check the drive and its connection, then open the folder again."
        )
    return Scan(tuple(walk.images), walk.others, tuple(walk.problems))


class _Walk:
    """One scan under way, in a thread that a dead drive may hold.

    Attributes:
        seen: rises with each thing that the drive has told.
    """

    def __init__(self, recursive: bool, cancel: CancelToken | None) -> None:
        self.seen = 0
        self._given_up = False
        self.images: list[ImageFile] = []
        self.others = 0
        self.problems: list[str] = []
        self._recursive = recursive
        self._cancel = cancel
        self._folders: set[tuple[int, int]] = set()
        self._files: set[Path] = set()

    def all(self, paths: Sequence[Path]) -> bool:
        """Walk them all; True once it is done."""
        for path in paths:
            self._add(path)
        return True

    def stop(self) -> None:
        """Nobody waits for the rest."""
        self._given_up = True

    def _add(self, path: Path) -> None:
        top = Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would rename what links name
        try:
            found = top.stat()
        except OSError as error:
            raise _unusable(path, error) from error
        if not stat.S_ISDIR(found.st_mode):
            self._file(top, top.parent)
            return
        try:
            with os.scandir(top):
                pass
        except OSError as error:
            raise _unusable(path, error) from error
        self._folder(top)

    def _folder(self, top: Path) -> None:
        """Walk without recursion of functions: a folder may be thousands of levels deep."""
        waiting: list[Path] = [top]
        images: list[Path] = []
        while waiting and not self._stopped():
            folder = waiting.pop()
            try:
                here = folder.stat()
                if (here.st_dev, here.st_ino) in self._folders and here.st_ino:
                    continue
                self._folders.add((here.st_dev, here.st_ino))
                with os.scandir(folder) as entries:
                    for entry in entries:
                        self.seen += 1
                        if self._stopped():
                            break
                        if _is_folder(entry):
                            if self._recursive:
                                waiting.append(Path(entry.path))
                        else:
                            images.append(Path(entry.path))
            except OSError as error:
                self.problems.append(
                    f"The folder {_shown(folder, top)} could not be opened"
                    f" ({error.strerror or error}). Its images are missing here."
                )
        images.sort(key=lambda path: _IN_ORDER(path.relative_to(top).as_posix()))
        for path in images:
            if self._stopped():
                return
            self._file(path, top)

    def _file(self, path: Path, top: Path) -> None:
        if path.suffix.lower() not in ENDINGS or path.name.startswith("._"):
            # "._x.jpg" is what macOS writes beside x.jpg on foreign drives: no picture in it.
            self.others += 1
            return
        self.seen += 1
        try:
            found = path.stat()
        except OSError as error:
            self.problems.append(
                f"The file {_shown(path, top)} could not be looked at"
                f" ({error.strerror or error}). It is missing here."
            )
            return
        if not stat.S_ISREG(found.st_mode):
            self.others += 1
            return
        if path in self._files:
            return
        self._files.add(path)
        self.images.append(
            ImageFile(
                path=path,
                name=_text(path.relative_to(top).as_posix()),
                folder=_text(top.name),
                bytes=found.st_size,
                modified_ns=found.st_mtime_ns,
            )
        )

    def _stopped(self) -> bool:
        return self._given_up or (self._cancel is not None and self._cancel.cancelled)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that points to itself is none: the system refuses to follow it."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def again(image: ImageFile) -> ImageFile:
    """The same file with its size and time of now; the very same object if they did not change.

    Raises:
        OSError: it cannot be looked at any more.
    """
    found = os.stat(image.path)  # noqa: PTH116  # half the time of Path.stat, for 100,000 files
    if (found.st_size, found.st_mtime_ns) == (image.bytes, image.modified_ns):
        return image
    return replace(image, bytes=found.st_size, modified_ns=found.st_mtime_ns)


def folders_of(image: ImageFile) -> Iterator[str]:
    """Names of the folders that an image lies in, from the opened one inwards."""
    yield image.folder
    yield from image.name.split("/")[:-1]


def _shown(path: Path, top: Path) -> str:
    return _text(path.relative_to(top.parent).as_posix())


def _text(name: str) -> str:
    """Bytes that are no UTF-8 come from the file system as lone surrogates; tables need text."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _unusable(path: Path, error: OSError) -> UsageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return UsageError(
            f"There is no file or folder {_text(str(path))!r}. Nothing was read."
            " It may have another name now, or its drive is not there."
        )
    if isinstance(error, PermissionError):
        return UsageError(
            f"No permission to open {_text(str(path))!r}. Nothing was read."
            " Change its permissions, or choose another folder."
        )
    return UsageError(
        f"{_text(str(path))!r} cannot be opened ({error.strerror or error}). Nothing was read."
        " Check the drive, or choose another folder."
    )
