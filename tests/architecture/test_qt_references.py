"""PySide6 6.12.0 on Python 3.11 loses a reference to None or True on most calls, until it aborts.

From Python 3.12 on both are immortal and nothing can be counted.
"""

from __future__ import annotations

import gc
import sys

import pytest
from PySide6.QtCore import QCoreApplication, QObject, QPoint, QTimer, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QWidget

CALLS = 1000
# Other code (the collector, pytest) moves the counts by a handful; a lost one per call by 1,000.
SLACK = 50

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="None and True are immortal from Python 3.12 on"
)


class Sender(QObject):
    """One signal of each kind that the app uses."""

    plain = Signal()
    flag = Signal(bool)
    thing = Signal(object)


def _moved(work) -> tuple[int, int]:
    """How far the counts of None and True move while `work` runs 1,000 times."""
    work()
    gc.collect()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(CALLS):
        work()
    after = sys.getrefcount(None), sys.getrefcount(True)
    return after[0] - before[0], after[1] - before[1]


def _lost(work) -> dict[str, int]:
    """References that went or stayed beyond the noise, by name; empty where all is well."""
    moved = zip(("None", "True"), _moved(work), strict=True)
    return {name: by for name, by in moved if abs(by) >= SLACK}


def test_calls_that_return_nothing_keep_none(qapp):
    widget = QWidget()

    def work() -> None:
        widget.setWindowTitle("cells")
        widget.move(QPoint(3, 4))
        widget.setEnabled(True)
        widget.update()

    assert not _lost(work)


def test_calls_that_return_true_keep_true(qapp):
    widget = QWidget()
    item = QStandardItem("cell")
    model = QStandardItemModel()
    model.appendRow(item)

    def work() -> None:
        assert widget.isEnabled()
        assert item.isEditable()
        assert model.setData(model.index(0, 0), "blast")
        assert model.index(0, 0).isValid()
        assert widget.parent() is None

    assert not _lost(work)


def test_signal_emissions_keep_both(qapp):
    sender = Sender()
    heard = []
    sender.plain.connect(lambda: heard.append(1))
    sender.flag.connect(heard.append)
    sender.thing.connect(lambda _thing: None)

    def work() -> None:
        sender.plain.emit()
        sender.flag.emit(True)
        sender.thing.emit(None)
        heard.clear()

    assert not _lost(work)


def test_slots_called_by_the_event_loop_keep_both(qapp):
    timer = QTimer()
    timer.setSingleShot(True)
    fired = []
    timer.timeout.connect(lambda: fired.append(None))

    def work() -> None:
        timer.start(0)
        QCoreApplication.processEvents()
        fired.clear()

    assert not _lost(work)
