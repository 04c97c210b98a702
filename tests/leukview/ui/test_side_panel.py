"""The left panel: the checklist where there is little room."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from leukview.ui.theme import Theme, Wish
from leukview.ui.widgets.side_panel import CheckRow

# What the offscreen platform says of every window; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
WORDS = ("not known yet", "not yet", "–")


def test_what_is_counted_stays_whole_and_the_figure_becomes_shorter(qtbot):
    row = CheckRow(Theme(), "Needs review")
    qtbot.addWidget(row)
    row.say(0, 0, WORDS)
    row.show()
    seen = []
    (name,) = (one for one in row.findChildren(QLabel) if one.text() == "Needs review")
    for width in (300, name.sizeHint().width() + 60, name.sizeHint().width() + 45):
        row.setFixedWidth(width)
        qtbot.waitUntil(lambda: row.width() == row.layout().geometry().width())
        assert name.width() >= name.sizeHint().width()
        seen.append(row.figure.text())
    assert seen[0] == WORDS[0]
    assert seen[-1] == WORDS[-1]
    assert set(seen) <= set(WORDS), "no word is cut"
    assert row.figure.toolTip() == WORDS[0]


def test_the_icon_of_a_line_is_drawn_when_it_or_its_colour_changes(qtbot, monkeypatch):
    theme_ = Theme()
    row = CheckRow(theme_, "Decided")
    qtbot.addWidget(row)
    drawn, real = [], theme_.icon
    monkeypatch.setattr(theme_, "icon", lambda *what: (drawn.append(what), real(*what))[1])
    row.say(1, 3)
    row.say(2, 3)
    assert len(drawn) == 1
    row.say(3, 3)
    assert len(drawn) == 2
    theme_.choose(Wish.LIGHT if theme_.dark else Wish.DARK)
    row.draw_icon()
    assert len(drawn) == 3
    assert drawn[1][0] == drawn[2][0]
    assert drawn[1][1] != drawn[2][1]
