from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from training.metrics import EQUATION_5, EQUATION_6, SCORES, figures, scores


def test_figures_of_a_small_table_by_hand() -> None:
    truth = np.array([0, 0, 0, 1])
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    found = figures(truth, p, ("hem", "all"))
    assert found["accuracy"] == pytest.approx(0.75)
    assert found["recall hem"] == pytest.approx(2 / 3)
    assert found["recall all"] == pytest.approx(1.0)
    assert found["balanced accuracy"] == pytest.approx(5 / 6)
    assert found["ROC-AUC"] == pytest.approx(1.0)


def test_a_class_without_images_does_not_pull_the_balance_down() -> None:
    truth = np.array([0, 1])
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    assert figures(truth, p, ("a", "b", "c"))["balanced accuracy"] == 1.0
    assert scores(truth, p)["recall"] == 1.0


def as_probabilities(said: list[int], classes: int) -> np.ndarray:
    return np.eye(classes)[said] * 0.5 + 0.5 / classes


def test_scores_of_the_papers_own_confusion_matrix_by_hand() -> None:
    """358 of 364 leukemia and 165 of 171 normal: Fig. 7 of Batool & Byun 2023."""
    truth = np.array([1] * 364 + [0] * 171)
    said = [1] * 358 + [0] * 6 + [0] * 165 + [1] * 6
    found = scores(truth, as_probabilities(said, 2), positive=1)
    assert tuple(found) == SCORES
    by_hand = {
        "accuracy": 523 / 535,
        "precision": 358 / 364,
        "recall": 358 / 364,
        "F1": 358 / 364,
        "specificity": 165 / 171,
        "balanced accuracy": (358 / 364 + 165 / 171) / 2,
        "weighted F1": (364 * 358 / 364 + 171 * 165 / 171) / 535,
        "ROC-AUC": (358 / 364 + 165 / 171) / 2,  # of answers without degrees
        EQUATION_5: 358 / 364,
        EQUATION_6: 165 / 171,
    }
    assert {name: found[name] for name in by_hand} == pytest.approx(by_hand)
    chance = (364 * 364 + 171 * 171) / 535**2
    assert found["Cohen's kappa"] == pytest.approx((523 / 535 - chance) / (1 - chance))


def test_scores_of_several_classes_are_means_of_each_against_the_rest() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2])
    p = np.array(
        [
            [0.7, 0.2, 0.1],
            [0.3, 0.6, 0.1],
            [0.1, 0.8, 0.1],
            [0.2, 0.5, 0.3],
            [0.2, 0.2, 0.6],
            [0.5, 0.1, 0.4],
        ]
    )
    found = scores(truth, p)
    assert found["precision"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found["recall"] == found["balanced accuracy"] == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert found["specificity"] == pytest.approx((3 / 4 + 3 / 4 + 1) / 3)
    assert found[EQUATION_6] == pytest.approx((3 / 4 + 1 + 4 / 5) / 3)
    assert found["ROC-AUC"] == pytest.approx(sk.roc_auc_score(truth, p, multi_class="ovr"))
    assert found["average precision"] == pytest.approx(
        sk.average_precision_score(np.eye(3)[truth], p, average="macro")
    )


def test_what_has_no_meaning_is_no_number() -> None:
    truth = np.array([1, 1, 1])
    found = scores(truth, as_probabilities([1, 1, 1], 2), positive=1)
    for name in ("ROC-AUC", "specificity", "average precision", "Cohen's kappa"):
        assert math.isnan(found[name])
    assert found["recall"] == found["accuracy"] == 1.0
    none = scores(truth, as_probabilities([1, 1, 0], 2), positive=0)
    assert math.isnan(none["recall"])
    assert none["accuracy"] == pytest.approx(2 / 3)


def test_scores_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, p = rng.integers(0, 4, 200), rng.dirichlet(np.ones(4), 200)
    said, found = p.argmax(axis=1), scores(truth, p)
    expected = {
        "accuracy": sk.accuracy_score(truth, said),
        "precision": sk.precision_score(truth, said, average="macro"),
        "recall": sk.recall_score(truth, said, average="macro"),
        "F1": sk.f1_score(truth, said, average="macro"),
        "balanced accuracy": sk.balanced_accuracy_score(truth, said),
        "weighted F1": sk.f1_score(truth, said, average="weighted"),
        "ROC-AUC": sk.roc_auc_score(truth, p, multi_class="ovr"),
        "average precision": sk.average_precision_score(np.eye(4)[truth], p),
        "Cohen's kappa": sk.cohen_kappa_score(truth, said),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_scores_of_one_positive_class_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    truth, p = rng.integers(0, 2, 200), rng.dirichlet(np.ones(2), 200)
    said, found = p.argmax(axis=1), scores(truth, p, positive=1)
    expected = {
        "precision": sk.precision_score(truth, said),
        "recall": sk.recall_score(truth, said),
        "F1": sk.f1_score(truth, said),
        "specificity": sk.recall_score(1 - truth, 1 - said),
        "weighted F1": sk.f1_score(truth, said, average="weighted"),
        "ROC-AUC": sk.roc_auc_score(truth, p[:, 1]),
        "average precision": sk.average_precision_score(truth, p[:, 1]),
        EQUATION_6: sk.precision_score(1 - truth, 1 - said),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
