"""The overview through the window: the audit sample in its figures, and when it computes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from leukview.ui.models.judged import Source
from leukview.ui.models.queue import Tab

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
FILES = {"a.bmp": 20, "b.bmp": 35, "c.bmp": 120, "d.bmp": 245}  # c needs review


@pytest.fixture
def sampled(start, hand, image_folder):
    """A window with an audit sample of two images, in the audit queue."""
    h = hand(start())
    h.open(image_folder(FILES))
    h.one.controller.act(lambda review: review.draw_audit(2, 1, 0.9))
    h.one.window.page.show_tab(Tab.AUDIT)
    h.one.window.page.go(0)
    return h


def test_the_audit_samples_own_matrix_shows_what_was_read_of_it_and_opens_it(sampled, qtbot):
    h, window = sampled, sampled.one.window
    review, overview = h.one.controller.review, window.overview
    row = int(review.audit_rows[0])
    suggested = int(review.suggested[row])
    h.press(Qt.Key.Key_1)
    window.show_page(1)
    overview.against._group.button(Source.AUDIT).click()
    table = overview.matrix.matrix.table
    assert (table.sum(), table[0, suggested]) == (1, 1)
    assert "1 of the random audit sample" in overview.reliability_card.note.text()
    place = overview.matrix.matrix.index(0, suggested + 1)
    at = overview.matrix.visualRect(place).center()
    qtbot.mouseClick(overview.matrix.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert (window.stack.currentWidget(), window.page.tab) == (window.page, Tab.AUDIT)
    assert window.page.model.rows.tolist() == [row]


def test_what_is_not_read_of_the_sample_is_counted_in_no_figure(sampled):
    window, review = sampled.one.window, sampled.one.controller.review
    window.show_page(1)
    assert len(review.unread()) == 2
    assert window.overview.histogram.counts.sum() == 2
    row = window.overview.histogram_card.row
    assert row._found.at(0.0).above == 2
    assert "Left out until they are decided: 2 images" in window.overview.table_note.text()


def test_the_overview_computes_nothing_while_it_is_hidden(sampled, monkeypatch):
    window, done = sampled.one.window, []
    monkeypatch.setattr(window.overview, "_show_judged", lambda: done.append(1))
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_Backspace):
        sampled.press(key)
    assert done == []
    window.show_page(1)
    assert done == [1]
