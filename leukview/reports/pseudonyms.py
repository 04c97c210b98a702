"""Rows without names: every name becomes a word that says nothing, the same one all through."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from leukview.domain.table import Row, csv_line, safe_text

WARNING = (
    "PRIVATE: this file tells who and what each pseudonym stands for."
    " Keep it apart from the export and do not pass it on."
)
UNREAD = "The file could not be read."
# What is copied as it is: ids, numbers, truths and times of LeukView itself. The rest are names, a
# hash that finds the original, and words that somebody typed.
KEPT = frozenset(field.name for field in fields(Row)) - {
    *("image", "folder", "slide", "patient", "reviewer"),
    *("sha256", "comment", "exclude_reason", "error", "note"),
}
_SHORTEST = 3  # letters of a name that is looked for in a note
_Name = TypeVar("_Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many texts that people typed were left out."""

    comments: int
    reasons: int


class Pseudonyms:
    """Names of one export and what stands for them.

    The numbers are drawn at random by the system, so that neither they nor the order of the rows
    tell the order of the names. Nothing but `map_lines` leads back.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        draw = random.SystemRandom()
        self._images = _drawn("image", [(row.folder, row.image) for row in rows], draw)
        self._named = {
            kind: _drawn(kind, [name for row in rows if (name := getattr(row, kind))], draw)
            for kind in ("folder", "slide", "patient", "reviewer")
        }
        self._hashes = {(row.folder, row.image): row.sha256 for row in rows}
        self._notes = {note: self._silent(note) for note in {row.note for row in rows}}
        self.dropped = Dropped(
            sum(1 for row in rows if row.comment), sum(1 for row in rows if row.exclude_reason)
        )

    def row(self, row: Row) -> Row:
        """The same row without names."""
        values: dict[str, Any] = {name: getattr(row, name) for name in KEPT}
        for kind, known in self._named.items():
            values[kind] = known.get(getattr(row, kind), "")
        return Row(
            image=self._images[row.folder, row.image],
            error=UNREAD if row.error else "",
            note=self._notes[row.note],
            **values,
        )

    def map_lines(self) -> Iterator[str]:
        """Which pseudonym stands for what, as CSV; the first line is a warning."""
        yield f"{WARNING}\r\n"
        yield csv_line(["kind", "pseudonym", "original", "folder", "sha256"])
        for (folder, image), pseudonym in sorted(self._images.items(), key=lambda pair: pair[1]):
            names = (safe_text(image), safe_text(folder))
            yield csv_line(["image", pseudonym, *names, self._hashes[folder, image]])
        for kind, known in self._named.items():
            for original, pseudonym in sorted(known.items(), key=lambda pair: pair[1]):
                yield csv_line([kind, pseudonym, safe_text(original), "", ""])

    def _silent(self, note: str) -> str:
        """A note of a decoder, unless some name stands in it."""
        names = [name for pair in self._images for name in pair]
        names += [name for known in self._named.values() for name in known]
        said = note.casefold()
        loud = any(len(name) >= _SHORTEST and name.casefold() in said for name in names)
        return "" if loud else note


def _drawn(kind: str, names: Iterable[_Name], draw: random.Random) -> dict[_Name, str]:
    """A number for each of the names, in random order; equal ones share it."""
    once = list(dict.fromkeys(names))
    draw.shuffle(once)
    digits = max(4 if kind == "image" else 2, len(str(len(once))))
    return {name: f"{kind}-{n:0{digits}}" for n, name in enumerate(once, start=1)}
