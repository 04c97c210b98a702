"""What stands of a session as a whole: how it is read, how far the record is, its audit sample.

Kinds of events: `mode` (assisted or blind first), `reading` (first, second, adjudication), `target`
(cells to count), `audit` (a sample was drawn), `finish`, `amend`. None of them can be undone: a
later event says otherwise, and both stay.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import msgspec

from leukview.workflows.actions import Reading

KINDS = frozenset({"mode", "reading", "target", "audit", "finish", "amend"})


class State(enum.StrEnum):
    """How far the record of a slide is."""

    DRAFT = "draft"
    FINAL = "final"
    AMENDED = "amended"


class Mode(enum.StrEnum):
    """Whether suggestions are shown while images are decided."""

    ASSISTED = "assisted"
    BLIND = "blind"


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """A random sample of confident images, drawn once for a reading; nothing of it changes later.

    Attributes:
        size: that was asked for.
        seed: of the draw, see `draw`.
        population: how many images it was drawn from.
        population_sha256: of their hashes, sorted, one a line.
        images: SHA-256 of each image drawn, in the order of the draw.
        others: SHA-256 of the images that were not drawn, so that the population stays known.
        suggestions: class id that was suggested for each drawn one then.
        model: SHA-256 of the model's file.
        threshold: confidence from which an image counted as confident.
        reviewer: who had it drawn.
        seen: how many of them had been on the screen with their suggestion before.
        at: UTC.
    """

    size: int
    seed: int
    population: int
    population_sha256: str
    images: tuple[str, ...]
    others: tuple[str, ...] = ()
    suggestions: tuple[str, ...]
    model: str
    threshold: float
    reviewer: str
    seen: int = 0
    at: str = ""

    @property
    def population_images(self) -> tuple[str, ...]:
        """All images that it was drawn from."""
        return self.images + self.others


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the events of the record come to.

    Attributes:
        state: draft, final, or amended after it had been final.
        open: whether decisions can be made: a draft, or a final record with a reason to amend.
        changed_at: when it was last finished or amended, UTC, or "".
        by: who did.
        comment: on the slide, given when it was finished.
        reason: why it is amended, or "".
        target: cells to count, 0 for none.
        reading: whose decisions are made now.
        readers: name of the reader of each reading, as typed.
        modes: how each reading is done.
        seeds: of the random order of each blind reading.
        revealed: number of the event that ended the first blind reading, by reading.
        audits: the sample of each reading.
    """

    state: State = State.DRAFT
    open: bool = True
    changed_at: str = ""
    by: str = ""
    comment: str = ""
    reason: str = ""
    target: int = 0
    reading: Reading = Reading.FIRST
    readers: Mapping[Reading, str] = field(default_factory=lambda: MappingProxyType({}))
    modes: Mapping[Reading, Mode] = field(default_factory=lambda: MappingProxyType({}))
    seeds: Mapping[Reading, int] = field(default_factory=lambda: MappingProxyType({}))
    revealed: Mapping[Reading, int] = field(default_factory=lambda: MappingProxyType({}))
    audits: Mapping[Reading, Audit] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def mode(self) -> Mode:
        """How the current reading is done."""
        return self.modes.get(self.reading, Mode.ASSISTED)

    @property
    def seed(self) -> int:
        """Of the random order of the current reading, while it is blind."""
        return self.seeds.get(self.reading, 0)

    @property
    def audit(self) -> Audit | None:
        """The sample of the current reading."""
        return self.audits.get(self.reading)


def after(record: Record, kind: str, payload: Mapping[str, Any], *, at: str, seq: int) -> Record:
    """The record after one more event; kinds that are not ours change nothing."""
    reading = Reading(payload.get("reading", record.reading.value))
    reviewer = str(payload.get("reviewer", ""))
    match kind:
        case "mode":
            mode = Mode(payload["mode"])
            was = record.modes.get(reading, Mode.ASSISTED)
            ended = was is Mode.BLIND and mode is Mode.ASSISTED
            revealed = {reading: seq, **record.revealed} if ended else record.revealed
            modes = {**record.modes, reading: mode}
            seeds = {**record.seeds, reading: int(payload.get("seed", 0))}
            return replace(record, modes=modes, seeds=seeds, revealed=revealed)
        case "reading":
            readers = {**record.readers, reading: reviewer}
            return replace(record, reading=reading, readers=readers)
        case "target":
            return replace(record, target=int(payload["cells"]))
        case "audit":
            given = {name: payload[name] for name in Audit.__struct_fields__ if name in payload}
            drawn = msgspec.convert({**given, "at": at}, Audit)
            return replace(record, audits={**record.audits, reading: drawn})
        case "finish":
            state = State.FINAL if record.state is State.DRAFT else State.AMENDED
            comment = str(payload.get("comment", ""))
            return replace(
                record, state=state, open=False, changed_at=at, by=reviewer, comment=comment
            )
        case "amend":
            reason = str(payload.get("reason", ""))
            return replace(
                record, state=State.AMENDED, open=True, changed_at=at, by=reviewer, reason=reason
            )
    return record


def rank(word: str, seed: int) -> bytes:
    """Where something stands in a random order that anybody can make again."""
    return hashlib.sha256(f"{seed}:{word}".encode()).digest()


def draw(population: Iterable[str], size: int, seed: int) -> tuple[str, ...]:
    """A simple random sample of image hashes that anybody can draw again.

    Images are ordered by SHA-256 of "seed:hash", and the first ones taken: the same on every
    machine and in every version, which no generator of random numbers promises.

    Args:
        population: hashes of the images' bytes; equal ones count once.
        size: of the sample; smaller where there are fewer images.
        seed: any number; it stands in the log.
    """
    order = sorted(set(population), key=lambda sha256: rank(sha256, seed))
    return tuple(order[: max(size, 0)])


def population_sha256(population: Iterable[str]) -> str:
    """One hash that stands for a set of image hashes."""
    return hashlib.sha256("\n".join(sorted(set(population))).encode()).hexdigest()
