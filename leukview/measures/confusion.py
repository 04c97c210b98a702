"""Confusion matrices and what follows from them, in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PerClass:
    """Figures of each class, (C,); nan where a figure is not defined (no images to divide by)."""

    sensitivity: Floats
    precision: Floats
    f1: Floats
    specificity: Floats
    kappa: Floats


def matrix(rows: Counts, columns: Counts, n: int) -> Counts:
    """Counts (n, n) of pairs.

    Args:
        rows: class indices (N,), 0 to n - 1, what counts as right (decision or true class).
        columns: class indices (N,), what is judged (suggestion).
        n: number of classes.

    Raises:
        ValueError: an index outside 0..n-1, or arrays of different length.
    """
    pairs = np.stack([np.asarray(rows, np.int64), np.asarray(columns, np.int64)])
    if pairs.size and (pairs.min() < 0 or pairs.max() >= n):
        raise ValueError(f"class indices must lie between 0 and {n - 1}")
    return np.bincount(pairs[0] * n + pairs[1], minlength=n * n).reshape(n, n).astype(np.int64)


def per_class(counts: Counts) -> PerClass:
    """Each class against all others, from counts (C, C) with what is right in rows."""
    right = np.diag(counts).astype(np.float64)
    truth, said, all_ = counts.sum(axis=1), counts.sum(axis=0), counts.sum()
    return PerClass(
        sensitivity=_share(right, truth),
        precision=_share(right, said),
        f1=_share(2 * right, truth + said),
        specificity=_share(all_ - truth - said + right, all_ - truth),
        kappa=_kappa_each(right, truth, said, float(all_)),
    )


def kappa(counts: Counts) -> float:
    """Cohen's kappa of counts (C, C); nan where it is not defined (no rows, or one class only).

    Cohen 1960, Educational and Psychological Measurement 20:37-46.
    """
    total = float(counts.sum())
    if total == 0:
        return float("nan")
    observed = float(np.trace(counts)) / total
    expected = float((counts.sum(axis=0) * counts.sum(axis=1)).sum()) / total**2
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def _kappa_each(right: Floats, truth: Counts, said: Counts, n: float) -> Floats:
    """Cohen's kappa of each class against the rest, from its two by two table."""
    if not n:
        return np.full(len(right), np.nan)
    first, second = truth / n, said / n
    expected = first * second + (1 - first) * (1 - second)
    observed = (n - truth - said + 2 * right) / n
    return _share(observed - expected, np.where(expected < 1, 1 - expected, 0.0))


def _share(part: Floats, whole: Floats | Counts) -> Floats:
    out = np.full(len(part), np.nan)
    np.divide(part, whole, out=out, where=np.asarray(whole) > 0)
    return out
