"""What a source of images hands over, before anything is read: files, classes, groups, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from leukview.domain.classes import CellClass, plain

SHOWN = 10  # of many names, this many stand in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundImage:
    """One image that a source names.

    Attributes:
        file: POSIX path below the set's folder.
        class_id: of the set.
        group: what may not straddle a split, or "".
        sha256: that its bytes are said to have, or "".
        line: of the table that names it ("labels.csv, line 7"), or "".
    """

    file: str
    class_id: str
    group: str = ""
    sha256: str = ""
    line: str = ""


@dataclass(slots=True, kw_only=True)
class Found:
    """All that a source names.

    Attributes:
        images: in the source's order.
        left_out: why and how many others were left out ("undecided": 3).
        notes: sentences for the person who prepares the set.
        group_word: what a group is, where only the source knows it.
    """

    images: list[FoundImage] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    group_word: str = ""

    def leave_out(self, why: str, count: int = 1) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + count


def named(names: Sequence[str]) -> str:
    """At most ten names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def class_by_word(classes: Sequence[CellClass]) -> dict[str, str]:
    """Class id by every word that means it (id, name, alias), folded by `plain`."""
    return {plain(word): c.id for c in classes for word in (c.id, c.name, *c.aliases)}
