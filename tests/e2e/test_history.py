"""The history of an image in its dialog, by key; what is hidden stays hidden there too."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from leukview.ui.dialogs.history_dialog import HistoryDialog
from leukview.workflows.actions import Reading
from leukview.workflows.record import Mode

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
VALUES = {"blast/e0.bmp": 245, "blast/e1.bmp": 244, "healthy/d0.bmp": 20, "healthy/d1.bmp": 21}


@pytest.fixture
def h(start, hand, image_folder):
    made = hand(start())
    made.open(image_folder(VALUES))
    made.page = made.one.window.page
    made.page.gallery.setFocus()
    made.one.settings.set_flag("auto_advance", False)
    return made


def shown(h) -> tuple[str, list[str]]:
    """The sentence and the lines of the dialog that the key opens."""
    seen: list[tuple[str, list[str]]] = []

    def read(dialog) -> None:
        seen.append((dialog.sentence.text() + dialog.windowTitle(), list(dialog.lines)))
        dialog.reject()

    h.answer(HistoryDialog, read)
    h.press(Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    h.until(lambda: seen)
    return seen[0]


def test_all_that_was_done_with_an_image_is_told_in_order(h):
    review = h.page.review
    h.page.go(0)
    assert shown(h)[1] == []
    h.press(Qt.Key.Key_2)
    h.press(Qt.Key.Key_F)
    h.press(Qt.Key.Key_U)
    h.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    h.page.go(1)
    h.press(Qt.Key.Key_1)
    h.page.go(0)
    _, lines = shown(h)
    done = [line.split("\n")[0].split(". ", 1)[1] for line in lines]
    name = review.classes[1].name
    assert done == [f"Decided {name}", "Flagged", "Marked as unsure", "Undone: Marked as unsure"]
    beside = lines[0].split("\n")[1]
    row = h.page.current_row
    suggested = review.classes[review.suggested[row]].name
    assert review.reviewer in beside
    assert "queue All" in beside
    assert f"suggested {suggested} by toy" in beside
    assert review.model_sha256[:8] in beside
    assert " UTC" in beside


def test_in_a_blind_reading_the_history_tells_neither_names_nor_suggestions(h):
    h.page.go(0)
    h.press(Qt.Key.Key_Return)
    row, review = h.page.current_row, h.page.review
    assert "Agreed: " in shown(h)[1][0]
    h.one.controller.act(lambda review: review.set_mode(Mode.BLIND))
    h.page.rebuild()
    h.page.go(h.page.model.place(row))
    sentence, lines = shown(h)
    words = " ".join([sentence, *lines]).casefold()
    assert "decided" in words
    forbidden = ("agreed", "suggested", "queue", ".bmp", "blast/", "healthy/")
    assert not any(word in words for word in forbidden)
    assert review.model_sha256[:8] not in words


def test_the_second_reader_does_not_see_what_the_first_one_did(h):
    h.page.go(0)
    h.press(Qt.Key.Key_2)
    row = h.page.current_row
    h.one.controller.act(lambda review: review.begin(Reading.SECOND, "Other"))
    h.page.rebuild()
    h.page.go(h.page.model.place(row))
    assert shown(h)[1] == []
    h.press(Qt.Key.Key_1)
    assert len(shown(h)[1]) == 1


def test_what_was_read_before_a_blind_reading_began_is_not_shown_in_it(h, monkeypatch):
    """The log is read in a worker; the dialog would come when suggestions are hidden already."""
    opened: list[list[str]] = []
    monkeypatch.setattr(HistoryDialog, "exec", lambda dialog: opened.append(dialog.lines))
    h.page.go(0)
    h.press(Qt.Key.Key_2)
    h.one.window.reviewing.history.open()
    h.one.controller.act(lambda review: review.set_mode(Mode.BLIND))
    later: list[object] = []
    h.one.controller.background(lambda _cancel: iter([1]), later.append)
    h.until(lambda: later)  # its worker does one thing after the other
    QApplication.processEvents()  # what was put off until the loop runs again
    assert opened == []
    h.one.controller.act(lambda review: review.set_mode(Mode.ASSISTED))
    h.one.window.reviewing.history.open()
    h.until(lambda: opened)
    assert len(opened[0]) == 1
