"""Everything that people did with one image, as the log has it and as far as it may be seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from leukview.session.events import Event
from leukview.workflows.actions import KINDS, Action, Reading

_IMPORTED = "adopt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of the log about one image.

    Attributes:
        seq: number of the event.
        at: UTC, `2026-11-22T18:05:09Z`.
        kind: as in the log; "decide" stands for "agree" too while the suggestion is hidden.
        undone: kind of the action that an "undo" or "redo" is about, else "".
        class_id: decided for, or "".
        words: reason or comment, or "".
        reviewer: asserted name; of an undo that of the action taken back.
        reading: in which it was done.
        queue: in which the image was shown; "" where that is not known, or tells of the suggestion.
        suggestion: class id that was suggested then; "" for none, or while it is hidden.
        seen: whether that was on the screen.
        model: SHA-256 of the file that suggested it; "" as `suggestion`.
    """

    seq: int
    at: str
    kind: str
    undone: str = ""
    class_id: str = ""
    words: str = ""
    reviewer: str = ""
    reading: Reading = Reading.FIRST
    queue: str = ""
    suggestion: str = ""
    seen: bool = False
    model: str = ""


def history(events: Iterable[Event], sha256: str, *, reading: Reading, hidden: bool) -> list[Step]:
    """The steps of one image, oldest first.

    A reader is not to know what the other one said, so only who settles their differences sees
    all readings.

    Args:
        events: of the session, in order.
        sha256: of the image's bytes.
        reading: the current one.
        hidden: whether the suggestion of this image is not to be seen now.
    """
    found: dict[int, Step] = {}
    out: list[Step] = []
    for event in events:
        if event.kind in KINDS:
            if sha256 not in event.text:  # decoding each would take ten times as long
                continue
            action = msgspec.json.decode(event.text, type=Action)
            if sha256 not in action.images:
                continue
            step = _step(event, action, action.images.index(sha256), hidden=hidden)
            found[event.seq] = step
        elif event.kind in ("undo", "redo"):
            back = found.get(int(event.payload.get("of", 0)))
            if back is None:
                continue
            step = _back(back, event)
        else:
            continue
        if reading is Reading.ADJUDICATION or step.reading is reading:
            out.append(step)
    return out


def _back(back: Step, event: Event) -> Step:
    """An action taken back, or done again."""
    return Step(
        seq=event.seq,
        at=event.at,
        kind=event.kind,
        undone=back.kind,
        class_id=back.class_id,
        words=back.words,
        reviewer=back.reviewer,
        reading=back.reading,
    )


def _step(event: Event, action: Action, place: int, *, hidden: bool) -> Step:
    said = action.adopted[place] if action.kind == _IMPORTED else None
    suggestion = said.suggestion if said else action.suggestions[place]
    class_id = {"decide": action.class_id, "agree": suggestion}.get(action.kind, "")
    seen = action.seen if isinstance(action.seen, bool) else place in action.seen
    if said is not None:
        class_id, seen = said.class_id or said.state, said.suggestion_seen
    return Step(
        seq=event.seq,
        at=event.at,
        # That somebody agreed says what was suggested.
        kind="decide" if hidden and action.kind == "agree" else action.kind,
        class_id=class_id,
        words=(said.reason or said.comment) if said else (action.reason or action.comment),
        reviewer=(said.reviewer if said else "") or action.reviewer,
        reading=Reading(action.reading),
        queue="" if hidden else action.queue,
        suggestion="" if hidden else suggestion,
        seen=seen and bool(suggestion) and not hidden,
        model="" if hidden or not suggestion else action.model,
    )
