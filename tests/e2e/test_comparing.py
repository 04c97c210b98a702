"""Images side by side, by hand: linked zoom, keys that decide, and what ends it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from leukview.workflows.record import Mode

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
VALUES = {f"blast/e{n}.bmp": 245 - n for n in range(8)}
VALUES |= {f"healthy/d{n}.bmp": 20 + n for n in range(8)}


@pytest.fixture
def h(start, hand, image_folder):
    made = hand(start())
    made.open(image_folder(VALUES))
    made.page, made.comparing = made.one.window.page, made.one.window.reviewing.comparing
    made.page.gallery.setFocus()
    return made


def compare(h, count: int):
    """Select the first images by hand and compare them."""
    h.page.go(0)
    for _ in range(count - 1):
        h.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    h.press(Qt.Key.Key_D)
    view = h.comparing.view
    if view is not None:
        h.until(lambda: all(card.image.pixmap for card in view.cards))
        h.until(view.hasFocus)
    return view


def wheel(widget, steps: int) -> None:
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def rows(h) -> list[int]:
    return [int(row) for row in h.page.model.rows]


def test_selected_images_stand_side_by_side_and_escape_goes_back(h):
    view = compare(h, 4)
    assert [card.row for card in view.cards] == rows(h)[:4]
    assert view.geometry() == h.page.geometry()
    assert [card.title.whole for card in view.cards] == [
        h.page.review.images[row].name for row in rows(h)[:4]
    ]
    h.qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert h.comparing.view is None
    assert not view.isVisible()
    h.until(h.page.gallery.hasFocus)
    assert h.page.selected_rows().tolist() == rows(h)[:1]


def test_zooming_and_dragging_one_image_moves_all(h):
    first, second, third = [card.image for card in compare(h, 3).cards]
    wheel(second, 4)
    assert first.scale == second.scale == third.scale
    assert not first.fitted
    middle = second.rect().center()
    h.qtbot.mousePress(second, Qt.MouseButton.LeftButton, pos=middle)
    h.qtbot.mouseMove(second, middle + QPoint(15, 9))
    h.qtbot.mouseRelease(second, Qt.MouseButton.LeftButton, pos=middle + QPoint(15, 9))
    assert first.view == second.view == third.view
    assert second.view[1] != QPointF()
    h.qtbot.keyClick(h.comparing.view, Qt.Key.Key_0)
    assert all(image.fitted for image in (first, second, third))
    h.qtbot.keyClick(h.comparing.view, Qt.Key.Key_Plus)
    assert not third.fitted
    assert first.scale == third.scale


def test_a_number_decides_only_the_image_with_the_ring_then_goes_on_among_them(h):
    view = compare(h, 3)
    one, two, three = rows(h)[:3]
    assert h.page.current_row == one
    h.qtbot.keyClick(view, Qt.Key.Key_2)
    assert [h.page.review.state[row] > 0 for row in (one, two, three)] == [True, False, False]
    assert h.page.current_row == two
    h.qtbot.keyClick(view, Qt.Key.Key_Right)
    assert h.page.current_row == three
    h.qtbot.keyClick(view, Qt.Key.Key_U)
    assert h.states[three] == "unsure"
    assert h.page.current_row == two
    assert h.comparing.view is view
    h.qtbot.mouseClick(view.buttons[h.page.review.classes[0].id], Qt.MouseButton.LeftButton)
    assert h.page.review.decided[two] == 0
    assert sum(state != "undecided" for state in h.states) == 3
    assert view.cards[1].state.whole == f"Decided {h.page.review.classes[0].name}"


def test_a_click_chooses_the_image_that_is_decided(h):
    view = compare(h, 4)
    h.qtbot.mouseClick(view.cards[2].image, Qt.MouseButton.LeftButton)
    assert h.page.selected_rows().tolist() == [view.cards[2].row]
    h.qtbot.keyClick(view, Qt.Key.Key_1)
    assert [row for row in rows(h) if h.page.review.state[row] > 0] == [view.cards[2].row]


def test_twelve_at_most_and_two_at_least(h):
    assert compare(h, 1) is None
    assert "2 to 12" in h.said
    assert len(compare(h, 14).cards) == 12
    assert "12 of 14" in h.said


def test_comparing_ends_when_an_image_that_is_not_shown_becomes_current(h):
    compare(h, 2)
    h.page.go(9)
    assert h.comparing.view is None


@pytest.mark.parametrize("key", [Qt.Key.Key_F3, Qt.Key.Key_F5])
def test_another_page_or_queue_ends_comparing(h, key):
    view = compare(h, 2)
    h.qtbot.keyClick(view, key)
    h.until(lambda: h.comparing.view is None)
    assert not view.isVisible()
    assert h.page.review.decided[rows(h)].tolist() == [-1] * len(rows(h))


def test_a_page_behind_is_not_confirmed_while_images_are_compared(h):
    h.page.show_tab(h.page.tab.CLASS)
    h.page.rebuild()
    view = compare(h, 2)
    assert view is not None
    h.qtbot.keyClick(view, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert set(h.states) == {"undecided"}


def test_a_blind_reading_shows_neither_names_nor_suggestions(h):
    h.one.controller.act(lambda review: review.set_mode(Mode.BLIND))
    h.page.rebuild()
    h.page.review.seen[:] = False
    seen = h.page.review.seen.tolist()
    view = compare(h, 3)
    shown = []
    for card in view.cards:
        assert card.bars.isHidden()
        shown += [card.title.whole, card.state.whole, card.suggestion.whole]
        shown += [card.accessibleName(), card.image.accessibleName(), card.toolTip()]
    words = " ".join(shown).casefold()
    assert not any(word in words for word in ("blast/", "healthy/", ".bmp", "suggested", "0.9"))
    assert h.page.review.seen.tolist() == seen
    h.qtbot.keyClick(view, Qt.Key.Key_1)
    assert "Decided" in view.cards[0].state.whole
