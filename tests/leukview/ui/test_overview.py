"""The overview's cards: where figures stand, and which side of the threshold a bar is on."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from leukview.domain.classes import Unit
from leukview.domain.records import DecisionState
from leukview.ui.models import summary
from leukview.ui.theme import Theme
from leukview.ui.widgets.histogram import Histogram
from leukview.ui.widgets.overview import Overview


def test_a_bar_that_the_threshold_cuts_counts_either_side_by_itself(qtbot, columns):
    theme_ = Theme()
    shown = Histogram(theme_)
    qtbot.addWidget(shown)
    confidence = [0.66, 0.76, 0.769, 0.77, *[0.96] * 17]
    review = columns(suggested=[0] * len(confidence), confidence=confidence)
    shown.show_counts(*summary.histogram(review, 0.77), 0.77, 8)
    bars = shown._bars.opts
    starts, ends = bars["x"] - bars["width"] / 2, bars["x"] + bars["width"] / 2
    below = [brush == QColor(theme_.tokens.border_strong) for brush in bars["brushes"]]
    assert below == [True, True, False, False]
    assert bars["height"].tolist() == [1, 2, 1, 17]
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
