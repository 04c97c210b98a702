"""The bars of the inspector: what is kept of them, and when they are drawn anew."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPixmap

from leukview.ui import theme
from leukview.ui.theme import Theme, Wish
from leukview.ui.widgets.bars import ProbabilityBars

VALUES = [0.7, 0.2, 0.1]


@pytest.fixture
def theme_(qtbot):
    made = Theme()
    made.choose(Wish.DARK)
    yield made
    made.choose(Wish.SYSTEM)


def bars(theme_, cell_classes, values, width=320, **how):
    made = ProbabilityBars(theme_)
    made.set_classes(theme.looks(cell_classes), 0.8)
    made.show_values(values, **how)
    made.resize(width, made.sizeHint().height())
    return made


def picture(widget):
    on = QPixmap(widget.size())
    widget.render(on)
    return on.toImage()


def counted(monkeypatch, widget, name):
    """The arguments of each call of a method, which is done all the same."""
    calls, real = [], getattr(widget, name)
    monkeypatch.setattr(widget, name, lambda *what: (calls.append(what), real(*what)))
    return calls


def test_bars_are_drawn_once_while_nothing_about_them_changes(theme_, cell_classes, monkeypatch):
    shown = bars(theme_, cell_classes, VALUES)
    drawn = counted(monkeypatch, shown, "_draw")
    picture(shown)
    picture(shown)
    assert len(drawn) == 1


def test_another_image_draws_chips_and_names_no_more(theme_, cell_classes, monkeypatch):
    shown = bars(theme_, cell_classes, VALUES)
    heads = counted(monkeypatch, shown, "_head")
    before = picture(shown)
    shown.show_values([0.1, 0.1, 0.8])
    assert picture(shown) != before
    assert len(heads) == len(cell_classes)


def test_bars_show_what_is_so_now(theme_, cell_classes):
    shown = bars(theme_, cell_classes, VALUES)
    picture(shown)
    shown.show_values([0.1, 0.1, 0.8], unfamiliar=True)
    fresh = bars(theme_, cell_classes, [0.1, 0.1, 0.8], unfamiliar=True)
    assert picture(shown) == picture(fresh)
    shown.resize(260, shown.height())
    fresh = bars(theme_, cell_classes, [0.1, 0.1, 0.8], 260, unfamiliar=True)
    assert picture(shown) == picture(fresh)
    theme_.choose(Wish.LIGHT)
    fresh = bars(theme_, cell_classes, [0.1, 0.1, 0.8], 260, unfamiliar=True)
    assert picture(shown) == picture(fresh)
    shown.set_compact(True)
    assert picture(shown) != picture(fresh)
