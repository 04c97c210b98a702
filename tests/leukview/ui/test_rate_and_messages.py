from __future__ import annotations

import pytest

from leukview.domain.errors import UsageError
from leukview.ui import messages
from leukview.ui.rate import Rate


def test_the_first_batch_gives_the_rate():
    now = [10.0]
    rate = Rate(lambda: now[0])
    rate.start()
    now[0] = 12.0
    rate.add(20)
    assert rate.per_second == pytest.approx(10.0)


def test_the_rate_follows_smoothly():
    now = [0.0]
    rate = Rate(lambda: now[0])
    rate.start()
    now[0] = 1.0
    rate.add(10)
    now[0] = 2.0
    rate.add(40)
    assert 10 < rate.per_second < 40


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3.2, "3 s left"), (0.1, "1 s left"), (42, "40 s left"), (600, "10 min left")],
)
def test_time_left_is_said_in_steps(seconds, words):
    assert messages.left(seconds) == words


def test_progress_names_rate_and_time():
    said = messages.progress(100, 410, 31.0)
    assert said == "31 images/s · 10 s left · you can start to review"
    assert messages.progress(0, 410, 0.0) == "you can start to review"


def test_numbers_are_written_as_in_the_mockups():
    assert messages.percent(0.4267) == "42.7\N{THIN SPACE}%"
    assert messages.interval(0.383, 0.472) == "38.3–47.2"
    assert messages.images(1) == "1 image"
    assert messages.images(5000) == "5,000 images"


def test_an_unexpected_error_says_what_became_of_the_decisions():
    assert messages.failure(UsageError("Nothing was read.")) == "Nothing was read."
    assert "says whether your decisions are saved" in messages.failure(KeyError("x"))
