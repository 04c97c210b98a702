"""What the window says of a queue is true of the review: empty only when nothing belongs to it."""

from __future__ import annotations

import shutil
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from leukview.ui.models.queue import Tab
from leukview.ui.models.thumbnails import FULL
from leukview.workflows import identity

# What the offscreen platform says of every pop-up and dialog; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
FILES = {"a.bmp": 20, "b.bmp": 35, "c.bmp": 120, "d.bmp": 245}  # c needs review


def undecided(h) -> str:
    return h.one.window.page.tabs.button(3).text()


def test_an_undone_decision_comes_back_into_a_queue_that_was_empty(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder(FILES))
    page = h.one.window.page
    page.show_tab(Tab.UNDECIDED)
    for _ in range(4):
        h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_F5)
    assert page.empty.isVisible()
    assert page.empty.title.text() == "Every image is decided"
    h.press(Qt.Key.Key_Z, CONTROL)
    assert not page.empty.isVisible()
    assert undecided(h) == "Undecided  1"
    assert len(page.model.rows) == 1
    assert h.states[int(page.model.rows[0])] == "undecided"
    h.press(Qt.Key.Key_2)
    assert "undecided" not in h.states


def test_a_decision_and_its_undo_each_show_one_image_once(start, hand, image_folder, monkeypatch):
    h = hand(start())
    h.open(image_folder(FILES))
    inspector = h.one.window.page.inspector
    shown, real = [], inspector.show_tile
    monkeypatch.setattr(
        inspector, "show_tile", lambda tile, **how: (shown.append(tile.row), real(tile, **how))
    )
    h.press(Qt.Key.Key_1)
    assert shown == [1]
    assert inspector.position.text() == "Image 2 of 4"
    h.press(Qt.Key.Key_Z, CONTROL)
    assert shown == [1, 0]
    assert inspector.state.text() == "not decided"


def test_the_pixels_of_the_next_image_are_there_when_a_decision_leads_to_it(
    start, hand, image_folder
):
    h = hand(start())
    h.open(image_folder(FILES))
    page = h.one.window.page
    for row in range(1, len(FILES)):
        kept = (row, FULL)
        h.until(lambda kept=kept: kept in page.loader._kept)
        before = page.inspector.image.pixmap.cacheKey()
        QTest.keyClick(page.gallery, Qt.Key.Key_1)
        assert page.current_row == row
        assert page.inspector.image.pixmap is not None
        assert page.inspector.image.pixmap.cacheKey() != before


def test_images_that_are_missing_in_a_queue_offer_to_build_it_anew(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder(FILES))
    page = h.one.window.page
    page.show_tab(Tab.UNDECIDED)
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_F5)
    assert len(page.model.rows) == 3
    assert not page.bar.refresh_button.isVisible()
    h.press(Qt.Key.Key_Z, CONTROL)
    assert len(page.model.rows) == 3, "nothing moves under the hand"
    assert page.bar.refresh_button.isVisible()
    h.press(Qt.Key.Key_F5)
    assert len(page.model.rows) == 4
    assert not page.bar.refresh_button.isVisible()


def test_a_queue_fills_while_the_files_of_a_copied_folder_are_compared(
    start, hand, image_folder, monkeypatch
):
    files = {f"{n:03}.bmp": 100 + n % 40 for n in range(300)}  # more than are read on opening
    folder = image_folder(files)
    first = hand(start())
    first.open(folder)
    first.one.window.close()
    shutil.copytree(folder, folder.parent / "copy", copy_function=shutil.copyfile)
    gate, real = threading.Event(), identity.read_again

    def read_again(row, image):
        gate.wait(20)
        return real(row, image)

    monkeypatch.setattr(identity, "read_again", read_again)
    h = hand(start())
    h.one.window.open([folder.parent / "copy"])
    page = h.one.window.page
    h.until(lambda: h.one.controller.checking.looking_up)
    page.show_tab(Tab.REVIEW)
    assert page.empty.isVisible()
    assert page.empty.title.text() == "Comparing the files…"
    gate.set()
    h.until(h.idle)
    review = h.one.controller.review
    assert review.needs_review.any()
    assert not page.empty.isVisible()
    assert 0 < len(page.model.rows) <= review.needs_review.sum()
    h.press(Qt.Key.Key_F5)
    assert len(page.model.rows) == review.needs_review.sum()


def test_the_checklist_claims_nothing_before_the_images_were_read(start, hand, image_folder):
    folder = image_folder(FILES)
    (folder / "broken.bmp").write_bytes(b"BM")
    h = hand(start())
    h.one.settings.set_flag("run_on_open", False)
    h.one.window.open([folder])
    h.until(lambda: h.one.controller.can_run)
    side = h.one.window.page.side
    said = [row.figure.whole for row in (side.read, side.suggested, side.review)]
    assert said == ["not known yet", "0 of 5", "not known yet"]
    h.one.controller.run()
    h.until(h.idle)
    said = [row.figure.whole for row in (side.read, side.suggested, side.review)]
    assert said == ["4 of 5", "4 of 5", "0 of 1"]


def test_a_folder_that_is_gone_is_said_whole_on_the_start_page(start, hand, tmp_path):
    h = hand(start())
    gone = tmp_path / ("a long name of a folder " * 4).strip() / "slides"
    h.one.window.open([gone])
    problem = h.one.window.start.problem
    h.until(problem.isVisible)
    assert str(gone) in problem.text()
    assert problem.height() >= problem.heightForWidth(problem.width())
