"""Long work beside the reader: what waits for it, what ends it, what is asked before leaving."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt

from leukview.domain.errors import SessionError
from leukview.ui.controller import Stage
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.export_kinds import Chosen, Kind
from leukview.workflows import identity

# What the offscreen platform says of every pop-up and dialog; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
MANY = {f"{n:03}.bmp": n % 250 for n in range(300)}


@pytest.fixture
def gate(monkeypatch):
    """Files that are read for their hash only once it is open."""
    made, real = threading.Event(), identity.read_again

    def held(row, image):
        made.wait(60)
        return real(row, image)

    monkeypatch.setattr(identity, "read_again", held)
    yield made
    made.set()
    for thread in threading.enumerate():
        if thread.name == "leukview-look":
            thread.join()


def test_undo_takes_back_what_waits_first(start, hand, image_folder, gate):
    h = hand(start())
    h.one.settings.set_flag("run_on_open", False)
    h.one.window.open([image_folder({f"{n:03}.bmp": n for n in range(100)})])
    h.until(lambda: h.one.controller.can_run)
    gate.set()
    h.press(Qt.Key.Key_U)
    assert h.states[0] == "unsure"
    gate.clear()
    h.press(Qt.Key.Key_A, CONTROL)
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_Z, CONTROL)
    assert "not done: 100 images stayed as they were" in h.said
    gate.set()
    h.until(lambda: not h.one.controller.checking.busy)
    assert h.states == ["unsure"] + ["undecided"] * 99
    h.press(Qt.Key.Key_Z, CONTROL)
    assert set(h.states) == {"undecided"}


@pytest.mark.parametrize("way", ["close folder", "open", "close"])
def test_a_table_that_is_being_prepared_is_not_lost_without_a_word(
    start, hand, image_folder, gate, tmp_path, way
):
    h = hand(start())
    h.one.settings.set_flag("run_on_open", False)
    gate.set()
    h.one.window.open([image_folder(MANY)])
    h.until(lambda: h.one.controller.can_run)
    h.press(Qt.Key.Key_U)
    gate.clear()
    table, other = tmp_path / "x.csv", image_folder({"z.bmp": 3}, name="other")
    c, window = h.one.controller, h.one.window
    c.export(Chosen(kind=Kind.CSV, path=table, bom=False, force=False))
    leave = {
        "close folder": window.close_folder,
        "open": lambda: window.open([other]),
        "close": window.close,
    }[way]
    met = h.answer(ActDialog, lambda dialog: dialog.reject())
    leave()
    assert "without writing the table" in met[0].windowTitle()
    assert c.folder.folder.name == "slides"
    h.answer(ActDialog, lambda dialog: dialog.accept())
    leave()
    assert c.folder is None
    if way != "close":
        assert window.start.problem.text().startswith("x.csv was not written")
    gate.set()
    if way == "open":
        h.until(lambda: c.folder is not None)
        assert window.page.banner.words.text().startswith("x.csv was not written")
    assert not table.exists()


def test_a_failed_comparison_reads_nothing_for_the_table(
    start, hand, image_folder, tmp_path, monkeypatch
):
    h = hand(start())
    h.one.settings.set_flag("run_on_open", False)
    h.one.window.open([image_folder(MANY)])
    h.until(lambda: h.one.controller.can_run)
    h.press(Qt.Key.Key_U)

    def broken(*_args, **_options):
        raise SessionError("The session cannot be read.")
        yield

    monkeypatch.setattr("leukview.ui.checking.reread", broken)
    with h.qtbot.waitSignal(h.one.controller.failed, timeout=20_000) as failed:
        h.one.controller.export(
            Chosen(kind=Kind.CSV, path=tmp_path / "x.csv", bom=False, force=False)
        )
    assert failed.args[0].startswith("x.csv was not written")
    assert np.flatnonzero(h.one.controller.review.checked).tolist() == [0]


@pytest.fixture
def grown(start, hand, image_folder, monkeypatch):
    """A window on a classified folder in which one image was replaced and 300 were added.

    `grown.started` are the rows of each run, `grown.gate` holds the reading of the earlier files.
    """
    folder = image_folder(MANY)
    first = hand(start())
    first.open(folder)
    first.one.window.close()
    before = (folder / "004.bmp").stat()
    image_folder({"004.bmp": (250, 3, 3)})
    os.utime(folder / "004.bmp", ns=(before.st_atime_ns, before.st_mtime_ns))
    image_folder({f"new{n:03}.bmp": (n % 250, 9, 200 - n % 100) for n in range(300)})
    h = hand(start())
    h.gate, h.started, real = threading.Event(), [], identity.read_again
    begin = h.one.controller._start_run

    def held(row, image):
        if not image.name.startswith("new"):
            h.gate.wait(60)
        return real(row, image)

    def started(rows):
        h.started.append(list(rows))
        begin(rows)

    monkeypatch.setattr(identity, "read_again", held)
    monkeypatch.setattr(h.one.controller, "_start_run", started)
    h.one.window.open([folder])
    yield h
    h.gate.set()


def test_a_run_that_was_stopped_stays_so(grown):
    c = grown.one.controller
    c.progressed.connect(lambda: c.stop() if c.running.done and not grown.gate.is_set() else None)
    grown.until(lambda: c.running.done and c.stage is Stage.READY)
    grown.gate.set()
    grown.until(lambda: c.stage is Stage.READY and not c.checking.busy)
    banner = grown.one.window.page.banner
    assert "1 image is not what was there before" in banner.words.text()
    assert c.review.suggested[4] < 0
    banner._close.click()
    warned = []
    c.warned.connect(warned.append)
    with grown.qtbot.waitSignal(c.checking.ended, timeout=20_000):
        c.checking.start(c.folder)
    assert warned == []
    assert len(grown.started) == 1
    c.run()
    grown.until(grown.idle)
    assert c.review.suggested[4] >= 0


def test_no_run_begins_after_stop_when_all_is_known(start, hand, image_folder, gate):
    folder = image_folder(MANY)
    first = hand(start())
    first.one.settings.set_flag("run_on_open", True)
    gate.set()
    first.open(folder)
    first.one.window.close()
    gate.clear()
    image_folder({f"new{n:03}.bmp": (n % 250, 9, 200 - n % 100) for n in range(300)})
    h = hand(start())
    h.one.window.open([folder])
    c = h.one.controller
    h.until(lambda: c.can_run)
    assert c.checking.looking_up
    c.progressed.connect(lambda: c.stop() if c.running.done and not gate.is_set() else None)
    c.run()
    h.until(lambda: c.running.done and c.stage is Stage.READY)
    begun = []
    c.stage_changed.connect(lambda: begun.append(c.stage))
    gate.set()
    h.until(lambda: not c.checking.busy)
    assert begun == []


def test_an_image_that_is_another_one_is_classified_anew_alone(grown):
    c = grown.one.controller
    grown.until(lambda: c.running.total and c.stage is Stage.READY)
    grown.gate.set()
    grown.until(lambda: not c.checking.busy and grown.idle())
    assert grown.started == [list(range(300, 600)), [4]]
