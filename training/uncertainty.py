"""How far a figure, or the difference of two systems, is to be believed.

Errors cluster in subjects and smears, so whole groups are drawn and swapped, never single images,
where groups are known.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Score = Callable[[Ints], Sequence[float]]  # figures of the rows with these numbers
MIN_GROUPS = 10  # of each class, for a bootstrap over groups; below, it is far too narrow
DRAWS = 1000
EXACT_GROUPS = 14  # up to 16,384 ways to swap are all tried


def groups_per_class(truth: Ints, groups: NDArray[np.str_]) -> dict[int, int]:
    """How many groups show each class that is there."""
    return {int(c): len(np.unique(groups[truth == c])) for c in np.unique(truth)}


def bootstrap(
    truth: Ints,
    groups: NDArray[np.str_],
    score: Score,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Percentile intervals of figures, from groups drawn with replacement.

    Groups are drawn within strata, by the class that most of their images show, so that no draw
    loses one (Davison & Hinkley 1997, Bootstrap Methods, 3.8). A class that is nowhere the most
    frequent may get lost, of `MIN_GROUPS` groups in fewer than one draw in 20,000. Draws in which a
    figure has no meaning (NaN) do not count for it.

    Args:
        truth: class indices (N,).
        groups: (N,).
        score: called with row numbers, some of them several times.
        draws: how many.
        seed: of the draws.
        level: of confidence.

    Returns:
        Lower and upper ends, one of each a figure.
    """
    names, of_row = np.unique(groups, return_inverse=True)
    rows = [np.flatnonzero(of_row == g) for g in range(len(names))]
    mostly = np.array([np.bincount(truth[r]).argmax() for r in rows])
    strata = [np.flatnonzero(mostly == c) for c in np.unique(mostly)]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = np.concatenate([rng.choice(s, len(s)) for s in strata])
        found.append(score(np.concatenate([rows[g] for g in drawn])))
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.nanquantile(np.array(found, dtype=np.float64), tails, axis=0)
    return low, high


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two systems on the same images.

    Attributes:
        difference: of balanced accuracy, the first minus the second.
        groups: how many could be swapped.
        p: two-sided.
    """

    difference: float
    groups: int
    p: float


def permutation(
    truth: Ints,
    groups: NDArray[np.str_],
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    *,
    draws: int = 9999,
    seed: int = 0,
) -> Paired:
    """Paired permutation test of balanced accuracy over groups.

    Were the systems equal, all answers of a group might as well have come from the other one.
    Swapping them turns the sign of what the group adds to the difference. All ways are tried where
    few groups differ, else `draws` of them, the found one counted with (Phipson & Smyth 2010, Stat
    Appl Genet Mol Biol 9:39).

    Args:
        truth: class indices (N,).
        groups: (N,).
        first: whether the first system was right, (N,).
        second: whether the other one was.
        draws: how many, unless all ways are tried.
        seed: of the draws.
    """
    counts = np.bincount(truth)
    worth = 1 / (counts[truth] * np.count_nonzero(counts))
    names, of_row = np.unique(groups, return_inverse=True)
    gain = (first.astype(np.float64) - second.astype(np.float64)) * worth
    each = np.bincount(of_row, weights=gain, minlength=len(names))
    found = float(each.sum())
    moved = each[np.abs(each) > 1e-15]
    exact = len(moved) <= EXACT_GROUPS
    if exact:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(moved))))
    else:
        signs = np.random.default_rng(seed).choice([1.0, -1.0], (draws, len(moved)))
    # Sums of the same numbers in another order differ by rounding.
    as_far = int(np.sum(np.abs(signs @ moved) >= abs(found) - 1e-12))
    p = as_far / len(signs) if exact else (as_far + 1) / (draws + 1)
    return Paired(difference=found, groups=len(names), p=p)


@dataclass(frozen=True, kw_only=True)
class McNemar:
    """Attributes: images that only the first, only the second system got right; two-sided p."""

    first: int
    second: int
    p: float


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """Exact test (binomial) of whether two systems err equally often on the same images.

    It takes images for independent, which images of one subject or smear are not: where groups are
    known, `permutation` is the test, and this one only says what the paper's protocol would say.

    Args:
        first: whether the first system was right, (N,).
        second: whether the other one was.
    """
    b, c = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    tail = sum(math.comb(b + c, k) for k in range(min(b, c) + 1))
    return McNemar(first=b, second=c, p=min(1.0, 2 * tail / 2 ** (b + c)))


def holm(p: Sequence[float]) -> list[float]:
    """The p values of several comparisons, raised for their number (Holm 1979)."""
    out, largest = [0.0] * len(p), 0.0
    for place, number in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        largest = max(largest, min(1.0, (len(p) - place) * p[number]))
        out[number] = largest
    return out
