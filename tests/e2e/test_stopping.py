"""Stop while a model is chosen, opened or started: it is said at once, and all is as before."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt

from leukview.inference.model_file import load
from leukview.ui.controller import Stage
from leukview.workflows import opened as opened_module
from leukview.workflows.open_folder import ModelChoice

# What the offscreen platform says of every pop-up and dialog; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def gate():
    made = threading.Event()
    yield made
    made.set()


def held(gate: threading.Event, real, when=lambda *_: True):
    """The same function; it begins once the gate is open."""

    def wait(*arguments, **options):
        if when(*arguments):
            assert gate.wait(60)
        return real(*arguments, **options)

    return wait


def stop(h) -> None:
    """Press Stop, and see that it is heard before anything has stopped."""
    button, page = h.one.window.toolbar.run_button, h.one.window.page
    assert button.text().endswith("Stop")
    h.qtbot.mouseClick(button, LEFT)
    assert h.one.controller.stopping
    assert "stopping…" in h.said.lower()
    assert "Stopping…" in (page.strip.words.text(), page.strip.count.text())
    assert page.strip.isVisible()
    assert not button.isEnabled()
    assert not h.one.window.actions_["stop"].isEnabled()


@pytest.mark.parametrize("runs_on_open", [True, False])
def test_the_choice_of_a_model_can_be_stopped_and_run_takes_it_up_again(
    start, hand, image_folder, toy_model, gate, monkeypatch, runs_on_open
):
    asked = []

    def choose(images, *, cancel):
        asked.append(len(images))
        return ModelChoice(load(toy_model), "It is the most familiar.")

    monkeypatch.setattr(opened_module, "choose_model", held(gate, choose))
    h = hand(start(model="auto"))
    h.one.settings.set_flag("run_on_open", runs_on_open)
    c, window = h.one.controller, h.one.window
    window.open([image_folder()])
    h.until(lambda: c.stage is Stage.CHOOSING)
    assert window.page.strip.count.text().startswith("6 images found. Choosing the model")
    stop(h)
    gate.set()
    h.until(lambda: c.stage is Stage.READY)
    assert c.choice is None, "an answer that came after Stop may rest on no image at all"
    assert h.said == "6 images ready. No model is chosen yet: press Run, or choose one."
    assert not window.page.strip.isVisible()
    h.until(lambda: not c.checking.busy)
    assert c.stage is Stage.READY, "nothing begins again by itself"
    h.qtbot.mouseClick(window.toolbar.run_button, LEFT)
    h.until(h.idle)
    assert asked == [6, 6]
    assert h.suggested == ["hem"] * 3 + ["all"] * 3


def test_stop_while_another_model_is_opened_keeps_the_one_in_use(
    start, hand, image_folder, toy_model, toy_field_model, gate, monkeypatch
):
    h = hand(start())
    h.open(image_folder())
    window, before = h.one.window, h.suggested
    other = held(gate, opened_module.load, when=lambda path: path == toy_field_model)
    monkeypatch.setattr(opened_module, "load", other)
    window.toolbar.model_chosen.emit(str(toy_field_model))
    stop(h)
    gate.set()
    h.until(lambda: h.one.controller.stage is Stage.READY)
    assert h.said == "Stopped. Toy 2 is still in use."
    assert h.one.controller.model_wish == str(toy_model)
    checked = [one.text() for one in window.toolbar.model_menu.actions() if one.isChecked()]
    assert checked == [toy_model.name]
    assert h.suggested == before


def test_a_run_that_is_stopped_while_it_starts_says_so_until_it_has_stopped(
    start, hand, image_folder, gate, monkeypatch
):
    monkeypatch.setattr(opened_module, "Classifier", held(gate, opened_module.Classifier))
    h = hand(start())
    c = h.one.controller
    h.one.window.open([image_folder()])
    h.until(lambda: c.stage is Stage.RUNNING)
    stop(h)
    assert h.said == "0 of 6 · stopping…"
    gate.set()
    h.until(lambda: c.stage is Stage.READY)
    assert h.said == "Stopped. Nothing is classified yet; Run begins again."
    assert set(h.suggested) == {""}
    h.qtbot.mouseClick(h.one.window.toolbar.run_button, LEFT)
    h.until(h.idle)
    assert "" not in h.suggested


def test_another_model_that_fails_to_open_is_not_said_to_be_stopped(
    start, hand, image_folder, toy_model, toy_field_model, monkeypatch
):
    really = opened_module.load

    def broken(path):
        if path == toy_field_model:
            raise RuntimeError("out of order")
        return really(path)

    h = hand(start())
    h.open(image_folder())
    said = []
    h.one.controller.noted.connect(said.append)
    monkeypatch.setattr(opened_module, "load", broken)
    with h.qtbot.waitSignal(h.one.controller.failed) as failed:
        h.one.window.toolbar.model_chosen.emit(str(toy_field_model))
    h.until(lambda: h.one.controller.stage is Stage.READY)
    assert "out of order" in failed.args[0]
    assert not [words for words in said if "Stopped" in words]
    assert h.one.controller.model_wish == str(toy_model)


def test_a_model_that_is_chosen_while_a_folder_is_opened_is_the_one_that_suggests(
    start, hand, image_folder, toy_model, toy_field_model, gate, monkeypatch
):
    monkeypatch.setattr(opened_module, "open_folder", held(gate, opened_module.open_folder))
    h = hand(start())
    c = h.one.controller
    h.one.window.open([image_folder()])
    h.until(lambda: c.stage is Stage.OPENING)
    h.one.window.toolbar.model_chosen.emit(str(toy_field_model))
    gate.set()
    h.until(h.idle)
    assert c.choice.model.path == toy_field_model
    assert c.model_wish == str(toy_field_model)
