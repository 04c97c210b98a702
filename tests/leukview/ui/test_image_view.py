from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPixmap, QWheelEvent

from leukview.ui.theme import Theme
from leukview.ui.widgets.image_view import ImageView


@pytest.fixture
def view(qtbot):
    made = ImageView(Theme())
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    pixmap = QPixmap(100, 100)
    pixmap.fill(Qt.GlobalColor.red)
    made.show_image(pixmap)
    return made


def wheel(view, at, steps):
    event = QWheelEvent(
        QPointF(at),
        QPointF(view.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    view.wheelEvent(event)


def test_an_image_is_fitted(view):
    assert view.fitted
    assert view.scale == pytest.approx(2.0)


def test_a_window_of_the_image_fills_the_view(view):
    view.show_image(view.pixmap, window=0.5)
    assert view.scale == pytest.approx(4.0)


def test_the_wheel_zooms_and_zero_fits_again(view):
    wheel(view, QPoint(150, 100), 2)
    assert view.scale == pytest.approx(2.0 * 1.25**2)
    assert not view.fitted
    view.fit()
    assert view.scale == pytest.approx(2.0)


def test_the_point_under_the_pointer_stays(view):
    before = view.grab().toImage().pixelColor(60, 100)
    wheel(view, QPoint(60, 100), 3)
    assert view.grab().toImage().pixelColor(60, 100) == before
    assert before.red() > 200


def test_zoom_has_ends(view):
    for _ in range(60):
        view.zoom_in()
    assert view.scale == pytest.approx(32.0)
    for _ in range(90):
        view.zoom_out()
    assert view.scale == pytest.approx(1.0)


def test_dragging_pans(view, qtbot):
    view.zoom_in()
    view.zoom_in()
    before = view.grab().toImage()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))
    qtbot.mouseMove(view, QPoint(40, 100))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(40, 100))
    assert view.grab().toImage() != before


def test_without_an_image_words_are_shown(view):
    view.show_image(None, words="It is no image.")
    assert view.pixmap is None
    view.zoom_in()
    assert view.fitted
