"""A drive that stops answering holds neither the window nor the end of the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from leukview.imaging import decode
from leukview.ui import app, jobs

model, folder, when, out = sys.argv[1:]
hung, begun = threading.Event(), threading.Event()
jobs.JobRunner.shut_down.__defaults__ = (300,)  # milliseconds
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
    if begun.is_set() and (when == "opening" or loading):
        one.settings.reviewer = "Ada"
        one.window.close()
    else:
        QTimer.singleShot(20, look)

if when == "opening":
    hung.set()
decode._bytes_of = bytes_of
app.compose = composed
QTimer.singleShot(0, app.application(), look)
code = app.run([Path(folder)], model=model, device="cpu")
Path(out).write_text("came back")
sys.exit(code)
"""


@pytest.mark.parametrize("when", ["opening", "shown"])
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
    if when == "opening":  # Qt's own thread is held: the process ends without waiting for it
        assert "does not answer" in ended.stderr
        assert not came_back.exists()
    settings = next(Path(os.environ["LEUKVIEW_DATA"]).rglob("*.ini"))
    assert "Ada" in settings.read_text(encoding="utf-8")
