"""What the table says of images that two readers have read, and what is left to settle.

All of it is asked for many images at once, each by its number in the log.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.workflows.action_log import ActionLog
from leukview.workflows.actions import Reading
from leukview.workflows.codebook import Codes, Numbers

Mask = NDArray[np.bool_]


def final(log: ActionLog, numbers: Numbers) -> Codes:
    """Codes of what stands in the table: what settled a difference, else what the first said.

    During the second reading it is what the second reader said.
    """
    if log.reading is Reading.SECOND:
        return log.codes(numbers)
    settled = log.answered(numbers)
    first = log.codes(numbers, Reading.FIRST)
    return np.where(log.codebook.called(settled) >= 0, settled, first)


@dataclass(frozen=True, slots=True)
class Differences:
    """Where two readers differ, and what became of it; each bool (N,).

    Attributes:
        differing: both have decided, differently.
        settled: somebody has settled it since both said what they say now.
        again: it was settled before a reader said otherwise, and is to be settled again. Where all
            who have decided say now what was settled, there is nothing left to settle.
    """

    differing: Mask
    settled: Mask
    again: Mask

    @property
    def shown(self) -> Mask:
        """What is looked at while differences are settled."""
        return np.asarray(self.differing | self.again)

    @property
    def open(self) -> Mask:
        """What is to be settled, for the first time or again."""
        return np.asarray(self.shown & ~self.settled)


def differences(log: ActionLog, numbers: Numbers) -> Differences:
    """Compare both readers, and with them what was settled."""
    called = log.codebook.called
    first, second = (
        called(log.codes(numbers, reading)) for reading in (Reading.FIRST, Reading.SECOND)
    )
    before = called(log.codes(numbers, Reading.ADJUDICATION))
    settled = called(log.answered(numbers)) >= 0
    said = (first >= 0) | (second >= 0)
    agree = ((first < 0) | (first == before)) & ((second < 0) | (second == before))
    return Differences(
        differing=np.asarray((first >= 0) & (second >= 0) & (first != second)),
        settled=np.asarray(settled),
        again=np.asarray((before >= 0) & ~settled & said & ~agree),
    )
