"""The differential: which part of the white cells each class is, and what is counted beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from leukview.domain.classes import Role, Unit
from leukview.measures.confusion import Counts, Floats


@dataclass(frozen=True, slots=True)
class Differential:
    """Counts of each class, (C,), and what they mean.

    Attributes:
        counts: how often each class was found.
        white: how many leukocytes there are together; 0 where images are not single cells.
        shares: of each leukocyte class among `white`, 0 to 1; nan for every other class.
        per_hundred: erythroblasts (NRBC) per 100 leukocytes; nan for every other class.
    """

    counts: Counts
    white: int
    shares: Floats
    per_hundred: Floats


def differential(counts: Counts, roles: Sequence[Role], unit: Unit) -> Differential:
    """Shares of the leukocytes alone; erythroblasts per 100 of them; platelets only counted.

    Nucleated red cells are no part of the 100 but are given per 100 leukocytes, and platelets are
    neither (CLSI H20-A2; ICSH 2015, Int J Lab Hematol 37:287-303). An image of a whole field is no
    cell, so there are only counts then.

    Args:
        counts: of each class, (C,).
        roles: of each class, as the model's contract gives them.
        unit: what one image shows.

    Raises:
        ValueError: not one role for each count, or a count below 0.
    """
    found = np.asarray(counts, np.int64)
    if found.shape != (len(roles),) or (found < 0).any():
        raise ValueError(f"{len(roles)} roles do not belong to the counts {found.tolist()}")
    cells = unit is Unit.CELL
    is_white = np.array([cells and role is Role.LEUKOCYTE for role in roles], np.bool_)
    is_red = np.array([cells and role is Role.NRBC for role in roles], np.bool_)
    white = int(found[is_white].sum())
    shares, per_hundred = (np.full(len(roles), np.nan) for _ in range(2))
    if white:
        shares[is_white] = found[is_white] / white
        per_hundred[is_red] = 100 * found[is_red] / white
    return Differential(found, white, shares, per_hundred)


def cells_needed(first: float, second: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """How many cells tell a share of `second` from one of `first`: 528 for 20 % and 25 %.

    Two-sided test of one share against a fixed one, normal approximation (Fleiss, Levin & Paik
    2003, Statistical Methods for Rates and Proportions, 3rd ed., section 2.5):
    n = ((z(1 - alpha/2) sqrt(p0 q0) + z(power) sqrt(p1 q1)) / (p1 - p0))^2, rounded up.

    Args:
        first: the share that is doubted, p0, between 0 and 1.
        second: the share that shall be found, p1, between 0 and 1, other than `first`.
        alpha: how often a difference is found where there is none.
        power: how often the difference is found where there is one.

    Raises:
        ValueError: shares that are equal or not between 0 and 1, or a power not above alpha.
    """
    if not (0 < first < 1 and 0 < second < 1 and first != second):
        raise ValueError(f"{first} and {second} are not two shares between 0 and 1")
    if not 0 < alpha < power < 1:
        raise ValueError(f"a power of {power} at {alpha} is none")
    normal = NormalDist()
    spread = normal.inv_cdf(1 - alpha / 2) * math.sqrt(first * (1 - first))
    spread += normal.inv_cdf(power) * math.sqrt(second * (1 - second))
    return math.ceil((spread / (second - first)) ** 2 - 1e-9)
