"""The ten steps of a review from the folder to the report, with the shipped model on real images.

With LEUKVIEW_PICTURES=FOLDER and QT_QPA_PLATFORM=xcb on a display, a picture of every step is kept.
"""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from leukview import resources
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.export_dialog import ExportDialog
from leukview.ui.dialogs.record_dialogs import AuditDialog, FinishDialog
from leukview.ui.export_kinds import Kind
from leukview.ui.models.queue import Tab
from leukview.ui.on_screen import LONG_ENOUGH
from leukview.workflows.record import Mode, State

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CLICK = Qt.MouseButton.LeftButton
LONG = 180_000


@pytest.fixture
def work(start, hand, tmp_path):
    """A window with the model for eight kinds of blood cells, and a folder of 24 real images."""
    h = hand(start(model="pbc8"))
    h.one.settings.set_flag("run_on_open", False)
    h.folder = tmp_path / "Probe ü" / "B-1121"
    shutil.copytree(resources.root() / "samples" / "pbc", h.folder)
    h.now = 100.0
    h.one.window.page.scanning.on_screen.clock = lambda: h.now
    h.one.window.resize(1440, 900)
    return h


def picture(name: str, widget: QWidget) -> None:
    """Keep what is on the screen, where somebody wants to see it."""
    QApplication.processEvents()
    if folder := os.environ.get("LEUKVIEW_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        widget.grab().save(str(Path(folder) / f"{name}.png"))


def click_tab(h, tab: Tab) -> None:
    page = h.one.window.page
    number = list(Tab).index(tab)
    button = page.tabs.button(number)
    assert button.text().lower().startswith(tab.value[:6])
    h.qtbot.mouseClick(button, CLICK)
    assert page.tab is tab


def confirm_pages(h) -> None:
    """Look at every page of the class that is shown, and confirm it."""
    page = h.one.window.page
    if not page.model.rows.size:
        return
    h.until(lambda: len(page.scanning.on_screen._in_view()) == page.model.rows.size)
    page.scanning.on_screen.look()
    h.now += LONG_ENOUGH + 0.1
    page.scanning.on_screen.look()
    h.press(Qt.Key.Key_Return, SHIFT)


def key(h, which: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key in the window, whichever page it shows."""
    window = h.one.window
    if not window.isActiveWindow():  # after a dialog
        window.activateWindow()
        h.until(window.isActiveWindow)
    h.qtbot.keyClick(window, which, modifier)


def test_a_slide_goes_through_the_ten_steps(work, tmp_path):
    h = work
    window, page, c = h.one.window, h.one.window.page, h.one.controller

    # 1. Open: drop the folder.
    picture("01-start", window)
    h.drop(h.folder)
    h.until(lambda: c.review is not None and not c.checking.busy and c.choice is not None, LONG)
    assert c.review.count == 24

    # 2. Choose how to read: blind first and, since this is an assisted reading, back.
    modes = window.toolbar.modes
    h.qtbot.mouseClick(modes._group.button(1), CLICK)
    assert c.review.record.mode is Mode.BLIND
    picture("02-blind-first", window)
    h.answer(ActDialog, lambda d: h.qtbot.mouseClick(d.act_button, CLICK))
    h.qtbot.mouseClick(modes._group.button(0), CLICK)
    assert c.review.record.mode is Mode.ASSISTED

    # 3. Run.
    h.press(Qt.Key.Key_R, CONTROL)
    h.until(h.idle, LONG)
    review = c.review
    assert (review.suggested >= 0).all()
    picture("03-run", window)

    # 4. Needs review, one key per cell.
    click_tab(h, Tab.REVIEW)
    picture("04-needs-review", window)
    for _ in range(len(page.model.rows)):
        h.press(Qt.Key.Key_Return)
    assert not (review.needs_review & (review.state == 0)).any()

    # 5. By class: look at a page, confirm it.
    click_tab(h, Tab.CLASS)
    confirm_pages(h)
    assert page.model.rows.size
    assert not any(review.state[row] == 0 for row in page.model.rows)
    picture("05-by-class", window)

    # 6. Audit sample: drawn once, read without its suggestions.
    h.answer(AuditDialog, lambda d: (d.size_field.setValue(6), picture("06a-draw", d), d.accept()))
    window.actions_["audit"].trigger()
    assert page.tab is Tab.AUDIT
    picture("06b-audit", window)
    for row in page.model.rows.tolist():
        button = page.inspector.buttons[review.classes[int(review.suggested[row])].id]
        h.qtbot.mouseClick(button, CLICK)
    assert not (review.state[review.audit_rows] == 0).any()
    click_tab(h, Tab.CLASS)
    for number in range(len(review.classes)):
        h.qtbot.mouseClick(page.scanning.bar.button(number), CLICK)
        confirm_pages(h)
    assert (review.state > 0).all()

    # 7. Summary.
    h.press(Qt.Key.Key_F3)
    picture("07-overview", window)
    assert "24" in window.overview.figures[1].value.text()

    # 8. Finish: the checks are listed before.
    h.answer(FinishDialog, lambda d: (picture("08-finish", d), d.act_button.click()))
    key(h, Qt.Key.Key_Return, CONTROL)
    assert review.record.state is State.FINAL

    # 9. Export: a table and a report.
    for kind, name in ((Kind.CSV, "t.csv"), (Kind.PDF, "r.pdf")):

        def give(dialog, kind=kind, name=name) -> None:
            dialog.choose(kind)
            dialog.path.setText(str(tmp_path / name))
            picture(f"09-export-{kind.name.lower()}", dialog)
            h.qtbot.mouseClick(dialog.act_button, CLICK)

        h.answer(ExportDialog, give)
        key(h, Qt.Key.Key_E, CONTROL)
        h.until(lambda name=name: (tmp_path / name).exists())
        h.until(lambda: not c.exporting.unfinished)
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert {row["record_state"] for row in rows} == {"final"}
    assert all(row["decision"] for row in rows)

    # 10. Close and come back: the same queue and image, and nothing is lost.
    key(h, Qt.Key.Key_F2)
    left, tab, head = page.current_row, page.tab, review.head()
    window.close_folder()
    h.open(h.folder)
    assert (page.current_row, page.tab) == (left, tab)
    assert c.review.head() == head
    assert not c.review.record.open
    picture("10-back", window)
