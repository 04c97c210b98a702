"""Columns whose rows are known by the bytes of their files: recalled first, then read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING

import numpy as np

from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.drive import ANSWER_SECONDS, Drive
from leukview.session.store import SessionStore
from leukview.workflows import identity
from leukview.workflows.action_log import ActionLog
from leukview.workflows.columns import Changes, Columns, Rows
from leukview.workflows.identity import Reread

if TYPE_CHECKING:
    from leukview.workflows.codebook import Numbers

# A decision about a renamed file shows at once; more files would delay the start by seconds.
_READ_ON_OPENING = 256


class Identified(Columns):
    """The rows, the bytes that they stand for, and what the session says about these bytes."""

    def __init__(self, images: Sequence[ImageFile], store: SessionStore) -> None:
        super().__init__(images)
        self._store = store
        self._log = ActionLog(store)
        self._rows: dict[str, list[int]] = {}
        self._unreachable: set[int] = set()
        self._remembers = False
        self._numbered: tuple[int, Numbers] | None = None
        self._first: Rows | None = None
        self._drive = Drive()

    def to_read(self) -> tuple[Rows, Rows]:
        """Rows whose files have to be read: for what may be known of them, and to be certain.

        The first have no hash yet; there are none while the session knows nothing that could be
        found by one. The second have a hash that was recalled.
        """
        open_ = np.flatnonzero(~self.checked)
        known = self._remembers or not self._log.empty
        new = [r for r in open_.tolist() if not self.sha256[r] and r not in self.errors]
        old = [r for r in open_.tolist() if self.sha256[r] and r not in self._unreachable]
        return np.array(new if known else [], np.int64), np.array(old, np.int64)

    def compare(self, found: Sequence[Reread]) -> Changes:
        """Take what reading has shown: only the bytes decide what stands in a row.

        Where they are others than was recalled, the suggestion and the decision about the former
        bytes are not shown any more; the session keeps both.
        """
        replaced: list[int] = []
        changed: set[int] = set()
        fresh: list[tuple[ImageFile, str]] = []
        for one in found:
            row = one.row
            if not one.sha256:
                if not self.checked[row]:
                    self._unread(row, one.error)
                    changed.add(row)
                continue
            if not self.checked[row]:
                if (one.image, one.sha256) != (self.images[row], self.sha256[row]):
                    fresh.append((one.image, one.sha256))
                    changed.add(row)
                if self._identify(row, one.image, one.sha256):
                    replaced.append(row)
            said = one.said if one.model_sha256 == self.model_sha256 else None
            if said and self.suggested[row] < 0 and self.sha256[row] == one.sha256:
                self._suggest(row, said.suggestion, said.notes, said.device)
                changed.add(row)
        self._store.put_images(fresh)
        rows = np.array(sorted(changed), np.int64)
        return Changes(rows, "", replaced=np.array(replaced, np.int64))

    def rows_of(self, images: Iterable[str]) -> Rows:
        """Rows that show images with these hashes."""
        found = map(self._rows.get, images, repeat(()))
        return np.array(list(chain.from_iterable(found)), np.int64)

    def one_each(self, rows: Rows) -> Rows:
        """The first of these rows, in order, for each different file."""
        if self._first is None:  # of each row, the first that shows the same bytes
            first: dict[str, int] = {}
            pairs = enumerate(self.sha256)
            self._first = np.array([first.setdefault(sha, row) for row, sha in pairs], np.int64)
        out = np.full(self.count, -1, np.int64)
        out[self._first[rows[::-1]]] = rows[::-1]
        return np.sort(out[out >= 0])

    # Inside

    @property
    def _numbers(self) -> Numbers:
        """Number of each row's image in the log; kept, because one report asks some twenty times.

        100,000 hashes are looked up in 12 ms.
        """
        kept, known = self._numbered, self._log.known_images
        if kept is None or kept[0] != known:
            kept = self._numbered = (known, self._log.numbers(self.sha256))
        return kept[1]

    def _show_standings(self, rows: Rows, numbers: Numbers | None = None) -> None:
        """Bring the columns of these rows up to what stands in the session."""
        if numbers is None:
            numbers = self._log.numbers(map(self.sha256.__getitem__, rows.tolist()))
        self._show(rows, self._log.shown(numbers), self._log.standings)

    def _unread(self, row: int, error: str) -> None:
        """A file that cannot be read: what was recalled of it stands, but is not certain."""
        if self.sha256[row]:
            self._unreachable.add(row)
        else:
            self.errors[row] = error

    def _identify(self, row: int, image: ImageFile, sha256: str) -> bool:
        """A row's bytes were read; returns whether others may have been shown until now."""
        before, touched = self.sha256[row], image != self.images[row]
        self.images[row] = image
        self.checked[row] = True
        self._unreachable.discard(row)
        if before == sha256:
            return False
        if before:
            self._unsay(row)
        self._know(row, sha256)
        return bool(before) or touched

    def _know(self, row: int, sha256: str) -> None:
        """Remember a row's hash and show what stands for it."""
        before = self._rows.get(self.sha256[row], [])
        if row in before:
            before.remove(row)
        self.sha256[row] = sha256
        self._numbered = self._first = None
        self._rows.setdefault(sha256, []).append(row)
        if self._log.known(sha256):
            self._show_standings(np.array([row], np.int64))
        else:
            self._show_nothing(row)

    def _recall_hashes(self, cancel: CancelToken | None) -> None:
        """Hashes as the session knows them; some files are read, if a decision may wait for it.

        Only as far as they come at once: what is left is read in the background.
        """
        known = list(self._store.known_images())
        self._remembers = bool(known)
        for row, sha256 in enumerate(identity.recall(known, self.images)):
            if sha256:
                self.sha256[row] = sha256
                self._rows.setdefault(sha256, []).append(row)
        self._numbered = self._first = None
        if not self._log.empty:
            unread = [row for row, sha256 in enumerate(self.sha256) if not sha256]
            pairs = [(row, self.images[row]) for row in unread[:_READ_ON_OPENING]]
            self.compare(self._drive.each(ANSWER_SECONDS, read, pairs, cancel))
        self._show_standings(np.arange(self.count, dtype=np.int64))


def read(pair: tuple[int, ImageFile]) -> Reread:
    """Read one row's file for its hash."""
    return identity.read_again(*pair)
