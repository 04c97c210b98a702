"""A file or a folder that appears completely, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from leukview.domain.errors import OutputError


@contextlib.contextmanager
def whole_file(path: Path, *, replace: bool = True, private: bool = False) -> Iterator[BinaryIO]:
    """A new file to write into, which takes the name `path` when the block ends well.

    It lies in the same folder (a rename across disks is a copy) and reaches the disk before it
    takes the name, so that a reader sees the old file or the new one.

    Args:
        path: of the file; a symbolic link is followed, its target is replaced.
        replace: whether a file of that name may go; it is also kept if it appears meanwhile,
            as when two windows write the same table at the same time.
        private: readable by the owner only.

    Raises:
        OutputError: the folder or the file cannot be written; an older file is as it was.
    """
    target = Path(os.path.realpath(path))
    temporary = _beside(target)
    with _in_words(path):
        try:
            _refuse_devices(target)
            # Without O_BINARY Windows would turn the \r\n of the table into \r\r\n.
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(temporary, flags, 0o600 if private else 0o666), "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists() and not private:
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            if replace:
                temporary.replace(target)
            else:
                _take_free_name(temporary, target)
            _flush_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()  # after success it is gone already


@contextlib.contextmanager
def whole_folder(
    path: Path, *, replace: bool = False, ours: Callable[[Path], bool]
) -> Iterator[Path]:
    """A new folder to fill, which takes the name `path` when the block ends well.

    Args:
        path: of the folder.
        replace: whether an earlier one may go.
        ours: whether an earlier one is of the same kind; nothing else is ever removed.

    Raises:
        OutputError: it cannot be written; an older folder is as it was.
    """
    target = Path(os.path.realpath(path))
    temporary = _beside(target)
    with _in_words(path):
        try:
            _refuse_folder(target, replace=replace, ours=ours)
            temporary.mkdir()
            yield temporary
            _flush_folder(temporary)
            _refuse_folder(target, replace=replace, ours=ours)  # it may have appeared meanwhile
            if target.exists():
                old = _beside(target)
                target.rename(old)
                try:
                    temporary.rename(target)
                except OSError:
                    old.rename(target)
                    raise
                shutil.rmtree(old, ignore_errors=True)
            else:
                temporary.rename(target)
            _flush_folder(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)  # after success it is gone already


def _refuse_folder(target: Path, *, replace: bool, ours: Callable[[Path], bool]) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise FileExistsError(errno.EEXIST, "a file has this name")
    empty = next(target.iterdir(), None) is None
    if not empty and not (replace and ours(target)):
        raise FileExistsError(errno.EEXIST, "there are files in it")


def _beside(target: Path) -> Path:
    return target.with_name(f".leukview-{secrets.token_hex(8)}.part")


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """What the system refuses, as a sentence."""
    try:
        yield
    except FileExistsError as error:
        raise OutputError(
            f"{path} exists and was left as it is. Nothing was written. Choose another name."
        ) from error
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error


def _take_free_name(temporary: Path, target: Path) -> None:
    """Rename, unless somebody has the name; between a look and a rename another could take it."""
    if sys.platform == "win32":
        temporary.rename(target)  # there it refuses by itself
        return
    try:
        target.hardlink_to(temporary)  # the old name goes in the end
    except FileExistsError:
        raise
    except OSError:  # a file system without links (FAT, some shares): a look has to do
        if target.exists():
            raise FileExistsError(errno.EEXIST, "File exists") from None
        temporary.rename(target)


def _refuse_devices(target: Path) -> None:
    """Taking the name of a device would remove it (/dev/null, for root)."""
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is a folder or a device, not a file")


def _flush_folder(folder: Path) -> None:
    """Make the new name durable too; not every file system and not Windows can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sentence(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return (
        f"{path} could not be written ({reason}). An older file of that name is unchanged, and"
        " nothing else was lost. Close the file if another program has it open, free disk space,"
        " or choose another folder."
    )
