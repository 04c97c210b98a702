"""Windows for the tests of the whole program, and a hand that works in them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog

from leukview.domain.records import DecisionState
from leukview.ui.app import Composition, compose
from leukview.ui.controller import Stage
from leukview.ui.dialogs.export_dialog import ExportDialog

WAIT = 60_000  # ms; a loaded machine took longer than 20 s to read 400 files
STATES = tuple(DecisionState)


@pytest.fixture
def start(qtbot, toy_model):
    """Factory of shown windows with the toy model; all are closed at the end."""
    made: list[Composition] = []

    def show(*, model: str | None = None) -> Composition:
        one = compose(model=model or str(toy_model), device="cpu")
        made.append(one)
        one.window.show()
        qtbot.waitExposed(one.window)
        return one

    yield show
    for one in made:
        one.window.close()
        one.window.deleteLater()


def answered(kind: type[QDialog], act: Callable[[QDialog], object]) -> list[QDialog]:
    """Do something to the next dialog of this kind, from inside its own event loop."""
    met: list[QDialog] = []

    def look() -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, kind) and widget.isVisible():
                met.append(widget)
                act(widget)
                return
        QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)
    return met


@pytest.fixture
def answer():
    return answered


class Hand:
    """What a person does in a window, and what they see of the review."""

    def __init__(self, qtbot, one: Composition) -> None:
        self.qtbot, self.one = qtbot, one

    def until(self, true: Callable[[], object], timeout: int = WAIT) -> None:
        self.qtbot.waitUntil(lambda: bool(true()), timeout=timeout)

    def open(self, *paths: Path, timeout: int = WAIT) -> None:
        """Open and wait until all is classified and compared."""
        self.one.window.open(list(paths))
        self.until(self.idle, timeout)

    def idle(self) -> bool:
        c = self.one.controller
        ready = c.stage is Stage.READY and c.review is not None and not c.has_fresh
        return ready and not c.checking.busy and c.folder.choosing is False

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        if not self.one.window.isActiveWindow():  # after a dialog
            self.one.window.activateWindow()
            self.until(self.one.window.isActiveWindow)
        self.qtbot.keyClick(self.one.window.page.gallery, key, modifier)

    def drop(self, *paths: Path) -> None:
        """Drag these over the window and let them go, as the system tells it."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        how = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        copy = Qt.DropAction.CopyAction
        over = QDragEnterEvent(QPoint(50, 50), copy, *how)
        QApplication.sendEvent(self.one.window, over)
        assert over.isAccepted()
        QApplication.sendEvent(self.one.window, QDropEvent(QPointF(50, 50), copy, *how))

    def answer(self, kind: type[QDialog], act: Callable[[QDialog], object]) -> list[QDialog]:
        """See `answered`."""
        return answered(kind, act)

    def export(self, target: Path) -> list[dict[str, str]]:
        """Ask for the table by Ctrl+E as a person would, and read it."""

        def give(dialog) -> None:
            dialog.path.setText(str(target))
            self.qtbot.mouseClick(dialog.act_button, Qt.MouseButton.LeftButton)

        self.answer(ExportDialog, give)
        self.press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        self.until(lambda: "Exported" in self.said)
        with target.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def states(self) -> list[str]:
        return [STATES[number].value for number in self.one.controller.review.state]

    @property
    def suggested(self) -> list[str]:
        review = self.one.controller.review
        return [review.classes[n].id if n >= 0 else "" for n in review.suggested]

    @property
    def place(self) -> int:
        return self.one.window.page.gallery.currentIndex().row()

    @property
    def said(self) -> str:
        return self.one.window.status.run.text()


@pytest.fixture
def hand(qtbot) -> Callable[[Composition], Hand]:
    """Factory: `hand(start())`."""
    return lambda one: Hand(qtbot, one)
