"""The list of folders of before follows what is on the drives."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QSettings, Qt

from leukview.ui import messages
from leukview.ui.recents import Recents
from leukview.ui.settings import Recent, Settings
from leukview.ui.theme import Theme
from leukview.ui.widgets.missing_row import MissingRow
from leukview.ui.widgets.start_page import StartPage
from leukview.workflows import recent

WAIT = 60_000


@pytest.fixture
def settings(tmp_path):
    return Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def recents(qapp, settings):
    made = Recents(settings)
    yield made
    assert made.shut_down()


@pytest.fixture
def add(settings, tmp_path):
    """`add("name", session, there=True)`: a folder opened before."""

    def made(name: str, session: str = "", *, there: bool = True) -> str:
        path = tmp_path / name
        if there:
            path.mkdir()
        settings.remember(Recent(str(path), 7, session=session))
        return str(path)

    return made


def look(qtbot, recents) -> None:
    recents.look()
    qtbot.waitUntil(lambda: not recents._runner.busy, timeout=WAIT)


def names(recents) -> list[str]:
    return [entry.name for entry in recents.entries]


def test_a_folder_that_is_gone_stays_on_the_list_and_is_known_to_be(qtbot, recents, add):
    add("there", "s1")
    gone = add("gone", "s2", there=False)
    with qtbot.waitSignal(recents.changed, timeout=WAIT):
        look(qtbot, recents)
    assert names(recents) == ["gone", "there"]
    assert recents.missing == {gone}


def test_a_session_found_under_a_new_path_takes_the_old_one_off_the_list(qtbot, recents, add):
    add("old name", "s1", there=False)
    add("copy", "s2")
    add("new name", "s1")
    look(qtbot, recents)
    assert names(recents) == ["new name", "copy"]
    assert recents.missing == set()


def test_a_copy_stays_while_both_are_there(qtbot, recents, add):
    add("original", "s1")
    add("copy", "s1")
    look(qtbot, recents)
    assert names(recents) == ["copy", "original"]


def test_two_lost_folders_do_not_take_each_other_off(qtbot, recents, add):
    add("a", "s1", there=False)
    add("b", "s1", there=False)
    add("c", "", there=False)
    look(qtbot, recents)
    assert names(recents) == ["c", "b", "a"]
    assert len(recents.missing) == 3


def test_a_folder_that_was_there_the_last_time_takes_none_off_once_it_is_lost_too(
    qtbot, recents, add, tmp_path
):
    add("a", "s1")
    add("b", "s1")
    look(qtbot, recents)
    for name in ("a", "b"):
        (tmp_path / name).rmdir()
    look(qtbot, recents)
    assert names(recents) == ["b", "a"]
    assert len(recents.missing) == 2


def test_a_folder_that_is_back_is_shown_as_before(qtbot, recents, add, tmp_path):
    add("away", "s1", there=False)
    look(qtbot, recents)
    (tmp_path / "away").mkdir()
    with qtbot.waitSignal(recents.changed, timeout=WAIT):
        look(qtbot, recents)
    assert recents.missing == set()


def test_what_is_the_same_is_not_said_again(qtbot, recents, add):
    add("gone", "s1", there=False)
    look(qtbot, recents)
    with qtbot.assertNotEmitted(recents.changed):
        look(qtbot, recents)


def test_a_missing_folder_says_why_and_can_be_removed_or_tried(qtbot, recents, add):
    gone = add("gone", "s1", there=False)
    add("there", "s2")
    look(qtbot, recents)
    page = StartPage(Theme())
    qtbot.addWidget(page)
    page.removed.connect(recents.forget)
    page.show_recent(recents.entries, recents.missing)
    page.show()
    (row,) = page.findChildren(MissingRow)
    assert messages.NOT_FOUND in row.words.text()
    assert row.row.accessibleName() == f"Open the folder gone, {messages.NOT_FOUND}"
    with qtbot.waitSignal(page.path_chosen, timeout=WAIT) as chosen:
        qtbot.mouseClick(page.recent_buttons[1], Qt.MouseButton.LeftButton)
    assert chosen.args == [gone]
    qtbot.mouseClick(row.remove_button, Qt.MouseButton.LeftButton)
    assert names(recents) == ["there"]
    assert recents.missing == set()


def test_a_dead_drive_holds_one_thread_however_often_the_list_is_looked_at(
    qtbot, recents, add, monkeypatch
):
    gate = threading.Event()
    monkeypatch.setattr(recent, "_is_missing", lambda _path: gate.wait(60))
    monkeypatch.setattr(recent, "ANSWER_SECONDS", 0.05)
    add("dead", "s1")
    for _ in range(3):
        look(qtbot, recents)
    held = [one for one in threading.enumerate() if one.name == "leukview-look"]
    gate.set()
    for thread in held:
        thread.join()
    assert len(held) == 1
