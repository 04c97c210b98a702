"""Where tiles and the headers of their groups stand in a gallery: arithmetic, no Qt.

A million tiles in a hundred groups are laid out by a sum over the groups, and a point or a stretch
of the view is found by bisection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Lines of tiles in groups, one below the other, each with a header; lengths in pixels.

    Attributes:
        counts: tiles of each group (G,), in the order of the gallery; a group may be empty.
        columns: tiles in a line, 1 or more.
        line: height of a line of tiles.
        header: height of a group's header; 0 for a gallery without groups.
        edge: above the first and below the last.
    """

    counts: Sequence[int]
    columns: int
    line: int
    header: int = 0
    edge: int = 0
    _first: Whole = field(init=False, repr=False)
    _top: Whole = field(init=False, repr=False)

    def __post_init__(self) -> None:
        counts = np.asarray(self.counts, dtype=np.int64)
        lines = -(-counts // self.columns)
        # First place and top of each group; one more of each for the end.
        first = np.concatenate([[0], np.cumsum(counts)])
        top = self.edge + np.concatenate([[0], np.cumsum(self.header + lines * self.line)])
        object.__setattr__(self, "_first", first)
        object.__setattr__(self, "_top", top)

    @property
    def count(self) -> int:
        """Tiles in all groups."""
        return int(self._first[-1])

    @property
    def groups(self) -> int:
        return len(self._first) - 1

    @property
    def height(self) -> int:
        """Of everything."""
        return int(self._top[-1]) + self.edge

    def group_of(self, place: int) -> int:
        """The group that a tile belongs to."""
        return int(np.searchsorted(self._first, place, side="right")) - 1

    def places_of(self, group: int) -> range:
        """The tiles of a group."""
        return range(int(self._first[group]), int(self._first[group + 1]))

    def header_top(self, group: int) -> int:
        return int(self._top[group])

    def position(self, place: int) -> tuple[int, int]:
        """Column of a tile, and the top of its line."""
        group = self.group_of(place)
        row, column = divmod(place - int(self._first[group]), self.columns)
        return column, int(self._top[group]) + self.header + row * self.line

    def group_at(self, y: int) -> int:
        """The group whose header or lines are at a height, or -1 outside all."""
        if not int(self._top[0]) <= y < int(self._top[-1]):
            return -1
        return int(np.searchsorted(self._top, y, side="right")) - 1

    def is_header(self, y: int) -> bool:
        """Whether a header is at a height."""
        group = self.group_at(y)
        return group >= 0 and y - int(self._top[group]) < self.header

    def place_at(self, column: int, y: int) -> int:
        """The tile in a column at a height, or -1 where there is none."""
        group = self.group_at(y)
        if group < 0 or not 0 <= column < self.columns:
            return -1
        below = y - int(self._top[group]) - self.header
        if below < 0:
            return -1
        place = int(self._first[group]) + below // self.line * self.columns + column
        return place if place < int(self._first[group + 1]) else -1

    def groups_between(self, top: int, bottom: int) -> range:
        """Groups of which anything stands from `top` to before `bottom`."""
        first = int(np.searchsorted(self._top[1:], top, side="right"))
        last = int(np.searchsorted(self._top[:-1], bottom, side="left"))
        return range(first, max(first, last))

    def places_between(self, top: int, bottom: int) -> range:
        """Tiles of which anything stands from `top` to before `bottom`."""
        groups = self.groups_between(top, bottom)
        if not groups:
            return range(0)
        return range(
            self._place_below(groups[0], top), max(self._place_above(groups[-1], bottom), 0)
        )

    def runs(self, top: int, bottom: int, left: int, right: int) -> list[range]:
        """Tiles in columns `left` to `right` of the lines from `top` to before `bottom`."""
        out: list[range] = []
        for group in self.groups_between(top, bottom):
            start, end = int(self._first[group]), int(self._first[group + 1])
            place = self._place_below(group, top)
            while place < min(end, self._place_above(group, bottom)):
                begin = place - (place - start) % self.columns
                run = range(begin + left, min(begin + right + 1, end))
                if run:
                    out.append(run)
                place = begin + self.columns
        return out

    def beside(self, place: int, lines: int) -> int:
        """The tile some lines below (above for less than 0), in the same column or left of it.

        Lines are counted through the groups; where there is none, the place itself.
        """
        group = self.group_of(place)
        row, column = divmod(place - int(self._first[group]), self.columns)
        counts = np.diff(self._first)
        each = -(-counts // self.columns)
        before = np.concatenate([[0], np.cumsum(each)])
        to = int(before[group]) + row + lines
        if not 0 <= to < int(before[-1]):
            return place
        there = int(np.searchsorted(before, to, side="right")) - 1
        first = int(self._first[there]) + (to - int(before[there])) * self.columns
        return min(first + column, int(self._first[there + 1]) - 1)

    def _place_below(self, group: int, top: int) -> int:
        """First tile of a group whose line ends below a height."""
        skipped = max(0, (top - int(self._top[group]) - self.header) // self.line)
        return min(int(self._first[group]) + skipped * self.columns, int(self._first[group + 1]))

    def _place_above(self, group: int, bottom: int) -> int:
        """One after the last tile of a group whose line begins above a height."""
        shown = max(0, -((int(self._top[group]) + self.header - bottom) // self.line))
        return min(int(self._first[group]) + shown * self.columns, int(self._first[group + 1]))
