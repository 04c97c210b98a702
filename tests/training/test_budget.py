"""A budget's arithmetic, with a system of round numbers: an epoch of a part takes 12 s at 300."""

from __future__ import annotations

import pytest

from training.budget import MIN_EPOCHS, SIDES, Timing, Work, choose, divide, seconds

TIMING = Timing(side=300, step=1.0, start=4.0, took=30.0)
WORK = Work(fit=400, choose=240, test=120, batch=40)  # 10 steps, and 6 batches looked at
FIXED = 2 * 4.0 + 1.0  # built twice, and 3 batches tested


def test_time_is_steps_and_looks_and_grows_with_the_number_of_pixels() -> None:
    assert seconds(TIMING, [WORK], 300, 3) == pytest.approx(FIXED + 3 * 12)
    # Tracing what is fitted, 4 seconds, serves both parts.
    assert seconds(TIMING, [WORK, WORK], 300, 3) == pytest.approx(2 * (FIXED + 3 * 12) - 4)
    assert seconds(TIMING, [WORK], 150, 3) == pytest.approx(8 + 1 / 4 + 3 * 12 / 4)


def test_enough_time_gives_the_recipe_as_it_is_and_never_more() -> None:
    found = choose(TIMING, [WORK], 20, SIDES, share=10_000)
    assert (found.side, found.epochs) == (300, 20)


def test_fewer_epochs_come_before_smaller_images() -> None:
    found = choose(TIMING, [WORK], 20, SIDES, share=FIXED + 7.9 * 12)
    assert (found.side, found.epochs) == (300, 7)
    assert found.seconds == pytest.approx(FIXED + 7 * 12)


def test_images_become_smaller_where_five_epochs_do_not_fit() -> None:
    found = choose(TIMING, [WORK], 20, SIDES, share=FIXED + 4.9 * 12)
    assert found.side == 224
    assert found.epochs >= MIN_EPOCHS
    assert found.seconds <= FIXED + 4.9 * 12


def test_without_time_there_is_one_epoch_of_the_smallest_images() -> None:
    found = choose(TIMING, [WORK], 20, SIDES, share=1)
    assert (found.side, found.epochs) == (96, 1)


def test_a_recipe_of_two_epochs_stays_one_of_two() -> None:
    assert choose(TIMING, [WORK], 2, SIDES, share=FIXED + 2.5 * 12).side == 300


def budget(minutes: float, *steps: float) -> dict[str, tuple[int, int]]:
    timings = {
        f"s{k}": Timing(side=300, step=step, start=4.0, took=30.0) for k, step in enumerate(steps)
    }
    found = divide(
        minutes,
        timings,
        {name: [WORK] for name in timings},
        dict.fromkeys(timings, 20),
        dict.fromkeys(timings, SIDES),
    )
    assert list(found) == list(timings)
    took = sum(choice.seconds for choice in found.values()) + 30 * len(timings)
    assert took <= minutes * 60 or {c.epochs for c in found.values()} == {1}
    return {name: (choice.side, choice.epochs) for name, choice in found.items()}


def test_equal_systems_get_equal_shares_and_measuring_is_paid_from_the_budget() -> None:
    """2 x (9 + 8 x 12) and a minute of measuring fit into 4.5 minutes; nine epochs do not."""
    assert budget(4.5, 1.0, 1.0) == {"s0": (300, 8), "s1": (300, 8)}


def test_what_a_cheap_system_leaves_goes_to_the_dear_one_in_any_order() -> None:
    alone = budget(4.5, 1.0, 1.0)["s0"]
    assert budget(4.5, 1.0, 0.01)["s0"][1] > alone[1]
    assert budget(4.5, 0.01, 1.0) == {"s0": (300, 20), "s1": budget(4.5, 1.0, 0.01)["s0"]}


def test_a_budget_that_measuring_has_used_up_leaves_one_epoch() -> None:
    assert set(budget(0.5, 1.0, 1.0).values()) == {(96, 1)}
