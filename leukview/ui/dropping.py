"""What may be dropped on the window: folders and images to open, and a model to suggest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from leukview.ui.controller import Controller

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow


class Dropping(QObject):
    """Watches the window for what is dragged over it."""

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            if _paths(event.mimeData()):
                self._window.start.show_hot(True)
                event.acceptProposedAction()
            return True
        if event.type() == QEvent.Type.DragLeave:
            self._window.start.show_hot(False)
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self._window.start.show_hot(False)
            event.acceptProposedAction()
            self._take(_paths(event.mimeData()))
            return True
        return super().eventFilter(watched, event)

    def _take(self, paths: list[Path]) -> None:
        models = [path for path in paths if path.suffix.lower() == ".onnx"]
        others = [path for path in paths if path not in models]
        if models:
            self._controller.choose_model(str(models[0]))
        if len(others) > 1 and all(path.is_dir() for path in others):
            self._window.slides.add(others)
        elif others:
            self._window.open(others)


def _paths(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
