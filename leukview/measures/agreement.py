"""How far two readers agree, and how often one reader follows a suggestion; plain numpy.

Kappa alone misleads where one class is rare (Feinstein & Cicchetti 1990, J Clin Epidemiol
43:543-549), so it never stands without what each reader found and the agreement on both sides.
What is not defined is nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from leukview.measures.confusion import Counts, kappa
from leukview.measures.intervals import clopper_pearson


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two readers over the same images.

    Attributes:
        n: images that both decided for a class.
        same: of these, how many for the same.
        raw: that as a share.
        kappa: Cohen's.
        low, high: its 95 % interval; nan where all or none agree by the classes they use, because
            the asymptotic error is 0 then, which no one should read as certainty.
    """

    n: int
    same: int
    raw: float
    kappa: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """One class against the rest.

    Attributes:
        first, second: how many images each reader decided for it.
        prevalence: these as shares of all images.
        both: how many both did.
        positive: share of agreement where one says it is this class, 2a / (2a + b + c).
        negative: the same where one says it is not, 2d / (2d + b + c).
        agreement: of "this class or not".
    """

    first: int
    second: int
    prevalence: tuple[float, float]
    both: int
    positive: float
    negative: float
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `n`, its share and 95 % interval (Clopper-Pearson); nan where n is 0."""

    count: int
    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Switches:
    """What one reader did after seeing the suggestions.

    Attributes:
        n: images decided blind first, and again with the suggestion.
        to_suggestion: of those whose first class was another one, how many ended as suggested.
        elsewhere: of the same, how many ended as a third class.
        away: of those whose first class was the suggested one, how many left it.
    """

    n: int
    to_suggestion: Rate
    elsewhere: Rate
    away: Rate


def agreement(counts: Counts, level: float = 0.95) -> Agreement:
    """Agreement overall, from counts (C, C) with the first reader in rows.

    The error of kappa is the asymptotic one of Fleiss, Cohen & Everitt 1969 (Psychological
    Bulletin 72:323-327), not the one under chance.
    """
    n, same = int(counts.sum()), int(np.trace(counts))
    value = kappa(counts)
    half = NormalDist().inv_cdf((1 + level) / 2) * kappa_error(counts)
    if not half > 0:
        half = math.nan
    low, high = max(-1.0, value - half), min(1.0, value + half)
    if math.isnan(half):  # max and min may pass over a nan
        low = high = math.nan
    return Agreement(n, same, same / n if n else math.nan, value, low, high)


def kappa_error(counts: Counts) -> float:
    """Asymptotic standard error of kappa (equation 13 of Fleiss, Cohen & Everitt); nan as kappa."""
    value = kappa(counts)
    if math.isnan(value):
        return math.nan
    shares = counts / counts.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    expected = float((rows * columns).sum())
    on = np.diag(shares)
    diagonal = float((on * (1 - (rows + columns) * (1 - value)) ** 2).sum())
    off = shares * (columns[:, None] + rows[None, :]) ** 2
    rest = (1 - value) ** 2 * float(off.sum() - np.trace(off))
    variance = diagonal + rest - (value - expected * (1 - value)) ** 2
    # Rounding leaves some 1e-17 on either side of 0 where all agree.
    if variance < 1e-14:
        return 0.0
    return math.sqrt(variance / float(counts.sum())) / (1 - expected)


def by_class(counts: Counts, level: float = 0.95) -> list[ClassAgreement]:
    """Each class against the rest, from counts (C, C) with the first reader in rows."""
    n = int(counts.sum())
    out = []
    for place in range(len(counts)):
        both = int(counts[place, place])
        first, second = int(counts[place].sum()), int(counts[:, place].sum())
        one, other = first - both, second - both
        neither = n - both - one - other
        table = np.array([[both, one], [other, neither]], np.int64)
        out.append(
            ClassAgreement(
                first=first,
                second=second,
                prevalence=(_share(first, n), _share(second, n)),
                both=both,
                positive=_share(2 * both, first + second),
                negative=_share(2 * neither, 2 * neither + one + other),
                agreement=agreement(table, level),
            )
        )
    return out


def switch_rate(
    first: NDArray[np.int64],
    suggestion: NDArray[np.int64],
    final: NDArray[np.int64],
    level: float = 0.95,
) -> Switches:
    """How often a reader follows.

    Args:
        first: class index (N,) that was decided blind.
        suggestion: class index (N,) that was suggested and then seen.
        final: class index (N,) that stood after that.
        level: of confidence.

    Raises:
        ValueError: arrays of different length, or an image without one of the three (-1).
    """
    three = np.stack([np.asarray(a, np.int64) for a in (first, suggestion, final)])
    if three.size and three.min() < 0:
        raise ValueError("each image needs a first class, a suggestion and a final class")
    before, said, after = three
    other = before != said
    moved = other & (after != before)
    followed = other & (after == said)
    differed, agreed = int(other.sum()), int((~other).sum())
    return Switches(
        n=len(before),
        to_suggestion=_rate(int(followed.sum()), differed, level),
        elsewhere=_rate(int((moved & ~followed).sum()), differed, level),
        away=_rate(int((~other & (after != before)).sum()), agreed, level),
    )


def _rate(count: int, n: int, level: float) -> Rate:
    if not n:
        return Rate(0, 0, math.nan, math.nan, math.nan)
    return Rate(count, n, count / n, *clopper_pearson(count, n, level))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
