"""What stands now, and what can be undone: a replay of the session's events.

Events whose kind is in `actions.KINDS` carry an `Action`; `undo` and `redo` carry the number of the
event that they take back or repeat; all other kinds are of the record (`workflows.record`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import Decision
from leukview.session.events import Event, now
from leukview.session.store import SessionStore
from leukview.workflows import record
from leukview.workflows.actions import (
    DECIDING,
    KINDS,
    Action,
    Reading,
    Standing,
    applied,
    in_words,
)
from leukview.workflows.codebook import Codebook, Codes, Numbers, wide
from leukview.workflows.record import Mode, Record
from leukview.workflows.sample import Sample


@dataclass(slots=True)
class _Step:
    """A done action, on which images (by number), and the codes that stood for them before.

    `readers` is what both readers had called them when that was settled before, (2, N).
    """

    seq: int
    at: str
    action: Action
    images: Numbers
    before: Codes
    readers: Codes | None = None


class ActionLog:
    """Replays a session and adds to it.

    Every image that was ever acted on has a number, and every reading one column of codes by these
    numbers: 100,000 images are decided, or a decision about them taken back, by one assignment.

    Attributes:
        reading: whose decisions are made and undone now.
        record: what stands of the session as a whole.
        codebook: what each code stands for.
        standings: of it; code 0 is nothing.
        version: grows with everything that is said about an image.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self.record = Record()
        self.version = 0
        self.codebook = Codebook()
        self.standings = self.codebook.standings
        self._number: dict[str, int] = {}
        self._codes: dict[Reading, Codes] = {r: np.zeros(0, np.int32) for r in Reading}
        self._done: dict[Reading, list[_Step]] = {r: [] for r in Reading}
        self._undone: dict[Reading, list[_Step]] = {r: [] for r in Reading}
        self._blind: dict[Reading, Codes] = {}  # as it stood when suggestions were first shown
        self._samples: dict[Reading, Sample] = {}
        self._settled_on = np.full((2, 0), -1, np.int32)  # what the readers said, by number
        for event in store.events():
            self._replay(event)

    @property
    def reading(self) -> Reading:
        return self.record.reading

    @property
    def undo_text(self) -> str | None:
        """What undo would take back."""
        done = self._done[self.reading]
        return done[-1].action.text if done else None

    @property
    def redo_text(self) -> str | None:
        """What redo would repeat."""
        undone = self._undone[self.reading]
        return undone[-1].action.text if undone else None

    # What stands

    def known(self, sha256: str) -> bool:
        """Whether anybody has ever said anything about an image."""
        return sha256 in self._number

    @property
    def known_images(self) -> int:
        """How many images have a number."""
        return len(self._number)

    def numbers(self, images: Iterable[str]) -> Numbers:
        """Number of each image by its hash, -1 where nobody has said anything about it."""
        # `map` with methods of dicts stays in C: 100,000 images in 6 ms, in a loop 25 ms.
        return np.array(list(map(self._number.get, images, repeat(-1))), np.int64)

    def codes(self, numbers: Numbers, reading: Reading | None = None) -> Codes:
        """Codes of these images, as `standings` explains them; 0 for number -1."""
        column = self._column(reading or self.reading)
        if not len(column):
            return np.zeros(len(numbers), np.int32)
        return np.asarray(np.where(numbers >= 0, column[numbers], 0), np.int32)

    def standing(self, sha256: str, reading: Reading | None = None) -> Standing:
        """What stands for one image."""
        number = self._number.get(sha256, -1)
        return self.standings[int(self.codes(np.array([number]), reading)[0])]

    def decision(self, sha256: str, reading: Reading | None = None) -> Decision | None:
        """The decision that stands for one image."""
        return self.standing(sha256, reading).decision

    def blind(self, numbers: Numbers, reading: Reading | None = None) -> Codes | None:
        """Codes of these images when a blind reading ended; None if none has."""
        column = self._blind.get(reading or self.reading)
        if column is None:
            return None
        known = (numbers >= 0) & (numbers < len(column))
        out = np.zeros(len(numbers), np.int32)
        out[known] = column[numbers[known]]
        return out

    def unread(self, reading: Reading | None = None) -> Set[str]:
        """Images of a reading's audit sample whose suggestion has stayed hidden since the draw."""
        sample = self._samples.get(reading or self.reading)
        return sample.unread if sample else frozenset()

    def hidden_now(self) -> list[Set[str]]:
        """Images whose suggestion is not to be seen in the current reading; sets for each sample.

        Who settles differences is often one of the readers, whose sample may not be read yet.
        """
        settles = self.reading is Reading.ADJUDICATION
        some = Reading if settles else (self.reading,)
        return [self.unread(reading) for reading in some]

    def first_codes(self, images: Iterable[str], reading: Reading) -> Codes:
        """Codes of what was said of images of a sample before their suggestion was shown; else 0.

        Images are given by their hashes; the sample is the reading's.
        """
        sample, stands = self._samples[reading], self._stands(reading)
        return np.fromiter((sample.first(sha256, stands) for sha256 in images), np.int32)

    def _stands(self, reading: Reading) -> Callable[[str], int]:
        """The code that stands for one image, by its hash."""
        column, number = self._column(reading), self._number
        return lambda sha256: int(column[number[sha256]]) if sha256 in number else 0

    def _show_sample(self, reading: Reading, images: tuple[str, ...] | None = None) -> None:
        """After something was said of these images, or of any: some suggestions may be shown."""
        sample = self._samples.get(reading)
        hidden = self.record.modes.get(reading) is Mode.BLIND
        if sample is not None and sample.unread and not hidden:
            sample.show(images, self._stands(reading))

    def answered(self, numbers: Numbers) -> Codes:
        """Codes of these images in the adjudication, without decisions that hold no more.

        What settles a difference answers what the two readers have said. When one of them says
        otherwise afterwards, it answers nothing until somebody settles it anew; flag and comment
        stay.
        """
        codes = self.codes(numbers, Reading.ADJUDICATION)
        some = np.flatnonzero(self.codebook.called(codes) >= 0)
        if len(some):
            now = self._of_readers(numbers[some])
            old = some[(now != self._settled_on[:, numbers[some]]).any(axis=0)]
            codes[old] = [self.codebook.undecided(int(code)) for code in codes[old]]
        return codes

    def shown(self, numbers: Numbers) -> Codes:
        """Codes of these images as they are shown in the current reading."""
        settles = self.reading is Reading.ADJUDICATION
        return self.answered(numbers) if settles else self.codes(numbers)

    def _of_readers(self, numbers: Numbers) -> Codes:
        """What the first and the second reader call these images: (2, N)."""
        both = (Reading.FIRST, Reading.SECOND)
        return np.stack([self.codebook.called(self.codes(numbers, reading)) for reading in both])

    def said(self, reading: Reading | None = None) -> dict[str, Standing]:
        """Everything that stands in a reading, by image hash."""
        column = self._column(reading or self.reading)
        return {
            sha: self.standings[code]
            for sha, code in zip(self._number, column.tolist(), strict=True)
            if code
        }

    @property
    def empty(self) -> bool:
        """Whether nothing stands for any image in the current reading."""
        return not self._column(self.reading).any()

    # What is done

    def do(self, action: Action) -> None:
        """Append an action, with what stood before, and apply it.

        Raises:
            SessionError: the session takes nothing now; nothing was changed.
        """
        at = now()
        numbers = self._numbered(action.images)
        codes = self._column(self.reading)[numbers]
        old = _said_before(codes, self.standings)
        kept = msgspec.structs.replace(action, reading=self.reading.value, old=old)
        seq = self._store.append(kept.kind, kept.payload(), at)
        self._apply(seq, at, kept, numbers)

    def undo(self) -> Action | None:
        """Append the inverse of the last action; the same errors as `do`."""
        done = self._done[self.reading]
        if not done:
            return None
        self._store.append("undo", self._of(done[-1]))
        return self._take_back(self.reading)

    def redo(self) -> Action | None:
        """Append a repetition of the action undone last; the same errors as `do`."""
        undone = self._undone[self.reading]
        if not undone:
            return None
        self._store.append("redo", self._of(undone[-1]))
        return self._repeat(self.reading)

    def keep(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Append an event of the record and apply it; the same errors as `do`."""
        at = now()
        seq = self._store.append(kind, payload, at)
        self._recorded(kind, payload, at, seq)

    # Inside

    def _recorded(self, kind: str, payload: Mapping[str, Any], at: str, seq: int) -> None:
        self.record = record.after(self.record, kind, payload, at=at, seq=seq)
        for reading in self.record.revealed.keys() - self._blind.keys():
            self._blind[reading] = self._column(reading).copy()
        for reading in self.record.audits.keys() - self._samples.keys():
            self._samples[reading] = Sample(self.record.audits[reading].images, self.codebook)
        if kind == "mode":
            self._show_sample(Reading(payload.get("reading", self.reading.value)))

    def _of(self, step: _Step) -> dict[str, Any]:
        reading = {} if self.reading is Reading.FIRST else {"reading": self.reading.value}
        return {"of": step.seq, **reading}

    def _replay(self, event: Event) -> None:
        if event.kind in KINDS:
            self._apply(event.seq, event.at, msgspec.json.decode(event.text, type=Action))
            return
        payload = event.payload
        reading = Reading(payload.get("reading", Reading.FIRST.value))
        if event.kind == "undo":
            self._take_back(reading)
        elif event.kind == "redo":
            self._repeat(reading)
        else:
            self._recorded(event.kind, payload, event.at, event.seq)

    def _apply(self, seq: int, at: str, action: Action, numbers: Numbers | None = None) -> None:
        reading = Reading(action.reading)
        self._undone[reading].clear()
        if numbers is None:
            numbers = self._numbered(action.images)
        self._done[reading].append(self._set(reading, seq, at, action, numbers))

    def _set(self, reading: Reading, seq: int, at: str, action: Action, numbers: Numbers) -> _Step:
        self.version += 1
        column = self._column(reading)
        before = column[numbers]
        column[numbers] = self._after(action, at, before)
        step = _Step(seq, at, action, numbers, before)
        imports = action.kind == "adopt"
        brought = _other_decision(before, column[numbers], self.standings) if imports else ...
        if reading is Reading.ADJUDICATION and action.kind in DECIDING:
            self._settled_on = wide(self._settled_on, len(self._number), -1)
            step.readers = self._settled_on[:, numbers]
            settled = numbers[brought]  # a comment that an import brings settles nothing
            self._settled_on[:, settled] = self._of_readers(settled)
        if imports and reading in self._samples:
            self._samples[reading].imported(column[numbers][brought])
        self._show_sample(reading, action.images)
        return step

    def _after(self, action: Action, at: str, before: Codes) -> Codes:
        """Codes after an action: one object for all images that are alike, not one for each."""
        kinds = _kinds(action, before)
        _, first, kind = np.unique(kinds, return_index=True, return_inverse=True)
        made = [
            self.codebook.code(applied(action, at, place, self.standings[int(before[place])]))
            for place in first.tolist()
        ]
        return np.array(made, np.int32)[kind]

    def _numbered(self, images: Sequence[str]) -> Numbers:
        """Number of each image; new ones get the next."""
        number = self._number
        found = list(map(number.get, images))
        if None in found:
            found = [number.setdefault(sha, len(number)) for sha in images]
        return np.array(found, np.int64)

    def _column(self, reading: Reading) -> Codes:
        """The codes of a reading, as long as there are numbers."""
        column, count = self._codes[reading], len(self._number)
        if len(column) < count:
            column = self._codes[reading] = wide(column, count, 0)
        return column[:count]

    def _take_back(self, reading: Reading) -> Action:
        self.version += 1
        step = self._done[reading].pop()
        self._column(reading)[step.images] = step.before
        if step.readers is not None:
            self._settled_on[:, step.images] = step.readers
        self._show_sample(reading, step.action.images)
        self._undone[reading].append(step)
        return step.action

    def _repeat(self, reading: Reading) -> Action:
        step = self._undone[reading].pop()
        self._done[reading].append(self._set(reading, step.seq, step.at, step.action, step.images))
        return step.action


def _kinds(action: Action, before: Codes) -> NDArray[np.int64]:
    """(N,) numbers that are equal where an action has the same outcome."""
    count = len(action.images)
    kinds = before.astype(np.int64)
    for labels in (action.suggestions, action.adopted):
        if len(labels) == count:
            place = {label: number for number, label in enumerate(dict.fromkeys(labels))}
            kinds = kinds * (count + 1) + np.array(list(map(place.__getitem__, labels)), np.int64)
            _, kinds = np.unique(kinds, return_inverse=True)
    if not isinstance(action.seen, bool):
        seen = np.zeros(count, np.int64)
        seen[list(action.seen)] = 1
        kinds = 2 * kinds + seen
    return kinds


def _other_decision(
    before: Codes, after: Codes, standings: Sequence[Standing]
) -> NDArray[np.bool_]:
    """(N,) where another decision stands than before; flags and comments are none."""
    pairs, place = np.unique(before.astype(np.int64) * len(standings) + after, return_inverse=True)
    both = (divmod(pair, len(standings)) for pair in pairs.tolist())
    other = [standings[one].decision != standings[two].decision for one, two in both]
    return np.array(other, np.bool_)[place]


def _said_before(codes: Codes, standings: Sequence[Standing]) -> tuple[str, ...]:
    """What stood for each image in words; one for all where it was the same."""
    found, place = np.unique(codes, return_inverse=True)
    words = [in_words(standings[int(code)]) for code in found]
    return tuple(words) if len(words) == 1 else tuple(words[n] for n in place.tolist())
