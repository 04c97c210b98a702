from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from training.uncertainty import bootstrap, groups_per_class, holm, mcnemar, permutation


def test_groups_are_counted_by_the_classes_that_they_show() -> None:
    truth = np.array([0, 0, 1, 1, 1])
    assert groups_per_class(truth, np.array(["a", "b", "b", "c", "c"])) == {0: 2, 1: 2}


@pytest.mark.parametrize(("b", "c"), [(9, 1), (3, 3), (0, 0), (0, 5), (40, 21)])
def test_mcnemar_is_the_exact_binomial_test_of_the_images_that_differ(b: int, c: int) -> None:
    first = np.array([True] * b + [False] * c + [True, False] * 4)
    second = np.array([False] * b + [True] * c + [True, False] * 4)
    found = mcnemar(first, second)
    assert (found.first, found.second) == (b, c)
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert found.p == pytest.approx(expected)


def test_permutation_of_few_groups_tries_all_ways() -> None:
    """Ten groups, all for the first system: only 2 of 1,024 ways are as far apart."""
    groups = np.repeat([f"g{k}" for k in range(10)], 6)
    truth = np.arange(60) % 2
    first, second = np.ones(60, bool), np.ones(60, bool)
    second[::6] = False
    found = permutation(truth, groups, first, second)
    assert found.p == pytest.approx(2 / 1024)
    assert found.groups == 10
    assert found.difference == pytest.approx(10 / 30 / 2)  # ten of thirty images of one class


def test_many_images_of_one_group_are_one_piece_of_evidence() -> None:
    """Eighty images better, all of one subject: McNemar is impressed, groups are not."""
    groups = np.array(["one"] * 80 + [f"g{k}" for k in range(20)])
    truth = np.arange(100) % 2
    first, second = np.ones(100, bool), np.ones(100, bool)
    second[:80] = False
    assert permutation(truth, groups, first, second).p == 1.0
    assert mcnemar(first, second).p < 1e-20


def test_permutation_of_many_groups_draws_and_never_says_zero() -> None:
    groups = np.array([f"g{k}" for k in range(40)])
    truth, first = np.arange(40) % 2, np.ones(40, bool)
    found = permutation(truth, groups, first, ~first, draws=99, seed=1)
    assert found.p == pytest.approx(1 / 100)
    again = permutation(truth, groups, first, ~first, draws=99, seed=1)
    assert again == found


def test_equal_systems_do_not_differ() -> None:
    right = np.array([True, False, True, True])
    groups = np.array(["a", "b", "c", "d"])
    found = permutation(np.array([0, 0, 1, 1]), groups, right, right)
    assert (found.difference, found.p) == (0.0, 1.0)


def test_bootstrap_draws_groups_so_that_clustered_errors_widen_the_interval() -> None:
    """Twenty groups, each wholly right or wrong: the interval is that of twenty, not of 200."""
    groups = np.repeat([f"g{k:02}" for k in range(20)], 10)
    truth = np.zeros(200, np.int64)
    right = np.repeat(np.arange(20) % 2, 10).astype(float)

    def share(rows: np.ndarray) -> list[float]:
        return [float(right[rows].mean())]

    low, high = bootstrap(truth, groups, share, draws=2000)
    # Binomial of twenty at one half: its 2.5 % and 97.5 % points are 6 and 14.
    assert low[0] == pytest.approx(stats.binom(20, 0.5).ppf(0.025) / 20, abs=0.051)
    assert high[0] == pytest.approx(stats.binom(20, 0.5).ppf(0.975) / 20, abs=0.051)
    alone = np.array([f"g{k}" for k in range(200)])
    narrow_low, narrow_high = bootstrap(truth, alone, share, draws=500)
    assert narrow_high[0] - narrow_low[0] < 0.5 * (high[0] - low[0])


def test_bootstrap_never_loses_a_class_and_repeats_itself() -> None:
    truth = np.array([0] * 20 + [1] * 2)
    groups = np.array([f"g{k}" for k in range(22)])
    counts = []

    def score(rows: np.ndarray) -> list[float]:
        counts.append(np.bincount(truth[rows], minlength=2).tolist())
        return [float(rows.mean()), np.nan if len(counts) % 2 else 1.0]

    first = bootstrap(truth, groups, score, draws=50, seed=3)
    assert counts == [[20, 2]] * 50
    assert [end[1] for end in first] == [1.0, 1.0]
    counts.clear()
    again = bootstrap(truth, groups, score, draws=50, seed=3)
    np.testing.assert_array_equal(first, again)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
