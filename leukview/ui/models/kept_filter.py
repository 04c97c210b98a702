"""A filter as it is written down, in a session or under a name: classes by their ids."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from leukview.domain.records import DecisionState
from leukview.ui.models.queue import Filter


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `Filter` holds but for the cell; another model has other numbers for its classes."""

    classes: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    undecided: bool = False
    states: tuple[DecisionState, ...] = ()
    unfamiliar: bool = False
    flagged: bool = False
    commented: bool = False
    name: str = ""


def kept(chosen: Filter, ids: Sequence[str]) -> Kept:
    """A filter to write down; `ids` of the model's classes."""
    return Kept(
        classes=tuple(ids[n] for n in sorted(chosen.classes)),
        low=chosen.low,
        high=chosen.high,
        undecided=chosen.undecided,
        states=tuple(state for state in DecisionState if state in chosen.states),
        unfamiliar=chosen.unfamiliar,
        flagged=chosen.flagged,
        commented=chosen.commented,
        name=chosen.name,
    )


def filter_of(one: Kept, ids: Sequence[str]) -> Filter:
    """The filter again; classes that this model does not have are left out."""
    return Filter(
        classes=frozenset(ids.index(name) for name in one.classes if name in ids),
        low=one.low,
        high=one.high,
        undecided=one.undecided,
        states=frozenset(one.states),
        unfamiliar=one.unfamiliar,
        flagged=one.flagged,
        commented=one.commented,
        name=one.name,
    )
