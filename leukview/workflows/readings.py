"""What stands in each reading of a folder, and in all of them together: the table's decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import Decision, ImageFile
from leukview.session.store import SessionStore
from leukview.workflows import settling
from leukview.workflows.actions import Reading
from leukview.workflows.codebook import Numbers
from leukview.workflows.columns import Rows, none
from leukview.workflows.deciding import Deciding
from leukview.workflows.settling import Differences


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of each row, or of each image of a sample.

    Attributes:
        state: index into `DecisionState`, int64 (N,).
        decided: class index (N,), -1 for none of the model's.
        called: number of what it was called, -1 for no decision; the same number, the same word.
        codes: of each in the code book, to be asked for what stands beside it.
    """

    state: NDArray[np.int64]
    decided: NDArray[np.int64]
    called: NDArray[np.int32]
    codes: NDArray[np.int32]


class Readings(Deciding):
    """The columns of one folder, its decisions, and the readings beside the current one."""

    def __init__(self, images: Sequence[ImageFile], store: SessionStore, reviewer: str) -> None:
        super().__init__(images, store, reviewer)
        self._kept: tuple[int, Numbers, Differences] | None = None

    def said(self, reading: Reading) -> Said:
        """What stands for each row in one reading."""
        return self._explained(self._log.codes(self._numbers, reading))

    def final(self) -> Said:
        """What the table says of each row; see `settling.final`."""
        return self._explained(settling.final(self._log, self._numbers))

    def first_said(self, reading: Reading) -> Said:
        """What was said of each image of a reading's audit sample before its suggestion was shown.

        In the order of the draw; there has to be a sample.
        """
        images = self.record.audits[reading].images
        return self._explained(self._log.first_codes(images, reading))

    def sample_said(self, reading: Reading) -> Said:
        """What stands now for each image of a reading's audit sample, in the order of the draw."""
        numbers = self._log.numbers(self.record.audits[reading].images)
        return self._explained(self._log.codes(numbers, reading))

    def unread(self, reading: Reading | None = None) -> Set[str]:
        """Images of a reading's audit sample that nobody has decided without their suggestion."""
        return self._log.unread(reading)

    def words_of(self, class_ids: Iterable[str]) -> NDArray[np.int64]:
        """Numbers of class ids as in `Said.called`; -2 where no image was ever called so."""
        words = self._log.codebook.words
        return np.array([words.get(class_id, -2) for class_id in class_ids], np.int64)

    def decisions_of(self, said: Said) -> list[Decision | None]:
        """Who said it, when and why."""
        standings = self._log.standings
        return [standings[code].decision for code in said.codes.tolist()]

    def kinds_of(self, said: Said) -> tuple[list[Decision | None], NDArray[np.int64]]:
        """The different decisions among them, and which of these each is."""
        standings = self._log.standings
        used = np.zeros(len(standings), np.bool_)  # np.unique takes five times as long
        used[said.codes] = True
        kinds = [standings[code].decision for code in np.flatnonzero(used).tolist()]
        return kinds, (np.cumsum(used) - 1)[said.codes]

    def blind_said(self) -> Said | None:
        """What stood for each row when the current reading stopped being blind; None if never."""
        codes = self._log.blind(self._numbers)
        return None if codes is None else self._explained(codes)

    def differences(self) -> Differences:
        """Where two readers differ, and what was settled of it; of each row.

        Kept, because the window asks several times after each decision, and 100,000 take 4 ms.
        """
        version, numbers = self._log.version, self._numbers
        kept = self._kept
        if kept is None or kept[0] != version or kept[1] is not numbers:
            found = settling.differences(self._log, numbers)
            kept = self._kept = (version, numbers, found)
        return kept[2]

    def drawn_from(self, reading: Reading) -> NDArray[np.bool_]:
        """Which rows a reading's audit sample was drawn from; bool (N,)."""
        population = frozenset(self.record.audits[reading].population_images)
        return np.fromiter(map(population.__contains__, self.sha256), np.bool_, self.count)

    def is_settled(self, row: int) -> bool:
        """Whether somebody has settled what the readers say now about one row."""
        numbers = self._log.numbers([self.sha256[row]])
        return bool(settling.differences(self._log, numbers).settled[0])

    @property
    def differing_rows(self) -> Rows:
        """What is looked at while differences are settled, else none: no reader is to know it."""
        if self.record.reading is not Reading.ADJUDICATION:
            return none()
        return np.flatnonzero(self.differences().shown)

    @property
    def settled_before(self) -> int:
        """How many images were settled before a reader said otherwise; 0 in the second reading."""
        record = self.record
        if record.reading is Reading.SECOND or Reading.ADJUDICATION not in record.readers:
            return 0
        return len(self.one_each(np.flatnonzero(self.differences().again)))

    def _explained(self, codes: NDArray[np.int32]) -> Said:
        book = self._log.codebook
        called = book.called(codes)
        return Said(book.states(codes), book.classes(self._index)[called], called, codes)
