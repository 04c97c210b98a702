"""Writes the lines of a table to a file: completely, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from leukview.reports.whole import whole_file


def write(path: Path, lines: Iterable[str], *, replace: bool = True) -> int:
    """Replace `path` by these lines in one step; a reader sees the old file or the new one.

    Args:
        path: of the table; a symbolic link is followed, its target is replaced.
        lines: each with its own line ending.
        replace: whether a file of that name may go.

    Returns:
        How many lines were written, the header included.

    Raises:
        OutputError: the folder or the file cannot be written; an older file is as it was.
    """
    with whole_file(path, replace=replace) as file:
        return write_lines(file, lines)


def write_lines(file: BinaryIO, lines: Iterable[str]) -> int:
    """Write them as UTF-8, newlines as they come; returns how many there were."""
    count = 0
    for line in lines:
        file.write(line.encode())
        count += 1
    return count
