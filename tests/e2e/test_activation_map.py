"""The activation map by key: never before the own decision, gone with the next image."""

from __future__ import annotations

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PySide6.QtCore import Qt

from leukview.contract import METADATA_KEY
from leukview.ui.activation_map import EARLY, NONE
from leukview.workflows.record import Mode

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
GRID = np.array([[0, 4], [2, -1]], np.float32)


@pytest.fixture
def with_maps(tmp_path, toy_contract, write_toy_model):
    """The toy model, with a map of 2 x 2 for every class: `GRID` times its probability."""
    path = write_toy_model(tmp_path / "maps.onnx", toy_contract)
    model = onnx.load(path)
    model.graph.initializer.append(numpy_helper.from_array(GRID, "grid"))
    model.graph.initializer.append(numpy_helper.from_array(np.array([2, 3], np.int64), "axes"))
    model.graph.node.append(helper.make_node("Unsqueeze", ["probabilities", "axes"], ["tall"]))
    model.graph.node.append(helper.make_node("Mul", ["tall", "grid"], ["cam"]))
    shape = ["n", len(toy_contract.classes), 2, 2]
    model.graph.output.append(helper.make_tensor_value_info("cam", TensorProto.FLOAT, shape))
    contract = msgspec.structs.replace(toy_contract, cam=(2, 2))
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.save(model, path)
    return str(path)


def opened(start, hand, image_folder, model=None):
    made = hand(start(model=model))
    made.open(image_folder({"d0.bmp": 20, "d1.bmp": 21, "e0.bmp": 245}))
    made.page = made.one.window.page
    made.map, made.image = made.one.window.reviewing.map, made.page.inspector.image
    made.page.gallery.setFocus()
    made.one.settings.set_flag("auto_advance", False)
    made.page.go(0)
    return made


def test_the_map_is_shown_only_after_the_own_decision_and_goes_with_the_image(
    start, hand, image_folder, with_maps
):
    h = opened(start, hand, image_folder, with_maps)
    h.press(Qt.Key.Key_E)
    assert h.said == EARLY
    assert not h.map.on
    h.press(Qt.Key.Key_1)
    assert h.image.overlay is None
    h.press(Qt.Key.Key_E)
    h.until(lambda: h.image.overlay is not None)
    shown = h.image.overlay
    alpha = [[shown.pixelColor(x, y).alpha() for x in range(2)] for y in range(2)]
    assert alpha == [[0, 255], [128, 0]]
    assert "not why" in h.map.words.text()
    assert h.map.line.isVisible()
    h.press(Qt.Key.Key_Right)
    assert h.image.overlay is None
    assert not h.map.line.isVisible()


def test_the_map_goes_when_the_decision_is_taken_back_or_by_its_key(
    start, hand, image_folder, with_maps
):
    h = opened(start, hand, image_folder, with_maps)
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_E)
    h.until(lambda: h.image.overlay is not None)
    h.press(Qt.Key.Key_E)
    assert h.image.overlay is None
    h.press(Qt.Key.Key_E)
    h.until(lambda: h.image.overlay is not None)
    h.press(Qt.Key.Key_Backspace)
    assert h.image.overlay is None


def test_a_blind_reading_shows_no_map_even_of_a_decided_image(start, hand, image_folder, with_maps):
    h = opened(start, hand, image_folder, with_maps)
    h.one.controller.act(lambda review: review.set_mode(Mode.BLIND))
    h.page.rebuild()
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_E)
    assert h.said == EARLY
    assert not h.map.on


def test_a_model_without_maps_says_so(start, hand, image_folder):
    h = opened(start, hand, image_folder)
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_E)
    assert h.said == NONE
