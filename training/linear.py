"""A linear head by logistic regression on the features of a frozen trunk.

On all4, with looks held out and the scale bar left in, it reached 0.884 where dropout, AdamW and
copies of other angles and stains on the same trunk gave 0.860, and a fit of blocks 6 and 7 0.879.
"""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from training.config import Stage
from training.data.splits import Parts
from training.train import Material


def fit_linear(head: keras.Model, material: Material, parts: Parts, stage: Stage) -> None:
    """Fit a head of one dense layer in place, on the choose part too: there is nothing to choose.

    The caller leaves that part empty where something else needs it.

    Features are scaled to unit variance for the penalty (L2, `stage.strength` is scikit-learn's C),
    and the scaling goes into the layer's weights.

    Raises:
        ValueError: the head has more layers than one, or there are no features.
    """
    weighted = [layer.name for layer in head.layers if layer.weights]
    if weighted != ["logits"]:
        raise ValueError(f"a linear stage fits one dense layer, and this head has {weighted}")
    if material.features is None:
        raise ValueError("a linear stage needs features; run the features step first")
    rows = np.concatenate([parts.fit, parts.choose])
    x = np.concatenate([copy[rows] for copy in material.features]).astype(np.float64)
    y = np.tile(material.y[rows], len(material.features))
    kernel, bias = logistic(x, y, material.class_count, stage.strength, balanced=stage.balanced)
    head.get_layer("logits").set_weights([kernel, bias])


def logistic(
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    class_count: int,
    strength: float,
    *,
    balanced: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (D, C) and bias (C,) of logits = x @ kernel + bias, from features (N, D) and classes.

    Raises:
        ValueError: a class has no row.
    """
    if len(np.unique(y)) != class_count:
        raise ValueError(f"only {len(np.unique(y))} of {class_count} classes have images to fit on")
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(
        C=strength, class_weight="balanced" if balanced else None, max_iter=1000
    ).fit(scaler.transform(x), y)
    kernel = (model.coef_ / scaler.scale_).T
    bias = model.intercept_ - scaler.mean_ @ kernel
    if class_count == 2:  # one logit against zero, here half of it for each class
        kernel, bias = np.hstack([-kernel, kernel]) / 2, np.hstack([-bias, bias]) / 2
    return kernel.astype(np.float32), bias.astype(np.float32)
