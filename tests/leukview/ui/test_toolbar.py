"""The toolbar: what the model menu says."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QWidgetAction

from leukview.inference.model_file import load
from leukview.inference.providers import Device
from leukview.ui.theme import Theme
from leukview.ui.widgets import toolbar as module
from leukview.ui.widgets.toolbar import Toolbar
from leukview.workflows.models import Offer
from leukview.workflows.open_folder import ModelChoice

# What the offscreen platform says of every window; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
OFFERS = [
    Offer("toy-2", "Toy 2", "Single cells: Normal, ALL blast", "Only for tests."),
    Offer("toy-4", "Toy 4", "Fields of many cells: Benign, Early, Pre, Pro", ""),
]


@pytest.fixture
def bar(qtbot, monkeypatch):
    monkeypatch.setattr(module, "offers", lambda: OFFERS)
    made = Toolbar(Theme(), *(QAction() for _ in range(3)))
    qtbot.addWidget(made)
    made.resize(1400, 48)
    return made


def lines(bar: Toolbar) -> list[str]:
    """The menu as it is read, line by line; what is checked has a star."""
    said = []
    for action in bar.model_menu.actions():
        if isinstance(action, QWidgetAction):
            label = action.defaultWidget()
            assert isinstance(label, QLabel)
            said.append(f"  {label.text()}")
        elif not action.isSeparator():
            said.append(("* " if action.isChecked() else "") + action.text())
    return said


def test_models_have_their_titles_and_what_they_are_for(bar):
    assert lines(bar) == [
        "* Automatic",
        "  The model that knows the images best.",
        "Toy 2",
        "  Single cells: Normal, ALL blast",
        "Toy 4",
        "  Fields of many cells: Benign, Early, Pre, Pro",
        "Model file…",
    ]
    assert "Only for tests." in [action.toolTip() for action in bar.model_menu.actions()]


def test_what_auto_chose_stands_there_with_its_reason(bar, toy_model):
    model = load(toy_model)
    reason = "22 of 24 sampled images are familiar to it."
    bar.show_models("auto", ModelChoice(model, reason), "")
    assert lines(bar)[:2] == ["* Automatic", f"  {model.contract.title} is in use. {reason}"]
    assert reason in bar.model_button.toolTip()
    assert model.sha256[:8] in bar.model_button.text()


def test_a_refusal_is_said_where_one_chooses_another(bar):
    bar.show_models("auto", None, "No model comes with this installation.")
    assert lines(bar)[1] == "  No model comes with this installation."


def test_choosing_a_title_gives_the_name(bar, qtbot):
    action = next(a for a in bar.model_menu.actions() if a.text() == "Toy 4")
    with qtbot.waitSignal(bar.model_chosen) as told:
        action.trigger()
    assert told.args == ["toy-4"]


def test_a_model_from_a_file_is_in_the_list_and_only_details_tell_its_hash(bar, toy_model):
    model = load(toy_model)
    bar.show_models(str(toy_model), ModelChoice(model, "You chose it."), "")
    hash_ = f"SHA-256 {model.sha256[:8]}"
    said = lines(bar)
    assert said[0] == "Automatic"
    place = said.index(f"* {toy_model.name}")
    assert said[place + 1] == f"  {model.contract.title} is in use. You chose it. {hash_}"
    assert "  The model that knows the images best." not in said
    assert bar.model_button.text().strip() == model.contract.title
    assert bar.model_button.accessibleName() == f"Model {model.contract.title}"
    assert f"{toy_model.name}, {hash_}" in bar.model_button.toolTip()


def test_a_short_name_is_that_of_the_model_that_comes_with_leukview(bar, toy_model, monkeypatch):
    monkeypatch.setattr(module, "SHORT", {"toy": "toy-2.onnx"})
    bar.show_models("toy", ModelChoice(load(toy_model), "You chose it."), "")
    assert [line for line in lines(bar) if line.startswith("* ")] == ["* Toy 2"]
    assert "toy" not in lines(bar)


def test_the_hash_gives_way_in_a_narrow_window(bar, toy_model):
    model = load(toy_model)
    bar.show_models("auto", ModelChoice(model, "."), "")
    bar.show()
    bar.resize(1000, 48)
    assert model.sha256[:8] not in bar.model_button.text()
    assert model.contract.title in bar.model_button.text()


def test_long_words_give_way_in_the_middle_and_stand_whole_in_the_tooltip(
    bar, write_toy_model, toy_contract, tmp_path
):
    title = "Bone marrow of the haematology laboratory, ConvNeXt-Tiny 2.1"
    label = "CUDA · NVIDIA H100 80GB HBM3 MIG 3g.40gb, second of the four slices in use"
    contract = msgspec.structs.replace(toy_contract, title=title)
    model = load(write_toy_model(tmp_path / "x.onnx", contract))
    device = Device("auto", "cuda:0", label, False, "")
    bar.show_models("x.onnx", ModelChoice(model, "You chose it."), "")
    bar.show_device(device)
    bar.show()
    for width, whole in ((1024, False), (2000, True)):
        bar.resize(width, 48)
        for button, words in ((bar.model_button, title), (bar.device, label)):
            assert bar.rect().contains(button.geometry())
            shown = button.shown.strip()
            assert (shown == words) == whole
            if not whole:
                first, last = shown.split("…")
                assert words.startswith(first.strip())
                assert words.endswith(last)
            assert words in " ".join(button.toolTip().split("<br>"))
        assert bar.open_button.shown.strip() == "Open"


def test_run_becomes_stop_and_waits_until_it_has_stopped(bar):
    def shown(**how):
        bar.show_run(**how)
        return (
            bar.run_button.text().strip(),
            bar.run_button.isEnabled(),
            bar._stop_action.isEnabled(),
        )

    assert shown(stops=False, busy=False, ready=True, fresh=True) == ("Run", True, False)
    assert shown(stops=True, busy=False, ready=False, fresh=True) == ("Stop", True, True)
    assert shown(stops=True, busy=True, ready=False, fresh=True) == ("Stop", False, False)
    assert bar.run_button.toolTip() == "Stopping…"
