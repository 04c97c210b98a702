"""By class through the window: classes, pages, and confirming what was looked at."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.models import scan
from leukview.ui.models.queue import Tab
from leukview.ui.on_screen import LONG_ENOUGH

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
DARK, BRIGHT = 20, 245


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def scanned(start, hand, image_folder, monkeypatch):
    """Factory: a window in By class over so many dark and bright images, pages of four."""
    monkeypatch.setattr(scan, "PAGE", 4)

    def begin(dark: int, bright: int = 2):
        values = {f"d{n}.bmp": DARK + n for n in range(dark)}
        h = hand(start())
        h.open(image_folder(values | {f"e{n}.bmp": BRIGHT - n for n in range(bright)}))
        h.clock = Clock()
        page = h.one.window.page
        page.scanning.on_screen.clock = h.clock
        page.show_tab(Tab.CLASS)
        h.page, h.seen = page, page.scanning.on_screen.seen
        h.until(lambda: len(page.scanning.on_screen._in_view()) == len(page.model.rows))
        page.scanning.on_screen.look()
        return h

    return begin


def look(h, seconds: float) -> None:
    """The reader looks at the screen for so long."""
    h.clock.now += seconds
    h.page.scanning.on_screen.look()


def test_a_class_is_shown_page_by_page_with_its_figures(scanned, qtbot):
    h = scanned(6)
    bar = h.page.scanning.bar
    assert len(h.page.model.rows) == 4
    assert bar.page.text() == "Page 1 of 2"
    assert bar.figures.whole.startswith("6 suggested · 0 decided · 75.0")
    assert bar.button(0).accessibleName() == "Normal, 6 images, 6 not decided"
    h.press(Qt.Key.Key_PageDown, CONTROL)
    assert (len(h.page.model.rows), bar.page.text()) == (2, "Page 2 of 2")
    h.press(Qt.Key.Key_PageUp, CONTROL)
    assert bar.page.text() == "Page 1 of 2"
    qtbot.mouseClick(bar.button(1), Qt.MouseButton.LeftButton)
    assert [h.suggested[row] for row in h.page.model.rows] == ["all", "all"]


def test_only_what_was_on_the_screen_for_half_a_second_is_confirmed(scanned, qtbot):
    h = scanned(6)
    confirm = h.page.scanning.bar.confirm
    look(h, LONG_ENOUGH - 0.01)
    assert not confirm.isEnabled()
    h.press(Qt.Key.Key_Return, SHIFT)
    assert not h.one.controller.review.state.any()
    look(h, 0.02)
    assert confirm.isEnabled()
    assert "4 seen" in confirm.text()
    qtbot.mouseClick(confirm, Qt.MouseButton.LeftButton)
    assert h.states.count("agreed") == 4
    assert h.page.scanning.bar.page.text() == "Page 2 of 2", "on to what is open"
    h.press(Qt.Key.Key_Z, CONTROL)
    assert h.states.count("undecided") == 8


def test_an_intruder_that_was_moved_stays_on_its_page_and_is_not_confirmed(scanned):
    h = scanned(3)
    h.page.go(0)
    h.press(Qt.Key.Key_2)
    rows = h.page.model.rows.tolist()
    look(h, 1.0)
    h.press(Qt.Key.Key_Return, SHIFT)
    assert [h.states[row] for row in rows] == ["changed", "agreed", "agreed"]
    assert h.page.model.rows.tolist() == rows
    assert h.page.bar.refresh_button.isVisibleTo(h.page)
    h.press(Qt.Key.Key_F5)
    assert len(h.page.model.rows) == 2


def test_what_the_audit_hides_is_in_no_class(scanned):
    h = scanned(3)
    review = h.one.controller.review
    review.draw_audit(2, 1, 0.9)
    h.press(Qt.Key.Key_F5)
    assert not set(h.page.model.rows.tolist()) & set(review.audit_rows.tolist())


def test_what_is_in_another_queue_or_behind_a_dialog_does_not_count(scanned):
    h = scanned(3)
    h.page.show_tab(Tab.ALL)
    look(h, 2.0)
    assert not h.seen
    h.press(Qt.Key.Key_Return, SHIFT)
    assert not h.one.controller.review.state.any()
    assert "By class" in h.said
    h.page.show_tab(Tab.CLASS)
    assert not h.page.scanning.bar.confirm.isEnabled()


def test_what_a_dialog_covered_meanwhile_does_not_count(scanned):
    h = scanned(3)
    dialog = ActDialog("Covered", "", "", h.one.window, safe="Close")
    dialog.setModal(True)
    dialog.show()
    look(h, LONG_ENOUGH + 0.1)
    assert not h.seen
    dialog.close()
    look(h, 0.1)
    look(h, LONG_ENOUGH)
    assert len(h.seen) == 3
    dialog.deleteLater()
