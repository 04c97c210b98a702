from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leukview.measures.intervals import clopper_pearson, wilson


@given(st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(max(n, 1)))))
@settings(max_examples=150, deadline=None)
def test_both_agree_with_scipy(pair: tuple[int, int]) -> None:
    k, n = pair
    for ours, method in ((clopper_pearson, "exact"), (wilson, "wilson")):
        theirs = stats.binomtest(k, n).proportion_ci(0.95, method)
        assert ours(k, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(
    ("k", "n", "exact", "score"),
    [
        (0, 100, (0.0, 3.6), (0.0, 3.7)),
        (5, 100, (1.6, 11.3), (2.2, 11.2)),
        (20, 100, (12.7, 29.2), (13.3, 28.9)),
        (100, 500, (16.6, 23.8), (16.7, 23.7)),
    ],
)
def test_known_differential_counts(
    k: int, n: int, exact: tuple[float, float], score: tuple[float, float]
) -> None:
    assert tuple(round(100 * v, 1) for v in clopper_pearson(k, n)) == exact
    assert tuple(round(100 * v, 1) for v in wilson(k, n)) == score


def test_a_hundred_thousand_images_are_no_problem() -> None:
    theirs = stats.binomtest(43_210, 100_000).proportion_ci(0.95, "exact")
    assert clopper_pearson(43_210, 100_000) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_nothing_counted_means_nothing_known() -> None:
    assert clopper_pearson(0, 0) == wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("arguments", [(5, 4, 0.95), (-1, 4, 0.95), (1, 4, 1.0)])
def test_impossible_shares_are_refused(arguments: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match=r"share|level"):
        clopper_pearson(*arguments)
