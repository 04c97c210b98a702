"""Files are read again beside everything else; tables wait for it."""

from __future__ import annotations

import os
import shutil
import threading

import numpy as np
import pytest

from leukview.domain.progress import CancelToken
from leukview.ui.checking import Checking
from leukview.ui.exporting import Exporting
from leukview.workflows import identity
from leukview.workflows.opened import Opening

FILES = {f"{n:03}.bmp": n for n in range(90)}


@pytest.fixture
def open_(toy_model):
    """`open_(folder)`: opened as the window does it; all are closed at the end."""
    made = []

    def opened(folder):
        opening = Opening([folder], model=str(toy_model), reviewer="R")
        list(opening.steps(CancelToken()))
        made.append(opening.take())
        return made[-1]

    yield opened
    for one in made:
        one.close()


@pytest.fixture
def checking(qapp):
    made = Checking()
    yield made
    assert made.shut_down()


@pytest.fixture
def copied(open_, image_folder, monkeypatch):
    """A copy with new times of a folder in which every third image was decided."""
    folder = image_folder(FILES)
    first = open_(folder)
    for row in range(0, 90, 3):
        first.review.decide([row], "all")
    first.close()
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy, copy_function=shutil.copyfile)
    monkeypatch.setattr("leukview.workflows.review._READ_ON_OPENING", 0)
    return open_(copy)


def decided(folder) -> list[int]:
    return np.flatnonzero(folder.review.state).tolist()


def test_what_the_session_knows_is_there_before_the_gate_opens(qtbot, checking, copied):
    assert decided(copied) == []
    seen = []
    checking.looked_up.connect(lambda: seen.append(decided(copied)))
    with qtbot.waitSignal(checking.ended, timeout=20_000):
        checking.start(copied)
        assert checking.looking_up
    assert seen == [list(range(0, 90, 3))]
    assert (checking.looking_up, checking.busy, checking.replaced) == (False, False, 0)


def test_a_second_pass_keeps_the_gate_closed_until_all_is_known(qtbot, checking, copied):
    checking.start(copied)
    order = []
    checking.said.connect(lambda words: order.append(words))
    checking.looked_up.connect(lambda: order.append(decided(copied)))
    with qtbot.waitSignal(checking.ended, timeout=20_000):
        checking.start(copied, np.array([80, 81]), loud=True)
        assert checking.looking_up
    assert "The files are read. Decide now." in order
    assert order.index("The files are read. Decide now.") < order.index(list(range(0, 90, 3)))


def test_nothing_to_read_ends_at_once(qtbot, checking, open_, image_folder):
    with qtbot.waitSignal(checking.ended, timeout=0):
        checking.start(open_(image_folder()))
    assert not checking.busy


def test_replaced_files_are_counted_and_said(qtbot, checking, open_, image_folder):
    folder = image_folder(FILES)
    first = open_(folder)
    first.review.decide(range(40), "all")
    first.close()
    before = (folder / "004.bmp").stat()
    shutil.copyfile(folder / "080.bmp", folder / "004.bmp")
    os.utime(folder / "004.bmp", ns=(before.st_atime_ns, before.st_mtime_ns))
    again = open_(folder)
    with (
        qtbot.waitSignal(checking.warned, timeout=20_000) as warned,
        qtbot.waitSignal(checking.ended, timeout=20_000),
    ):
        checking.start(again)
    assert warned.args[0].startswith("1 image is not what was there before")
    assert decided(again) == [row for row in range(40) if row != 4]


def test_a_folder_that_was_left_is_not_heard_of(qtbot, checking, copied):
    checking.changed.connect(lambda _: pytest.fail("heard"))
    checking.ended.connect(lambda: pytest.fail("heard"))
    checking.start(copied)
    checking.leave()
    qtbot.waitUntil(lambda: not checking._runner.busy, timeout=20_000)
    assert decided(copied) == []


def test_a_drive_that_never_answers_is_said_and_does_not_hold_the_end_up(
    qtbot, checking, copied, monkeypatch
):
    gate = threading.Event()
    monkeypatch.setattr(identity, "READ_SECONDS", 0.001)
    monkeypatch.setattr(identity, "read_again", lambda *_: gate.wait(60) and None)
    with (
        qtbot.waitSignal(checking.warned, timeout=20_000) as warned,
        qtbot.waitSignal(checking.ended, timeout=20_000),
    ):
        checking.start(copied)
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "leukview-look":
            thread.join()
    assert "90 files could not be read again" in warned.args[0]
    assert all("does not answer" in words for words in copied.review.errors.values())


def test_a_table_waits_for_the_files_it_depends_on(qtbot, checking, copied, tmp_path):
    exporting = Exporting(checking)
    path = tmp_path / "x.csv"
    with qtbot.waitSignal(exporting.exported, timeout=20_000) as exported:
        exporting.start(copied, path, device="cpu", bom=False, force=False)
        assert not path.exists()
    assert exported.args == ["Exported 90 images to x.csv."]
    assert path.read_text("utf-8").count(",changed,") == 30


def test_a_table_given_up_is_said(qtbot, checking, copied, tmp_path):
    exporting = Exporting(checking)
    exporting.start(copied, tmp_path / "x.csv", device="cpu", bom=False, force=False)
    with qtbot.waitSignal(exporting.failed, timeout=0) as failed:
        exporting.leave()
    assert failed.args[0].startswith("x.csv was not written")
    checking.leave()
    assert not (tmp_path / "x.csv").exists()
