"""Figures of a table of predictions; scikit-learn computes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Equations 5 and 6 of Batool & Byun 2023 are conditional probabilities; their text says what is
# meant: that an image called positive is positive, and that one called negative is negative.
EQUATION_5, EQUATION_6 = "positive predictive value (eq. 5)", "negative predictive value (eq. 6)"
SCORES = (
    "accuracy",
    "precision",
    "recall",
    "F1",
    "specificity",
    "balanced accuracy",
    "weighted F1",
    "ROC-AUC",
    "average precision",
    "Cohen's kappa",
    EQUATION_5,
    EQUATION_6,
)


def figures(truth: Ints, probabilities: Floats, class_ids: tuple[str, ...]) -> dict[str, float]:
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


def scores(truth: Ints, probabilities: Floats, positive: int | None = None) -> dict[str, float]:
    """All figures of `SCORES`, in that order.

    With a positive class, precision, recall, F1, specificity, ROC-AUC, average precision and the
    predictive values are that class's; without one they are means over the classes, each against
    the rest. Classes that `truth` does not show stay out of means. A predictive value of something
    never said is 0, and a figure that has no meaning (ROC-AUC of a single class) is NaN.

    Args:
        truth: class indices (N,).
        probabilities: (N, C), rows sum to 1.
        positive: index of the positive class (the paper: leukemia) of two.
    """
    said = probabilities.argmax(axis=1)
    shown = np.unique(truth)
    asked = shown if positive is None else shown[shown == positive]
    # One count for all figures: a function of scikit-learn for each takes four times as long, and
    # the bootstrap asks a thousand times.
    each = sk.multilabel_confusion_matrix(truth, said, labels=shown).astype(np.float64)
    (tn, fp), (fn, tp) = each.transpose(1, 2, 0)
    f1 = 2 * tp / (2 * tp + fp + fn)
    accuracy = float(tp.sum() / len(truth))
    chance = float(np.sum((tp + fn) * (tp + fp)) / len(truth) ** 2)
    out = {
        "accuracy": accuracy,
        "balanced accuracy": float(np.mean(tp / (tp + fn))),
        "weighted F1": float(np.average(f1, weights=tp + fn)),
        # Of one class that is always said, agreement by chance is complete and kappa 0 / 0.
        "Cohen's kappa": (accuracy - chance) / (1 - chance) if chance < 1 else np.nan,
    }
    per_class = {
        "precision": _share(tp, tp + fp, 0.0),
        "recall": tp / (tp + fn),
        "F1": f1,
        "specificity": _share(tn, tn + fp, np.nan),
        EQUATION_5: _share(tp, tp + fp, 0.0),
        EQUATION_6: _share(tn, tn + fn, 0.0),
    }
    out |= {name: _mean(value[np.isin(shown, asked)]) for name, value in per_class.items()}
    ranked = {"ROC-AUC": sk.roc_auc_score, "average precision": sk.average_precision_score}
    for name, score in ranked.items():
        several = len(shown) > 1
        out[name] = _mean([score(truth == c, probabilities[:, c]) for c in asked if several])
    return {name: out[name] for name in SCORES}


def _share(part: Floats, whole: Floats, of_nothing: float) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, of_nothing), where=whole > 0)


def _mean(values: Sequence[float] | Floats) -> float:
    return float(np.mean(values)) if len(values) else np.nan


def _auc(truth: Ints, probabilities: Floats, numbers: list[int]) -> float:
    present = [n for n in numbers if 0 < np.sum(truth == n) < len(truth)]
    return float(np.mean([sk.roc_auc_score(truth == n, probabilities[:, n]) for n in present]))
