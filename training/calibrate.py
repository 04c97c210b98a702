"""Temperature and review threshold, from rows that no fit has seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from leukview.contract import ReviewThreshold

Floats = NDArray[np.float64]
RESIDUAL_ERROR = 0.02  # what may be wrong among images that are not put up for review
LEAST_COVERAGE = 0.2  # below this a threshold rests on too few images


def softmax(logits: Floats, temperature: float) -> Floats:
    """Probabilities (N, C) of logits (N, C) at a temperature."""
    return np.asarray(special.softmax(logits / temperature, axis=1))


def fit_temperature(logits: Floats, truth: NDArray[np.int64]) -> float:
    """T that minimises the mean log loss of softmax(logits / T), (N, C) and (N,).

    Guo et al. 2017, "On Calibration of Modern Neural Networks". Searched from 0.05 to 20.
    """

    def loss(log_t: float) -> float:
        lines = special.log_softmax(logits / np.exp(log_t), axis=1)
        return float(-lines[np.arange(len(truth)), truth].mean())

    found = optimize.minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def at_one(probabilities: Floats, temperature: float) -> Floats:
    """The probabilities (N, C) of the same logits at temperature 1.

    A table has six decimals: a class that has 0 there may have had 5e-7, which is raised to the
    power T (2e-5 at 0.75).
    """
    powers = probabilities**temperature
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Images whose largest probability lies in one stretch of 0..1.

    Attributes:
        low, high: its ends.
        count: of its images.
        confidence: mean of their largest probability.
        right: share of them that are right.
    """

    low: float
    high: float
    count: int
    confidence: float
    right: float


def bins_of(probabilities: Floats, truth: NDArray[np.int64], bins: int = 15) -> list[Bin]:
    """The bins of equal width that hold images, from the lowest confidence up."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        Bin(
            low=int(b) / bins,
            high=(int(b) + 1) / bins,
            count=int(np.sum(place == b)),
            confidence=float(confidence[place == b].mean()),
            right=float(right[place == b].mean()),
        )
        for b in np.unique(place)
    ]


def calibration_error(probabilities: Floats, truth: NDArray[np.int64], bins: int = 15) -> float:
    """Expected calibration error over bins of equal width of the largest probability."""
    found = bins_of(probabilities, truth, bins)
    return sum(b.count * abs(b.right - b.confidence) for b in found) / len(truth)


def review_threshold(
    probabilities: Floats, truth: NDArray[np.int64], fold: NDArray[np.int64]
) -> ReviewThreshold:
    """The lowest confidence above which at most 2 % of these rows are wrong.

    Where no threshold that keeps a fifth of the rows reaches 2 %, the one at that coverage is
    taken. What it promises (error, upper bound, coverage, n) is counted on rows that did not choose
    it: each fold's rows by the threshold that the other folds choose.

    Args:
        probabilities: (N, C) of out-of-fold rows.
        truth: (N,) classes.
        fold: (N,) numbers.

    Raises:
        ValueError: only one fold, so that none is left to choose for it.
    """
    if len(np.unique(fold)) < 2:
        raise ValueError("a review threshold needs two folds: one to choose it, one to count")
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    above = np.zeros(len(truth), np.bool_)
    for number in np.unique(fold):
        mine = fold == number
        above[mine] = confidence[mine] >= _lowest(confidence[~mine], right[~mine])
    n, wrong = int(above.sum()), int((~right[above]).sum())
    upper = 1.0 if wrong == n else float(stats.beta.ppf(0.975, wrong + 1, n - wrong))
    return ReviewThreshold(
        confidence=_lowest(confidence, right),
        error=round(wrong / n, 6) if n else 1.0,
        upper=round(upper, 6),
        coverage=round(n / len(truth), 6),
        n=n,
    )


def _lowest(confidence: Floats, right: NDArray[np.bool_]) -> float:
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~right[order])
    counts = np.arange(1, len(right) + 1)
    kept = counts >= LEAST_COVERAGE * len(right)
    good = np.flatnonzero(kept & (errors / counts <= RESIDUAL_ERROR))
    last = int(good[-1]) if len(good) else int(np.flatnonzero(kept)[0])
    # Rounded up to two decimals, so that what a person reads is what the app applies.
    return min(0.99, float(np.ceil(confidence[order][last] * 100) / 100))
