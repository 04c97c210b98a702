"""One number for each different thing that was said of an image, so that columns can hold it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import DecisionState
from leukview.workflows.actions import NOTHING, Standing

Numbers = NDArray[np.int64]
Codes = NDArray[np.int32]
_STATES = tuple(DecisionState)


class Codebook:
    """What each code stands for; it only grows.

    Attributes:
        standings: by code; code 0 is nothing.
        words: what images were ever called (`Decision.called`), each with its number.
    """

    def __init__(self) -> None:
        self.standings: list[Standing] = [NOTHING]
        self.words: dict[str, int] = {}
        self._code: dict[Standing, int] = {NOTHING: 0}
        self._called, self._states = array("i", [-1]), array("b", [0])

    def code(self, standing: Standing) -> int:
        """The code of a standing; a new one gets the next."""
        code = self._code.setdefault(standing, len(self.standings))
        if code == len(self.standings):
            self.standings.append(standing)
            said = standing.decision
            self._states.append(_STATES.index(said.state) if said else 0)
            word = self.words.setdefault(said.called, len(self.words)) if said else -1
            self._called.append(word)
        return code

    def undecided(self, code: int) -> int:
        """The code of the same flag and comment without a decision."""
        stood = self.standings[code]
        return self.code(Standing(None, stood.flag, stood.comment))

    def called(self, codes: Codes) -> Codes:
        """What each code calls an image, as a number of `words`; -1 for no decision."""
        return np.array(self._called, np.int32)[codes]

    def states(self, codes: Codes) -> NDArray[np.int64]:
        """Index into `DecisionState` of each code."""
        return np.array(self._states, np.int64)[codes]

    def state(self, code: int) -> DecisionState:
        """Of one code."""
        return _STATES[self._states[code]]

    def classes(self, ids: Mapping[str, int]) -> NDArray[np.int64]:
        """By the number of a word its class in `ids`, -1 where it is none of these; the last is -1.

        So a word of -1, no decision, gives -1 too.
        """
        return np.array([*(ids.get(word, -1) for word in self.words), -1], np.int64)


def wide(column: Codes, count: int, empty: int) -> Codes:
    """At least this many places in the last axis; twice as many as before, so that it is rare."""
    have = column.shape[-1]
    if have >= count:
        return column
    longer = np.full((*column.shape[:-1], max(count, 2 * have)), empty, np.int32)
    longer[..., :have] = column
    return longer
