"""Blind first through the window: nothing depends on the model, or gives the true class away."""

from __future__ import annotations

import msgspec
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from leukview.domain.errors import SessionError
from leukview.session.store import SessionStore
from leukview.ui import messages
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.models.queue import Tab
from leukview.ui.models.thumbnails import FULL
from leukview.workflows.record import Mode

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
# Two folders whose names give the class away, an unreadable file, one unlike the training images.
FILES = {f"healthy/n{n}.bmp": 20 + 3 * n for n in range(5)}
FILES |= {f"blast/b{n}.bmp": 245 - 3 * n for n in range(5)} | {"blast/odd.bmp": (250, 20, 10)}
FILES |= {"blast/between.bmp": 124}


@pytest.fixture
def two_models(tmp_path, toy_contract, write_toy_model):
    """Two models of the same classes that call every image differently, with other figures."""
    first = write_toy_model(tmp_path / "one.onnx", toy_contract)
    swapped = msgspec.structs.replace(
        toy_contract,
        model="toy-other",
        title="Another toy",
        temperature=2.0,
        unfamiliar_above=0.1,
        review=msgspec.structs.replace(toy_contract.review, confidence=0.6),
    )
    second = write_toy_model(tmp_path / "other.onnx", swapped, offset=5.0)
    model = onnx.load(second)
    for one in model.graph.initializer:
        if one.name == "centres":  # where each class lies on the scale of brightness
            turned = numpy_helper.to_array(one)[:, ::-1]
            one.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(turned), one.name))
    onnx.save(model, second)
    return first, second


def spoken(root: QWidget) -> list[str]:
    """All that a screen reader finds, and all tooltips, status tips and titles."""
    found: list[str] = []

    def walk(one) -> None:
        if one is None or not one.isValid() or one.state().invisible:
            return
        for kind in (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value):
            found.append(one.text(kind))
        for number in range(one.childCount()):
            walk(one.child(number))

    walk(QAccessible.queryAccessibleInterface(root))
    for widget in (root, *root.findChildren(QWidget)):
        if widget.isVisible():
            found += [widget.toolTip(), widget.statusTip(), widget.windowTitle()]
    return found


def everything(h, qtbot) -> list[object]:
    """What the window shows and says, at every queue, with its filter and its menus."""
    window, page, seen = h.one.window, h.one.window.page, []

    def large() -> bool:
        """Whether the current image is there, large: it comes when it does."""
        row = page.current_row
        return row in page.review.errors or page.loader.pixmap(row, FULL) is not None

    def look() -> None:
        h.until(large)
        QApplication.processEvents()
        seen.append(spoken(window))
        seen.append(window.grab().toImage())
        model = page.model
        for place in range(model.rowCount()):
            page.go(place)
            inspector = page.inspector
            seen.append((inspector.state.whole, inspector.note.text(), inspector.file_name.whole))
            seen.append((inspector.agree_with.whole, inspector.remark.text()))
            for role in (
                Qt.ItemDataRole.DisplayRole,
                Qt.ItemDataRole.ToolTipRole,
                Qt.ItemDataRole.AccessibleTextRole,
            ):
                seen.append(model.data(model.index(place), role))

    for tab in (Tab.ALL, Tab.UNDECIDED, Tab.REVIEW, Tab.DISAGREE, Tab.AUDIT, Tab.CLASS):
        page.show_tab(tab)
        page.go(1)
        look()
    page.bar.open_filter()
    seen.append(page.bar.popup.grab().toImage())
    page.bar.popup.hide()
    for action in window.actions_.every:
        seen.append((action.text(), action.isEnabled(), action.toolTip()))
    seen.append([str(one) for one in window.asking.problems()])
    page.show_tab(Tab.ALL)
    return seen


@pytest.fixture
def blind(start, hand, qtbot, monkeypatch):
    """Factory: a window with this model in which the folder was opened blind first."""
    monkeypatch.setattr(messages, "clock", lambda _utc: "12:00:00")
    monkeypatch.setattr("secrets.randbelow", lambda _n: 7)

    def begin(model, folder):
        h = hand(start(model=str(model)))
        window = h.one.window
        qtbot.mouseClick(
            window.toolbar.modes._group.button(1), Qt.MouseButton.LeftButton, pos=QPoint(5, 5)
        )
        h.open(folder)
        h.until(lambda: page_is_drawn(h))
        return h

    return begin


def page_is_drawn(h) -> bool:
    page = h.one.window.page
    edge = round(page.gallery.edge * page.gallery.devicePixelRatioF())
    rows = [row for row in range(page.review.count) if row not in page.review.errors]
    return all(page.loader.pixmap(row, edge) is not None for row in rows)


def test_two_models_that_differ_look_and_sound_the_same(
    blind, two_models, image_folder, qtbot, monkeypatch, tmp_path
):
    folder = image_folder(FILES, name="all blasts")
    (folder / "blast" / "torn.bmp").write_bytes(b"BM not an image")
    shown, suggested = [], []
    for number, model in enumerate(two_models):
        monkeypatch.setenv("LEUKVIEW_DATA", str(tmp_path / f"data-{number}"))
        h = blind(model, folder)
        review = h.one.controller.review
        suggested.append((review.suggested.tolist(), review.confidence.tolist()))
        before = everything(h, qtbot)
        h.one.window.page.go(0)
        for key in (
            *(Qt.Key.Key_1, Qt.Key.Key_2) * 3,
            Qt.Key.Key_U,
            Qt.Key.Key_F,
            Qt.Key.Key_Return,
        ):
            h.press(key)
        h.press(Qt.Key.Key_N)
        h.until(lambda h=h: "12:00:00" in h.one.window.status.saved.text())
        after = everything(h, qtbot)
        assert len(set(review.decided.tolist())) == 3, "both classes, and not decided"
        h.one.window.close_folder()
        shown.append([*before, *after, h.place, spoken(h.one.window.start)])
        h.one.window.close()
    pairs = zip(suggested[0][0], suggested[1][0], strict=True)
    assert all(one != other for one, other in pairs if one >= 0)
    assert len(shown[0]) == len(shown[1])
    for one, other in zip(*shown, strict=True):
        assert one == other


def test_no_name_of_a_file_or_folder_is_shown(blind, toy_model, image_folder, qtbot):
    h = blind(toy_model, image_folder(FILES, name="all blasts"))
    said = str([one for one in everything(h, qtbot) if isinstance(one, (str, list, tuple))])
    for word in ("healthy", "blast/", ".bmp", "all blasts", "n0", "b0"):
        assert word not in said
    assert "Image 1" in said


def test_the_order_is_random_and_the_same_after_a_restart(blind, toy_model, image_folder, qtbot):
    folder = image_folder(FILES)
    h = blind(toy_model, folder)
    order = h.one.window.page.model.rows.tolist()
    assert sorted(order) == list(range(len(FILES)))
    assert order != sorted(order)
    h.one.window.close_folder()
    h.open(folder)
    assert h.one.window.page.model.rows.tolist() == order
    assert h.one.controller.review.blind


def test_when_all_is_decided_the_suggestions_are_offered_and_each_change_counts(
    blind, toy_model, image_folder, qtbot
):
    h = blind(toy_model, image_folder(FILES))
    window, review = h.one.window, h.one.controller.review
    assert not window.actions_["overview"].isEnabled()
    assert not window.actions_["export"].isEnabled()
    h.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    h.press(Qt.Key.Key_1)
    assert not any(review.decision(row).suggestion_seen for row in range(review.count))
    h.until(lambda: window.page.banner.button.text() == "Show the suggestions")
    qtbot.mouseClick(window.page.banner.button, Qt.MouseButton.LeftButton)
    assert review.record.mode is Mode.ASSISTED
    assert not window.page.banner.isVisible()
    window.page.go(window.page.model.place(int((review.suggested == 1).nonzero()[0][0])))
    h.press(Qt.Key.Key_2)
    h.press(Qt.Key.Key_F3)
    assert "1 of" in window.overview.switches.text()


def test_ending_early_and_starting_late_are_asked_first(start, hand, image_folder, qtbot):
    h = hand(start())
    h.open(image_folder(FILES))
    review, modes = h.one.controller.review, h.one.window.toolbar.modes
    qtbot.waitUntil(lambda: bool(review.seen.any()))
    click = Qt.MouseButton.LeftButton
    h.answer(ActDialog, lambda d: d.reject())
    qtbot.mouseClick(modes._group.button(1), click)
    assert (review.blind, modes.current) == (False, 0)
    h.answer(ActDialog, lambda d: qtbot.mouseClick(d.act_button, click))
    qtbot.mouseClick(modes._group.button(1), click)
    assert review.blind
    met = h.answer(ActDialog, lambda d: qtbot.mouseClick(d.act_button, click))
    qtbot.mouseClick(modes._group.button(0), click)
    assert not review.blind
    assert "not decided yet" in met[0].sentence.text()


def test_a_slide_that_another_window_holds_is_shown_blind_too_and_nothing_is_recorded(
    start, hand, image_folder, qtbot, monkeypatch
):
    folder = image_folder(FILES)
    first = hand(start())
    first.open(folder)
    first.one.controller.settings.set_flag("blind_first", True)
    h = hand(start())
    h.one.controller.settings.set_flag("blind_first", True)
    h.open(folder)
    window, review = h.one.window, h.one.controller.review
    assert (review.read_only, review.blind, review.record.modes) == (True, True, {})
    said = window.page.banner.words.text()
    assert "another LeukView window" in said
    assert "It is shown blind" in said
    assert (window.toolbar.modes.current, window.windowTitle()) == (1, "Blind first – LeukView")
    assert all(window.page.model.tile(place).hidden for place in range(review.count))
    assert not window.actions_["overview"].isEnabled()
    assert not review.seen.any()
    monkeypatch.setattr(window.readings, "_agreed", lambda *_asked: True)
    qtbot.mouseClick(window.toolbar.modes._group.button(0), Qt.MouseButton.LeftButton)
    assert (review.blind, window.toolbar.modes.current) == (True, 1)
    assert "It is shown blind" in h.said
    assert first.one.controller.review.head().events == 0


def test_a_slide_is_shown_blind_where_the_disk_refuses_until_the_reader_ends_that(
    start, hand, image_folder, monkeypatch
):
    h = hand(start())
    h.one.controller.settings.set_flag("blind_first", True)
    refuse = SessionStore.append

    def no(self, kind, payload, at):
        if kind == "mode":
            raise SessionError("The disk is full.")
        return refuse(self, kind, payload, at)

    with monkeypatch.context() as broken:
        broken.setattr(SessionStore, "append", no)
        h.open(image_folder(FILES))
    review = h.one.controller.review
    assert (review.blind, review.covered, review.record.modes) == (True, True, {})
    h.answer(ActDialog, lambda d: d.accept())
    h.one.window.readings._choose(0)
    assert (review.blind, review.covered) == (False, False)


def test_a_final_slide_is_shown_as_it_was_read_whatever_is_wished(start, hand, image_folder):
    folder = image_folder(FILES)
    h = hand(start())
    h.open(folder)
    h.one.controller.act(lambda review: review.finish())
    h.one.window.close_folder()
    h.one.controller.settings.set_flag("blind_first", True)
    h.open(folder)
    assert not h.one.controller.review.blind


def test_the_offer_to_show_the_suggestions_stays_when_another_model_is_chosen(
    blind, two_models, image_folder
):
    h = blind(two_models[0], image_folder(FILES))
    h.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    h.press(Qt.Key.Key_1)
    banner = h.one.window.page.banner
    h.until(lambda: banner.button.text() == "Show the suggestions")
    for model in (two_models[1], two_models[0]):  # the first one has nothing to run any more
        h.one.controller.choose_model(str(model))
        h.until(h.idle)
        assert banner.button.text() == "Show the suggestions"
