"""What a random sample of the images that nobody else looked at says about all of them.

The population is frozen before the draw and each of its images is as likely to be drawn as any
other; then the number of differing images among the drawn is hypergeometric. The interval is made
of all numbers in the population that neither tail of 2.5 % speaks against (Konijn 1973,
Statistical Theory of Sample Survey Design and Analysis; Buonaccorsi 1987, Am Stat 41:215-218; the
counterpart of Clopper and Pearson's for a finite population). It covers at least 95 %, whatever
the number is, and is one number when all images were read.

What is counted are differences from a reader, not errors: the reader may be wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from leukview.measures.intervals import clopper_pearson


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """One part of the images, as it was read.

    Attributes:
        name: for the reason why there is no figure ("Confident").
        size: how many images it has.
        drawn: how many of them were drawn at random; 0 where none was, so that all have to be read.
        read: how many were read; where some were drawn, how many of these.
        differing: how many of the read ones differ from what was suggested.
    """

    name: str
    size: int
    drawn: int = 0
    read: int
    differing: int

    def __post_init__(self) -> None:
        most = self.drawn or self.size
        if not 0 <= self.differing <= self.read <= most <= self.size or self.drawn < 0:
            raise ValueError(f"{self.differing} of {self.read} of {most} of {self.size} is no part")


@dataclass(frozen=True, slots=True)
class Overall:
    """Share of all images that differ, with its 95 % interval; nan where there is a reason.

    Attributes:
        share, low, high: 0 to 1.
        reason: why there is no figure, a sentence or "".
    """

    share: float
    low: float
    high: float
    reason: str = ""


def differing(population: int, sampled: int, found: int, level: float = 0.95) -> tuple[int, int]:
    """Fewest and most differing images in a population, when `found` of `sampled` differ.

    Args:
        population: how many images there were at the draw.
        sampled: how many were drawn and read.
        found: how many of these differ.
        level: of confidence, 0 to 1; half of the rest for each tail.

    Raises:
        ValueError: numbers or a level that cannot be.
    """
    if not 0 <= found <= sampled <= population or not 0 < level < 1:
        raise ValueError(f"{found} of {sampled} of {population} at {level} is no sample")
    tail = (1 - level) / 2
    least, most = found, population - (sampled - found)

    def at_least(number: int) -> float:
        return _share(population, number, sampled, found, min(sampled, number))

    def at_most(number: int) -> float:
        return _share(population, number, sampled, max(0, sampled + number - population), found)

    low = _first(least, most, lambda number: at_least(number) > tail)
    high = _first(low, most + 1, lambda number: number > most or at_most(number) <= tail) - 1
    return low, high


def upper_if_none(sampled: int, level: float = 0.95) -> float:
    """Largest share that `sampled` images without one difference still allow: 7.1 % for 50.

    Upper end of Clopper and Pearson's interval of 0 of n; what a size can prove, before the draw.
    A small population allows less.
    """
    return clopper_pearson(0, sampled, level)[1]


def overall(strata: Sequence[Stratum], level: float = 0.95) -> Overall:
    """The share over all strata, each with the weight of its size.

    A stratum that was read to the end is counted, the others stand for their random sample. Where
    several were sampled, their intervals share what the level leaves (Bonferroni), so that the
    bounds may be added.
    """
    some = [stratum for stratum in strata if stratum.size]
    nothing = Overall(math.nan, math.nan, math.nan, _missing(some))
    if nothing.reason:
        return nothing
    sampled = sum(1 for stratum in some if stratum.drawn)
    each = 1 - (1 - level) / max(1, sampled)
    size = sum(stratum.size for stratum in some)
    bounds = [differing(s.size, s.read, s.differing, each) for s in some]
    expected = math.fsum(s.size * s.differing / s.read for s in some)
    low, high = (sum(ends) for ends in zip(*bounds, strict=True))
    return Overall(expected / size, low / size, high / size)


def _missing(strata: Sequence[Stratum]) -> str:
    """Why there is no figure for all of them, or ""."""
    if not strata:
        return "There are no images."
    for s in strata:
        if s.drawn and s.read < s.drawn:
            return f"{s.name}: {s.read:,} of {s.drawn:,} images of the random sample were read."
        if not s.drawn and s.read < s.size:
            return (
                f"{s.name}: {s.read:,} of {s.size:,} images were read, and these were not drawn at"
                " random."
            )
    return ""


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from `low` to `high` for which it holds, as it does for all above."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _share(population: int, marked: int, drawn: int, low: int, high: int) -> float:
    """Probability that `low` to `high` of the drawn are marked ones."""
    if low > high:
        return 0.0
    log = _log_factorials(population)
    k = np.arange(low, high + 1)
    ways = log[marked] - log[k] - log[marked - k]
    others = population - marked
    ways += log[others] - log[drawn - k] - log[others - (drawn - k)]
    all_ways = log[population] - log[drawn] - log[population - drawn]
    return min(1.0, float(np.exp(ways - all_ways).sum()))


@lru_cache(maxsize=4)
def _log_factorials(most: int) -> NDArray[np.float64]:
    """The logarithms of k! for k = 0 to `most`, each to about 1e-10 at 100,000."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1, dtype=np.float64)))])
