from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from leukview.ui.theme import Theme
from leukview.ui.widgets.tabs import Tabs

WORDS = ("All", "Needs review", "By class", "Undecided", "Disagreements")


@pytest.fixture
def tabs(qtbot):
    window = QWidget()  # of its own it would not get narrower than all its words
    qtbot.addWidget(window)
    window.resize(1300, 60)
    made = Tabs(Theme(), WORDS, window)
    made.show_counts({0: 24, 1: 3, 2: None, 3: 17, 4: 2})
    made.resize(1200, 40)
    window.show()
    yield made
    window.close()


def shown(tabs) -> list[str]:
    return [word for n, word in enumerate(WORDS) if tabs.button(n).isVisible()]


def test_queues_without_room_are_counted_and_named_where_they_went(tabs, qtbot):
    assert shown(tabs) == list(WORDS)
    assert not tabs.more.isVisible()
    tabs.resize(330, 40)
    gone = len(WORDS) - len(shown(tabs))
    assert gone >= 2
    assert tabs.more.isVisible()
    assert tabs.more.text() == f"+{gone}"
    assert tabs.more.toolTip().endswith("Undecided 17\nDisagreements 2")
    assert tabs.more.accessibleName().startswith(f"{gone} more queues: ")
    assert tabs.more.geometry().right() <= tabs.width()
    tabs.show_counts({4: 5})
    assert "Disagreements 5" in tabs.more.toolTip()


def test_a_queue_out_of_the_menu_is_shown_in_the_line(tabs, qtbot):
    tabs.resize(330, 40)
    with qtbot.waitSignal(tabs.chosen) as told:
        tabs.more.menu().actions()[-1].trigger()
    assert told.args == [4]
    assert "Disagreements" in shown(tabs)
    assert tabs.current == 4


def test_a_sample_says_how_many_are_read_of_how_many(tabs):
    tabs.show_counts({4: "3/29"})
    assert tabs.button(4).text() == "Disagreements  3/29"
    assert tabs.button(4).accessibleName() == "Queue Disagreements, 3 of 29 images"
