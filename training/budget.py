"""How long a comparison may fit, and what every system gets of that time.

A recipe of twenty epochs at 300 pixels takes a day per system on two CPU cores. With a budget,
every system gets an equal share of the time; what a cheap one does not need goes to dearer ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

SIDES = (300, 224, 160, 128, 96)  # pixels; below, an ensemble's Inception has no pixels left
MIN_EPOCHS = 5  # a system that was fitted for less is not called trained
CHECK = 1 / 3  # what a batch costs that is only looked at: of a step's three passes it has one


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What a few real steps of a system took on this machine.

    Attributes:
        side: that they were made at, pixels.
        step: seconds a step.
        start: seconds until the first step: building and tracing.
        took: seconds that measuring took.
    """

    side: int
    step: float
    start: float
    took: float


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one part of a system asks for: numbers of images, and images a step."""

    fit: int
    choose: int
    test: int
    batch: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen for one system.

    Attributes:
        side: pixels.
        epochs: of every part.
        seconds: that all its parts will take.
    """

    side: int
    epochs: int
    seconds: float


def seconds(timing: Timing, works: Sequence[Work], side: int, epochs: int) -> float:
    """How long a system's parts will take; time grows with the number of pixels.

    Small images are slower than that by their share of fixed costs, and what is timed are small
    ones, so this is an upper estimate for larger ones.
    """
    return _fixed(timing, works, side) + epochs * _epoch(timing, works, side)


def choose(
    timing: Timing, works: Sequence[Work], epochs: int, sides: Sequence[int], share: float
) -> Choice:
    """The largest side at which a system gets five epochs in `share` seconds, and its epochs.

    Where no side allows five, it is the smallest with as many as fit, and one at least.

    Args:
        timing: of the system.
        works: of its parts.
        epochs: of the recipe; more are never fitted.
        sides: to choose from, the largest first.
        share: seconds.
    """
    found = 0
    for side in sides:
        free = share - _fixed(timing, works, side)
        found = min(epochs, int(free / _epoch(timing, works, side)))
        if found >= min(MIN_EPOCHS, epochs):
            break
    found = max(1, found)
    return Choice(side=side, epochs=found, seconds=seconds(timing, works, side, found))


def divide(
    minutes: float,
    timings: Mapping[str, Timing],
    works: Mapping[str, Sequence[Work]],
    epochs: Mapping[str, int],
    sides: Mapping[str, Sequence[int]],
) -> dict[str, Choice]:
    """What each system gets of a budget, by the names of `timings`.

    Args:
        minutes: for all, measuring included.
        timings: of each system.
        works: the parts of each.
        epochs: of its recipe.
        sides: it may be fitted at, the largest first.
    """
    left = minutes * 60 - sum(timing.took for timing in timings.values())
    full = {n: seconds(t, works[n], sides[n][0], epochs[n]) for n, t in timings.items()}
    out = {}
    # The cheapest first: what it leaves of its share is divided by those that come after.
    for place, name in enumerate(sorted(full, key=lambda n: full[n])):
        share = left / (len(full) - place)
        out[name] = choose(timings[name], works[name], epochs[name], sides[name], share)
        left -= out[name].seconds
    return {name: out[name] for name in timings}


def _scale(timing: Timing, side: int) -> float:
    return (side / timing.side) ** 2


def _fixed(timing: Timing, works: Sequence[Work], side: int) -> float:
    test = sum(ceil(w.test / w.batch) for w in works) * timing.step * CHECK
    # Traced once to be fitted, and for each part, in another form, to be tested.
    return timing.start * (1 + len(works)) + test * _scale(timing, side)


def _epoch(timing: Timing, works: Sequence[Work], side: int) -> float:
    steps = sum(ceil(w.fit / w.batch) + CHECK * ceil(w.choose / w.batch) for w in works)
    return steps * timing.step * _scale(timing, side)
