"""The one place where the window is put together and the event loop runs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QGuiApplication, QPixmapCache
from PySide6.QtWidgets import QApplication

from leukview import __version__
from leukview.ui import theme
from leukview.ui.controller import Controller
from leukview.ui.main_window import MainWindow
from leukview.ui.settings import Settings
from leukview.ui.theme import Theme
from leukview.ui.unexpected import Unexpected
from leukview.workflows.opened import AUTO

log = logging.getLogger(__name__)
_ENTRY = "leukview"


@dataclass(slots=True)
class Composition:
    """Strong references to all that has to live as long as the window."""

    app: QApplication
    settings: Settings
    theme: Theme
    controller: Controller
    window: MainWindow


def application() -> QApplication:
    """The application object: that which is there, or a new one."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    app = QApplication(sys.argv[:1])
    app.setApplicationName("LeukView")
    QPixmapCache.setCacheLimit(32 * 1024)  # kilobytes: chips and icons at 300 %
    app.setApplicationVersion(__version__)
    app.setWindowIcon(theme.app_icon())
    # Wayland finds the icon by the desktop entry's name, where one is installed.
    applications = QStandardPaths.StandardLocation.ApplicationsLocation
    if QStandardPaths.locate(applications, f"{_ENTRY}.desktop"):
        app.setDesktopFileName(_ENTRY)
    return app


def compose(*, model: str = AUTO, device: str = AUTO) -> Composition:
    """Build the window without showing it."""
    app = application()
    app.setStyle("Fusion")  # one look everywhere; a native one half overridden looks broken
    app.setFont(theme.font())
    settings = Settings()
    theme_ = Theme()
    theme_.choose(settings.theme)
    controller = Controller(settings, model=model, device=device)
    window = MainWindow(controller, settings, theme_)
    return Composition(app, settings, theme_, controller, window)


def run(paths: Sequence[Path], *, model: str = AUTO, device: str = AUTO) -> int:
    """Show the window until it is closed.

    Args:
        paths: folders or files to open; none: the start page.
        model: "auto", a shipped model's name, or the path of a file.
        device: "auto", "cpu", "cuda" or "cuda:N".

    Returns:
        Exit code 0.
    """
    made = compose(model=model, device=device)
    unexpected = Unexpected(made.controller)
    unexpected.said.connect(made.controller.failed, Qt.ConnectionType.QueuedConnection)
    made.window.show()
    if paths:
        made.window.open(list(paths))
    try:
        with unexpected.heard():
            code = made.app.exec()
    finally:
        # Also when the loop was left without closing the window: no thread outlives this function.
        made.window.close()
        ended = made.controller.close()
    if not ended:
        _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End the process without its threads: one is held by a drive that does not answer.

    Everything is saved by now. Qt would wait for its pools without end.
    """
    log.warning("A drive does not answer; LeukView ends without waiting for it.")
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # as without a console on Windows
            stream.flush()
    os._exit(code)
