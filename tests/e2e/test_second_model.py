"""Two models on one slide through the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from leukview.ui.models.queue import Tab

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
FILES = {"a.bmp": 20, "b.bmp": 60, "c.bmp": 150, "d.bmp": 245}


@pytest.fixture
def other_model(tmp_path, toy_contract, write_toy_model):
    """Calls everything above a quarter of the brightness `all`: its centres lie elsewhere."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    path = write_toy_model(tmp_path / "other.onnx", toy_contract)
    model = onnx.load(path)
    for one in model.graph.initializer:
        if one.name == "centres":
            centres = np.array([[-1.4, 0.2]], np.float32)
            one.CopyFrom(numpy_helper.from_array(centres, one.name))
    onnx.save(model, path)
    return path


@pytest.fixture
def choose(monkeypatch):
    """The next file dialog answers with this path."""

    def answer(path) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))

    return answer


def test_where_two_models_disagree_is_a_queue_and_no_decision_changes(
    start, hand, image_folder, other_model, choose
):
    h = hand(start())
    folder = image_folder(FILES)
    h.open(folder)
    window, page = h.one.window, h.one.window.page
    h.press(Qt.Key.Key_1)
    before, suggested = h.states, h.suggested
    choose(other_model)
    window.actions_["compare"].trigger()
    h.until(lambda: page.tab is Tab.DISAGREE)
    assert h.suggested == suggested == ["hem", "hem", "all", "all"]
    assert h.states == before == ["agreed", "undecided", "undecided", "undecided"]
    assert page.model.rows.tolist() == [1]
    assert page.inspector.note.text().startswith("Toy 2: ALL blast 0.")
    assert page.inspector.note.text().endswith(", another class")
    assert "disagree about 1 of 4 images" in h.said
    session = h.one.controller.folder.store.path
    window.close_folder()
    assert b"other.onnx" not in session.read_bytes(), "no path of a file is kept"
    h.open(folder)
    review = h.one.controller.review
    assert review.disagree.tolist() == [False, True, False, False], "remembered with the session"
    window.actions_["compare_none"].trigger()
    assert not h.one.controller.review.disagree.any()
    assert not window.actions_["compare_none"].isEnabled()


def test_a_model_with_other_classes_and_the_same_model_are_refused(
    start, hand, image_folder, toy_model, toy_field_model, choose
):
    h = hand(start())
    h.open(image_folder(FILES))
    banner = h.one.window.page.banner
    for path, words in (
        (toy_field_model, "other classes"),
        (toy_model, "whose suggestions are shown"),
    ):
        choose(path)
        h.one.window.actions_["compare"].trigger()
        h.until(lambda words=words: words in banner.words.text())
        assert not h.one.controller.review.other_sha256


def test_a_folder_that_is_left_while_the_second_model_runs_hears_nothing_more_of_it(
    start, hand, image_folder, other_model, choose
):
    h = hand(start())
    first, second = image_folder(FILES, name="first"), image_folder(FILES, name="second")
    h.open(first)
    choose(other_model)
    h.one.window.actions_["compare"].trigger()
    h.open(second)
    assert not h.one.window.second.running
    assert not h.one.controller.review.other_sha256
