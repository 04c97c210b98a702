from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from leukview.domain.classes import Role, Unit
from leukview.measures.differential import cells_needed, differential

WHITE, RED, PLATELET = Role.LEUKOCYTE, Role.NRBC, Role.PLATELET
SHARES = st.integers(1, 99).map(lambda percent: percent / 100)


def test_only_leukocytes_are_parts_of_a_hundred() -> None:
    found = differential(np.array([222, 163, 6, 19]), [WHITE, WHITE, RED, PLATELET], Unit.CELL)
    assert found.white == 385
    assert found.shares[:2].tolist() == pytest.approx([0.57662, 0.42338], abs=1e-5)
    assert np.isnan(found.shares[2:]).all()
    assert found.per_hundred[2] == pytest.approx(1.5584, abs=1e-4)
    assert np.isnan(found.per_hundred[[0, 1, 3]]).all()


def test_fields_are_counted_and_nothing_more() -> None:
    found = differential(np.array([4, 6]), [WHITE, WHITE], Unit.FIELD)
    assert (found.counts.tolist(), found.white) == ([4, 6], 0)
    assert np.isnan(found.shares).all()
    assert np.isnan(found.per_hundred).all()


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(list(Role))), min_size=1))
def test_shares_add_up_to_one_and_no_other_cell_changes_them(pairs) -> None:
    counts, roles = np.array([n for n, _ in pairs]), [role for _, role in pairs]
    found = differential(counts, roles, Unit.CELL)
    if found.white:
        assert np.nansum(found.shares) == pytest.approx(1)
        others = np.array([role is not WHITE for role in roles])
        more = differential(counts + 7 * others, roles, Unit.CELL)
        np.testing.assert_array_equal(found.shares, more.shares)
    else:
        assert np.isnan(found.shares).all()


def test_counts_without_their_roles_are_refused() -> None:
    with pytest.raises(ValueError, match="roles"):
        differential(np.array([1, 2]), [WHITE], Unit.CELL)
    with pytest.raises(ValueError, match="roles"):
        differential(np.array([-1]), [WHITE], Unit.CELL)


@pytest.mark.parametrize(
    ("first", "second", "n"),
    # By hand: (1.959964 * 0.4 + 0.841621 * 0.433013) / 0.05 = 22.968, squared 527.5.
    [(0.20, 0.25, 528), (0.05, 0.10, 185), (0.50, 0.60, 194)],
)
def test_cells_that_tell_two_shares_apart(first: float, second: float, n: int) -> None:
    assert cells_needed(first, second) == n


@given(SHARES, SHARES)
def test_a_test_with_so_many_cells_finds_the_difference_four_times_in_five(first, second) -> None:
    if first == second:
        return
    n = cells_needed(first, second)
    normal = stats.norm
    limit = normal.ppf(0.975) * math.sqrt(first * (1 - first) / n)
    spread = math.sqrt(second * (1 - second) / n)
    found = [normal.sf((limit - abs(second - first)) / spread)]
    limit = normal.ppf(0.975) * math.sqrt(first * (1 - first) / max(1, n - 1))
    spread = math.sqrt(second * (1 - second) / max(1, n - 1))
    found.append(normal.sf((limit - abs(second - first)) / spread))
    assert found[0] >= 0.8 - 1e-9
    assert n == 1 or found[1] < 0.8


@given(SHARES, SHARES)
def test_shares_turned_round_need_as_many(first, second) -> None:
    if first != second:
        assert cells_needed(first, second) == cells_needed(1 - first, 1 - second)


@pytest.mark.parametrize("arguments", [(0.2, 0.2), (0, 0.2), (0.2, 1), (0.2, 0.3, 0.05, 0.01)])
def test_what_cannot_be_told_apart_is_refused(arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"shares|power"):
        cells_needed(*arguments)
