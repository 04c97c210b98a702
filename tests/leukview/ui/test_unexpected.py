from __future__ import annotations

import sys
import threading

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QThread, QTimer

from leukview.ui.unexpected import Unexpected


def fail() -> None:
    raise ValueError("no such place")


@pytest.fixture
def heard(qapp):
    """What was said, and in which thread."""
    unexpected, words = Unexpected(), []

    def hear(said: str) -> None:
        words.append((said, QThread.currentThread()))

    unexpected.said.connect(hear, Qt.ConnectionType.QueuedConnection)
    with unexpected.heard():
        yield words


@pytest.mark.parametrize("in_thread", [False, True])
def test_an_unexpected_error_is_logged_and_said_in_the_gui_thread(qtbot, heard, caplog, in_thread):
    if in_thread:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    else:
        QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: bool(heard))
    ((words, thread),) = heard
    assert "Something went wrong in LeukView (ValueError: no such place)" in words
    assert thread is QCoreApplication.instance().thread()
    assert "in fail" in caplog.text


def test_the_former_hooks_come_back(qapp):
    before = sys.excepthook, threading.excepthook
    with pytest.raises(ValueError, match="place"), Unexpected().heard():
        fail()
    assert (sys.excepthook, threading.excepthook) == before
