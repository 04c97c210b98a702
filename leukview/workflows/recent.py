"""Folders that were opened before: which of them are not there any more."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from leukview.domain.progress import CancelToken
from leukview.imaging.drive import ANSWER_SECONDS, Drive


def look_for(drives: Mapping[Path, Drive], cancel: CancelToken) -> Iterator[tuple[Path, bool]]:
    """Each folder, and whether it is missing; those whose drive does not answer are left out.

    Args:
        drives: the folders, and by what each is asked for, the same at every look: a dead drive
            holds one thread then, and the other folders for 5 s only.
        cancel: ends it.
    """
    for path, drive in drives.items():
        missing = drive.within(ANSWER_SECONDS, partial(_is_missing, path), cancel)
        if cancel.cancelled:
            return
        if missing is not None:
            yield path, missing


def _is_missing(path: Path) -> bool:
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except PermissionError:
        return False
    except OSError:  # no such folder, or its drive is not connected
        return True
