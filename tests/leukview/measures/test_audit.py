from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leukview.measures.audit import Stratum, differing, overall, upper_if_none


@st.composite
def samples(draw: st.DrawFn) -> tuple[int, int, int]:
    population = draw(st.integers(1, 90))  # scipy gives nan for none
    sampled = draw(st.integers(0, population))
    return population, sampled, draw(st.integers(0, sampled))


@given(samples())
@settings(max_examples=40, deadline=None)
def test_the_interval_is_every_number_that_neither_tail_speaks_against(
    sample: tuple[int, int, int],
) -> None:
    population, sampled, found = sample
    low, high = differing(population, sampled, found)
    stands = [
        number
        for number in range(population + 1)
        if stats.hypergeom(population, number, sampled).sf(found - 1) > 0.025
        and stats.hypergeom(population, number, sampled).cdf(found) > 0.025
    ]
    assert (low, high) == (stands[0], stands[-1])


@pytest.mark.parametrize("number", [0, 1, 7, 30, 119, 120])
def test_it_covers_the_true_number_in_95_of_100_draws_or_more(number: int) -> None:
    population, sampled = 120, 25
    law = stats.hypergeom(population, number, sampled)
    covered = 0.0
    for found in range(sampled + 1):
        low, high = differing(population, sampled, found)
        covered += law.pmf(found) * (low <= number <= high)
    assert covered >= 0.95


@given(st.integers(0, 3000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_when_all_are_read_the_number_is_known(pair: tuple[int, int]) -> None:
    population, found = pair
    assert differing(population, population, found) == (found, found)


def test_when_none_is_read_nothing_is_known() -> None:
    assert differing(40, 0, 0) == (0, 40)


def test_one_of_100_drawn_from_436_stands_for_1_to_21() -> None:
    assert differing(436, 100, 1) == (1, 21)


def test_a_hundred_thousand_images_agree_with_scipy() -> None:
    low, high = differing(100_000, 1_000, 17)
    for number, tail in ((low, "sf"), (high, "cdf")):
        inside = stats.hypergeom(100_000, number, 1_000)
        outside = stats.hypergeom(100_000, number + (1 if tail == "cdf" else -1), 1_000)
        at = 16 if tail == "sf" else 17
        assert getattr(inside, tail)(at) > 0.025 >= getattr(outside, tail)(at)


@pytest.mark.parametrize(("sampled", "percent"), [(30, 11.6), (50, 7.1), (100, 3.6), (300, 1.2)])
def test_what_a_sample_without_a_difference_still_allows(sampled: int, percent: float) -> None:
    assert round(100 * upper_if_none(sampled), 1) == percent
    assert upper_if_none(sampled) == pytest.approx(1 - 0.025 ** (1 / sampled))


def test_overall_adds_what_was_counted_to_what_the_sample_stands_for() -> None:
    found = overall(
        [
            Stratum(name="Needs review", size=61, read=61, differing=24),
            Stratum(name="Confident", size=436, drawn=100, read=100, differing=1),
        ]
    )
    assert [round(100 * v, 1) for v in (found.share, found.low, found.high)] == [5.7, 5.0, 9.1]
    assert found.reason == ""


def test_all_read_is_one_figure_without_an_interval() -> None:
    found = overall([Stratum(name="A", size=10, read=10, differing=3)])
    assert (found.share, found.low, found.high) == (0.3, 0.3, 0.3)


def test_two_samples_share_what_the_level_leaves() -> None:
    one = Stratum(name="A", size=300, drawn=50, read=50, differing=2)
    found = overall([one, one])
    low, high = differing(300, 50, 2, level=0.975)
    assert (found.low, found.high) == (2 * low / 600, 2 * high / 600)
    assert found.high > 2 * differing(300, 50, 2)[1] / 600


@pytest.mark.parametrize(
    ("stratum", "words"),
    [
        (Stratum(name="Needs review", size=61, read=60, differing=24), "not drawn at random"),
        (Stratum(name="Confident", size=9, drawn=5, read=4, differing=0), "4 of 5 images"),
        (Stratum(name="Confident", size=9, read=0, differing=0), "Confident: 0 of 9"),
    ],
)
def test_a_part_that_was_not_read_leaves_no_overall_figure_but_a_reason(
    stratum: Stratum, words: str
) -> None:
    found = overall([Stratum(name="A", size=3, read=3, differing=0), stratum])
    assert words in found.reason
    assert math.isnan(found.share)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_an_empty_part_asks_for_nothing() -> None:
    empty = Stratum(name="Confident", size=0, read=0, differing=0)
    assert overall([empty, Stratum(name="A", size=2, read=2, differing=1)]).share == 0.5
    assert overall([empty]).reason == "There are no images."


@pytest.mark.parametrize("numbers", [(10, 11, 0), (10, 5, 6), (10, 5, -1)])
def test_impossible_samples_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no sample"):
        differing(*numbers)
    with pytest.raises(ValueError, match="no part"):
        Stratum(name="A", size=numbers[0], drawn=numbers[1], read=numbers[1], differing=numbers[2])
