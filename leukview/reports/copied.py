"""Whether an exported copy of images still is what its table says."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from leukview.domain.progress import CancelToken
from leukview.domain.table import unescaped
from leukview.imaging.scan import ENDINGS
from leukview.reports.image_folder import LABELS
from leukview.reports.table_file import read_table


@dataclass(frozen=True, slots=True)
class Copied:
    """What was found of a copy.

    Attributes:
        images: that its table names.
        missing: names of those that are not there.
        changed: names of those that have other bytes, or cannot be read.
        added: names of images that its table does not name.
    """

    images: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def fault(self) -> str:
        """What is not as it was exported, in sentences, or ""."""
        return " ".join(
            f"{_count(names, one, more)}: {_first(names)}." for names, one, more in self._faults
        )

    @property
    def counted(self) -> str:
        """The same without names, which may tell the class that was decided."""
        return " ".join(f"{_count(names, one, more)}." for names, one, more in self._faults)

    @property
    def _faults(self) -> list[tuple[tuple[str, ...], str, str]]:
        kinds = (
            (self.missing, "is missing", "are missing"),
            (self.changed, "is not what was exported", "are not what was exported"),
            (self.added, f"is not in its {LABELS}", f"are not in its {LABELS}"),
        )
        return [kind for kind in kinds if kind[0]]

    @property
    def words(self) -> str:
        """That all is well, for people."""
        which = "1 image that it names is" if self.images == 1 else f"{self.images:,} images are"
        return f"Of the copy, {which} there and as exported."


def copied(folder: Path, *, cancel: CancelToken | None = None) -> Copied:
    """Look at every image of an exported folder.

    Args:
        folder: that `image_folder.fill` has written, or a copy of it.
        cancel: ends it early; what was not looked at counts as well.

    Raises:
        UsageError: its table cannot be read.
    """
    there = _there(folder)
    missing, changed = [], []
    named: set[str] = set()
    for _line, cells in read_table(folder / LABELS):
        if cancel and cancel.cancelled:
            break
        name = unescaped(cells["image"], cells.get("name_escaped", ""))
        named.add(_same(name))
        sha256 = _sha256(folder, there.get(_same(name), name))
        if not sha256:
            missing.append(name)
        elif sha256 != cells.get("sha256", ""):
            changed.append(name)
    more = sorted(name for key, name in there.items() if key not in named)
    added = [] if cancel and cancel.cancelled else more
    return Copied(len(named), tuple(missing), tuple(changed), tuple(added))


def _there(folder: Path) -> dict[str, str]:
    """The images in a folder: their names in one form of Unicode, and as they are."""
    every = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    names = (path.relative_to(folder).as_posix() for path in every if path.name[0] != ".")
    return {_same(name): name for name in names}


def _same(name: str) -> str:
    """A name as others may write it: some ways to a macOS disk take accents off their letters."""
    return unicodedata.normalize("NFC", name)


def _sha256(folder: Path, name: str) -> str:
    """Of the bytes of a file in the folder; "" if it is not there, "?" if it cannot be read."""
    inner = PurePosixPath(name)
    if not name or inner.is_absolute() or ".." in inner.parts:  # a table that was changed
        return ""
    try:
        with (folder / inner).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    except OSError:
        return "?"


def _count(names: tuple[str, ...], one: str, more: str) -> str:
    if len(names) == 1:
        return f"1 image of the copy {one}"
    return f"{len(names):,} images of the copy {more}"


def _first(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"
