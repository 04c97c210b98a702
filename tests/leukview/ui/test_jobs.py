from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QCoreApplication, QThread

from leukview.domain.errors import UsageError
from leukview.ui.jobs import JobRunner


@pytest.fixture
def runner(qapp):
    made = JobRunner()
    yield made
    assert made.shut_down(), "a test left a job running"


def test_steps_arrive_in_order_in_the_gui_thread(qtbot, runner):
    seen, threads = [], []

    def heard(value):
        seen.append(value)
        threads.append(QThread.currentThread())

    with qtbot.waitCallback() as finished:
        runner.start(lambda cancel: iter(range(5)), on_step=heard, on_finished=finished)
    finished.assert_called_with(True)
    assert seen == [0, 1, 2, 3, 4]
    assert set(threads) == {QCoreApplication.instance().thread()}


def test_work_runs_outside_the_gui_thread(qtbot, runner):
    where = []

    def work(cancel):
        where.append(threading.current_thread() is threading.main_thread())
        yield None

    with qtbot.waitCallback() as finished:
        runner.start(work, on_finished=finished)
    assert where == [False]


def test_cancelling_keeps_what_has_arrived(qtbot, runner):
    reached, go, seen = threading.Event(), threading.Event(), []

    def work(cancel):
        for number in range(1000):
            if cancel.cancelled:
                return
            yield number
            reached.set()
            go.wait(5)

    with qtbot.waitCallback() as finished:
        job = runner.start(work, on_step=seen.append, on_finished=finished)
        assert reached.wait(5)
        job.cancel()
        go.set()
    finished.assert_called_with(False)
    assert seen == [0]


def test_an_error_arrives_and_the_job_counts_as_unfinished(qtbot, runner):
    heard = []

    def work(cancel):
        yield 1
        raise UsageError("no")

    with qtbot.waitCallback() as finished:
        runner.start(work, on_failure=heard.append, on_finished=finished)
    finished.assert_called_with(False)
    assert [str(error) for error in heard] == ["no"]


def test_a_dismissed_job_is_silent(qtbot, runner):
    go, seen = threading.Event(), []

    def work(cancel):
        go.wait(5)
        yield 1

    job = runner.start(work, on_step=seen.append, on_finished=seen.append)
    with qtbot.waitSignal(job.finished):
        job.dismiss()
        go.set()
    assert seen == []


def test_jobs_run_one_after_another(qtbot, runner):
    running, most = [0], [0]

    def work(cancel):
        running[0] += 1
        most[0] = max(most[0], running[0])
        yield None
        running[0] -= 1

    with qtbot.waitCallback() as finished:
        for _ in range(5):
            runner.start(work)
        runner.start(work, on_finished=finished)
    assert most == [1]


def test_shutting_down_stops_what_runs(qtbot):
    runner, reached = JobRunner(), threading.Event()

    def work(cancel):
        reached.set()
        while not cancel.cancelled:
            yield None

    runner.start(work)
    assert reached.wait(5)
    assert runner.shut_down()
