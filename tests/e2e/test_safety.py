"""What the window does when files change under it, the disk refuses, or a model is missing."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from leukview.session.store import SessionStore
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.export_kinds import Chosen, Kind
from leukview.ui.widgets.banner import Banner, Gravity

# What the offscreen platform says of every pop-up and dialog; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
FILES = {"a.bmp": 20, "b.bmp": 35, "c.bmp": 230, "d.bmp": 245}


def repaint(path: Path, level: int, *, later: bool = False) -> None:
    """Another picture in a file, of the same name, size and (unless `later`) time."""
    before = path.stat()
    Image.new("RGB", (24, 20), (level,) * 3).save(path)
    assert path.stat().st_size == before.st_size
    seconds = 1_000_000_000 if later else 0
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + seconds))


def test_a_folder_filled_anew_with_equal_names_sizes_and_times(start, hand, image_folder):
    folder = image_folder(FILES)
    first = hand(start())
    first.open(folder)
    for _ in range(4):
        first.press(Qt.Key.Key_Return)
    first.one.window.close()
    repaint(folder / "b.bmp", 250)
    second = hand(start())
    second.open(folder)
    assert second.states == ["agreed", "undecided", "agreed", "agreed"]
    assert second.suggested == ["hem", "all", "all", "all"]
    assert "1 image is not what was there before" in second.one.window.page.banner.words.text()
    rows = second.export(folder.parent / "x.csv")
    assert [row["decision"] for row in rows] == ["hem", "", "all", "all"]


def test_a_file_that_changes_while_it_is_shown_is_not_decided_but_shown_again(
    start, hand, image_folder
):
    folder = image_folder(FILES)
    h = hand(start())
    h.open(folder)
    image = h.one.window.page.inspector.image
    h.until(lambda: image.pixmap is not None)
    repaint(folder / "a.bmp", 250, later=True)
    h.press(Qt.Key.Key_2)
    assert (h.states[0], h.place) == ("undecided", 0)
    assert "changed on the disk" in h.said

    def level() -> int:
        shown = image.pixmap
        return shown.toImage().pixelColor(3, 3).red() if shown is not None else 0

    h.until(lambda: level() == 250)
    h.press(Qt.Key.Key_2)
    assert (h.states[0], h.place) == ("changed", 1)


def test_a_copied_folder_has_its_decisions_and_is_not_classified_again(
    start, hand, image_folder, monkeypatch
):
    many = {f"{n:03}.bmp": n % 250 for n in range(300)}  # more than are read on opening
    folder = image_folder(many, size=(24, 20))
    first = hand(start())
    first.open(folder)
    first.press(Qt.Key.Key_A, CONTROL)
    first.press(Qt.Key.Key_1)
    assert set(first.states) == {"agreed", "changed"}
    before = first.states
    first.one.window.close()
    shutil.copytree(folder, folder.parent / "parent" / "copy", copy_function=shutil.copyfile)
    second = hand(start())
    runs = []
    monkeypatch.setattr(second.one.controller, "run", lambda: runs.append(second.states))
    second.open(folder.parent / "parent")
    assert second.states == before
    assert runs, "the window wants to run when all is known"
    assert all(states == before for states in runs)
    assert second.one.controller.review.pending().size == 0


def test_the_window_comes_back_to_the_image_that_was_left(start, hand, image_folder):
    folder = image_folder(FILES)
    other = image_folder({"z.bmp": 3}, name="other")
    h = hand(start())
    h.open(folder)
    for _ in range(2):
        h.press(Qt.Key.Key_Right)
    h.open(other)
    assert h.place == 0
    h.open(folder)
    assert h.place == 2
    h.press(Qt.Key.Key_1)
    h.one.window.close()
    again = hand(start())
    again.open(folder)
    assert again.place == 3


class Refusing:
    """A disk that takes nothing: every commit of the session fails until `heal`."""

    def __init__(self, store: SessionStore) -> None:
        self.store = store
        self.pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {self.pages}")

    def heal(self) -> None:
        self.store._connection.execute("PRAGMA max_page_count = 1000000")


@pytest.fixture
def refused(start, hand, image_folder):
    """A window whose last decision the disk has refused."""
    h = hand(start())
    h.open(image_folder(FILES))
    store = h.one.controller.folder.store
    store.flush()
    disk = Refusing(store)
    h.one.controller.set_reviewer("x" * 50_000)  # one event larger than what is left
    h.press(Qt.Key.Key_1)
    h.until(lambda: banner(h).gravest is Gravity.SAVING)
    yield h
    disk.heal()
    h.one.controller.saving.retry()
    h.until(lambda: banner(h).gravest is not Gravity.SAVING)


def banner(h) -> Banner:
    return h.one.window.page.banner


def test_only_what_is_saved_takes_back_that_it_is_not(refused, tmp_path, toy_model):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    c, table = refused.one.controller, tmp_path / "x.csv"
    table.write_text("mine", encoding="utf-8")
    with refused.qtbot.waitSignal(c.failed, timeout=20_000):
        c.export(Chosen(kind=Kind.CSV, path=table, bom=False, force=False))
    for name in (str(bad), str(toy_model)):
        with refused.qtbot.waitSignal(c.model_changed, timeout=20_000):
            c.choose_model(name)
        assert banner(refused).gravest is Gravity.SAVING
        assert banner(refused).button.text() == "Retry"
        assert refused.one.window.status.saved.text() == "NOT saved"
    refused.until(refused.idle)
    Refusing(c.folder.store).heal()
    refused.qtbot.mouseClick(banner(refused).button, Qt.MouseButton.LeftButton)
    refused.until(lambda: "All changes saved" in refused.one.window.status.saved.text())
    assert banner(refused).gravest is Gravity.ERROR, "the table was not written all the same"
    refused.press(Qt.Key.Key_2)
    c.folder.store.flush()
    refused.until(lambda: not c.folder.store.unsaved)
    assert "exists and was left as it is" in banner(refused).words.text()
    with refused.qtbot.waitSignal(c.exported, timeout=20_000):
        c.export(Chosen(kind=Kind.CSV, path=table, bom=False, force=True))
    assert banner(refused).gravest is None


def test_suggestions_that_are_not_saved_are_no_lost_action(start, hand, image_folder):
    h = hand(start())
    h.one.settings.set_flag("run_on_open", False)
    h.one.window.open([image_folder({f"{n:03}.bmp": n for n in range(250)})])
    h.until(lambda: h.one.controller.can_run)
    store = h.one.controller.folder.store
    store.flush()
    disk = Refusing(store)
    h.one.controller.run()
    h.until(lambda: banner(h).gravest is Gravity.SAVING)
    assert "All your actions so far are saved" in banner(h).words.text()
    h.until(h.idle)
    assert h.one.window.asking.may_leave(), "nothing that a person did is lost"
    disk.heal()
    h.qtbot.mouseClick(banner(h).button, Qt.MouseButton.LeftButton)
    h.until(lambda: banner(h).gravest is None)
    assert h.one.window.status.saved.text().startswith("All changes saved")


@pytest.mark.parametrize("way", ["open", "recent", "dialog", "close folder", "close"])
def test_leaving_asks_while_the_disk_refuses(refused, image_folder, monkeypatch, way):
    other = image_folder({"z.bmp": 3}, name="other")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(other))
    window = refused.one.window
    met = refused.answer(ActDialog, lambda dialog: dialog.reject())
    {
        "open": lambda: window.open([other]),
        "recent": lambda: window.page.side.folder_chosen.emit(str(other)),
        "dialog": lambda: window.actions_["open"].trigger(),
        "close folder": window.close_folder,
        "close": window.close,
    }[way]()
    assert len(met) == 1
    assert "NOT saved" in met[0].sentence.text()
    assert refused.one.controller.folder.folder.name == "slides"
    assert refused.one.controller.folder.store.unsaved == 1


def test_without_a_model_decisions_are_made_kept_and_exported(start, hand, image_folder, tmp_path):
    folder = image_folder(FILES)
    first = hand(start())
    first.open(folder)
    first.press(Qt.Key.Key_2)
    first.one.window.close()
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    h = hand(start(model=str(bad)))
    h.one.window.open([folder])
    h.until(lambda: h.one.controller.review is not None and not h.one.controller.checking.busy)
    assert h.states[0] == "changed"
    assert h.place == 1
    h.press(Qt.Key.Key_U)
    rows = h.export(tmp_path / "x.csv")
    assert [(r["decision"], r["decision_state"]) for r in rows] == [
        ("all", "changed"),
        ("", "unsure"),
        ("", "undecided"),
        ("", "undecided"),
    ]
    assert {r["model"] for r in rows} == {""}


def test_only_suggestions_on_the_screen_count_as_seen(start, hand, image_folder):
    h = hand(start())
    h.one.window.page.set_edge(192)
    h.open(image_folder({f"{n:03}.bmp": n % 250 for n in range(200)}))
    h.one.window.page.go(0)
    h.until(lambda: h.one.controller.review.seen.any())
    h.press(Qt.Key.Key_A, CONTROL)
    h.press(Qt.Key.Key_Return)
    seen = [h.one.controller.review.decision(row).suggestion_seen for row in range(200)]
    assert all(seen[:6])
    assert not any(seen[150:])


def test_many_unread_images_are_read_before_they_are_decided(start, hand, image_folder):
    h = hand(start())
    h.one.settings.set_flag("run_on_open", False)
    h.one.window.open([image_folder({f"{n:03}.bmp": n % 250 for n in range(100)})])
    h.until(lambda: h.one.controller.review is not None)
    h.press(Qt.Key.Key_A, CONTROL)
    h.press(Qt.Key.Key_1)
    assert set(h.states) == {"undecided"}
    assert "then 100 images are decided as Normal" in h.said
    h.until(lambda: set(h.states) == {"changed"})
    assert h.said == "100 images decided as Normal"
    h.until(lambda: not h.one.controller.checking.busy)
    h.press(Qt.Key.Key_Z, CONTROL)
    assert set(h.states) == {"undecided"}


def test_two_windows_on_one_folder_and_one_table(start, hand, image_folder, tmp_path):
    folder, table = image_folder(FILES), tmp_path / "x.csv"
    first, second = hand(start()), hand(start())
    first.open(folder)
    first.press(Qt.Key.Key_2)
    first.one.controller.folder.store.flush()
    second.open(folder)
    assert "another LeukView window" in second.one.window.page.banner.words.text()
    assert second.states[0] == "changed"
    second.press(Qt.Key.Key_1)
    assert second.states[0] == "changed"
    assert "only be looked at" in second.one.window.page.banner.words.text()
    for h, ends in ((first, "exported"), (second, "failed")):
        with h.qtbot.waitSignal(getattr(h.one.controller, ends), timeout=20_000) as said:
            h.one.controller.export(Chosen(kind=Kind.CSV, path=table, bom=False, force=False))
    assert "exists and was left as it is" in said.args[0]
    with table.open(encoding="utf-8", newline="") as file:
        assert [row["decision"] for row in csv.DictReader(file)] == ["all", "", "", ""]


def test_undo_of_what_is_not_in_the_folder_any_more_is_said(start, hand, image_folder):
    folder = image_folder(FILES)
    first = hand(start())
    first.open(folder)
    first.press(Qt.Key.Key_2)
    first.one.window.close()
    (folder / "a.bmp").unlink()
    h = hand(start())
    h.open(folder)
    h.press(Qt.Key.Key_Z, CONTROL)
    assert "not in this folder now" in h.said
    assert not h.one.window.actions_["undo"].isEnabled()
