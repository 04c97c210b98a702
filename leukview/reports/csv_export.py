"""Writes the lines of a table to a file: completely, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from leukview.domain.errors import OutputError


def write(path: Path, lines: Iterable[str], *, replace: bool = True) -> int:
    """Replace `path` by these lines in one step; a reader sees the old file or the new one.

    The text goes to a new file in the same folder (a rename across disks is a copy), reaches the
    disk, and only then takes the name. Newlines are written as they come.

    Args:
        path: of the table; a symbolic link is followed, its target is replaced.
        lines: each with its own line ending.
        replace: whether a file of that name may go; it is also kept if it appears meanwhile,
            as when two windows write the same table at the same time.

    Returns:
        How many lines were written, the header included.

    Raises:
        OutputError: the folder or the file cannot be written; an older file is as it was.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".leukview-{secrets.token_hex(8)}.part")
    try:
        _refuse_devices(target)
        # Without O_BINARY Windows would turn the \r\n of the table into \r\r\n.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        handle = os.open(temporary, flags, 0o666)
        count = 0
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            for line in lines:
                file.write(line)
                count += 1
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        if replace:
            temporary.replace(target)
        else:
            _take_free_name(temporary, target)
        _flush_folder(target.parent)
    except FileExistsError as error:
        raise OutputError(
            f"{path} exists and was left as it is. Nothing was written. Choose another name."
        ) from error
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()  # after success it is gone already
    return count


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
