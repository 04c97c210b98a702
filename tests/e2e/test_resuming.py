"""Close at any moment, and come back to the same image, queue, order, filter and undo."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import Qt

from leukview.session.store import open_to_read
from leukview.ui.models import scan
from leukview.ui.models.queue import Filter, Order, Tab

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
FILES = {f"d{n}.bmp": 20 + 9 * n for n in range(9)} | {f"e{n}.bmp": 245 - 9 * n for n in range(5)}


def test_queue_order_filter_image_and_undo_are_as_they_were_left(start, hand, image_folder):
    folder = image_folder(FILES)
    h = hand(start())
    h.open(folder)
    page = h.one.window.page
    page.show_tab(Tab.UNDECIDED)
    page.set_order(Order.MOST_SURE)
    page.set_filter(Filter(classes=frozenset({1}), low=0.2))
    rows = page.model.rows.tolist()
    assert 2 < len(rows) < len(FILES)
    page.go(1)
    h.press(Qt.Key.Key_2)
    left = page.current_row
    h.one.window.close()
    again = hand(start())
    again.open(folder)
    page = again.one.window.page
    assert (page.tab, page.tabs.current) == (Tab.UNDECIDED, 3)
    assert page.filter == Filter(classes=frozenset({1}), low=0.2)
    assert page.model.rows.tolist() == [row for row in rows if row != rows[1]]
    assert page.current_row == left
    again.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not again.one.controller.review.state.any()


def test_a_filter_and_a_place_outlive_a_kill_though_nothing_was_decided(
    start, hand, image_folder, tmp_path, monkeypatch
):
    folder = image_folder(FILES)
    h = hand(start())
    h.open(folder)
    page, path = h.one.window.page, h.one.controller.folder.store.path
    page.show_tab(Tab.UNDECIDED)
    page.set_filter(Filter(classes=frozenset({1}), low=0.2))
    page.go(1)
    image = h.one.controller.review.images[page.current_row].name
    assert page.current_row > 0

    def on_disk(key: str) -> str:
        return open_to_read(path).meta(key) or ""

    h.until(lambda: '"low":0.2' in on_disk("view") and image in on_disk("place"))
    left = tmp_path / "as the kill left it"
    files = shutil.ignore_patterns("*.lock", "*-shm")
    shutil.copytree(tmp_path / "leukview-data", left, ignore=files)
    monkeypatch.setenv("LEUKVIEW_DATA", str(left))
    again = hand(start())
    again.open(folder)
    page = again.one.window.page
    assert (page.tab, page.filter) == (Tab.UNDECIDED, Filter(classes=frozenset({1}), low=0.2))
    assert again.one.controller.review.images[page.current_row].name == image


def test_a_filter_that_shows_nothing_outlives_a_kill_too(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder(FILES))
    page, path = h.one.window.page, h.one.controller.folder.store.path
    h.until(lambda: open_to_read(path).meta("view"))  # as it was opened
    page.set_filter(Filter(high=0.1))
    assert not len(page.model.rows)
    h.until(lambda: '"high":0.1' in open_to_read(path).meta("view"))


def test_by_class_comes_back_to_the_class_and_its_page(start, hand, image_folder, monkeypatch):
    monkeypatch.setattr(scan, "PAGE", 2)
    folder = image_folder(FILES)
    h = hand(start())
    h.open(folder)
    page = h.one.window.page
    page.show_tab(Tab.CLASS)
    page.scanning.choose(1)
    h.press(Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    rows, left = page.model.rows.tolist(), page.current_row
    h.one.window.close_folder()
    h.open(folder)
    assert page.tab is Tab.CLASS
    assert (page.scanning.scan.index, page.scanning.scan.page) == (1, 1)
    assert (page.model.rows.tolist(), page.current_row) == (rows, left)


def test_what_is_left_while_another_model_has_other_classes_does_no_harm(
    start, hand, image_folder, toy_field_model
):
    folder = image_folder(FILES)
    h = hand(start())
    h.open(folder)
    h.one.window.page.set_filter(Filter(classes=frozenset({0})))
    h.one.window.close()
    other = hand(start(model=str(toy_field_model)))
    other.open(folder)
    assert other.one.window.page.filter == Filter()
    assert len(other.one.window.page.model.rows) == len(FILES)
