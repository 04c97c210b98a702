"""Figures of a table of predictions; scikit-learn computes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

Floats = NDArray[np.float64]


def figures(
    truth: NDArray[np.int64], probabilities: Floats, class_ids: tuple[str, ...]
) -> dict[str, float]:
    """Named figures of predictions.

    Args:
        truth: class indices (N,).
        probabilities: (N, C), rows sum to 1.
        class_ids: the C ids, in order.

    Returns:
        `accuracy`, `balanced accuracy`, `macro F1`, `ROC-AUC` (one against the rest, macro) and
        `recall <id>` for each class.
    """
    said = probabilities.argmax(axis=1)
    numbers = list(range(len(class_ids)))
    recall = sk.recall_score(truth, said, labels=numbers, average=None, zero_division=0)
    out = {
        "accuracy": float(sk.accuracy_score(truth, said)),
        "balanced accuracy": float(np.mean(recall[np.isin(numbers, truth)])),
        "macro F1": float(
            sk.f1_score(truth, said, labels=numbers, average="macro", zero_division=0)
        ),
        "ROC-AUC": _auc(truth, probabilities, numbers),
    }
    out |= {f"recall {name}": float(r) for name, r in zip(class_ids, recall, strict=True)}
    return out


def _auc(truth: NDArray[np.int64], probabilities: Floats, numbers: list[int]) -> float:
    present = [n for n in numbers if 0 < np.sum(truth == n) < len(truth)]
    return float(np.mean([sk.roc_auc_score(truth == n, probabilities[:, n]) for n in present]))
