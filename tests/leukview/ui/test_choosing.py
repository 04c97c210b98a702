"""One choice of a model after the other, and what is left of one that was stopped or failed."""

from __future__ import annotations

import pytest

from leukview.domain.progress import CancelToken
from leukview.ui import choosing as module
from leukview.ui.choosing import Choosing
from leukview.ui.jobs import JobRunner

WAIT = 60_000


@pytest.fixture
def runner(qapp):
    made = JobRunner()
    yield made
    assert made.shut_down()


@pytest.fixture
def choosing(runner, monkeypatch):
    """Models are opened by their name alone; "until stopped" and "broken" are as they say."""

    def choice_for(_images, name: str, cancel: CancelToken):
        if name == "broken":
            raise RuntimeError("out of order")
        while name == "until stopped" and not cancel.cancelled:
            cancel._event.wait(WAIT / 1000)
        return name, ""

    monkeypatch.setattr(module, "choice_for", choice_for)
    return Choosing(runner, "first")


def test_a_choice_tells_its_answer_once(qtbot, choosing):
    heard: list[object] = []
    choosing.chosen.connect(heard.append)
    choosing.kept.connect(lambda: heard.append("kept"))
    with qtbot.waitSignal(choosing.chosen, timeout=WAIT):
        choosing.start([], "second")
    qtbot.waitUntil(lambda: not choosing._runner.busy, timeout=WAIT)
    assert heard == [("second", "")]
    assert (choosing.wish, choosing.stopping) == ("second", False)


@pytest.mark.parametrize("earlier", [[], ["until stopped"]])
def test_a_choice_that_is_stopped_leaves_the_last_that_was_answered(qtbot, choosing, earlier):
    heard: list[object] = []
    choosing.chosen.connect(heard.append)
    for name in (*earlier, "until stopped"):
        choosing.start([], name)
    with qtbot.waitSignal(choosing.kept, timeout=WAIT) as kept:
        choosing.stop()
        assert choosing.stopping
    assert kept.args == [True]
    assert (choosing.wish, choosing.stopping, heard) == ("first", False, [])


def test_a_choice_that_fails_says_why_and_leaves_what_was(qtbot, choosing):
    said: list[str] = []
    choosing.failed.connect(said.append)
    with qtbot.waitSignal(choosing.kept, timeout=WAIT) as kept:
        choosing.start([], "broken")
    assert kept.args == [False], "nobody stopped it"
    assert "out of order" in said[0]
    assert choosing.wish == "first"


def test_nothing_is_heard_of_a_choice_that_was_dropped(qtbot, choosing):
    heard: list[object] = []
    for signal in (choosing.chosen, choosing.kept, choosing.failed):
        signal.connect(lambda *what: heard.append(what))
    choosing.start([], "until stopped")
    choosing.drop()
    qtbot.waitUntil(lambda: not choosing._runner.busy, timeout=WAIT)
    assert heard == []
