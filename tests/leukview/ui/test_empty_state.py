"""An empty queue says why it is empty and what is next."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from leukview.ui.models.queue import Filter, Tab
from leukview.ui.theme import Theme
from leukview.ui.widgets.empty_state import ALL, CLEAR, OVERVIEW, EmptyState, why

# What the offscreen platform says of every window; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_each_reason_has_its_next_step(columns):
    fresh, done = columns(suggested=[-1, -1]), columns(suggested=[0, 1])
    plain = Filter()
    assert why(None, Tab.ALL, plain, waiting=False).title == "No images"
    said = why(done, Tab.ALL, Filter(low=0.99), waiting=False)
    assert (said.button, said.line) == (CLEAR, "2 images in the folder, none of them here.")
    assert why(fresh, Tab.REVIEW, plain, waiting=True).title == "Waiting for the model"
    assert "Press Run" in why(fresh, Tab.REVIEW, plain, waiting=False).line
    assert why(done, Tab.REVIEW, plain, waiting=False).button == ALL
    assert why(done, Tab.UNDECIDED, plain, waiting=False).button == OVERVIEW


def test_it_is_hidden_while_there_are_images_and_its_button_speaks(qtbot, columns):
    around = QWidget()
    qtbot.addWidget(around)
    around.resize(600, 400)
    state = EmptyState(Theme(), around)
    around.show()
    said = why(columns(suggested=[0]), Tab.ALL, Filter(undecided=True), waiting=False)
    state.say(said)
    assert state.isVisible()
    assert state.title.text() == "No image passes the filter"
    with qtbot.waitSignal(state.pressed) as told:
        qtbot.mouseClick(state.button, Qt.MouseButton.LeftButton)
    assert told.args == [CLEAR]
    state.say(None)
    assert not state.isVisible()
    state.say(why(None, Tab.ALL, Filter(), waiting=False))
    assert not state.button.isVisible()
