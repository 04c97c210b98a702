"""How unlike the training images an image is, from the pooled features alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
COMPONENTS = 128
SHRINK = 0.05  # share of the mean variance mixed into each direction's
QUANTILE = 0.99  # of held-out familiar images lie below the threshold


@dataclass(frozen=True)
class Familiarity:
    """Where embeddings of images that were not used for the fit usually lie.

    Attributes:
        projection: (D, K) within-class principal directions, each divided by its deviation.
        centres: (C, K) class means after the projection.
        typical, spread: median and robust deviation of ln(distance) over held-out folds.
        threshold: 99th percentile of the score over held-out folds.
    """

    projection: Floats
    centres: Floats
    typical: float
    spread: float
    threshold: float

    def score(self, embeddings: Floats) -> NDArray[np.float64]:
        """`|ln(distance) - typical| / spread` to the nearest class, (N,), as in the ONNX graph."""
        return np.abs(self.log_distance(embeddings) - self.typical) / self.spread

    def log_distance(self, embeddings: Floats) -> NDArray[np.float64]:
        return _log_distance(embeddings, self.projection, self.centres)


def directions_for(images: int) -> int:
    """How many directions may be fitted on so many images: one for two images, 128 at most.

    A distance of more directions than that is of noise: fitted images lie near, all others far.
    Distances in different numbers of directions are not comparable, so all folds take one number.
    """
    return max(1, min(COMPONENTS, images // 2))


def held_out(
    seen: Floats, y: NDArray[np.int64], unseen: Floats, components: int = COMPONENTS
) -> NDArray[np.float64]:
    """ln(distance) of images that a trunk was not fitted on, (M,).

    Args:
        seen: (N, D) embeddings of fitted images, by the same trunk as `unseen`.
        y: their classes (N,).
        unseen: (M, D).
        components: directions kept.

    Raises:
        ValueError: fewer than two fitted images for each component.
    """
    if len(seen) < 2 * components:
        raise ValueError(
            f"{len(seen)} fitted images are too few for {components} directions. No threshold was"
            " set. Fit on at least twice as many images."
        )
    return _log_distance(unseen, *_directions(seen, y, components))


def fit(
    embeddings: Floats,
    y: NDArray[np.int64],
    known: NDArray[np.float64],
    components: int = COMPONENTS,
) -> tuple[Familiarity, NDArray[np.float64]]:
    """Two-sided distance, calibrated on held-out images.

    Unfamiliar means unusually far or unusually near: foreign images excite the trunk weakly and
    fall into the middle of the cloud, where a plain Mahalanobis distance calls them familiar (AUC
    0.00 to 0.05, measured).

    Args:
        embeddings: (N, D) of the fitted images, by the trunk that is shipped.
        y: classes (N,).
        known: ln(distance) of familiar images in the folds that did not fit them, see `held_out`.
            A refitted trunk packs its own images too tightly to be calibrated on them.
        components: directions kept.

    Returns:
        What the graph needs, and the scores of `known`.
    """
    typical = float(np.median(known))
    spread = float(1.4826 * np.median(np.abs(known - typical)))
    scores = np.abs(known - typical) / spread
    threshold = float(np.quantile(scores, QUANTILE))
    projection, centres = _directions(embeddings, y, components)
    return Familiarity(projection, centres, typical, spread, threshold), scores


def auroc(familiar: NDArray[np.float64], foreign: NDArray[np.float64]) -> float:
    """Chance that a foreign image scores above a familiar one; 0.5 is worthless."""
    from sklearn.metrics import roc_auc_score

    truth = np.r_[np.zeros(len(familiar)), np.ones(len(foreign))]
    return float(roc_auc_score(truth, np.r_[familiar, foreign]))


def _directions(x: Floats, y: NDArray[np.int64], components: int) -> tuple[Floats, Floats]:
    rows = x.astype(np.float64)
    means = np.stack([rows[y == c].mean(axis=0) for c in range(int(y.max()) + 1)])
    _, singular, directions = np.linalg.svd(rows - means[y], full_matrices=False)
    variance = singular[:components] ** 2 / (len(rows) - len(means))
    variance = (1 - SHRINK) * variance + SHRINK * variance.mean()
    projection = directions[:components].T / np.sqrt(variance)
    return projection.astype(np.float32), (means @ projection).astype(np.float32)


def _log_distance(x: Floats, projection: Floats, centres: Floats) -> NDArray[np.float64]:
    offsets = (x @ projection)[:, None].astype(np.float64) - centres
    return np.asarray(np.log(np.linalg.norm(offsets, axis=-1).min(axis=1)))
