"""What a person asked for and saw then, kept until the files have been looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import ImageFile
from leukview.workflows.actions import Action, Adopted, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for, whichever images it is about; the fields are those of `Action`.

    Attributes:
        words: what becomes of an image ("decided as Normal").
        adopted: by image hash, with `adopt`.
    """

    kind: str
    words: str
    queue: str = ""
    class_id: str = ""
    reason: str = ""
    comment: str = ""
    adopted: dict[str, Adopted] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on some rows, and what stood in each of them when it was asked for.

    Attributes:
        wish: what is asked for.
        reviewer, model, reading: as in `Action`.
        rows: of the review; the following are as long.
        images: their files.
        sha256: their hashes, "" where the bytes were not known.
        suggestions: their suggested class ids, or "".
        seen: whether these were on the screen.
        stood: codes of what had been said about them.
    """

    wish: Wish
    reviewer: str
    model: str
    reading: Reading
    rows: NDArray[np.int64]
    images: tuple[ImageFile, ...]
    sha256: tuple[str, ...]
    suggestions: tuple[str, ...]
    seen: NDArray[np.bool_]
    stood: NDArray[np.int32]

    def replaced(self, images: Sequence[ImageFile], sha256: Sequence[str]) -> NDArray[np.bool_]:
        """Where other bytes than these may have been on the screen; bool (N,).

        Args:
            images: of the rows now.
            sha256: of the rows now.
        """
        out = np.zeros(len(self.rows), np.bool_)
        if tuple(images) == self.images and tuple(sha256) == self.sha256:
            return out  # as nearly always: one comparison, not one for each of 100,000
        for place, (image, sha) in enumerate(zip(images, sha256, strict=True)):
            before = self.sha256[place]
            changed = bool(before) or image != self.images[place]
            out[place] = before != sha and changed
        return out

    def action(self, places: Sequence[int], sha256: Sequence[str]) -> Action:
        """The action on some of the rows; equal files count once.

        Args:
            places: in `rows`.
            sha256: hash of the bytes at each of these places now.
        """
        first: dict[str, int] = {}
        for place, sha in zip(places, sha256, strict=True):
            first.setdefault(sha, place)
        some = list(first.values())
        shown = self.seen[some]
        if len(some) < len(places):  # seen in one place is seen
            seen = {sha for place, sha in zip(places, sha256, strict=True) if self.seen[place]}
            shown = np.array([sha in seen for sha in first], np.bool_)
        all_or_none = bool(shown.all()) or not shown.any()
        wish, count = self.wish, len(places)
        adopted = wish.adopted
        return Action(
            kind=wish.kind,
            images=tuple(first),
            suggestions=tuple([self.suggestions[place] for place in some]),
            class_id=wish.class_id,
            reason=wish.reason,
            comment=wish.comment,
            reviewer=self.reviewer,
            queue=wish.queue,
            model=self.model,
            seen=bool(shown.all()) if all_or_none else tuple(np.flatnonzero(shown).tolist()),
            adopted=tuple(adopted[sha] for sha in first) if adopted else (),
            text=f"{count:,} image{'' if count == 1 else 's'} {wish.words}",
        )
