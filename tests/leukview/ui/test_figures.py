"""Figures of the overview: what they show, that they can be saved, and that tables are copied."""

from __future__ import annotations

import xml.etree.ElementTree as Tree

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog

from leukview.domain.classes import Unit
from leukview.domain.records import DecisionState
from leukview.ui import figures_out
from leukview.ui.models import summary
from leukview.ui.models.judged import Source
from leukview.ui.theme import LIGHT, Theme, Wish
from leukview.ui.widgets.overview import Overview

AGREED, CHANGED, OPEN = DecisionState.AGREED, DecisionState.CHANGED, DecisionState.UNDECIDED


@pytest.fixture
def review(columns):
    """Eight images: four decided, two of them otherwise; folder names for all."""
    return columns(
        suggested=[0, 0, 1, 1, 0, 1, 2, 0],
        confidence=[0.95, 0.62, 0.91, 0.55, 0.97, 0.85, 0.99, 0.7],
        decided=[0, 1, 1, 0, -1, -1, -1, -1],
        state=[AGREED, CHANGED, AGREED, CHANGED, OPEN, OPEN, OPEN, OPEN],
        true_class=[0, 1, 1, 0, 0, 1, 2, 1],
    )


@pytest.fixture
def overview(qtbot, review):
    made = Overview(Theme())
    qtbot.addWidget(made)
    made.resize(1200, 900)
    made.show_review(review, Unit.CELL, 0.8)
    made.show()
    made.refresh()
    return made


def choose(overview, source: Source) -> None:
    overview.against._group.button(source).click()


def test_one_switch_says_what_every_figure_is_judged_by(overview):
    table = overview.class_card.table.figures
    assert table.text(1, 1) == "2"
    assert "4 decided" in overview.reliability_card.note.text()
    choose(overview, Source.TRUTH)
    assert overview.matrix.matrix.table.sum() == 8
    assert table.text(1, 1) == "4"
    assert "8 from the folder names" in overview.reliability_card.note.text()
    assert "8 from the folder names" in overview.class_card.note.text()


def test_the_audit_cannot_be_chosen_without_a_sample_and_says_why(overview):
    button = overview.against._group.button(Source.AUDIT)
    assert not button.isEnabled()
    assert button.toolTip() == "No audit sample is drawn in this reading."


def test_the_slider_says_at_once_what_a_threshold_would_do(qtbot, overview, review):
    row, before = overview.histogram_card.row, review.needs_review.copy()
    assert row.effect.text().startswith("3 images would need review: 2 judged so far, 2 of these")
    row.slider.setFocus()
    for _ in range(12):
        qtbot.keyClick(row.slider, Qt.Key.Key_Right)
    assert row.value.text() == "0.92"
    assert row.effect.text().startswith("5 images would need review: 3 judged so far, 2 of these")
    assert "review below 0.92" in row.slider.accessibleName()
    edges, _counts = summary.histogram(review, 0.92)
    assert len(overview.histogram.counts) == len(edges) - 1
    assert (review.needs_review == before).all(), "it is only tried"
    overview.refresh()
    assert row.value.text() == "0.92", "a decision does not take it back"


def test_the_classs_curves_are_of_the_malignant_one_until_another_is_chosen(overview):
    roc, recall = overview.curve_cards
    assert "ROC of ALL blast" in roc.figure.plot.accessibleName()
    overview.class_choice.choices.actions()[0].trigger()
    assert "ROC of Normal" in roc.figure.plot.accessibleName()
    assert recall.note.text() == "average precision 0.833 · 2 of this class, 2 others"
    across, up = roc.figure.points
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)


def test_wilsons_interval_can_be_chosen(overview):
    exact = overview.table.text()[0]
    overview.table_card.methods._group.button(1).click()
    assert overview.table.text()[0] != exact
    assert "Wilson" in overview.table_note.text()
    assert overview.table._lines[0].share.interval == summary.Share(4, 7, True).interval


def test_the_differential_says_how_many_cells_are_missing(qtbot, overview):
    planning = overview.table_card.planning
    assert planning.more.text() == "521 more cells"
    assert planning.needs.text().startswith("Needs 528 leukocytes, 7 are counted")
    planning.shares[1].setValue(20)
    assert planning.more.text() == "Two different shares"
    planning.shares[0].setValue(99)
    planning.shares[1].setValue(1)
    assert planning.more.text() == "Enough cells"


def test_fields_are_counted_without_a_differential(overview, review):
    overview.show_review(review, Unit.FIELD, 0.8)
    overview.refresh()
    assert not overview.table_card.planning.isVisible()
    assert not overview.table_card.methods.isVisible()
    assert all("leukocytes" not in line for line in overview.table.text())


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_every_figure_is_saved_in_the_light_theme(overview, tmp_path, monkeypatch, kind):
    overview._theme.choose(Wish.DARK)
    cards = [overview.reliability_card, overview.histogram_card, *overview.curve_cards]
    for card in cards:
        path = tmp_path / f"{card._name}.{kind}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, p=path: (str(p), ""))
        card.save_button.click()
        assert card.said.whole == f"Saved {path.name}"
        if kind == "png":
            image = QImage(str(path))
            assert image.width() == 3 * card.plot.plot.width()
            assert image.pixelColor(1, 1) == QColor(LIGHT.panel)
        else:
            root = Tree.parse(path).getroot()
            assert root.tag.endswith("svg")
            assert len(list(root.iter())) > 20
        assert card.plot.tokens is overview._theme.tokens
    overview._theme.choose(Wish.LIGHT)


def dots(image: QImage) -> list[float]:
    """Where the blue of the accent begins and ends, across and down, as shares of the image."""
    data = image.convertToFormat(QImage.Format.Format_RGB888)
    pixels = np.frombuffer(data.constBits(), np.uint8).reshape(data.height(), -1)
    pixels = pixels[:, : 3 * data.width()].reshape(data.height(), data.width(), 3).astype(int)
    down, across = np.nonzero(pixels[..., 2] - pixels[..., 0] > 60)
    ends = (across.min(), across.max(), down.min(), down.max())
    sides = (data.width(), data.width(), data.height(), data.height())
    return [end / side for end, side in zip(ends, sides, strict=True)]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_what_a_saved_figure_shows_lies_where_it_does_on_the_screen(overview, tmp_path, kind):
    plot, path = overview.reliability_card.figure, tmp_path / f"figure.{kind}"
    plot.save(path)
    saved = QImage(str(path))
    if kind == "svg":
        # Axes are right at the screen's resolution only, which the width in millimetres tells.
        width = Tree.parse(path).getroot().get("width").removesuffix("mm")
        wanted = 25.4 * plot.plot.width() / plot.plot.logicalDpiX()
        assert float(width) == pytest.approx(wanted, rel=0.01)
        saved = QImage(plot.plot.size(), QImage.Format.Format_RGB32)
        painter = QPainter(saved)
        QSvgRenderer(str(path)).render(painter)
        painter.end()
    assert dots(saved) == pytest.approx(dots(plot.plot.grab().toImage()), abs=0.015)


def test_an_ending_is_given_to_a_name_without_one(overview, tmp_path, monkeypatch):
    answer = (str(tmp_path / "figure 1.2"), "SVG drawing (*.svg)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: answer)
    overview.histogram_card.save_button.click()
    assert [one.name for one in tmp_path.iterdir()] == ["figure 1.2.svg"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_figure_that_cannot_be_written_is_said(overview, tmp_path, monkeypatch, kind):
    answer = (str(tmp_path / "gone" / f"figure.{kind}"), "")
    said = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: answer)
    monkeypatch.setattr(figures_out, "refused", lambda words, _parent: said.append(words))
    overview.histogram_card.save_button.click()
    assert "cannot be written" in said[0]
    assert overview.histogram_card.said.whole == ""


def test_tables_are_copied_by_their_buttons_with_tabs(qtbot, overview):
    clipboard = QGuiApplication.clipboard()
    overview.table_card.copy_button.click()
    lines = [line.split("\t") for line in clipboard.text().splitlines()]
    assert lines[0][:3] == ["Class", "Suggested", "Suggested, % of leukocytes"]
    assert lines[1][:7] == ["Normal", "4", "57.1", "2", "50.0", "4", "57.1"]
    assert lines[3][0::9] == ["Platelet", "counted apart, not a leukocyte"]
    assert len({len(line) for line in lines}) == 1
    overview.class_card.copy_button.click()
    lines = [line.split("\t") for line in clipboard.text().splitlines()]
    assert lines[2][:3] == ["ALL blast", "2", "0.50"]
    assert lines[3][1:3] == ["0", "–"]


def test_ctrl_c_copies_the_table_that_has_the_keyboard(qtbot, overview):
    clipboard = QGuiApplication.clipboard()
    overview.activateWindow()
    for table, first in (
        (overview.matrix, "decided \\ suggested"),
        (overview.class_card.table, "Class"),
    ):
        clipboard.setText("")
        table.setFocus()
        qtbot.waitUntil(table.hasFocus)
        qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert clipboard.text().split("\t")[0] == first
    choose(overview, Source.DECIDED)
    overview.matrix_card.copy()
    rows = [line.split("\t") for line in clipboard.text().splitlines()]
    numbers = np.array([[int(n) for n in row[1:]] for row in rows[1:]])
    assert numbers[:3, :3].tolist() == overview.matrix.matrix.table.tolist()
    assert numbers[3, 3] == 4


def test_a_tab_in_a_class_name_breaks_no_table():
    assert figures_out.tsv([["a\tb", 1], ["c\nd", None]]) == "a b\t1\nc d\tNone\n"
