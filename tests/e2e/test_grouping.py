"""The gallery in groups: heads, folding, keys, a drag from one class to another."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester

from leukview.ui.models.queue import Filter, Tab

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SHIFT = Qt.KeyboardModifier.ShiftModifier
DARK, BRIGHT = 20, 245  # the toy model calls them its first and its second class


@pytest.fixture
def grouped(start, hand, image_folder):
    """Factory: a window over so many dark and bright images, grouped by G."""

    def begin(dark: int = 5, bright: int = 3, *, group: bool = True):
        values = {f"d{n}.bmp": DARK + n for n in range(dark)}
        h = hand(start())
        h.open(image_folder(values | {f"e{n}.bmp": BRIGHT - n for n in range(bright)}))
        h.page, h.view = h.one.window.page, h.one.window.page.gallery
        h.view.setFocus()
        if group:
            h.press(Qt.Key.Key_G)
        return h

    return begin


def heads(h):
    return h.view.heads.heads


def names(h) -> list[str]:
    return [h.page.review.images[row].name for row in h.page.model.rows]


def group_of(h, index: int) -> int:
    return next(n for n, head in enumerate(heads(h)) if head.index == index)


def over(h, group: int):
    """A drag of the selection over a group, and what became of it."""
    data = QMimeData()
    data.setData("application/x-leukview-selection", b"")
    point = h.view._head_rect(group).center()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    move = Qt.DropAction.MoveAction
    event = QDragMoveEvent(point, move, data, left, none)
    h.view.dragMoveEvent(event)
    return data, QDropEvent(QPointF(point), move, data, left, none, QEvent.Type.Drop), event


def test_g_puts_the_images_under_the_heads_of_their_classes_and_takes_the_groups_away(grouped):
    h = grouped(group=False)
    plain = names(h)
    h.press(Qt.Key.Key_G)
    QAbstractItemModelTester(
        h.page.model, QAbstractItemModelTester.FailureReportingMode.Fatal, h.page.model
    )
    assert [(head.index, head.count) for head in heads(h)][:2] == [(0, 5), (1, 3)]
    assert all(head.count == 0 for head in heads(h)[2:])
    assert [name[0] for name in names(h)] == ["d"] * 5 + ["e"] * 3
    assert heads(h)[0].figures[-1] == "5 suggested · 0 decided"
    assert heads(h)[0].state == "5 to decide"
    for place in range(8):
        assert h.view.indexAt(h.view.visualRect(h.page.model.index(place)).center()).row() == place
    h.press(Qt.Key.Key_G)
    assert h.view.heads is None
    assert names(h) == plain


def test_a_decision_leaves_the_image_where_it_is_and_changes_the_heads(grouped):
    h = grouped()
    h.page.go(0)
    h.press(Qt.Key.Key_2)
    assert h.place == 1
    assert names(h)[0][0] == "d"
    assert heads(h)[0].figures[-1] == "5 suggested · 0 decided"
    assert heads(h)[1].figures[-1] == "3 suggested · 1 decided"
    assert [head.state for head in heads(h)[:2]] == ["4 to decide", "3 to decide"]
    h.press(Qt.Key.Key_F5)
    assert [head.count for head in heads(h)[:2]] == [4, 4]


def test_a_head_that_is_clicked_folds_its_images_away_and_shows_them_again(grouped, qtbot):
    h = grouped()
    point = h.view._head_rect(group_of(h, 0)).center()
    qtbot.mouseClick(h.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert [name[0] for name in names(h)] == ["e"] * 3
    assert heads(h)[0].closed
    assert heads(h)[0].spoken == "Normal, 5 images, 5 to decide, folded."
    # Folded away is not gone: the queue still says what it holds.
    assert h.page.bar.total.text().startswith("8 ")
    qtbot.mouseClick(h.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert len(names(h)) == 8


def test_groups_are_folded_by_key_and_unfolded_from_the_menu(grouped):
    h = grouped()
    h.page.go(6)
    h.press(Qt.Key.Key_G, SHIFT)
    assert [name[0] for name in names(h)] == ["d"] * 5
    h.press(Qt.Key.Key_G, SHIFT)
    assert names(h) == []
    h.one.window.actions_["unfold"].trigger()
    assert len(names(h)) == 8
    h.press(Qt.Key.Key_G)
    h.press(Qt.Key.Key_G, SHIFT)
    assert h.said == "Groups are folded where the gallery is grouped by class (G)."


def test_a_selection_that_is_dropped_on_a_class_is_decided_for_it_in_one_step(grouped, monkeypatch):
    h = grouped()
    h.page.go(0)
    h.press(Qt.Key.Key_Right, SHIFT)
    monkeypatch.setattr(QDragMoveEvent, "source", lambda _: h.view)
    monkeypatch.setattr(QDropEvent, "source", lambda _: h.view)
    target = group_of(h, 1)
    data, drop, moved = over(h, target)
    assert moved.isAccepted()
    assert h.view.target == target
    h.view.dropEvent(drop)
    assert h.view.target == -1
    review = h.page.review
    assert review.decided[h.page.model.rows[:3]].tolist() == [1, 1, -1]
    h.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (review.decided == -1).all()
    assert data.hasFormat("application/x-leukview-selection")


def test_a_folder_that_is_dragged_over_the_gallery_is_left_to_the_window(grouped):
    h = grouped()
    _, _, moved = over(h, 0)  # from elsewhere
    assert not moved.isAccepted()
    assert h.view.target == -1


def test_arrows_walk_through_the_groups_and_the_head_in_the_way_is_no_image(grouped):
    h = grouped(dark=3, bright=3)
    h.page.go(1)
    columns = h.view.columns
    assert columns > 3
    h.press(Qt.Key.Key_Down)
    assert h.place == 4
    h.press(Qt.Key.Key_Up)
    assert h.place == 1
    assert not h.view.indexAt(h.view._head_rect(1).center()).isValid()


def test_the_head_of_a_group_that_is_scrolled_through_stays_and_covers_no_counted_image(grouped):
    h = grouped(dark=60, bright=3)
    h.page.go(0)
    bar = h.view.verticalScrollBar()
    bar.setValue(h.view.arranged.header + 40)
    assert h.view._head_rect(0).top() == 0
    below = h.view._head_rect(0).bottom()
    assert all(
        h.view.visualRect(h.page.model.index(p)).top() > below for p in h.view.whole_places()
    )
    end = h.view.arranged.header_top(1)
    bar.setValue(end - 10)
    assert h.view._head_rect(0).bottom() < h.view._head_rect(1).top() + 1
    # An image above is scrolled to under the head, not behind it.
    h.page.go(0)
    assert h.view.visualRect(h.page.model.index(0)).top() >= h.view._head_rect(0).bottom()


def test_a_filter_shows_only_groups_that_have_images_and_blind_readings_have_none(grouped):
    h = grouped()
    h.page.set_filter(Filter(classes=frozenset({1})))
    assert [head.index for head in heads(h)] == [1]
    h.page.set_filter(Filter())
    h.page.show_tab(Tab.CLASS)
    assert h.view.heads is None
    h.page.show_tab(Tab.ALL)
    assert h.view.heads is not None


def test_a_folder_that_is_classified_while_it_is_grouped_stands_in_its_classes_afterwards(
    grouped, image_folder
):
    h = grouped()
    h.open(image_folder({"d7.bmp": 27, "e7.bmp": 238, "d8.bmp": 28}, name="another"))
    assert [(head.index, head.count) for head in heads(h)][:2] == [(0, 2), (1, 1)]
    assert all(head.index >= 0 for head in heads(h))
    assert names(h) == ["d7.bmp", "d8.bmp", "e7.bmp"]


def test_the_wish_for_groups_is_kept(grouped, start, hand, image_folder):
    h = grouped()
    h.one.window.close()
    again = hand(start())
    assert again.one.window.actions_["group"].isChecked()
