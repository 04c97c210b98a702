from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from leukview.measures import confusion


@pytest.fixture(params=range(20))
def pairs(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(request.param)
    n = int(rng.integers(2, 9))
    truth, said = rng.integers(0, n, (2, 200))
    truth[:n] = said[:n] = np.arange(n)
    return truth, said, n


def test_everything_agrees_with_scikit_learn(pairs: tuple[np.ndarray, np.ndarray, int]) -> None:
    truth, said, n = pairs
    counts = confusion.matrix(truth, said, n)
    labels = list(range(n))
    np.testing.assert_array_equal(counts, sk.confusion_matrix(truth, said, labels=labels))
    assert confusion.kappa(counts) == pytest.approx(sk.cohen_kappa_score(truth, said))
    found = confusion.per_class(counts)
    for values, score in (
        (found.sensitivity, sk.recall_score),
        (found.precision, sk.precision_score),
        (found.f1, sk.f1_score),
    ):
        np.testing.assert_allclose(values, score(truth, said, labels=labels, average=None))
    inverse = [sk.recall_score(truth != c, said != c) for c in labels]
    np.testing.assert_allclose(found.specificity, inverse)
    alone = [sk.cohen_kappa_score(truth == c, said == c) for c in labels]
    np.testing.assert_allclose(found.kappa, alone, atol=1e-12)


def test_what_cannot_be_computed_is_nan() -> None:
    assert math.isnan(confusion.kappa(np.zeros((2, 2), np.int64)))
    assert math.isnan(confusion.kappa(np.array([[4, 0], [0, 0]])))
    assert math.isnan(confusion.per_class(np.array([[4, 0], [0, 0]])).sensitivity[1])
    assert np.isnan(confusion.per_class(np.array([[4, 0], [0, 0]])).kappa).all()
    assert np.isnan(confusion.per_class(np.zeros((2, 2), np.int64)).kappa).all()


def test_a_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        confusion.matrix(np.array([0]), np.array([2]), 2)
