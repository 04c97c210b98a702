"""Class names of the shipped models are never cut, in the usual window and in the smallest."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from leukview.inference.model_file import peek, shipped
from leukview.ui import theme
from leukview.ui.models.summary import ClassLine, Share
from leukview.ui.theme import Theme
from leukview.ui.widgets.bars import ProbabilityBars
from leukview.ui.widgets.class_table import ClassTable
from leukview.ui.widgets.inspector import LEAST, USUAL, Inspector
from leukview.ui.widgets.matrix import MatrixView

MODELS = {path.stem: path for path in shipped()}
SMALLEST = 598  # height of the inspector in a window of 1024 x 700
pytestmark = [
    pytest.mark.skipif(not MODELS, reason="no models come with this checkout"),
    pytest.mark.qt_log_ignore("This plugin does not support"),  # offscreen, of every window
]


@pytest.fixture(params=sorted(MODELS))
def classes(request):
    return peek(MODELS[request.param]).cell_classes


def whole_or_known(shown: str, look: theme.ClassLook) -> None:
    assert shown in look.names
    assert len(shown) > 2, f"{look.name} is down to its letters"


@pytest.mark.parametrize("width", [LEAST, USUAL])
def test_the_inspector_names_every_class(qtbot, classes, width):
    inspector = Inspector(Theme())
    qtbot.addWidget(inspector)
    inspector.set_classes(classes, 0.9)
    inspector.resize(width, 800)
    inspector.show()
    looks = theme.looks(classes)
    for one, look, bar in zip(classes, looks, inspector.bars.names(), strict=True):
        whole_or_known(inspector.buttons[one.id].words, look)
        whole_or_known(bar, look)
    if width == USUAL and len(classes) == 8:
        assert inspector.buttons["ig"].words == "Immature gran."


def test_all_buttons_are_in_view_in_the_smallest_window(qtbot, classes):
    inspector = Inspector(Theme())
    qtbot.addWidget(inspector)
    inspector.set_classes(classes, 0.9)
    inspector.resize(LEAST, SMALLEST)
    inspector.show()
    qtbot.waitExposed(inspector)
    for name, button in inspector.buttons.items():
        foot = button.mapTo(inspector, QPoint(0, button.height())).y()
        assert foot <= inspector.height(), name
        assert button.height() >= 28, "what is clicked often is easy to hit"
    assert inspector.image.height() >= 128


@pytest.mark.parametrize("width", [408, 948])
def test_the_confusion_matrix_names_every_class(qtbot, classes, width):
    looks = theme.looks(classes)
    matrix = MatrixView(Theme())
    qtbot.addWidget(matrix)
    matrix.resize(width, 300)
    matrix.show()
    matrix.show_matrix(looks, np.eye(len(looks), dtype=np.int64) * 12, "decided")
    for shown, look in zip(matrix.names(), looks, strict=True):
        whole_or_known(shown, look)
        if width > 900:
            assert shown == look.name


def test_numbers_come_before_names(qtbot, classes):
    looks = theme.looks(classes)
    matrix = MatrixView(Theme())
    qtbot.addWidget(matrix)
    matrix.resize(408, 300)
    matrix.show()
    matrix.show_matrix(looks, np.full((len(looks),) * 2, 123_456), "decided")
    number = matrix.fontMetrics().horizontalAdvance("123456")
    cells = [matrix.columnWidth(n) for n in range(1, len(looks) + 1)]
    assert len(looks) == 8 or min(cells) > number
    matrix.show_matrix(looks, np.full((len(looks),) * 2, 999), "decided")
    assert min(matrix.columnWidth(n) for n in range(1, len(looks) + 1)) >= 28


def test_the_table_of_counts_names_every_class_in_full(qtbot, classes):
    looks = theme.looks(classes)
    table = ClassTable(Theme())
    qtbot.addWidget(table)
    table.resize(680, 300)
    lines = [ClassLine(n, 1, 1, 1, Share(1, 9)) for n in range(len(looks))]
    table.show_lines(looks, lines, [""] * len(looks))
    assert table.names() == [look.name for look in looks]


def test_bars_say_whole_names_to_a_screen_reader(qtbot, classes):
    bars = ProbabilityBars(Theme())
    qtbot.addWidget(bars)
    bars.set_classes(theme.looks(classes), 0.9)
    bars.show_values([1 / len(classes)] * len(classes))
    for one in classes:
        assert one.name in bars.accessibleName()
