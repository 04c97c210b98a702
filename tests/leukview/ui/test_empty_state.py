"""An empty queue says why it is empty and what is next."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from leukview.ui.models.queue import Filter, Tab
from leukview.ui.theme import Theme
from leukview.ui.widgets.empty_state import ALL, CLEAR, OVERVIEW, Doing, EmptyState, why

# What the offscreen platform says of every window; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_each_reason_has_its_next_step(columns):
    fresh, done = columns(suggested=[-1, -1]), columns(suggested=[0, 1])
    plain = Filter()
    assert why(None, Tab.ALL, plain, Doing.NOTHING).title == "No images"
    said = why(done, Tab.ALL, Filter(low=0.99), Doing.NOTHING)
    assert (said.button, said.line) == (CLEAR, "2 images in the folder, none of them here.")
    assert why(fresh, Tab.REVIEW, plain, Doing.WAITING).title == "Waiting for the model"
    assert "Press Run" in why(fresh, Tab.REVIEW, plain, Doing.NOTHING).line
    assert why(done, Tab.REVIEW, plain, Doing.NOTHING).button == ALL
    assert why(done, Tab.UNDECIDED, plain, Doing.NOTHING).button == OVERVIEW


def test_nothing_is_said_to_be_done_while_it_may_not_be(columns):
    half, plain = columns(suggested=[0, -1, -1], errors={2: "It is no image."}), Filter()
    for doing in (Doing.COMPARING, Doing.RUNNING, Doing.NOTHING):
        assert why(half, Tab.REVIEW, plain, doing).title != "Nothing needs review"
    assert "Not classified yet: 1 image." in why(half, Tab.REVIEW, plain, Doing.NOTHING).line
    unread = columns(suggested=[0, -1], errors={1: "It is no image."})
    assert why(unread, Tab.REVIEW, plain, Doing.NOTHING).title == "Nothing needs review"


def test_it_is_hidden_while_there_are_images_and_its_button_speaks(qtbot, columns):
    around = QWidget()
    qtbot.addWidget(around)
    around.resize(600, 400)
    state = EmptyState(Theme(), around)
    around.show()
    said = why(columns(suggested=[0]), Tab.ALL, Filter(undecided=True), Doing.NOTHING)
    state.say(said)
    assert state.isVisible()
    assert state.title.text() == "No image passes the filter"
    with qtbot.waitSignal(state.pressed) as told:
        qtbot.mouseClick(state.button, Qt.MouseButton.LeftButton)
    assert told.args == [CLEAR]
    state.say(None)
    assert not state.isVisible()
    state.say(why(None, Tab.ALL, Filter(), Doing.NOTHING))
    assert not state.button.isVisible()
