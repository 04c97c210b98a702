"""The overview's cards: where figures stand, and which side of the threshold a bar is on."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from leukview.domain.classes import Unit
from leukview.domain.records import DecisionState
from leukview.ui.models.summary import BINS
from leukview.ui.theme import Theme
from leukview.ui.widgets.histogram import Histogram
from leukview.ui.widgets.overview import Overview


def test_a_bar_that_the_threshold_cuts_has_both_colours(qtbot):
    theme_ = Theme()
    shown = Histogram(theme_)
    qtbot.addWidget(shown)
    counts = np.zeros(BINS, np.int64)
    counts[[13, 15, 19]] = 1, 2, 17  # from 0.65, 0.75 and 0.95
    shown.show_counts(np.linspace(0, 1, BINS + 1), counts, 0.77, 8)
    bars = shown._bars.opts
    starts, ends = bars["x"] - bars["width"] / 2, bars["x"] + bars["width"] / 2
    below = [brush == QColor(theme_.tokens.border_strong) for brush in bars["brushes"]]
    assert below == [True, True, False, False]
    assert bars["height"].tolist() == [1, 2, 2, 17]
    assert ends[below].max() == pytest.approx(0.77)
    assert starts[~np.array(below)].min() == pytest.approx(0.77)


def test_counts_stand_under_counts_and_shares_under_shares(qtbot, columns):
    overview = Overview(Theme())
    qtbot.addWidget(overview)
    agreed, changed = DecisionState.AGREED, DecisionState.CHANGED
    state = [agreed, *[DecisionState.UNDECIDED] * 18, changed]
    decided = [0, *[-1] * 18, 1]
    overview.show_review(columns(suggested=[0] * 20, state=state, decided=decided), Unit.CELL, 0.8)
    overview.resize(1200, 900)
    overview.show()
    overview.refresh()
    qtbot.waitExposed(overview)
    overview.states_card.layout().activate()
    figures = list(overview.states.values())
    assert [count.text() for count, _share in figures] == ["1", "1", "0", "0", "18"]
    assert len({count.geometry().right() for count, _share in figures}) == 1
    assert len({share.geometry().right() for _count, share in figures}) == 1
