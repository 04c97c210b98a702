"""Take the pictures that are laid beside the mockups: `python tests/screenshots.py OUT`.

Every picture is taken of a real window in a process of its own, with the settings and the session
in a folder that is thrown away. Needs a display (`xvfb-run -s "-screen 0 3200x2000x24"`), or
QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SHOTS = ("start", "choosing", "running", "review", "selected", "overview", "filter", "export")
SHOTS += (
    "problems",
    "cell",
    "empty",
    "truth",
    "models",
    "again",
    "error",
    "about",
    "keys",
    "class",
    "grouped",
)
ERROR = (
    "There are no images in 'holiday'. It has 12 other files. Nothing was read. Choose a folder"
    " with files ending in .bmp .jpeg .jpg .png .tif .tiff .webp."
)
# theme, scale, width, height
LOOKS = (
    ("dark", 1.0, 1440, 900),
    ("light", 1.0, 1440, 900),
    ("dark", 1.0, 1024, 700),
    ("light", 2.0, 1440, 900),
    ("dark", 2.0, 1024, 700),
)
PATIENCE = 120_000  # milliseconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--folder", type=Path, default=ROOT / "resources" / "samples" / "cnmc")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--name", default="")
    parser.add_argument("--only", nargs="*", default=list(SHOTS))
    parser.add_argument("--looks", nargs="*", type=int, default=list(range(len(LOOKS))))
    parser.add_argument("--look", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.look:
        return _child(options)
    for number in options.looks:
        theme, scale, width, height = LOOKS[number]
        with tempfile.TemporaryDirectory() as data:
            environment = os.environ | {"LEUKVIEW_DATA": data, "QT_SCALE_FACTOR": str(scale)}
            look = [theme, str(width), str(height)]
            command = [sys.executable, __file__, *sys.argv[1:], "--look", *look]
            done = subprocess.run(command, env=environment, check=False)
            if done.returncode:
                return done.returncode
    return 0


def _by_class(window: object, settle: Callable[..., None], shoot: Callable[..., None]) -> None:
    from leukview.ui.models.queue import Tab
    from leukview.workflows.record import Mode

    window.page.show_tab(Tab.CLASS)
    settle(900)
    shoot("class")
    window.page.show_tab(Tab.ALL)
    window.actions_["group"].trigger()
    window.page.go(4)
    settle(900)
    window.page.gallery.head_pressed.emit(1)
    settle(500)
    shoot("grouped")
    window.page.gallery.head_pressed.emit(1)
    window.actions_["group"].trigger()
    window.readings._set(Mode.BLIND)
    window.page.go(8)
    settle()
    shoot("blind")
    window.readings._set(Mode.ASSISTED)
    window.page.go(0)
    settle()


def _child(options: argparse.Namespace) -> int:
    import onnxruntime  # noqa: F401  # before Qt, as the program does
    from PySide6.QtCore import QEventLoop, QTimer

    from leukview.ui.app import compose
    from leukview.ui.controller import Stage
    from leukview.ui.theme import Wish

    theme, width, height = options.look[0], int(options.look[1]), int(options.look[2])
    made = compose(model=options.model, device="cpu")
    window, controller = made.window, made.controller
    made.theme.choose(Wish(theme))
    window.resize(width, height)
    window.show()

    def settle(milliseconds: int = 400) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(signal: object, begin: Callable[[], object]) -> None:
        loop = QEventLoop()
        signal.connect(lambda *_: loop.quit())
        QTimer.singleShot(PATIENCE, loop.quit)
        begin()
        loop.exec()

    def shoot(name: str, widget: object = window) -> None:
        if name in options.only:
            scale = round(100 * window.devicePixelRatioF())
            prefix = f"{options.name}-" if options.name else ""
            file = options.out / f"{prefix}{name}-{theme}-{width}-{scale}.png"
            widget.grab().save(str(file))
            print(file)

    settle()
    shoot("start")
    made.settings.set_flag("run_on_open", False)
    until(controller.opened, lambda: window.open([options.folder]))
    settle()
    if controller.stage is Stage.CHOOSING:
        shoot("choosing")
        until(controller.model_changed, lambda: None)
    settle()
    if controller.can_run:
        until(controller.progressed, controller.run)
        settle(50)
        shoot("running")
    if controller.stage is Stage.RUNNING:
        until(controller.run_ended, lambda: None)
    settle()
    _decide(window, settle)
    shoot("review")
    _by_class(window, settle, shoot)
    window.page.go(6)
    selection = window.page.gallery.selectionModel()
    for place in (7, 8):
        flag = selection.SelectionFlag.Select
        selection.select(window.page.model.index(place), flag)
    settle()
    shoot("selected")
    window.page.bar.open_filter()
    settle()
    shoot("filter", window.page.bar.popup)
    window.page.bar.popup.hide()
    _dialogs(window, settle, shoot)
    _filtered(window, settle, shoot)
    _rest(window, settle, shoot)
    window.close()
    return 0


def _filtered(window: object, settle: Callable[..., None], shoot: Callable[..., None]) -> None:
    from leukview.ui.models.queue import Cell, Filter

    for name, chosen in (
        ("cell", Filter(cell=Cell(suggested=0, other=0, truth=False))),
        ("empty", Filter(low=0.0, high=0.0)),
    ):
        window.page.set_filter(chosen)
        settle()
        shoot(name)
    window.page.set_filter(Filter())


def _rest(window: object, settle: Callable[..., None], shoot: Callable[..., None]) -> None:
    """The overview, small dialogs, the menu of models, and the start page with a history."""
    from PySide6.QtCore import Qt

    from leukview.ui.dialogs.about_dialog import AboutDialog, KeysDialog

    window.show_page(1)
    settle()
    shoot("overview")
    if window.overview.against._group.button(2).isEnabled():
        window.overview.against._group.button(2).click()
        settle()
        shoot("truth")
    for name, dialog in (
        ("about", AboutDialog(window)),
        ("keys", KeysDialog(window.actions_, window)),
    ):
        dialog.show()
        settle(200)
        shoot(name, dialog)
        dialog.close()
    menu = window.toolbar.model_menu
    menu.aboutToShow.emit()
    menu.adjustSize()
    shoot("models", menu)
    _readers(window, settle, shoot)
    window.close_folder()
    settle()
    shoot("again")
    window.start.show_problem(ERROR)
    window.start.open_button.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    shoot("error")


def _readers(window: object, settle: Callable[..., None], shoot: Callable[..., None]) -> None:
    from leukview.ui.dialogs.reading_dialogs import AgreementDialog, SecondReaderDialog
    from leukview.workflows.actions import Reading
    from leukview.workflows.readers import between_readers

    review = window.page.review
    first = review.decided.copy()
    dialog = SecondReaderDialog("Ben", window)
    dialog.show()
    settle(200)
    shoot("second", dialog)
    dialog.close()
    window.readings._begin(Reading.SECOND, "Ben")
    for row in range(8):
        review.decide([row], review.classes[max(0, int(first[row]) + (row == 5))].id)
    window.readings._begin(Reading.ADJUDICATION, "Cleo")
    settle()
    shoot("settle")
    found = between_readers(review)
    if found is not None:
        dialog = AgreementDialog(found, window)
        dialog.show()
        settle(200)
        shoot("agreement", dialog)
        dialog.close()
    window.readings._begin(Reading.FIRST, "Ada")


def _decide(window: object, settle: Callable[..., None]) -> None:
    """Some of everything, so that each state of a tile is in the picture."""
    page, deciding = window.page, window.reviewing.deciding
    deciding._reason = "artefact"
    page.go(0)
    classes = len(page.review.classes)
    deciding.agree()
    deciding.decide(0)
    deciding.decide(1)
    deciding.unsure()
    deciding.exclude()
    deciding.agree()
    deciding.decide(classes - 1)
    page.go(8)
    settle(600)


def _dialogs(window: object, settle: Callable[..., None], shoot: Callable[..., None]) -> None:
    from leukview.ui.dialogs.export_dialog import ExportDialog
    from leukview.ui.dialogs.problems_dialog import ProblemsDialog
    from leukview.ui.models import summary
    from leukview.workflows.export import exportable, preview

    folder = window._controller.folder
    reason = "It is not a complete image (unexpected end of file). It was skipped."
    for name, dialog in (
        (
            "export",
            ExportDialog(
                Path.home() / "reviewed.csv",
                summary.counts(folder.review),
                window,
                theme_=window.theme_,
                preview=lambda chosen: preview(exportable(folder, "cpu"), chosen.order),
            ),
        ),
        ("problems", ProblemsDialog([("IMG_0042.png", reason)], window, can_retry=True)),
    ):
        dialog.show()
        settle(200)
        shoot(name, dialog)
        dialog.close()
        dialog.deleteLater()


if __name__ == "__main__":
    sys.exit(main())
