"""Figures of a table of predictions; scikit-learn computes them."""

from __future__ import annotations

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
    shown = np.unique(truth).tolist() if positive is None else [positive]
    one = [_against_the_rest(truth, said, probabilities, c) for c in shown]
    means = {name: float(np.mean([values[name] for values in one])) for name in one[0]}
    present = np.unique(truth)
    means |= {
        "accuracy": float(sk.accuracy_score(truth, said)),
        "balanced accuracy": float(
            sk.recall_score(truth, said, labels=present, average="macro", zero_division=0)
        ),
        "weighted F1": float(
            sk.f1_score(truth, said, labels=present, average="weighted", zero_division=0)
        ),
        "Cohen's kappa": _kappa(truth, said),
    }
    return {name: means[name] for name in SCORES}


def _against_the_rest(truth: Ints, said: Ints, probabilities: Floats, c: int) -> dict[str, float]:
    is_c, says_c = truth == c, said == c
    both = 0 < np.sum(is_c) < len(truth)
    precision = float(sk.precision_score(is_c, says_c, zero_division=0))
    return {
        "precision": precision,
        "recall": float(sk.recall_score(is_c, says_c, zero_division=0)),
        "F1": float(sk.f1_score(is_c, says_c, zero_division=0)),
        "specificity": float(sk.recall_score(~is_c, ~says_c, zero_division=0)) if both else np.nan,
        "ROC-AUC": float(sk.roc_auc_score(is_c, probabilities[:, c])) if both else np.nan,
        "average precision": (
            float(sk.average_precision_score(is_c, probabilities[:, c])) if both else np.nan
        ),
        EQUATION_5: precision,
        EQUATION_6: float(sk.precision_score(~is_c, ~says_c, zero_division=0)),
    }


def _kappa(truth: Ints, said: Ints) -> float:
    # Of one class that is always said, agreement by chance is complete and kappa 0 / 0.
    if len(np.unique(np.concatenate([truth, said]))) < 2:
        return np.nan
    return float(sk.cohen_kappa_score(truth, said))


def _auc(truth: Ints, probabilities: Floats, numbers: list[int]) -> float:
    present = [n for n in numbers if 0 < np.sum(truth == n) < len(truth)]
    return float(np.mean([sk.roc_auc_score(truth == n, probabilities[:, n]) for n in present]))
