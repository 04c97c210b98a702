"""How good confidences are: ROC, precision and recall, reliability, and what a threshold does.

Plain numpy; tests compare with scikit-learn. Every curve sorts once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.measures.confusion import Floats

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curves:
    """ROC and precision-recall of one class against all others, (T + 1,) each.

    The first point is above every score, so nothing is called the class there.

    Attributes:
        false_positive: share of the others that a threshold lets through, 0 to 1, rising.
        recall: share of the class that is found, 0 to 1, rising; the ROC's other axis.
        precision: share of what is found that is the class; 1 where nothing is found.
        area: under the ROC; nan without both sides.
        average_precision: sum of precision times the step of recall; nan without the class.
        positive, negative: how many of the class, and others.
    """

    false_positive: Floats
    recall: Floats
    precision: Floats
    area: float
    average_precision: float
    positive: int
    negative: int


def curves(scores: NDArray[np.floating], positive: Flags) -> Curves:
    """Both curves, one point for each different score.

    Args:
        scores: of being the class, (N,), larger is surer, without nan.
        positive: whether it is the class, (N,).

    Raises:
        ValueError: arrays of different length, or a nan.
    """
    values, is_it = np.asarray(scores), np.asarray(positive, np.bool_)
    if values.shape != is_it.shape or np.isnan(values).any():
        raise ValueError("each score needs a class, and to be a number")
    order = np.argsort(-values)  # of equal scores only the sum is used
    values, hits = values[order], np.cumsum(is_it[order])
    ends = np.flatnonzero(np.append(values[1:] != values[:-1], True)) if len(values) else hits
    found = np.concatenate([[0], hits[ends]]).astype(np.float64)
    called = np.concatenate([[0], ends + 1]).astype(np.float64)
    p, n = int(is_it.sum()), int((~is_it).sum())
    recall, false = (
        part / whole if whole else np.full(len(part), np.nan)
        for part, whole in ((found, p), (called - found, n))
    )
    precision = np.ones(len(found))
    np.divide(found, called, out=precision, where=called > 0)
    return Curves(
        false_positive=false,
        recall=recall,
        precision=precision,
        area=float(np.trapezoid(recall, false)) if p and n else float("nan"),
        average_precision=float((np.diff(recall) * precision[1:]).sum()) if p else float("nan"),
        positive=p,
        negative=n,
    )


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a confidence was right, in bins; only those that hold something, (B,).

    Attributes:
        confidence: mean in the bin, 0 to 1.
        n, right: how many are in it, and of these right.
        error: expected calibration error, mean over all of |share right - confidence| per bin
            (Guo et al. 2017, ICML, 1321-1330); nan without any.
    """

    confidence: Floats
    n: NDArray[np.int64]
    right: NDArray[np.int64]
    error: float


def reliability(confidence: NDArray[np.floating], right: Flags, bins: int = 10) -> Reliability:
    """Group by confidence in bins of equal width, each without its lower end but the first.

    Args:
        confidence: (N,), 0 to 1.
        right: (N,).
        bins: how many.

    Raises:
        ValueError: arrays of different length, or a confidence outside 0 to 1.
    """
    values = np.asarray(confidence, np.float64)
    if values.shape != np.shape(right) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("each confidence lies between 0 and 1 and is right or not")
    place = np.clip(np.ceil(values * bins).astype(np.int64) - 1, 0, bins - 1)
    n = np.bincount(place, minlength=bins)
    hits = np.bincount(place, weights=np.asarray(right, np.float64), minlength=bins)
    total = np.bincount(place, weights=values, minlength=bins)
    some = n > 0
    off = float(np.abs(hits - total).sum()) / len(values) if len(values) else float("nan")
    return Reliability(total[some] / n[some], n[some], hits[some].astype(np.int64), off)


@dataclass(frozen=True, slots=True)
class Below:
    """What a threshold leaves for review, and what it lets pass.

    Attributes:
        below, judged_below, wrong_below: images with a confidence below it; of these with a
            reference (a decision, say); of these with another class than was suggested.
        above, judged_above, wrong_above: the same of all others.
    """

    below: int
    judged_below: int
    wrong_below: int
    above: int
    judged_above: int
    wrong_above: int


class Thresholds:
    """Confidences, sorted once, so that a threshold costs two searches and no pass over all."""

    def __init__(self, confidence: NDArray[np.floating], judged: Flags, wrong: Flags) -> None:
        """Take (N,) each, without nan; wrong ones count where they are judged.

        Raises:
            ValueError: arrays of different length.
        """
        values = np.asarray(confidence)
        if not values.shape == np.shape(judged) == np.shape(wrong):
            raise ValueError("each confidence is judged or not, and wrong or not")
        known = values[judged]
        order = np.argsort(known)
        # As the classifier compares them: 0.7 as float32 lies below 0.7 as a threshold.
        self._all = np.sort(values).astype(np.float64)
        self._known = known[order].astype(np.float64)
        self._wrong = np.concatenate([[0], np.cumsum(np.asarray(wrong, np.bool_)[judged][order])])

    def at(self, threshold: float) -> Below:
        """What is strictly below it, as a model's threshold is meant, and what is not."""
        below = int(np.searchsorted(self._all, threshold))
        judged = int(np.searchsorted(self._known, threshold))
        wrong, all_wrong = int(self._wrong[judged]), int(self._wrong[-1])
        return Below(
            below=below,
            judged_below=judged,
            wrong_below=wrong,
            above=len(self._all) - below,
            judged_above=len(self._known) - judged,
            wrong_above=all_wrong - wrong,
        )
