"""Filters by hand: typed, saved under a name, recalled in another folder, removed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from leukview.domain.records import DecisionState
from leukview.ui.models.queue import Filter

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
VALUES = {"d0.bmp": 20, "d1.bmp": 21, "e0.bmp": 245, "e1.bmp": 244}


@pytest.fixture
def h(start, hand, image_folder):
    made = hand(start())
    made.open(image_folder(VALUES))
    made.page, made.popup = made.one.window.page, made.one.window.page.bar.popup
    made.page.gallery.setFocus()
    return made


def names(h) -> list[str]:
    return [h.page.review.images[row].name for row in h.page.model.rows]


def tick(h, box) -> None:
    """Click on the box itself: right of its words there is nothing to hit."""
    h.qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def test_a_part_of_a_name_is_looked_for_when_typing_rests(h):
    h.press(Qt.Key.Key_Slash)
    h.until(h.popup.isVisible)
    h.popup.name.setFocus()
    QTest.keyClicks(h.popup.name, "d")
    h.until(lambda: names(h) == ["d0.bmp", "d1.bmp"])
    QTest.keyClicks(h.popup.name, "?.b*")
    h.until(lambda: h.page.filter == Filter(name="d?.b*"))
    assert names(h) == ["d0.bmp", "d1.bmp"]
    assert h.popup.isVisible()
    QTest.keyClick(h.popup.name, Qt.Key.Key_Escape)
    assert not h.popup.isVisible()


def test_what_was_flagged_or_changed_is_found_again(h):
    h.page.go(0)
    h.press(Qt.Key.Key_F)
    h.press(Qt.Key.Key_2)
    h.page.bar.open_filter()
    tick(h, h.popup.flagged)
    assert names(h) == ["d0.bmp"]
    tick(h, h.popup.flagged)
    box = next(box for state, box in h.popup.states.items() if state.value == "changed")
    tick(h, box)
    assert names(h) == ["d0.bmp"]
    h.popup.hide()


def test_a_filter_is_saved_under_a_name_and_recalled_in_another_folder(h, image_folder):
    h.page.set_filter(Filter(classes=frozenset({1}), low=0.5))
    h.page.bar.open_filter()
    assert not h.popup.save.isEnabled()
    h.popup.kept.setEditText("bright and sure")
    h.qtbot.mouseClick(h.popup.save, Qt.MouseButton.LeftButton)
    assert h.said == "Filter bright and sure saved"
    h.popup.hide()
    other = {name: value + 2 for name, value in VALUES.items()}
    h.open(image_folder(other, name="Ordner ü"))
    assert h.page.filter == Filter()
    h.page.bar.open_filter()
    h.popup.kept.setCurrentIndex(h.popup.kept.findText("bright and sure"))
    h.popup.kept.activated.emit(h.popup.kept.currentIndex())
    assert h.page.filter == Filter(classes=frozenset({1}), low=0.5)
    assert names(h) == ["e0.bmp", "e1.bmp"]
    h.qtbot.mouseClick(h.popup.remove, Qt.MouseButton.LeftButton)
    assert h.said == "Filter bright and sure removed"
    assert h.popup.kept.count() == 0
    assert names(h) == ["e0.bmp", "e1.bmp"]
    h.popup.hide()


def test_the_filter_is_there_after_a_restart(h, start, hand):
    chosen = Filter(states=frozenset({DecisionState.UNSURE}), commented=True, name="e*")
    h.page.set_filter(chosen)
    folder = h.one.controller.folder.folder
    h.one.window.close()
    again = hand(start())
    again.open(folder)
    assert again.one.window.page.filter == chosen
