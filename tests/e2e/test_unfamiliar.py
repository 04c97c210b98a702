"""The banner over a slide whose images the model does not know."""

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible

from leukview.measures.appearance import Differences, Reason
from leukview.ui.unfamiliar import likely
from leukview.ui.widgets.banner import Gravity
from leukview.workflows import open_folder as opening
from leukview.workflows import opened as opened_module

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
STRANGE = {f"r{k}.png": (250 - k, 20, 10) for k in range(15)}
USUAL = {f"g{k}.png": 20 + k for k in range(9)}


@pytest.fixture
def slide(start, hand, image_folder, toy_contract, write_toy_model, tmp_path, monkeypatch):
    """Factory: a window with these images and a model; the others are shipped."""

    def begin(files, *others, size=(24, 20)):
        own = msgspec.structs.replace(toy_contract, smallest_side=20, largest_side=24)
        path = write_toy_model(tmp_path / "own.onnx", own)
        monkeypatch.setattr(opening, "shipped", lambda: list(others))
        h = hand(start(model=str(path)))
        h.open(image_folder(files, size=size))
        h.until(lambda: not h.one.window._notices.unfamiliar.busy)
        return h

    return begin


def shown(h) -> str:
    banner = h.one.window.page.banner
    return banner.words.text() if banner.gravest is Gravity.UNFAMILIAR else ""


def test_the_share_stands_there_with_the_reason_and_not_as_a_matter_of_confidence(slide):
    h = slide(STRANGE | USUAL, size=(60, 50))
    words = shown(h)
    assert words.startswith("62.5\u2009% of the images are unlike the training images")
    assert "confidence is not reliable" in words
    assert words.endswith("Likely reason: size (60\u00a0×\u00a050\u00a0px instead of 20 to 24).")
    banner = h.one.window.page.banner
    spoken = QAccessible.queryAccessibleInterface(banner.button).text(QAccessible.Text.Name)
    assert spoken == f"Show them: {words}"


@pytest.mark.parametrize(
    ("reasons", "cut", "words"),
    [
        ((), False, ""),
        ((Reason.CROP,), True, "Likely reason: crop (black ground)."),
        ((Reason.CROP,), False, "Likely reason: crop (no black ground)."),
        ((Reason.STAIN,), False, "Likely reason: stain or colour."),
        (
            (Reason.SIZE, Reason.STAIN),
            False,
            "Likely reason: size (1,600\u00a0×\u00a01,200\u00a0px instead of 8 to 600)"
            " and stain or colour.",
        ),
    ],
)
def test_each_reason_has_its_words(toy_contract, reasons, cut, words):
    assert likely(Differences(reasons, 1200, 1600, cut), toy_contract) == words


def test_where_nothing_can_be_said_no_reason_is_given(slide):
    assert "Likely" not in shown(slide(STRANGE | USUAL))


def test_usual_images_and_a_few_strange_ones_bring_no_banner(slide):
    few = dict(list(STRANGE.items())[:3])
    assert shown(slide(few | {f"g{k}.png": 20 + k for k in range(20)})) == ""


def test_its_button_shows_the_unfamiliar_images(slide, qtbot):
    h = slide(STRANGE | USUAL)
    page = h.one.window.page
    assert page.model.rowCount() == 24
    qtbot.mouseClick(page.banner.button, Qt.MouseButton.LeftButton)
    assert page.filter.unfamiliar
    assert page.model.rowCount() == 15


def test_where_all_images_are_unfamiliar_no_button_offers_to_show_them(slide):
    h = slide({f"r{k}.png": (250 - k, 20, 10) for k in range(20)})
    assert shown(h).startswith("100.0")
    assert not h.one.window.page.banner.button.isVisible()


def test_its_button_changes_to_the_model_that_knows_them(
    slide, qtbot, toy_contract, write_toy_model, tmp_path, monkeypatch
):
    wide = msgspec.structs.replace(
        toy_contract, model="wide", title="Wide 1", unfamiliar_above=50.0
    )
    other = write_toy_model(tmp_path / "wide.onnx", wide)
    h = slide(STRANGE | USUAL, other)
    page, c = h.one.window.page, h.one.controller
    assert shown(h).endswith("Wide 1 knows 12 of 12 sampled ones.")
    assert page.banner.button.text() == "Use Wide 1"
    monkeypatch.setattr(opened_module, "resolve", lambda _name: other)
    qtbot.mouseClick(page.banner.button, Qt.MouseButton.LeftButton)
    h.until(lambda: h.idle() and c.choice.model.contract.model == "wide")
    assert c.model_wish == "wide"
    assert shown(h) == ""
    assert not c.review.unfamiliar.any()


def test_a_folder_that_is_left_takes_its_banner_along(slide, image_folder):
    h = slide(STRANGE | USUAL)
    assert shown(h)
    h.open(image_folder(USUAL, name="other"))
    assert shown(h) == ""


def test_a_blind_reading_shows_none_and_does_not_look_for_reasons(slide, monkeypatch):
    h = slide(STRANGE | USUAL)
    unfamiliar = h.one.window._notices.unfamiliar
    monkeypatch.setattr(type(h.one.controller.review), "blind", property(lambda _r: True))
    unfamiliar.look()
    assert not unfamiliar.busy
    assert shown(h) == ""
