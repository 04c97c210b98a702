"""What a person can do with images, as it is written into the session: one action, one event."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from leukview.domain.records import Decision, DecisionState

DECIDING = frozenset({"decide", "agree", "unsure", "exclude", "clear", "adopt"})
REMARKING = frozenset({"flag", "unflag", "comment"})
KINDS = DECIDING | REMARKING


class Reading(enum.StrEnum):
    """Whose decisions: each reader's stand apart, and so do those that settle differences."""

    FIRST = "first"
    SECOND = "second"
    ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class Standing:
    """What people have said about one image in one reading."""

    decision: Decision | None = None
    flag: bool = False
    comment: str = ""


NOTHING = Standing()


class Adopted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a table said about one image; the fields are those of `Decision` and `Standing`."""

    state: str
    class_id: str = ""
    reason: str = ""
    reviewer: str = ""
    decided_at: str = ""
    suggestion_seen: bool = False
    suggestion: str = ""
    queue: str = ""
    flag: bool = False
    comment: str = ""


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One action of a person on some images, each named by the hash of its bytes.

    Attributes:
        kind: one of `KINDS`.
        images: SHA-256 of each.
        suggestions: class id that was suggested for each, or "".
        class_id: decided for, with `decide`.
        reason: with `exclude`; why, where a final slide is amended.
        reviewer: asserted name.
        queue: in which the images were shown.
        seen: whether the suggestion was on the screen: of all, of none, or of those whose places
            in `images` stand here.
        text: for menus ("3 images decided as Normal").
        comment: with `comment`.
        adopted: with `adopt`, for each image.
        model: SHA-256 of the file whose suggestions were shown, or "".
        reading: whose decision it is.
        old: what stood before, in words, of each image; one for all where it was the same.
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
    comment: str = ""
    adopted: tuple[Adopted, ...] = ()
    model: str = ""
    reading: str = Reading.FIRST.value
    old: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """As it is kept: what has its usual value is left out."""
        made: dict[str, Any] = msgspec.to_builtins(self)
        return made


def applied(action: Action, at: str, place: int, old: Standing) -> Standing:
    """What stands after the action for the image at this place of it.

    Args:
        action: that was done.
        at: UTC, when.
        place: in `action.images`.
        old: what stood before.
    """
    match action.kind:
        case "flag" | "unflag":
            return Standing(old.decision, action.kind == "flag", old.comment)
        case "comment":
            return Standing(old.decision, old.flag, action.comment)
        case "clear":
            return Standing(None, old.flag, old.comment)
        case "adopt":
            return _adopted(action.adopted[place], at, old)
    seen = action.seen if isinstance(action.seen, bool) else place in action.seen
    made = _decided(action, action.suggestions[place], seen, at)
    return Standing(made, old.flag, old.comment)


@lru_cache(maxsize=65536)  # an import of 100,000 rows has few kinds of them
def _adopted(said: Adopted, at: str, old: Standing) -> Standing:
    """Where a line is silent or says what stands, nothing goes, and who decided it stays.

    This is the only place of that rule. It is asked when the action is done or replayed, so that
    what was said while the files were looked at stays as well.
    """
    flag, comment = said.flag or old.flag, said.comment or old.comment
    theirs = adopted_decision(said, at)
    if old.decision is not None and (theirs is None or same(old.decision, theirs)):
        return Standing(old.decision, flag, comment)
    return Standing(theirs, flag, comment)


def adopted_decision(said: Adopted, at: str = "") -> Decision | None:
    """What a line of a table decides, at its own time or else `at`; None where it is silent."""
    if said.state == DecisionState.UNDECIDED:
        return None
    return Decision(
        state=DecisionState(said.state),
        class_id=said.class_id,
        reason=said.reason,
        reviewer=said.reviewer,
        decided_at=said.decided_at or at,
        suggestion_seen=said.suggestion_seen,
        suggestion=said.suggestion,
        queue=said.queue,
    )


def same(one: Decision, other: Decision) -> bool:
    """Whether two decisions say the same about an image, whoever made them."""
    return (one.called, one.reason) == (other.called, other.reason)


def _decided(action: Action, suggestion: str, seen: bool, at: str) -> Decision:
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
        reason=action.reason if action.kind == "exclude" else "",
        reviewer=action.reviewer,
        decided_at=at,
        # What was never suggested cannot have been seen.
        suggestion_seen=seen and bool(suggestion),
        suggestion=suggestion,
        queue=action.queue,
    )


def in_words(standing: Standing) -> str:
    """What stands, for the log: "undecided", "agreed hem, flagged"."""
    found = standing.decision
    said = [DecisionState.UNDECIDED.value]
    if found is not None:
        said = [f"{found.state} {found.class_id or found.reason}".rstrip()]
    if standing.flag:
        said.append("flagged")
    if standing.comment:
        said.append(f"comment: {standing.comment}")
    return ", ".join(said)
