"""A drive that stops answering holds neither the window nor the end of the program."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from leukview.imaging import decode
from leukview.session import index
from leukview.ui import messages
from leukview.ui.controller import Stage
from leukview.ui.widgets import start_page

_PROGRAM = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from leukview.imaging import decode
from leukview.ui import app, controller
from leukview.workflows import opened

model, folder, when, out = sys.argv[1:]
hung, begun = threading.Event(), threading.Event()
controller._END_SECONDS = 0.3
made, compose, really = {}, app.compose, decode._bytes_of

def bytes_of(path):
    if not hung.is_set():
        return really(path)
    begun.set()
    threading.Event().wait()  # as a read of a dead network drive

def composed(**options):
    made["one"] = compose(**options)
    made["one"].controller.stage_changed.connect(listen)
    return made["one"]

def listen():
    if made["one"].controller.review is not None:
        hung.set()

def look():
    one = made["one"]
    loading = bool(one.window.page.loader._busy)
    if begun.is_set() and (when != "shown" or loading):
        one.settings.reviewer = "Ada"
        one.window.close()
    else:
        QTimer.singleShot(20, look)

if when == "opening":
    hung.set()
if when == "model":
    opened.load = bytes_of
    hung.set()
else:
    decode._bytes_of = bytes_of
app.compose = composed
QTimer.singleShot(0, app.application(), look)
code = app.run([Path(folder)], model=model, device="cpu")
Path(out).write_text("came back")
sys.exit(code)
"""


@pytest.mark.parametrize("when", ["opening", "shown", "model"])
def test_the_window_closes_and_the_program_ends(image_folder, toy_model, tmp_path, when):
    folder = image_folder({f"{n}.png": 10 * n for n in range(1, 9)})
    came_back = tmp_path / "out"
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(toy_model), str(folder), when, str(came_back)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    # What is read of images is read in threads that nobody waits for. A model on a dead drive holds
    # Qt's own thread: the process ends without waiting for it.
    assert ("does not answer" in ended.stderr) == (when == "model")
    assert came_back.exists() == (when != "model")
    settings = next(Path(os.environ["LEUKVIEW_DATA"]).rglob("*.ini"))
    assert "Ada" in settings.read_text(encoding="utf-8")


class HungDrive:
    """Once `hangs`, reads do not come back until the end of the test; `begun` when one is open."""

    def __init__(self) -> None:
        self.hangs = False
        self.begun, self.gate = threading.Event(), threading.Event()
        self._really = decode._bytes_of

    def bytes_of(self, path: Path) -> bytes:
        if self.hangs:
            self.begun.set()
            self.gate.wait(120)
        return self._really(path)


@pytest.fixture
def drive(monkeypatch):
    made = HungDrive()
    monkeypatch.setattr(decode, "_bytes_of", made.bytes_of)
    yield made
    made.gate.set()
    for thread in threading.enumerate():
        if thread.name == "leukview-look":
            thread.join()


@pytest.fixture
def opening(start, hand, drive, image_folder):
    """A window that looks for the session of a folder on a drive that hangs."""
    h = hand(start())
    drive.hangs = True
    h.one.window.open([image_folder()])
    h.until(drive.begun.is_set)
    return h


def test_opening_can_be_stopped_and_another_folder_opened(qtbot, opening, drive, image_folder):
    window = opening.one.window
    assert opening.one.controller.stage is Stage.OPENING
    assert not window.start.open_button.isVisible()
    qtbot.mouseClick(window.start.stop_button, Qt.MouseButton.LeftButton)
    assert opening.one.controller.stage is Stage.EMPTY
    assert window.start.open_button.isVisible()
    assert not window.start.stop_button.isVisible()
    drive.hangs = False
    opening.open(image_folder({"a.png": 9}, name="others"))
    assert opening.one.controller.review.count == 1


def test_a_drive_that_stays_silent_ends_the_opening_with_a_sentence(
    start, hand, drive, image_folder, monkeypatch
):
    monkeypatch.setattr(index, "READ_SECONDS", 0.2)
    h = hand(start())
    drive.hangs = True
    h.one.window.open([image_folder()])
    h.until(lambda: "does not answer" in h.one.window.start.problem.text())
    assert "no decision was touched. Check the drive" in h.one.window.start.problem.text()
    assert h.one.controller.stage is Stage.EMPTY


def test_a_slow_opening_says_what_may_be_the_matter(start, hand, drive, image_folder, monkeypatch):
    monkeypatch.setattr(start_page, "_SLOW_MS", 1)
    h = hand(start())
    drive.hangs = True
    h.one.window.open([image_folder()])
    h.until(lambda: h.one.window.start.problem.text() == messages.SLOW)
    h.one.controller.stop_opening()
    assert not h.one.window.start.problem.isVisible()


def test_decisions_are_on_the_disk_before_anything_is_waited_for_at_the_end(
    qtbot, start, hand, drive, image_folder, monkeypatch
):
    h = hand(start())
    h.open(image_folder())
    h.press(Qt.Key.Key_1)
    controller = h.one.controller
    store, saved = controller.folder.store, []

    def shut_down(_timeout_ms: int) -> bool:
        saved.append((store.unsaved, [event.kind for event in store.events()]))
        return True

    monkeypatch.setattr(controller.exporting, "shut_down", shut_down)
    drive.hangs = True
    h.one.window.page.loader.open([image.path for image in controller.review.images])
    h.one.window.page.gallery.viewport().update()
    h.until(drive.begun.is_set)
    h.one.window.close()
    assert saved == [(0, ["decide"])]
    drive.gate.set()
    assert h.one.window.page.loader.stop(60)
