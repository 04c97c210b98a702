"""Comments by hand: words from a list, and the list as the reader wants it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from leukview.ui.dialogs.text_dialogs import COMMENTS, MOST_COMMENTS, CommentDialog

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def h(start, hand, image_folder):
    made = hand(start())
    made.open(image_folder({"d0.bmp": 20, "e0.bmp": 245}))
    made.page = made.one.window.page
    made.page.gallery.setFocus()
    made.page.go(0)
    return made


def click(h, button) -> None:
    h.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_words_from_the_list_are_the_comment(h):
    def choose(dialog) -> None:
        assert [button.text() for button in dialog.chosen] == list(COMMENTS)
        click(h, dialog.chosen[2])
        click(h, dialog.act_button)

    h.answer(CommentDialog, choose)
    h.press(Qt.Key.Key_C)
    assert h.page.review.comments[h.page.current_row] == COMMENTS[2]


def test_own_words_are_put_on_the_list_and_others_taken_off_for_the_next_start(h, start, hand):
    def change(dialog) -> None:
        QTest.keyClicks(dialog.field, "two nuclei")
        click(h, dialog.listed)
        click(h, dialog.chosen[0])
        click(h, dialog.listed)
        dialog.reject()

    h.answer(CommentDialog, change)
    h.press(Qt.Key.Key_C)
    wanted = [*COMMENTS[1:], "two nuclei"]
    assert h.page.review.comments == {}
    folder = h.one.controller.folder.folder
    h.one.window.close()
    again = hand(start())
    again.open(folder)
    again.one.window.page.gallery.setFocus()
    offered: list[str] = []

    def look(dialog) -> None:
        offered.extend(button.text() for button in dialog.chosen)
        dialog.reject()

    again.answer(CommentDialog, look)
    again.press(Qt.Key.Key_C)
    assert offered == wanted


def test_a_full_list_takes_no_more_words(qtbot):
    dialog = CommentDialog("new", None, reasons=[f"words {n}" for n in range(MOST_COMMENTS)])
    qtbot.addWidget(dialog)
    assert not dialog.listed.isEnabled()
    click_first = dialog.chosen[0]
    qtbot.mouseClick(click_first, Qt.MouseButton.LeftButton)
    assert dialog.listed.isEnabled()
    qtbot.mouseClick(dialog.listed, Qt.MouseButton.LeftButton)
    assert len(dialog.chosen) == MOST_COMMENTS - 1
