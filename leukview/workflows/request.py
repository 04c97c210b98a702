"""What a person asked for and saw then, kept until the files have been looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leukview.domain.records import Decision, ImageFile
from leukview.workflows.action_log import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on some rows, and what stood in each of them when it was asked for.

    Attributes:
        kind, class_id, reason, reviewer, queue: as in `Action`.
        words: what becomes of an image ("decided as Normal").
        rows: of the review; the following are as long.
        images: their files.
        sha256: their hashes, "" where the bytes were not known.
        suggestions: their suggested class ids, or "".
        seen: whether these were on the screen.
        stood: their decisions.
    """

    kind: str
    class_id: str
    reason: str
    reviewer: str
    queue: str
    words: str
    rows: tuple[int, ...]
    images: tuple[ImageFile, ...]
    sha256: tuple[str, ...]
    suggestions: tuple[str, ...]
    seen: tuple[bool, ...]
    stood: tuple[Decision | None, ...]

    def replaced(self, place: int, image: ImageFile, sha256: str) -> bool:
        """Whether other bytes than these may have been on the screen."""
        before = self.sha256[place]
        return before != sha256 and (bool(before) or image != self.images[place])

    def action(self, places: Sequence[int], sha256: Sequence[str]) -> Action:
        """The action on some of the rows; equal files count once.

        Args:
            places: in `rows`.
            sha256: hash of the bytes at each of these places now.
        """
        first: dict[str, int] = {}
        seen: set[str] = set()
        for place, sha in zip(places, sha256, strict=True):
            first.setdefault(sha, place)
            if self.seen[place]:
                seen.add(sha)
        shown = tuple(n for n, sha in enumerate(first) if sha in seen)
        count = len(places)
        return Action(
            kind=self.kind,
            images=tuple(first),
            suggestions=tuple(self.suggestions[place] for place in first.values()),
            class_id=self.class_id,
            reason=self.reason,
            reviewer=self.reviewer,
            queue=self.queue,
            seen=len(shown) == len(first) if len(shown) in (0, len(first)) else shown,
            text=f"{count:,} image{'' if count == 1 else 's'} {self.words}",
        )
