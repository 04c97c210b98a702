"""What stands beside each image of a folder, as columns of numbers: suggestions and decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from leukview.domain.classes import CellClass
from leukview.domain.records import DecisionState, ImageFile, Suggestion
from leukview.workflows.actions import Standing

Rows = NDArray[np.int64]
_PLACE = {state: place for place, state in enumerate(DecisionState)}
_AGREED, _CHANGED = _PLACE[DecisionState.AGREED], _PLACE[DecisionState.CHANGED]


def none() -> Rows:
    """No rows."""
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows whose state changed, and what happened in words.

    Attributes:
        rows: that look different now.
        text: what was done and what was not, for the status line.
        replaced: rows whose file has other bytes than were shown; their pixels are outdated.
        waiting: rows whose files have to be looked at before anything can be done with them.
        then: what was asked for, to be done when their files have been looked at.
        left: how many of the images that were asked for were left as they are.
    """

    rows: Rows
    text: str
    replaced: Rows = field(default_factory=none)
    waiting: Rows = field(default_factory=none)
    then: Callable[[], Changes] | None = None
    left: int = 0


class Columns:
    """N images and what stands beside them, for C classes.

    Attributes:
        images: in the order of the scan, each as it was when its bytes were last read.
        classes: of the model in use.
        suggested, decided, true_class: class index (N,) int16, -1 for none.
        confidence, unfamiliarity: float32 (N,), nan for none.
        probabilities: float32 (N, C), nan for none.
        unfamiliar, needs_review: bool (N,).
        state: int8 (N,), index into `tuple(DecisionState)`; agreed or changed is said against the
            suggestion that stands in the row now, whatever was suggested when it was decided.
        flagged: bool (N,), by a person.
        errors, notes, reasons, comments: by row, where there is one.
        sha256: by row, "" until the file was read.
        checked: bool (N,), whether the bytes were read since the folder was opened; until then a
            hash is what the session recalls of a file of that name, size and time.
        seen: bool (N,), whether the suggestion was on the screen.
        other: class index (N,) int16 by a second model that is compared, -1 for none.
        other_confidence: float32 (N,) of that.
        other_sha256, other_title: of the second model, or "".
        slide, patient: names that the worklist gives the folder, or "".
        devices: on which a row's suggestion was made.
        model_sha256: of the model whose suggestions are shown, or "".
    """

    def __init__(self, images: Sequence[ImageFile]) -> None:
        self.images = list(images)
        self.count = len(self.images)
        self.sha256 = [""] * self.count
        self.checked = np.zeros(self.count, np.bool_)
        self.state = np.zeros(self.count, np.int8)
        self.decided = np.full(self.count, -1, np.int16)
        self.flagged = np.zeros(self.count, np.bool_)
        self.reasons: dict[int, str] = {}
        self.comments: dict[int, str] = {}
        self.slide = self.patient = ""
        self.errors: dict[int, str] = {}
        self.devices: dict[int, str] = {}
        self._start(())

    def set_truth(self, class_ids: Iterable[str]) -> None:
        """The class that folder names stand for, one id (or "") per image, in order."""
        self.true_class[:] = [self._index.get(name, -1) for name in class_ids]

    def pending(self) -> Rows:
        """Rows without a suggestion and without an error."""
        waiting = self.suggested < 0
        waiting[list(self.errors)] = False
        return np.flatnonzero(waiting)

    def mark_seen(self, rows: Iterable[int]) -> None:
        """The suggestions of these rows, where there are any, are on the screen now."""
        some = np.fromiter(rows, np.int64)
        self.seen[some] |= (self.suggested[some] >= 0) & ~self.hidden[some]

    def _start(self, classes: Sequence[CellClass]) -> None:
        """No suggestions yet, by a model with these classes."""
        self.classes = tuple(classes)
        self._index = {c.id: i for i, c in enumerate(self.classes)}
        n = self.count
        self.suggested = np.full(n, -1, np.int16)
        self.true_class = np.full(n, -1, np.int16)
        self.confidence = np.full(n, np.nan, np.float32)
        self.unfamiliarity = np.full(n, np.nan, np.float32)
        self.probabilities = np.full((n, len(self.classes)), np.nan, np.float32)
        self.unfamiliar = np.zeros(n, np.bool_)
        self.needs_review = np.zeros(n, np.bool_)
        self.seen = np.zeros(n, np.bool_)
        self.model_sha256 = ""
        self._forget_other()
        self.errors.clear()
        self.devices.clear()
        self.notes: dict[int, tuple[str, ...]] = {}

    def _suggestion_ids(self, rows: Sequence[int] | Rows) -> list[str]:
        ids = [*(c.id for c in self.classes), ""]  # -1, no suggestion, is the last
        return [ids[place] for place in self.suggested[np.asarray(rows, np.int64)].tolist()]

    def _suggest(self, row: int, said: Suggestion, notes: tuple[str, ...], device: str) -> None:
        place = self._index.get(said.class_id, -1)
        if place < 0 or len(said.probabilities) != len(self.classes):
            return
        self.suggested[row] = place
        self.confidence[row] = said.confidence
        self.probabilities[row] = said.probabilities
        self.unfamiliarity[row] = said.unfamiliarity
        self.unfamiliar[row] = said.unfamiliar
        self.needs_review[row] = said.needs_review
        self.devices[row] = device
        self.seen[row] = False
        if self.state[row]:
            self._compare(np.array([row], np.int64))
        if notes:
            self.notes[row] = notes

    def _unsay(self, row: int) -> None:
        """Show no suggestion for a row."""
        self.suggested[row] = -1
        self.confidence[row] = self.unfamiliarity[row] = np.nan
        self.probabilities[row] = np.nan
        self.unfamiliar[row] = self.needs_review[row] = self.seen[row] = False
        for kept in (self.notes, self.devices, self.errors):
            kept.pop(row, None)

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Rows whose suggestion is not to be seen; bool (N,)."""
        return np.zeros(self.count, np.bool_)

    def _forget_other(self) -> None:
        """No second model."""
        self.other = np.full(self.count, -1, np.int16)
        self.other_confidence = np.full(self.count, np.nan, np.float32)
        self.other_sha256 = self.other_title = ""

    @property
    def disagree(self) -> NDArray[np.bool_]:
        """Rows for which the two models suggest different classes; bool (N,)."""
        both = (self.other >= 0) & (self.suggested >= 0)
        return np.asarray(both & (self.other != self.suggested))

    def _show(self, rows: Rows, codes: NDArray[np.int32], standings: Sequence[Standing]) -> None:
        """Bring the columns of these rows up to what stands: a code each, and what codes mean."""
        found, place = np.unique(codes, return_inverse=True)
        each = [standings[code] for code in found.tolist()]
        said = [one.decision for one in each]
        state = np.array([_PLACE[d.state] if d else 0 for d in said], np.int8)
        of = [self._index.get(d.class_id, -1) if d else -1 for d in said]
        self.state[rows] = state[place]
        self.decided[rows] = np.array(of, np.int16)[place]
        self.flagged[rows] = np.array([one.flag for one in each], np.bool_)[place]
        for texts, words in (
            (self.reasons, [d.reason if d else "" for d in said]),
            (self.comments, [one.comment for one in each]),
        ):
            if texts or any(words):
                for row, n in zip(rows.tolist(), place.tolist(), strict=True):
                    if words[n]:
                        texts[row] = words[n]
                    else:
                        texts.pop(row, None)
        self._compare(rows)

    def _show_nothing(self, row: int) -> None:
        """Nobody has said anything about this row."""
        self.state[row] = 0
        self.decided[row] = -1
        self.flagged[row] = False
        self.reasons.pop(row, None)
        self.comments.pop(row, None)

    def _compare(self, rows: Rows) -> None:
        """Whether decisions for a class agree with what is suggested in their rows."""
        state, said = self.state[rows], self.suggested[rows]
        same = (said >= 0) & (said == self.decided[rows])
        chosen = (state == _AGREED) | (state == _CHANGED)
        self.state[rows] = np.where(chosen, np.where(same, _AGREED, _CHANGED), state)
