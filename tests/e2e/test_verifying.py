"""Slide > Verify the record, through the window."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from leukview.__main__ import main
from leukview.domain.errors import SessionError
from leukview.ui import verifying
from leukview.ui.dialogs.verify_dialog import VerifyDialog
from leukview.workflows.record import Mode

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CLICK = Qt.MouseButton.LeftButton
FILES = {"a.bmp": 20, "b.bmp": 35, "c.bmp": 235}


@pytest.fixture
def decided(start, hand, image_folder):
    """A window with three decided images."""
    h = hand(start())
    h.folder = image_folder(FILES, name="Fall ü")
    h.open(h.folder)
    for key in (Qt.Key.Key_1, Qt.Key.Key_1, Qt.Key.Key_2):
        h.press(key)
    return h


@pytest.fixture
def choose(monkeypatch):
    """The next file dialog answers with this path."""
    return lambda path: monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_: (str(path), "")
    )


def verify(h, act=lambda _dialog: None):
    """What the dialog says when it has checked, and after `act`; events, head and two sentences."""
    said = []

    def look(dialog) -> None:
        try:
            h.until(dialog.act_button.isEnabled)
            act(dialog)
            said.extend(one.text() for one in (dialog.events, dialog.head))
            said.extend((dialog.said.text(), dialog.compared.text()))
        finally:  # what fails here must not wait for a hand
            h.qtbot.mouseClick(dialog.safe_button, CLICK)

    h.answer(VerifyDialog, look)
    h.one.window.actions_["verify"].trigger()
    assert said
    return said


def beside(h, choose, path):
    """Compare with this file, as a person would."""

    def act(dialog) -> None:
        choose(path)
        h.qtbot.mouseClick(dialog.act_button, CLICK)
        h.until(dialog.act_button.isEnabled)  # not while it is compared

    return act


def altered(path, statement):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER event_never_changes")
        connection.execute("DROP TRIGGER event_never_goes")
        connection.execute(statement)
        connection.commit()


def test_the_record_is_checked_beside_the_window_and_names_events_and_head(decided, monkeypatch):
    threads, really = [], verifying.verdict

    def noted(*given, **named):
        threads.append(threading.current_thread() is threading.main_thread())
        return really(*given, **named)

    monkeypatch.setattr(verifying, "verdict", noted)
    head = decided.one.controller.review.head()
    events, hash_, said, compared = verify(decided)
    assert (events, hash_, compared) == ("3", head.sha256, "")
    assert said.startswith("The record holds")
    assert threads == [False]


def test_an_event_that_was_altered_while_the_window_is_open_is_named(decided):
    store = decided.one.controller.folder.store
    store.flush()
    altered(store.path, "UPDATE event SET payload = replace(payload, 'hem', 'all') WHERE seq = 2")
    assert verify(decided)[2].startswith("Event 2 (20")


def test_while_the_last_action_is_not_saved_the_record_is_not_called_whole(decided, monkeypatch):
    words, said = "Your last action was NOT saved.", []

    def refused() -> None:
        raise SessionError(words)

    def look(dialog) -> None:
        try:
            decided.until(lambda: "checked" not in dialog.said.text())
            said.append((dialog.said.text(), dialog.act_button.isEnabled()))
        finally:
            dialog.reject()

    with monkeypatch.context() as patch:
        patch.setattr(decided.one.controller.folder.store, "flush", refused)
        decided.answer(VerifyDialog, look)
        decided.one.window.actions_["verify"].trigger()
    assert said == [(words, False)]


def test_an_export_is_laid_beside_the_record_and_shows_a_cut_tail(decided, choose, tmp_path):
    h, table = decided, tmp_path / "t.csv"
    h.export(table)
    h.press(Qt.Key.Key_U)
    assert "all 3 events that t.csv has seen, and 1 since" in verify(h, beside(h, choose, table))[3]
    store = h.one.controller.folder.store
    altered(store.path, "DELETE FROM event WHERE seq > 2")
    events, _hash, said, _compared = verify(h, beside(h, choose, table))
    assert events == "2"
    assert said.startswith("1 event was cut off at the end")


def test_what_is_no_export_is_said_and_another_one_can_be_chosen(decided, choose, tmp_path):
    h, table = decided, tmp_path / "t.csv"
    h.export(table)
    (tmp_path / "x.jsonl").write_text("[1]\n")

    def act(dialog) -> None:
        beside(h, choose, tmp_path / "x.jsonl")(dialog)
        assert "line 1 is '[1]', not an object" in dialog.compared.text()
        beside(h, choose, table)(dialog)

    assert "all 3 events that t.csv has seen" in verify(h, act)[3]


def test_a_copy_of_images_is_looked_at_and_named_only_where_names_may_be_seen(
    decided, choose, tmp_path
):
    h, out = decided, tmp_path / "copy"
    assert main(["export", str(h.folder), "--out", str(out), "--format", "images"]) == 0
    (out / "hem" / "a.bmp").unlink()
    said = verify(h, beside(h, choose, out / "labels.csv"))[3]
    assert "all 3 events that copy has seen" in said
    assert "1 image of the copy is missing: hem/a.bmp." in said
    h.one.controller.act(lambda review: review.set_mode(Mode.BLIND))
    said = verify(h, beside(h, choose, out / "labels.csv"))[3]
    assert "1 image of the copy is missing." in said
    assert "a.bmp" not in said


def test_without_an_open_slide_there_is_no_record_to_verify(start):
    window = start().window
    assert not window.actions_["verify"].isEnabled()
