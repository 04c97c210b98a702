"""File > Import and the deletion of a session through the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel

from leukview.__main__ import main
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.import_dialog import ImportDialog
from leukview.ui.readings import Mode

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL, CLICK = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
FILES = {"a.bmp": 20, "b.bmp": 35, "c.bmp": 235, "d.bmp": 245}


@pytest.fixture
def exported(start, hand, image_folder, tmp_path):
    """A window with four decided images, and a table and a session file of them."""
    h = hand(start())
    h.folder = image_folder(FILES, name="Fall ü")
    h.open(h.folder)
    for key in (Qt.Key.Key_1, Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_U):
        h.press(key)
    h.one.controller.review.comment([3], "blurred")
    h.table, h.session = tmp_path / "t.csv", tmp_path / "s.leukview"
    h.one.window.close_folder()
    for out in (h.table, h.session):
        assert main(["export", str(h.folder), "--out", str(out)]) == 0
    h.open(h.folder)
    return h


@pytest.fixture
def choose(monkeypatch):
    """The next file dialog answers with this path."""

    def answer(path) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))

    return answer


def clear_all(h) -> None:
    h.press(Qt.Key.Key_A, CONTROL)
    h.press(Qt.Key.Key_Backspace)


def test_a_table_is_shown_before_it_is_taken_and_one_undo_takes_it_back(exported, choose, qtbot):
    h = exported
    clear_all(h)
    choose(h.table)
    seen = []

    def look(dialog) -> None:
        words = [one.text() for one in dialog.findChildren(QLabel)]
        seen.append(words[2:6])
        qtbot.mouseClick(dialog.act_button, CLICK)

    h.answer(ImportDialog, look)
    h.press(Qt.Key.Key_I, CONTROL)
    h.until(lambda: "taken from t.csv" in h.said)
    assert seen == [["4", "lines in the table", "4", "new"]]
    assert h.states == ["agreed", "agreed", "agreed", "unsure"]
    h.press(Qt.Key.Key_Z, CONTROL)
    assert h.states == ["undecided"] * 4


def test_more_files_than_are_looked_at_at_once_are_taken_by_one_action_too(
    exported, choose, qtbot, monkeypatch
):
    h = exported
    clear_all(h)
    monkeypatch.setattr("leukview.workflows.deciding.LOOK_AT_ONCE", 2)
    choose(h.table)
    h.answer(ImportDialog, lambda d: qtbot.mouseClick(d.act_button, CLICK))
    h.press(Qt.Key.Key_I, CONTROL)
    h.until(lambda: h.said == "4 images taken from t.csv")
    assert h.states == ["agreed", "agreed", "agreed", "unsure"]
    h.press(Qt.Key.Key_Z, CONTROL)
    assert h.states == ["undecided"] * 4


def test_in_a_conflict_what_stands_stays_unless_it_is_ticked(exported, choose, qtbot):
    h = exported
    h.one.controller.review.decide([0, 1], "all")
    choose(h.table)
    met = []

    def look(dialog) -> None:
        met.append((dialog.act_button.text(), dialog.act_button.isEnabled()))
        dialog.table.setCurrentItem(dialog.ticks[1])
        qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
        met.append((dialog.act_button.text(), dialog.act_button.isEnabled()))
        qtbot.mouseClick(dialog.theirs, CLICK)
        met.append(len(dialog.chosen))
        qtbot.mouseClick(dialog.mine, CLICK)
        met.append(len(dialog.chosen))
        qtbot.keyClick(dialog.table, Qt.Key.Key_Space)
        if dialog.act_button.isEnabled():
            qtbot.mouseClick(dialog.act_button, CLICK)
        else:
            dialog.reject()  # else the test would wait for ever

    h.answer(ImportDialog, look)
    h.press(Qt.Key.Key_I, CONTROL)
    h.until(lambda: "1 image taken from t.csv" in h.said)
    assert met == [("Nothing to import", False), ("Import 1 image", True), 2, 0]
    review = h.one.controller.review
    assert [review.decision(row).class_id for row in (0, 1)] == ["all", "hem"]


def test_a_conflict_shows_the_image_that_it_is_about(exported, choose):
    """The images are of one grey each: 35 and 235."""
    h = exported
    h.one.controller.review.decide([1, 2], "all")
    h.one.controller.review.decide([2], "hem")
    choose(h.table)
    greys = []

    def middles(dialog) -> list[int]:
        table, found = dialog.table, []
        picture = table.viewport().grab().toImage()
        for row in range(table.rowCount()):
            cell = table.visualRect(table.model().index(row, 0))
            found.append(picture.pixelColor(cell.left() + 24, cell.center().y()).red())
        return found

    def look(dialog) -> None:
        try:
            h.until(lambda: middles(dialog) == [35, 235])
        finally:
            greys.extend(middles(dialog))
            dialog.reject()

    h.answer(ImportDialog, look)
    h.press(Qt.Key.Key_I, CONTROL)
    h.until(lambda: "Nothing was taken" in h.said)
    assert greys == [35, 235]


def test_into_a_final_slide_nothing_is_imported_and_that_is_said_before_anything_is_asked(
    exported, choose
):
    h = exported
    h.one.controller.act(lambda review: review.finish())
    choose(h.table)
    h.press(Qt.Key.Key_I, CONTROL)
    h.until(lambda: "This slide is final" in h.one.window.page.banner.words.text())
    assert h.states == ["agreed", "agreed", "agreed", "unsure"]


def test_in_a_second_window_which_only_reads_nothing_is_imported_or_deleted(
    exported, start, hand, choose
):
    h = exported
    other = hand(start())
    other.open(h.folder)
    choose(h.table)
    words = other.one.window.page.banner.words
    other.one.window.actions_["import"].trigger()
    other.until(lambda: "only be read in this one. Nothing was taken from t.csv" in words.text())
    other.one.window.actions_["delete_session"].trigger()
    assert "cannot be deleted" in words.text()
    assert h.states == ["agreed", "agreed", "agreed", "unsure"]


def test_while_a_slide_is_read_blind_no_image_is_named(exported, choose, qtbot):
    h = exported
    h.one.window.readings._set(Mode.BLIND)
    h.one.controller.review.decide([0, 1], "all")
    choose(h.table)
    words = []

    def look(dialog) -> None:
        words.extend(dialog.table.item(row, 0).text() for row in range(dialog.table.rowCount()))
        words.extend(
            one.toolTip() for one in dialog.table.findItems("", Qt.MatchFlag.MatchContains)
        )
        words.extend(one.text() for one in dialog.findChildren(QLabel))
        dialog.reject()

    h.answer(ImportDialog, look)
    h.press(Qt.Key.Key_I, CONTROL)
    h.until(lambda: "Nothing was taken" in h.said)
    assert words[:2] == ["line 2", "line 3"]
    assert not [one for one in words if ".bmp" in one]


def test_what_is_no_table_is_said_and_changes_nothing(exported, choose, tmp_path):
    h = exported
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    choose(tmp_path / "x.csv")
    before = h.states
    h.press(Qt.Key.Key_I, CONTROL)
    h.until(lambda: "does not have LeukView's columns" in h.one.window.page.banner.words.text())
    assert h.states == before


def test_a_session_is_deleted_for_good_after_a_question_and_comes_back_from_its_file(
    exported, choose, qtbot
):
    h = exported
    window = h.one.window
    h.answer(ActDialog, lambda d: qtbot.keyClick(d, Qt.Key.Key_Return))
    window.actions_["delete_session"].trigger()
    assert h.one.controller.folder is not None, "Enter keeps it"
    h.answer(ActDialog, lambda d: qtbot.mouseClick(d.act_button, CLICK))
    window.actions_["delete_session"].trigger()
    assert h.one.controller.folder is None
    assert "deleted" in h.said
    choose(h.session)
    window.actions_["import"].trigger()
    h.open(h.folder)
    assert h.states == ["agreed", "agreed", "agreed", "unsure"]
    assert h.one.controller.review.comments == {3: "blurred"}


def test_a_session_file_goes_on_where_the_open_slide_is_its_beginning(exported, choose, tmp_path):
    h = exported
    h.press(Qt.Key.Key_F)
    later, kept = tmp_path / "later.leukview", h.one.controller.review.head()
    h.one.window.close_folder()
    assert main(["export", str(h.folder), "--out", str(later)]) == 0
    assert main(["delete", str(h.folder), "--yes"]) == 0
    assert main(["import", str(h.session)]) == 0
    h.open(h.folder)
    assert not h.one.controller.review.flagged.any()
    choose(later)
    h.one.window.actions_["import"].trigger()
    h.until(lambda: "goes on as the file does" in h.said)
    assert h.one.controller.review.flagged.any()
    assert h.one.controller.review.head() == kept


def test_a_deleted_session_is_really_gone(exported, qtbot):
    h = exported
    h.answer(ActDialog, lambda d: qtbot.mouseClick(d.act_button, CLICK))
    h.one.window.actions_["delete_session"].trigger()
    h.open(h.folder)
    assert h.states == ["undecided"] * 4
    assert not h.one.window.actions_["undo"].isEnabled()


def test_without_an_open_slide_a_table_is_refused_in_a_sentence(exported, choose):
    h = exported
    h.one.window.close_folder()
    choose(h.table)
    h.one.window.actions_["import"].trigger()
    assert "none is open" in h.one.window.start.problem.text()
