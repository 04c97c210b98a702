"""Decisions as a replay of the session's events: what stands now, and what can be undone.

Kinds of events: `decide`, `agree`, `unsure`, `exclude`, `clear` carry an `Action`; `undo` and
`redo` carry the number of the event that they take back or repeat.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from leukview.domain.records import Decision, DecisionState
from leukview.session.events import Event, now
from leukview.session.store import SessionStore

KINDS = frozenset({"decide", "agree", "unsure", "exclude", "clear"})


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a person on some images, each named by the hash of its bytes.

    Attributes:
        kind: `decide`, `agree`, `unsure`, `exclude` or `clear`.
        images: SHA-256 of each.
        suggestions: class id that was suggested for each, or "".
        class_id: decided for, with `decide`.
        reason: with `exclude`.
        reviewer: asserted name.
        queue: in which the images were shown.
        seen: whether the suggestion was on the screen: of all, of none, or of those whose places
            in `images` stand here.
        text: for menus ("3 images decided as Normal").
    """

    kind: str
    images: tuple[str, ...]
    suggestions: tuple[str, ...]
    class_id: str = ""
    reason: str = ""
    reviewer: str = ""
    queue: str = ""
    seen: bool | tuple[int, ...] = True
    text: str = ""


@dataclass(slots=True)
class _Step:
    """A done action, and what stood before it for its images."""

    seq: int
    at: str
    action: Action
    before: dict[str, Decision | None]


class ActionLog:
    """Replays a session and adds to it; `decisions` is what stands, by image hash."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self.decisions: dict[str, Decision] = {}
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        for event in store.events():
            self._replay(event)

    @property
    def undo_text(self) -> str | None:
        """What undo would take back."""
        return self._done[-1].action.text if self._done else None

    @property
    def redo_text(self) -> str | None:
        """What redo would repeat."""
        return self._undone[-1].action.text if self._undone else None

    def do(self, action: Action) -> None:
        """Append an action and apply it.

        Raises:
            SessionError: the session takes nothing now; nothing was changed.
        """
        at = now()
        seq = self._store.append(action.kind, msgspec.structs.asdict(action))
        self._apply(seq, at, action)

    def undo(self) -> Action | None:
        """Append the inverse of the last action; the same errors as `do`."""
        if not self._done:
            return None
        self._store.append("undo", {"of": self._done[-1].seq})
        return self._take_back()

    def redo(self) -> Action | None:
        """Append a repetition of the action undone last; the same errors as `do`."""
        if not self._undone:
            return None
        self._store.append("redo", {"of": self._undone[-1].seq})
        return self._repeat()

    def _replay(self, event: Event) -> None:
        if event.kind == "undo":
            self._take_back()
        elif event.kind == "redo":
            self._repeat()
        elif event.kind in KINDS:
            self._apply(event.seq, event.at, msgspec.json.decode(event.text, type=Action))

    def _apply(self, seq: int, at: str, action: Action) -> None:
        self._undone.clear()
        self._done.append(self._set(seq, at, action))

    def _set(self, seq: int, at: str, action: Action) -> _Step:
        before = {sha: self.decisions.get(sha) for sha in action.images}
        # One object per suggestion, not per image: 100,000 images at once take 0.1 s, not 0.6.
        kinds = list(zip(action.suggestions, _seen(action), strict=True))
        made = {kind: _decision(action, *kind, at) for kind in set(kinds)}
        for sha, kind in zip(action.images, kinds, strict=True):
            found = made[kind]
            if found is None:
                self.decisions.pop(sha, None)
            else:
                self.decisions[sha] = found
        return _Step(seq, at, action, before)

    def _take_back(self) -> Action:
        step = self._done.pop()
        for sha, found in step.before.items():
            if found is None:
                self.decisions.pop(sha, None)
            else:
                self.decisions[sha] = found
        self._undone.append(step)
        return step.action

    def _repeat(self) -> Action:
        step = self._undone.pop()
        self._done.append(self._set(step.seq, step.at, step.action))
        return step.action


def _seen(action: Action) -> list[bool]:
    """Per image of an action, whether its suggestion was on the screen."""
    count = len(action.images)
    if isinstance(action.seen, bool):
        return [action.seen] * count
    places = set(action.seen)
    return [place in places for place in range(count)]


def _decision(action: Action, suggestion: str, seen: bool, at: str) -> Decision | None:
    if action.kind == "clear":
        return None
    class_id = {"decide": action.class_id, "agree": suggestion}.get(action.kind, "")
    if action.kind == "unsure":
        state = DecisionState.UNSURE
    elif action.kind == "exclude":
        state = DecisionState.EXCLUDED
    else:
        state = DecisionState.AGREED if class_id == suggestion else DecisionState.CHANGED
    return Decision(
        state=state,
        class_id=class_id,
        reason=action.reason,
        reviewer=action.reviewer,
        decided_at=at,
        # What was never suggested cannot have been seen.
        suggestion_seen=seen and bool(suggestion),
        suggestion=suggestion,
        queue=action.queue,
    )
