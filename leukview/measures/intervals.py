"""Confidence intervals of a share, without scipy (tests compare with it)."""

from __future__ import annotations

import math
from statistics import NormalDist

_STEPS = 200  # of the continued fraction; 20 are enough for counts of a slide


def clopper_pearson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of k of n (Clopper & Pearson 1934, Biometrika 26:404-413; Rümke's tables).

    Args:
        k: how many, 0 to n.
        n: of how many; 0 gives (0, 1), for nothing is known.
        level: of confidence, 0 to 1.

    Raises:
        ValueError: k outside 0..n, or a level outside 0..1.
    """
    _check(k, n, level)
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else _beta_quantile(tail, k, n - k + 1)
    high = 1.0 if k == n else _beta_quantile(1 - tail, k + 1, n - k)
    return low, high


def wilson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of k of n (Wilson 1927, J Am Stat Assoc 22:209-212). Same arguments."""
    _check(k, n, level)
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, square = k / n, z * z / n
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return (0.0 if k == 0 else middle - half), (1.0 if k == n else middle + half)


def _check(k: int, n: int, level: float) -> None:
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")


def _beta_quantile(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = p: Newton's steps, halved where one would leave what is known.

    By halving alone it took 60 steps, and a tenth of a second for eight classes. It begins at the
    quantile of the normal distribution of the same mean and spread, and ends with the step after
    which another one would change nothing: each doubles the digits.
    """
    low, high, x = 0.0, 1.0, a / (a + b)
    near = x + NormalDist().inv_cdf(p) * math.sqrt(x * (1 - x) / (a + b + 1))
    x = near if low < near < high else x
    log_scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(200):
        over = _beta_share(x, a, b) - p
        low, high = (x, high) if over < 0 else (low, x)
        log_density = log_scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)
        density = math.exp(log_density)
        further = x - over / density if density else -1.0
        if not low < further < high:
            further = (low + high) / 2
        if abs(further - x) <= 1e-9 * min(x, 1 - x):
            return further
        x = further
    return x


def _beta_share(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b) (DLMF 8.17.22, modified Lentz)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on this side only
        return 1 - _beta_share(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_front += a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    out = d
    for m in range(1, max(_STEPS, int(3 * math.sqrt(max(a, b))))):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = out
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            out *= c * d
        if abs(out / before - 1) < 1e-15:
            break
    return math.exp(log_front) * out / a


def _away(value: float) -> float:
    """Not zero: Lentz' method divides by it."""
    return value if abs(value) > 1e-300 else 1e-300
