"""Questions to drives that may never answer."""

from __future__ import annotations

import itertools

import pytest

from leukview.domain.progress import CancelToken
from leukview.imaging.drive import Drive


def test_a_question_gives_its_answer_or_its_error() -> None:
    drive = Drive()
    assert drive.within(30, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        drive.within(30, lambda: 1 / 0)
    assert drive.each(30, len, ["a", "bb"]) == [1, 2]
    assert not drive.busy


def test_nothing_more_is_asked_of_a_drive_that_owes_an_answer(gate, looks) -> None:
    drive = Drive()
    asked: list[int] = []
    assert drive.within(0.01, gate.wait) is None
    assert drive.busy
    assert drive.within(0.01, lambda: asked.append(1)) is None
    assert len(looks()) == 1
    gate.set()
    assert drive.within(30, lambda: 7) == 7
    assert asked == []


def test_what_came_in_time_counts_and_the_rest_is_not_asked_for(gate, looks) -> None:
    drive, stop = Drive(), CancelToken()
    asked: list[int] = []

    def slow(number: int) -> int:
        asked.append(number)
        if number == 2:
            stop.cancel()  # as when its time is over
            gate.wait(30)
        return number

    assert drive.each(30, slow, range(5), stop) == [0, 1]
    gate.set()
    for thread in looks():
        thread.join()
    assert asked == [0, 1, 2]


def test_a_drive_that_shows_signs_of_life_is_waited_for(gate) -> None:
    signs = itertools.count()

    def life() -> int:
        """Twenty times something was told, then nothing more."""
        sign = next(signs)
        if sign == 20:
            gate.set()
        return min(sign, 20)

    assert Drive().within(0.01, lambda: gate.wait(60), life=life)


def test_a_drive_without_a_sign_of_life_is_given_up(gate) -> None:
    assert Drive().within(0.01, gate.wait, life=lambda: 7) is None


def test_a_stop_ends_the_waiting(gate) -> None:
    stop = CancelToken()
    stop.cancel()
    drive = Drive()
    assert drive.within(1e6, gate.wait, stop, life=itertools.count().__next__) is None
    assert drive.busy


def test_what_is_nearly_done_when_it_is_stopped_counts() -> None:
    stop = CancelToken()
    stop.cancel()
    drive = Drive()
    assert drive.within(60, lambda: 7, stop) == 7
    assert not drive.busy
