"""A second reader through the window, and what settles where the two differ."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from leukview.ui.dialogs.reading_dialogs import AgreementDialog, SecondReaderDialog
from leukview.ui.dialogs.record_dialogs import FinishDialog
from leukview.ui.dialogs.text_dialogs import TextDialog
from leukview.ui.models.queue import Tab
from leukview.ui.widgets.banner import Gravity
from leukview.workflows.actions import Reading

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
FILES = {"a.bmp": 20, "b.bmp": 35, "c.bmp": 235, "d.bmp": 245}


def name(words: str, *, blind: bool = True):
    """Answer a dialog that asks for a person."""

    def give(dialog) -> None:
        dialog.field.setText(words)
        if not blind:
            dialog.assisted.setChecked(True)
        dialog.act_button.click()

    return give


@pytest.fixture
def read(start, hand, image_folder):
    """A window in which the first reader, Ada, has decided hem, hem, all, all."""
    h = hand(start())
    h.one.controller.set_reviewer("Ada")
    h.folder = image_folder(FILES)
    h.open(h.folder)
    for key in (Qt.Key.Key_1, Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_2):
        h.press(key)
    return h


def begin_second(h, *, blind: bool) -> None:
    h.answer(SecondReaderDialog, name("Ben", blind=blind))
    h.one.window.actions_["second"].trigger()


def read_by_second(h, *keys: int) -> None:
    """Ben reads the images in order, with these keys."""
    begin_second(h, blind=False)
    for key in keys:
        h.press(Qt.Key(Qt.Key.Key_0 + key))


def settle(h) -> None:
    """Cleo begins to settle what they call differently."""
    h.answer(TextDialog, name("Cleo"))
    h.one.window.actions_["settle"].trigger()


def test_the_second_reader_sees_nothing_of_the_first_and_comes_back_as_who_they_are(read):
    h = read
    window = h.one.window
    begin_second(h, blind=True)
    review = h.one.controller.review
    assert (review.record.reading, review.blind) == (Reading.SECOND, True)
    assert h.states == ["undecided"] * 4
    assert window._corner.text() == "names hidden · Ben (second reader)"
    assert not window.actions_["undo"].isEnabled()
    h.press(Qt.Key.Key_1)
    window.close_folder()
    h.open(h.folder)
    review = h.one.controller.review
    assert (review.record.reading, review.reviewer, review.blind) == (Reading.SECOND, "Ben", True)
    assert h.states.count("undecided") == 3
    window.actions_["first"].trigger()
    assert h.one.controller.review.reviewer == "Ada"
    assert h.states == ["agreed"] * 4


def test_the_same_person_is_no_second_reader(read):
    h = read
    h.answer(SecondReaderDialog, name(" ada "))
    h.one.window.actions_["second"].trigger()
    assert h.one.controller.review.record.reading is Reading.FIRST
    assert "other reader" in h.one.window.page.banner.words.text()


def test_only_what_the_readers_call_differently_is_settled(read, qtbot, tmp_path):
    h = read
    window, page = h.one.window, h.one.window.page
    read_by_second(h, 1, 2, 2, 1)
    settle(h)
    assert (page.tab, page.model.rows.tolist()) == (Tab.SETTLE, [1, 3])
    assert page.tabs.button(6).text() == "Readers differ  2"
    assert "Ada: Normal · Ben: ALL blast" in page.inspector.note.text()
    assert "Ada: Normal · Ben: ALL blast" in page.model.spoken(0)
    h.press(Qt.Key.Key_2)
    assert page.model.rows.tolist() == [1, 3]
    met = h.answer(AgreementDialog, lambda d: d.reject())
    window.actions_["readers"].trigger()
    assert met[0].kappa.text().startswith("Cohen’s κ 0.00")
    assert "2 differ, 1 of these settled" in met[0].sentence.text()
    assert [row[:4] for row in met[0].rows] == [
        ("Normal", "2 (50.0\N{THIN SPACE}%)", "2 (50.0\N{THIN SPACE}%)", "1"),
        ("ALL blast", "2 (50.0\N{THIN SPACE}%)", "2 (50.0\N{THIN SPACE}%)", "1"),
    ]
    rows = h.export(tmp_path / "out.csv")
    assert [row["decision"] for row in rows] == ["hem", "all", "all", "all"]
    assert [row["reviewer"] for row in rows] == ["Ada", "Cleo", "Ada", "Ada"]


def test_what_was_settled_is_to_be_settled_again_when_a_reader_says_otherwise(read):
    h = read
    window, page = h.one.window, h.one.window.page
    read_by_second(h, 1, 2, 2, 2)
    settle(h)
    h.press(Qt.Key.Key_2)
    assert page.banner.gravest is not Gravity.SETTLE
    window.actions_["first"].trigger()
    page.go(page.model.place(1))
    h.press(Qt.Key.Key_U)
    assert "settled before and is to be settled again" in h.said
    assert page.banner.gravest is Gravity.SETTLE
    assert "1 image was settled before a reader decided otherwise" in page.banner.words.text()
    h.answer(TextDialog, name("Cleo"))
    page.banner.button.click()
    assert (page.tab, page.model.rows.tolist(), h.states[1]) == (Tab.SETTLE, [1], "undecided")
    assert page.tabs.button(6).text() == "Readers differ  1"
    assert "settled before by Cleo: ALL blast, not valid any more" in page.inspector.note.text()
    met = h.answer(FinishDialog, lambda d: d.reject())
    window.actions_["finish"].trigger()
    assert "to be settled again" in met[0].lines[-1].figure
    h.press(Qt.Key.Key_1)
    assert page.banner.gravest is not Gravity.SETTLE
    assert "settled before" not in page.inspector.note.text()


def test_a_check_of_another_reading_leads_to_that_reading(read, qtbot):
    h = read
    window, page = h.one.window, h.one.window.page
    read_by_second(h, 1, 2, 2, 2)
    h.answer(TextDialog, name("Cleo"))
    h.answer(
        FinishDialog,
        lambda d: next(iter(d.buttons.values())).click(),
    )
    window.actions_["finish"].trigger()
    assert h.one.controller.review.record.reading is Reading.ADJUDICATION
    assert (page.tab, page.current_row) == (Tab.SETTLE, 1)


def test_what_was_settled_against_what_both_say_now_is_in_the_queue_too(read):
    h = read
    window, page = h.one.window, h.one.window.page
    read_by_second(h, 1, 2, 2, 2)
    settle(h)
    h.press(Qt.Key.Key_1)
    window.actions_["first"].trigger()
    page.go(page.model.place(1))
    h.press(Qt.Key.Key_2)
    h.answer(TextDialog, name("Cleo"))
    page.banner.button.click()
    assert (page.tab, page.model.rows.tolist()) == (Tab.SETTLE, [1])
    note = page.inspector.note.text()
    assert "Ada: ALL blast · Ben: ALL blast · settled before by Cleo: Normal" in note
