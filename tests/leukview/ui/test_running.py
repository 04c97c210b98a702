"""One run after the other over an open folder, and what is left of one that was dropped."""

from __future__ import annotations

import pytest

from leukview.domain.progress import CancelToken
from leukview.ui.jobs import JobRunner
from leukview.ui.running import Running
from leukview.workflows import opened as opened_module
from leukview.workflows.opened import Opening, fresh_rows

WAIT = 60_000


@pytest.fixture
def folder(image_folder, toy_model):
    opening = Opening([image_folder()], model=str(toy_model), reviewer="R")
    list(opening.steps(CancelToken()))
    made = opening.take()
    yield made
    made.close()


@pytest.fixture
def running(qapp):
    runner = JobRunner()
    yield Running(runner, "cpu")
    assert runner.shut_down()


def test_a_run_gives_every_row_its_suggestion_and_counts_them(qtbot, running, folder):
    devices: list[str] = []
    running.device_changed.connect(lambda: devices.append(running.device.name))
    with qtbot.waitSignal(running.ended, timeout=WAIT) as ended:
        running.start(folder, folder.choice.model, fresh_rows(folder))
    assert ended.args == [True]
    assert (folder.review.suggested >= 0).all()
    assert (running.done, running.total, devices) == (6, 6, ["cpu"])


def test_a_run_that_fails_says_why_and_ends(qtbot, running, folder, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("out of order")

    monkeypatch.setattr(opened_module, "classify_folder", broken)
    said: list[str] = []
    running.failed.connect(said.append)
    with qtbot.waitSignal(running.ended, timeout=WAIT) as ended:
        running.start(folder, folder.choice.model, fresh_rows(folder))
    assert ended.args == [False]
    assert "out of order" in said[0]


def test_nothing_is_heard_of_a_run_that_was_dropped(qtbot, running, folder):
    heard: list[object] = []
    for signal in (running.changed, running.progressed, running.device_changed, running.ended):
        signal.connect(lambda *what: heard.append(what))
    running.start(folder, folder.choice.model, fresh_rows(folder))
    running.leave()
    assert running._runner.shut_down()
    qtbot.waitUntil(lambda: not running._runner.busy, timeout=WAIT)
    assert heard == []
    assert (folder.review.suggested < 0).all()


def test_only_the_user_stops_runs_for_good(running, folder):
    running.stop()
    assert not running.stopped
    running.start(folder, folder.choice.model, fresh_rows(folder))
    running.stop()
    assert running.stopped
    running.leave()
    assert not running.stopped
