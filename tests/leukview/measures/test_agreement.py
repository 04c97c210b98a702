from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sk

from leukview.measures.agreement import agreement, by_class, kappa_error, switch_rate

# Two readers, 200 blood cells of four kinds, one of them rare.
COUNTS = np.array([[88, 10, 2, 0], [14, 40, 6, 1], [0, 5, 29, 1], [0, 1, 0, 3]])


def readings(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = np.indices(counts.shape)
    return np.repeat(first.ravel(), counts.ravel()), np.repeat(second.ravel(), counts.ravel())


def random_counts(seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 6))
    return rng.integers(1, 40, (size, size)) + 60 * np.eye(size, dtype=np.int64)


def by_delta_method(counts: NDArray[np.int64]) -> float:
    """Error of kappa from its slopes, found by small steps, and the multinomial covariance."""
    n = counts.sum()
    shares = (counts / n).ravel()

    def value(p: NDArray[np.float64]) -> float:
        table = p.reshape(counts.shape)
        expected = float(table.sum(1) @ table.sum(0))
        return (float(np.trace(table)) - expected) / (1 - expected)

    step = 1e-6
    slopes = np.array(
        [
            (value(shares + step * unit) - value(shares - step * unit)) / (2 * step)
            for unit in np.eye(shares.size)
        ]
    )
    covariance = (np.diag(shares) - np.outer(shares, shares)) / n
    return math.sqrt(slopes @ covariance @ slopes)


@pytest.mark.parametrize("seed", range(20))
def test_kappa_is_scikit_learns_and_its_error_that_of_the_delta_method(seed: int) -> None:
    counts = random_counts(seed)
    found = agreement(counts)
    assert found.kappa == pytest.approx(sk.cohen_kappa_score(*readings(counts)))
    assert kappa_error(counts) == pytest.approx(by_delta_method(counts), rel=1e-6)
    half = stats.norm.ppf(0.975) * kappa_error(counts)
    assert (found.low, found.high) == pytest.approx((found.kappa - half, found.kappa + half))
    assert found.raw == pytest.approx(sk.accuracy_score(*readings(counts)))


def test_the_interval_is_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(20261127)
    n = int(COUNTS.sum())
    drawn = rng.multinomial(n, COUNTS.ravel() / n, 4000).reshape(-1, *COUNTS.shape)
    values = [agreement(one).kappa for one in drawn]
    found = agreement(COUNTS)
    assert (found.low, found.high) == pytest.approx(np.quantile(values, (0.025, 0.975)), abs=0.01)


def test_each_class_against_the_rest_is_the_same_as_two_readers_of_that_class() -> None:
    first, second = readings(COUNTS)
    for place, found in enumerate(by_class(COUNTS)):
        one, other = first == place, second == place
        assert (found.first, found.second) == (one.sum(), other.sum())
        assert found.prevalence == (one.mean(), other.mean())
        assert found.agreement.n == 200
        assert found.agreement.kappa == pytest.approx(sk.cohen_kappa_score(one, other))
        assert found.positive == pytest.approx(sk.f1_score(one, other))
        assert found.negative == pytest.approx(sk.f1_score(~one, ~other))
        assert found.agreement.same == (one == other).sum()
        assert found.both == (one & other).sum()


def test_what_is_not_defined_is_nan() -> None:
    nothing = agreement(np.zeros((2, 2), np.int64))
    assert nothing.n == 0
    assert all(map(math.isnan, (nothing.raw, nothing.kappa, nothing.low, nothing.high)))
    one_class = agreement(np.array([[7, 0], [0, 0]]))
    assert one_class.raw == 1
    assert all(map(math.isnan, (one_class.kappa, one_class.low, one_class.high)))
    unused = by_class(np.array([[7, 1, 0], [2, 5, 0], [0, 0, 0]]))[2]
    assert (unused.first, unused.second, unused.negative) == (0, 0, 1)
    assert all(map(math.isnan, (unused.positive, unused.agreement.kappa)))


def test_readers_that_always_agree_get_no_interval_of_width_nought() -> None:
    found = agreement(np.array([[13, 0], [0, 7]]))
    assert (found.raw, found.kappa) == (1, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_an_interval_does_not_leave_what_kappa_can_be() -> None:
    found = agreement(np.array([[9, 1], [0, 2]]))
    assert found.high == 1
    assert found.low < found.kappa < 1


def test_switches_are_counted_on_both_sides_of_the_first_reading() -> None:
    #                 differed: to it, to it, stays, third;  agreed: stays, stays, leaves
    first = np.array([0, 0, 0, 0, 1, 1, 1])
    said = np.array([1, 1, 1, 1, 1, 1, 1])
    final = np.array([1, 1, 0, 2, 1, 1, 0])
    found = switch_rate(first, said, final)
    assert found.n == 7
    assert (found.to_suggestion.count, found.to_suggestion.n) == (2, 4)
    assert (found.elsewhere.count, found.elsewhere.n) == (1, 4)
    assert (found.away.count, found.away.n) == (1, 3)
    exact = stats.binomtest(2, 4).proportion_ci(0.95, "exact")
    assert (found.to_suggestion.low, found.to_suggestion.high) == pytest.approx(
        (exact.low, exact.high)
    )


def test_a_reader_who_never_differed_has_no_rate_of_following() -> None:
    same = np.array([0, 1])
    found = switch_rate(same, same, same)
    assert (found.to_suggestion.count, found.to_suggestion.n) == (0, 0)
    assert all(map(math.isnan, (found.to_suggestion.share, found.to_suggestion.high)))
    assert (found.away.count, found.away.n) == (0, 2)


def test_an_image_without_a_suggestion_is_refused() -> None:
    with pytest.raises(ValueError, match="each image needs"):
        switch_rate(np.array([0]), np.array([-1]), np.array([0]))
