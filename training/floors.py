"""What a network has to beat: four ways to classify that have learnt nothing of cells.

A floor sees the same fit, choose and test parts as a network. The strength of a linear one is
chosen on the choose part, as a network's checkpoint is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from training.data.splits import Parts

Floats = NDArray[np.float64]
Floor = Literal["majority class", "mean colour", "cell area", "frozen features"]
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # inverse penalties of the linear classifier
BLACK = 8  # grey levels; JPEG and resizing leave some noise on a black ground


@dataclass(frozen=True)
class About:
    """A floor in words: its title, and what it sees."""

    title: str
    sees: str


FLOORS: dict[Floor, About] = {
    "majority class": About("Majority class", "nothing"),
    "mean colour": About("Mean colour + linear", "mean red, green and blue"),
    "cell area": About("Cell area + linear", "share of pixels that are no ground"),
    "frozen features": About("Frozen features + linear", "features of the trunk, none fitted"),
}


def mean_colours(pixels: NDArray[np.uint8]) -> Floats:
    """Mean of each channel (N, 3) of images (N, H, W, 3)."""
    return np.array([cv2.mean(np.asarray(image))[:3] for image in pixels])


def cell_areas(pixels: NDArray[np.uint8]) -> Floats:
    """Share of pixels that are no ground (N, 1).

    The ground is black where cells were segmented, as in C-NMC: what is brighter is cell. On a
    bright field the stained part is what Otsu's threshold of the green channel leaves darker.
    """
    return np.array([[_area(np.asarray(image))] for image in pixels])


def _area(image: NDArray[np.uint8]) -> float:
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.median(border) <= BLACK:
        return float(np.mean(image.max(axis=2) > BLACK))
    green = np.ascontiguousarray(image[:, :, 1])
    threshold, _ = cv2.threshold(green, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(np.mean(green <= threshold))


def predict(
    floor: Floor, x: NDArray[np.floating[Any]], y: NDArray[np.int64], parts: Parts, classes: int
) -> Floats:
    """Probabilities (n, C) of the test rows.

    Args:
        floor: by name.
        x: what the floor sees, (N, D); the majority class does not look.
        y: class indices (N,).
        parts: of one fold.
        classes: C.
    """
    if floor == "majority class":
        # Certain, not by its share: shares differ from fold to fold, and pooled they would rank
        # images by their fold (ROC-AUC 0.43 on cnmc).
        counts = np.bincount(y[parts.fit], minlength=classes)
        return np.tile(np.eye(classes)[counts.argmax()], (len(parts.test), 1))
    model = _linear(x, y, parts)
    out = np.zeros((len(parts.test), classes))
    out[:, model.classes_] = model.predict_proba(x[parts.test])
    return out


def _linear(x: NDArray[np.floating[Any]], y: NDArray[np.int64], parts: Parts) -> Pipeline:
    """The classifier whose strength gives the best balanced accuracy on the choose part."""
    best, kept = -1.0, None
    for strength in STRENGTHS:
        fit = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
        model = make_pipeline(StandardScaler(), fit).fit(x[parts.fit], y[parts.fit])
        reached = _balanced(y[parts.choose], model.predict(x[parts.choose]))
        if reached > best:
            best, kept = reached, model
    return kept


def _balanced(truth: NDArray[np.int64], said: NDArray[np.int64]) -> float:
    """Over the classes that are there."""
    shown = np.unique(truth)
    return float(recall_score(truth, said, labels=shown, average="macro", zero_division=0))


def predict_all(
    floor: Floor,
    x: NDArray[np.floating[Any]],
    y: NDArray[np.int64],
    parts: Mapping[str, Parts],
    classes: int,
) -> dict[str, Floats]:
    """`predict` for every part that has test rows, by name."""
    return {n: predict(floor, x, y, p, classes) for n, p in parts.items() if len(p.test)}
