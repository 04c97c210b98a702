"""Files are read again beside everything else; tables wait for it."""

from __future__ import annotations

import os
import shutil
import threading

import numpy as np
import pytest

from leukview.domain.errors import SessionError
from leukview.domain.progress import CancelToken
from leukview.ui.checking import Checking
from leukview.ui.export_kinds import Chosen, Kind
from leukview.ui.exporting import Exporting
from leukview.workflows import export, identity
from leukview.workflows.columns import Changes, none
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
def slides(image_folder):
    return image_folder(FILES)


@pytest.fixture
def copied(open_, slides, monkeypatch):
    """A copy with new times of a folder in which every third image was decided."""
    folder = slides
    first = open_(folder)
    for row in range(0, 90, 3):
        first.review.decide([row], "all")
    first.close()
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy, copy_function=shutil.copyfile)
    monkeypatch.setattr("leukview.workflows.identified._READ_ON_OPENING", 0)
    return open_(copy)


def read_all(folder) -> None:
    images = folder.review.images
    folder.review.compare([identity.read_again(row, image) for row, image in enumerate(images)])


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
    checking.ready.connect(lambda then: order.append(then()))
    waiting = Changes(none(), "", waiting=np.array([80, 81]), then=lambda: "done")
    with qtbot.waitSignal(checking.ended, timeout=20_000) as ended:
        checking.wait(copied, waiting)
        assert checking.looking_up
        assert checking.waiting == 2
    assert ended.args == [True]
    assert order.index("done") < order.index(list(range(0, 90, 3)))
    assert checking.waiting == 0


def test_the_gate_opens_when_nothing_is_left_to_read(qtbot, checking, copied):
    checking.start(copied)
    read_all(copied)
    with (
        qtbot.waitSignal(checking.looked_up, timeout=0),
        qtbot.waitSignal(checking.ended, timeout=0),
    ):
        checking.start(copied)
    assert not checking.looking_up


def test_files_that_changed_are_read_before_what_waits_for_them(qtbot, checking, open_, slides):
    folder = open_(slides)
    read_all(folder)
    os.utime(slides / "004.bmp", ns=(1, 1))
    shutil.copyfile(slides / "080.bmp", slides / "005.bmp")
    os.utime(slides / "005.bmp", ns=(1, 1))
    replaced, order = [], []
    checking.changed.connect(lambda changes: replaced.extend(changes.replaced.tolist()))
    checking.ready.connect(lambda _: order.append(list(replaced)))
    with qtbot.waitSignal(checking.ended, timeout=20_000):
        checking.wait(folder, Changes(none(), "", waiting=np.arange(90)))
    assert order == [[5]]


def test_each_pass_counts_for_itself_and_says_it_once(qtbot, checking, copied):
    said = []
    checking.warned.connect(said.append)
    (copied.review.images[3].path).unlink()
    for _ in range(2):
        with qtbot.waitSignal(checking.ended, timeout=20_000):
            checking.start(copied)
    assert len(said) == 1
    assert said[0].startswith("1 file could not be read again")


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


@pytest.mark.parametrize("waits", [False, True])
def test_a_drive_that_never_answers_is_said_and_does_not_hold_the_end_up(
    qtbot, checking, copied, monkeypatch, waits
):
    gate = threading.Event()
    monkeypatch.setattr(identity, "READ_SECONDS", 0.001)
    monkeypatch.setattr(identity, "read_again", lambda *_: gate.wait(60) and None)
    checking.ready.connect(lambda _: pytest.fail("nothing is known of the files"))
    waiting = Changes(none(), "", waiting=np.arange(50, 90))
    with (
        qtbot.waitSignal(checking.warned, timeout=20_000) as warned,
        qtbot.waitSignal(checking.ended, timeout=20_000) as ended,
    ):
        checking.start(copied)
        if waits:
            checking.wait(copied, waiting)
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "leukview-look":
            thread.join()
    assert warned.args[0].startswith("The drive does not answer, so the files were not read")
    assert ended.args == [False]
    assert list(copied.review.errors) == ([50, 51, 52] if waits else [0, 1, 2])
    assert ("not done: 40 images stayed as they were" in warned.args[0]) == waits


@pytest.fixture
def exporting(checking):
    made = Exporting(checking)
    yield made
    assert made.shut_down()


def test_a_table_waits_for_the_files_it_depends_on(
    qtbot, checking, exporting, copied, tmp_path, monkeypatch
):
    path = tmp_path / "x.csv"
    threads = []
    real = export.export

    def heard(*args, **options):
        threads.append(threading.current_thread())
        yield from real(*args, **options)

    monkeypatch.setattr(export, "export", heard)
    with qtbot.waitSignal(exporting.exported, timeout=20_000) as exported:
        exporting.begin(copied, Chosen(kind=Kind.CSV, path=path, bom=False), device="cpu")
        assert not path.exists()
        assert exporting.unfinished == "x.csv"
    qtbot.waitUntil(lambda: not exporting.unfinished, timeout=20_000)
    assert threading.main_thread() not in threads
    head = copied.store.head()
    said = f"Exported 90 images to x.csv: {head.events} events, log {head.sha256[:8]}."
    assert exported.args == [said.replace("1 events", "1 event") if head.events == 1 else said]
    assert path.read_text("utf-8").count(",changed,") == 30


def test_a_table_whose_files_were_not_read_is_not_written(
    qtbot, checking, exporting, copied, tmp_path, monkeypatch
):
    def broken(*_args, **_options):
        raise SessionError("The session cannot be read.")
        yield

    monkeypatch.setattr("leukview.ui.checking.reread", broken)
    said = []
    checking.said.connect(said.append)
    with (
        qtbot.waitSignal(checking.warned, timeout=20_000) as warned,
        qtbot.waitSignal(exporting.failed, timeout=20_000) as failed,
    ):
        exporting.begin(copied, Chosen(kind=Kind.CSV, path=tmp_path / "x.csv"), device="cpu")
    assert warned.args == ["The session cannot be read."]
    assert failed.args[0].startswith("x.csv was not written, because reading the files")
    assert said == []
    assert not exporting.unfinished
    assert not (tmp_path / "x.csv").exists()


def test_a_table_shows_what_stood_when_it_was_begun(
    qtbot, checking, exporting, open_, slides, tmp_path, monkeypatch
):
    folder = open_(slides)
    read_all(folder)
    folder.review.decide([0], "all")
    gate, real = threading.Event(), export.export
    monkeypatch.setattr(export, "export", lambda *a, **k: gate.wait(30) and real(*a, **k))
    with qtbot.waitSignal(exporting.exported, timeout=20_000):
        exporting.begin(folder, Chosen(kind=Kind.CSV, path=tmp_path / "x.csv"), device="cpu")
        folder.review.decide(range(90), "hem")
        exporting.leave()
        gate.set()
    assert (tmp_path / "x.csv").read_text("utf-8").count(",changed,") == 1


def test_a_table_given_up_is_said(qtbot, checking, exporting, copied, tmp_path):
    exporting.begin(copied, Chosen(kind=Kind.CSV, path=tmp_path / "x.csv"), device="cpu")
    with qtbot.waitSignal(exporting.failed, timeout=0) as failed:
        exporting.leave()
    assert failed.args[0].startswith("x.csv was not written")
    checking.leave()
    assert not (tmp_path / "x.csv").exists()
