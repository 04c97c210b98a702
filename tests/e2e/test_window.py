"""The main flow in the real window, by keys and mouse: open, classify, override, undo, export."""

from __future__ import annotations

import contextlib
import csv
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from leukview.cli.main import main
from leukview.domain.records import DecisionState
from leukview.inference.model_file import load
from leukview.ui import app as app_module
from leukview.ui.app import Composition
from leukview.ui.controller import Stage
from leukview.ui.dialogs.export_dialog import ExportDialog
from leukview.ui.dialogs.problems_dialog import ProblemsDialog
from leukview.ui.dialogs.text_dialogs import ReasonDialog
from leukview.ui.models.queue import Filter, Tab
from leukview.ui.theme import Wish
from leukview.ui.widgets.missing_row import MissingRow
from leukview.workflows import opened as opened_module
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.review import Review

# What the offscreen platform says of every pop-up and dialog; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
STATES = tuple(DecisionState)
SHIFT_CONTROL = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
FILES = {
    "hem/a.png": 20,
    "hem/b.png": 35,
    "hem/c.png": 120,
    "all/d.png": 230,
    "all/e.png": 245,
    "all/f.png": 135,
}
WAIT = 60_000
Start = Callable[..., Composition]


@pytest.fixture
def opened(qtbot, start, image_folder):
    """A window in which six images are classified."""
    one = start()
    open_and_wait(qtbot, one, image_folder(FILES))
    return one


def open_and_wait(qtbot, one: Composition, *paths: Path) -> None:
    one.window.open(list(paths))
    wait_done(qtbot, one)


def wait_done(qtbot, one: Composition) -> None:
    c = one.controller

    def done() -> bool:
        return c.stage is Stage.READY and c.review is not None and not c.has_fresh

    qtbot.waitUntil(done, timeout=WAIT)


def press(qtbot, one: Composition, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    if not one.window.isActiveWindow():  # after a dialog
        one.window.activateWindow()
        qtbot.waitUntil(one.window.isActiveWindow, timeout=WAIT)
    qtbot.keyClick(one.window.page.gallery, key, modifier)


def states(one: Composition) -> list[str]:
    return [STATES[number].value for number in one.controller.review.state]


def decisions(one: Composition) -> list[str]:
    review = one.controller.review
    return [review.classes[n].id if n >= 0 else "" for n in review.decided]


def place(one: Composition) -> int:
    return one.window.page.gallery.currentIndex().row()


def test_images_are_classified_when_a_folder_is_opened(opened):
    review = opened.controller.review
    assert [review.classes[n].id for n in review.suggested] == ["all"] * 3 + ["hem"] * 3
    assert opened.window.stack.currentWidget() is opened.window.page
    assert opened.controller.device.name == "cpu"
    assert "CPU" in opened.window.toolbar.device.text()
    assert opened.window.status.notice.text() == "Research use only. Not for diagnosis."


def test_keys_decide_and_move_on(qtbot, opened):
    press(qtbot, opened, Qt.Key.Key_Return)
    assert place(opened) == 1
    press(qtbot, opened, Qt.Key.Key_1)
    press(qtbot, opened, Qt.Key.Key_U)
    assert states(opened)[:3] == ["agreed", "changed", "unsure"]
    assert decisions(opened)[:2] == ["all", "hem"]
    assert place(opened) == 3
    press(qtbot, opened, Qt.Key.Key_2, Qt.KeyboardModifier.KeypadModifier)
    assert decisions(opened)[3] == "all"


def test_a_decision_is_cleared_and_undone_and_done_again(qtbot, opened):
    press(qtbot, opened, Qt.Key.Key_1)
    press(qtbot, opened, Qt.Key.Key_Left)
    press(qtbot, opened, Qt.Key.Key_Backspace)
    assert (states(opened)[0], place(opened)) == ("undecided", 0)
    press(qtbot, opened, Qt.Key.Key_Z, CONTROL)
    assert states(opened)[0] == "changed"
    press(qtbot, opened, Qt.Key.Key_Z, CONTROL)
    assert states(opened)[0] == "undecided"
    press(qtbot, opened, Qt.Key.Key_Z, SHIFT_CONTROL)
    assert (states(opened)[0], decisions(opened)[0]) == ("changed", "hem")


def test_undo_with_control_held_down_selects_one_image_only(qtbot, opened):
    press(qtbot, opened, Qt.Key.Key_1)
    for modifier in (CONTROL, SHIFT_CONTROL):
        with held(opened, modifier):
            press(qtbot, opened, Qt.Key.Key_Z, modifier)
        assert opened.window.page.gallery.selected_places() == [0]


@contextlib.contextmanager
def held(one: Composition, modifier):
    """Keep a modifier down as a hand does; `keyClick` alone lets it go at once."""
    QTest.keyPress(one.window.windowHandle(), Qt.Key.Key_Control, modifier)
    yield
    QTest.keyRelease(one.window.windowHandle(), Qt.Key.Key_Control)


def test_a_key_decides_for_the_whole_selection(qtbot, opened):
    press(qtbot, opened, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, opened, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert opened.window.page.inspector.position.text() == "3 images selected"
    press(qtbot, opened, Qt.Key.Key_1)
    assert decisions(opened) == ["hem", "hem", "hem", "", "", ""]
    press(qtbot, opened, Qt.Key.Key_Z, CONTROL)
    assert decisions(opened) == [""] * 6


def test_the_reason_for_excluding_is_asked_once(qtbot, opened, answer):
    def give(dialog):
        dialog.field.setText("out of focus")
        qtbot.mouseClick(dialog.act_button, Qt.MouseButton.LeftButton)

    met = answer(ReasonDialog, give)
    press(qtbot, opened, Qt.Key.Key_X)
    press(qtbot, opened, Qt.Key.Key_X)
    assert len(met) == 1
    assert states(opened)[:2] == ["excluded", "excluded"]
    assert opened.controller.review.reasons[1] == "out of focus"


def test_cancelling_the_reason_excludes_nothing(qtbot, opened, answer):
    answer(ReasonDialog, lambda dialog: dialog.reject())
    press(qtbot, opened, Qt.Key.Key_X)
    assert states(opened)[0] == "undecided"


def test_buttons_of_the_inspector_decide(qtbot, opened):
    buttons = opened.window.page.inspector.buttons
    qtbot.mouseClick(buttons["hem"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["Unsure"], Qt.MouseButton.LeftButton)
    assert states(opened)[:2] == ["changed", "unsure"]


def test_n_walks_through_what_needs_review(qtbot, opened):
    review = opened.controller.review
    wanted = [n for n in range(6) if review.needs_review[n]]
    assert wanted, "the greys in the middle are doubtful by construction"
    press(qtbot, opened, Qt.Key.Key_N)
    assert place(opened) == next((n for n in wanted if n > 0), wanted[0])
    press(qtbot, opened, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert place(opened) in wanted


def test_nothing_moves_under_the_hand(qtbot, opened):
    page = opened.window.page
    page.show_tab(Tab.UNDECIDED)
    page.go(0)
    before = page.model.rows.tolist()
    press(qtbot, opened, Qt.Key.Key_1)
    assert page.model.rows.tolist() == before
    assert page.bar.refresh_button.isVisible()
    press(qtbot, opened, Qt.Key.Key_F5)
    assert page.model.rows.tolist() == before[1:]


def test_filters_narrow_the_queue(qtbot, opened):
    page = opened.window.page
    page.bar.open_filter()
    popup = page.bar.popup
    popup.boxes[1].click()
    assert len(page.model.rows) == 3
    popup.low.setValue(0.99)
    assert len(page.model.rows) < 3
    popup.reset.click()
    assert len(page.model.rows) == 6
    popup.hide()


def test_an_empty_queue_leads_on(qtbot, opened):
    page = opened.window.page

    def follow() -> None:
        assert page.empty.isVisible()
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)

    page.set_filter(Filter(low=0.0, high=0.0))
    follow()
    assert page.filter == Filter()
    assert len(page.model.rows) == 6
    assert not page.empty.isVisible()
    page.gallery.selectAll()
    press(qtbot, opened, Qt.Key.Key_1)
    page.show_tab(Tab.UNDECIDED)
    follow()
    assert opened.window.stack.currentWidget() is opened.window.overview


def test_leaving_a_folder_takes_all_of_it_out_of_the_window(qtbot, opened):
    window = opened.window
    assert window.toolbar.device.isVisible()
    opened.controller.choosing.wish = "auto"
    window.close_folder()
    assert not window.toolbar.device.isVisible()
    assert window.toolbar.model_button.text().strip() == "Automatic"
    assert not window.status.problem_button.isVisible()
    assert window.windowTitle() == "LeukView"


def test_saying_saved_means_saved(qtbot, opened):
    on_disk = []

    def look(words: str) -> None:
        uri = opened.controller.folder.store.path.as_uri() + "?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as own:
            kinds = [kind for (kind,) in own.execute("SELECT kind FROM event")]
        on_disk.append((words[:17], opened.window.status.saved.text() == words, kinds))

    opened.controller.saving.saved.connect(look)
    press(qtbot, opened, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: bool(on_disk), timeout=WAIT)
    assert on_disk[0] == ("All changes saved", True, ["decide"])


def test_the_overview_shows_where_reader_and_model_differ(qtbot, opened):
    window = opened.window
    press(qtbot, opened, Qt.Key.Key_1)  # suggested all, decided hem
    press(qtbot, opened, Qt.Key.Key_Return)
    window.toolbar.pages.chosen.emit(1)
    assert window.stack.currentWidget() is window.overview
    matrix = window.overview.matrix
    assert matrix.matrix.table.tolist() == [[0, 1], [0, 1]]
    rect = matrix.visualRect(matrix.matrix.index(0, 2))
    qtbot.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert window.stack.currentWidget() is window.page
    assert window.page.model.rows.tolist() == [0]
    assert "Suggested ALL blast, decided Normal" in window.page.bar.chip.text()
    qtbot.mouseClick(window.page.bar.chip, Qt.MouseButton.LeftButton)
    assert window.page.filter == Filter()


def test_the_overview_compares_with_folder_names(opened):
    window = opened.window
    window.show_page(1)
    window.overview.against.chosen.emit(window.overview.against.current)
    window.overview.against._group.button(2).click()
    table = window.overview.matrix.matrix.table
    assert table.sum() == 6
    assert table.trace() == 6
    assert window.overview.histogram.counts.sum() == 6


def test_decision_keys_are_off_in_the_overview(qtbot, opened):
    opened.window.show_page(1)
    qtbot.keyClick(opened.window, Qt.Key.Key_1)
    assert states(opened) == ["undecided"] * 6


def test_the_table_is_exported(qtbot, opened, tmp_path, answer):
    press(qtbot, opened, Qt.Key.Key_1)
    target = tmp_path / "Ergebnis ä.csv"

    def give(dialog):
        dialog.path.setText(str(target))
        qtbot.mouseClick(dialog.act_button, Qt.MouseButton.LeftButton)

    answer(ExportDialog, give)
    press(qtbot, opened, Qt.Key.Key_E, CONTROL)
    qtbot.waitUntil(lambda: "Exported" in opened.window.status.run.text(), timeout=WAIT)
    assert target.read_bytes().startswith("\ufeff".encode())
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows][:2] == ["all/d.png", "all/e.png"]
    assert (rows[0]["suggestion"], rows[0]["decision"]) == ("all", "hem")
    assert rows[0]["decision_state"] == "changed"
    assert rows[5]["true_class"] == "hem"
    assert "Exported 6 images" in opened.window.status.run.text()


def test_a_file_is_replaced_only_when_that_was_said(qtbot, opened, tmp_path, answer):
    target = tmp_path / "there.csv"
    target.write_text("old", encoding="utf-8")
    words = []

    def give(dialog):
        dialog.path.setText(str(target))
        words.append((dialog.exists.text(), dialog.act_button.text()))
        dialog.reject()

    answer(ExportDialog, give)
    press(qtbot, opened, Qt.Key.Key_E, CONTROL)
    assert words == [("A file of this name exists and will be replaced.", "Replace and export")]
    assert target.read_text(encoding="utf-8") == "old"


def test_decisions_are_there_after_a_restart_and_after_a_move(qtbot, start, image_folder):
    folder = image_folder(FILES)
    first = start()
    open_and_wait(qtbot, first, folder)
    press(qtbot, first, Qt.Key.Key_1)
    press(qtbot, first, Qt.Key.Key_Return)
    first.window.close()
    moved = folder.with_name("Proben Ä 2")
    shutil.move(folder, moved)
    second = start()
    open_and_wait(qtbot, second, moved)
    assert states(second)[:3] == ["changed", "agreed", "undecided"]
    press(qtbot, second, Qt.Key.Key_Z, CONTROL)
    assert states(second)[:2] == ["changed", "undecided"]
    assert second.settings.recent[0].name == "Proben Ä 2"
    qtbot.waitUntil(lambda: len(second.settings.recent) == 1, timeout=WAIT)  # the old one is gone


def test_a_folder_that_is_lost_is_marked_on_the_start_page_and_can_be_removed(
    qtbot, start, image_folder
):
    first = start()
    for name, grey in (("lost", 40), ("kept", 220)):
        open_and_wait(qtbot, first, image_folder({f"{name}.png": grey}, name=name))
    lost = Path(first.settings.recent[1].path)
    shutil.move(lost, lost.with_name("elsewhere"))
    first.window.close_folder()
    page = first.window.start
    qtbot.waitUntil(lambda: bool(page.findChildren(MissingRow)), timeout=WAIT)
    (row,) = page.findChildren(MissingRow)
    assert row.row.name.whole == "lost"
    qtbot.mouseClick(row.row, Qt.MouseButton.LeftButton)  # it may be back by now; it is not
    qtbot.waitUntil(lambda: "no file or folder" in page.problem.text(), timeout=WAIT)
    rows = lambda: [one for one in page.findChildren(MissingRow) if one.isVisible()]  # noqa: E731
    qtbot.waitUntil(lambda: len(rows()) == 1, timeout=WAIT)
    qtbot.mouseClick(rows()[0].remove_button, Qt.MouseButton.LeftButton)
    assert [one.name for one in first.settings.recent] == ["kept"]
    assert len(page.recent_buttons) == 1


def test_a_second_run_classifies_only_what_is_new(qtbot, start, image_folder):
    folder = image_folder(FILES)
    first = start()
    open_and_wait(qtbot, first, folder)
    first.window.close()
    shutil.copy(folder / "hem/a.png", folder / "hem/z.png")
    second = start()
    second.settings.set_flag("run_on_open", False)
    second.window.open([folder])
    qtbot.waitUntil(lambda: second.controller.review is not None, timeout=WAIT)
    assert (second.controller.review.suggested >= 0).sum() >= 6


def test_files_that_cannot_be_read_are_listed(qtbot, start, image_folder, answer):
    folder = image_folder(FILES)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    one = start()
    open_and_wait(qtbot, one, folder)
    assert "1 could not be read" in one.window.status.problem_button.text()
    met = answer(ProblemsDialog, lambda dialog: dialog.reject())
    qtbot.mouseClick(one.window.status.problem_button, Qt.MouseButton.LeftButton)
    assert met[0].lines[0].startswith("broken.png\n")
    row = next(iter(one.controller.review.errors))
    one.window.page.go(one.window.page.model.place(row))
    press(qtbot, one, Qt.Key.Key_1)
    assert states(one)[row] == "undecided"


def test_a_folder_without_images_says_so_and_stays_on_the_start_page(qtbot, start, tmp_path):
    (tmp_path / "empty").mkdir()
    one = start()
    with qtbot.waitSignal(one.controller.open_failed, timeout=WAIT):
        one.window.open([tmp_path / "empty"])
    assert "no images" in one.window.start.problem.text()
    assert one.window.stack.currentWidget() is one.window.start
    assert one.controller.stage is Stage.EMPTY


def test_a_model_that_is_refused_leaves_the_folder_open(qtbot, start, image_folder, tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    one = start(model=str(bad))
    one.window.open([image_folder(FILES)])
    qtbot.waitUntil(lambda: one.controller.review is not None, timeout=WAIT)
    assert "bad.onnx" in one.window.page.banner.words.text()
    assert not one.controller.can_run


def test_the_images_are_there_while_auto_looks_for_its_model(
    qtbot, start, image_folder, toy_model, monkeypatch
):
    found = threading.Event()

    def choose(images, *, cancel=None):
        assert found.wait(WAIT / 1000)
        return ModelChoice(load(toy_model), "It is the most familiar.")

    monkeypatch.setattr(opened_module, "choose_model", choose)
    one = start(model="auto")
    one.window.open([image_folder(FILES)])
    page = one.window.page
    qtbot.waitUntil(lambda: page.strip.isVisible(), timeout=WAIT)
    assert one.window.stack.currentWidget() is page
    assert page.gallery.model().rowCount() == 6
    assert page.strip.count.text().startswith("6 images found. Choosing the model")
    assert one.window.status.run.text() == page.strip.count.text()
    assert not one.controller.can_run
    press(qtbot, one, Qt.Key.Key_Right)
    found.set()
    wait_done(qtbot, one)
    assert not page.strip.isVisible()
    assert place(one) == 1  # where the reviewer was
    assert [one.controller.review.classes[n].id for n in one.controller.review.suggested] == [
        *("all", "all", "all", "hem", "hem", "hem")
    ]
    assert "most familiar" in one.window.toolbar.model_button.toolTip()


def test_another_model_keeps_the_decisions(qtbot, opened, toy_field_model):
    press(qtbot, opened, Qt.Key.Key_1)
    with qtbot.waitSignal(opened.controller.model_changed, timeout=WAIT):
        opened.window.toolbar.model_chosen.emit(str(toy_field_model))
    wait_done(qtbot, opened)
    assert [c.id for c in opened.controller.review.classes] == ["benign", "early", "pre", "pro"]
    assert states(opened)[0] == "changed"
    assert list(opened.window.page.inspector.buttons) == [
        *("benign", "early", "pre", "pro"),
        *("Unsure", "Exclude"),
    ]
    opened.window.show_page(1)
    assert "Images, not cells" in opened.window.overview.table_note.text()


def test_a_folder_is_dropped_on_the_window(start, hand, image_folder):
    h = hand(start())
    h.drop(image_folder(FILES))
    h.until(h.idle)
    assert h.one.controller.review.count == 6


def test_a_folder_is_chosen_in_the_dialog(qtbot, start, image_folder, monkeypatch):
    folder = image_folder(FILES)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(folder))
    one = start()
    qtbot.mouseClick(one.window.start.open_button, Qt.MouseButton.LeftButton)
    wait_done(qtbot, one)
    assert one.controller.folder.folder.name == "slides"


def test_samples_and_recent_folders_open_from_the_start_page(qtbot, start, image_folder):
    one = start()
    assert len(one.window.start.sample_buttons) == 2
    open_and_wait(qtbot, one, image_folder(FILES))
    one.window.close_folder()
    assert one.controller.review is None
    qtbot.mouseClick(one.window.start.recent_buttons[0], Qt.MouseButton.LeftButton)
    wait_done(qtbot, one)
    assert one.controller.folder.folder.name == "slides"


def test_stopping_keeps_what_is_done(qtbot, start, image_folder):
    folder = image_folder({f"{n:03}.png": n % 250 + 1 for n in range(400)})
    one = start()
    one.window.open([folder])
    qtbot.waitUntil(lambda: one.controller.running.done > 0, timeout=WAIT)
    one.controller.stop()
    qtbot.waitUntil(lambda: one.controller.stage is Stage.READY, timeout=WAIT)
    done = int((one.controller.review.suggested >= 0).sum())
    assert done > 0
    if done < 400:  # the run may have been at its end
        assert one.window.status.run.text().startswith("Stopped at")
        one.controller.run()
    wait_done(qtbot, one)
    assert (one.controller.review.suggested >= 0).all()


def test_opening_another_folder_during_a_run_mixes_nothing(qtbot, start, image_folder):
    many = image_folder({f"{n:03}.png": n % 250 + 1 for n in range(300)}, name="many")
    few = image_folder({"x.png": 20, "y.png": 240}, name="few")
    one = start()
    one.window.open([many])
    qtbot.waitUntil(lambda: one.controller.running.done > 0, timeout=WAIT)
    open_and_wait(qtbot, one, few)
    assert one.controller.review.count == 2
    assert one.controller.folder.folder.name == "few"


def corner(one: Composition) -> str:
    """Colour of the gallery's ground as it is painted."""
    picture = one.window.page.gallery.grab().toImage()
    return picture.pixelColor(1, 1).name().upper()


def test_a_theme_chosen_later_is_that_of_a_fresh_window(qtbot, opened):
    assert corner(opened) == opened.theme.tokens.surround
    opened.window.actions_["theme_dark"].trigger()
    assert opened.theme.dark
    assert corner(opened) == opened.theme.tokens.surround
    assert opened.settings.theme is Wish.DARK
    opened.window.actions_["theme_light"].trigger()
    assert not opened.theme.dark
    assert corner(opened) == opened.theme.tokens.surround


def test_the_tiles_grow_by_wheel_and_slider_and_stay_so(qtbot, opened):
    opened.window.page.gallery.edge_wished.emit(192)
    assert opened.window.page.delegate.geometry.edge == 192
    opened.window.page.bar.slider.setValue(100)
    assert opened.window.page.delegate.geometry.edge == 96
    assert opened.settings.edge == 96


def test_nothing_is_cut_off_in_the_smallest_window(qtbot, opened):
    window = opened.window
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: window.width() <= 1100, timeout=WAIT)
    right = window.status.notice.mapTo(window, QPoint(window.status.notice.width(), 0)).x()
    assert right <= window.width()
    assert window.page.inspector.width() >= 320
    for button in window.page.inspector.buttons.values():
        edge = button.mapTo(window, QPoint(button.width(), 0)).x()
        assert edge <= window.width()


def test_main_opens_the_window_with_a_folder_and_leaves_it_clean(
    qtbot, toy_model, image_folder, monkeypatch, caplog
):
    folder = image_folder(FILES, name="Schnitte é")
    seen = {}
    real = app_module.compose

    def composed(**options):
        seen["made"] = real(**options)
        return seen["made"]

    def loop(_app=None):
        wait_done(qtbot, seen["made"])
        qtbot.keyClick(seen["made"].window.page.gallery, Qt.Key.Key_1)
        seen["states"] = states(seen["made"])
        page = seen["made"].window.page
        monkeypatch.setattr(Review, "unsure", lambda *_, **__: {}["no such key"])
        qtbot.keyClick(page.gallery, Qt.Key.Key_U)
        qtbot.waitUntil(lambda: "KeyError: 'no such key'" in page.banner.words.text())
        return 0

    monkeypatch.setattr(app_module, "compose", composed)
    monkeypatch.setattr(QApplication, "exec", loop)
    assert main(["--model", str(toy_model), "--device", "cpu", str(folder)]) == 0
    assert seen["states"][0] == "changed"
    assert "no such key" in caplog.text, "what nobody expected is logged, and said above"
    assert seen["made"].controller.folder is None
    seen["made"].window.deleteLater()
