"""The gallery's model and its arithmetic view."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, QSignalBlocker, Qt
from PySide6.QtGui import QAccessible, QKeyEvent, QPixmap
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from leukview.domain.records import DecisionState
from leukview.ui import theme
from leukview.ui.models.gallery_model import GalleryModel, TileRole
from leukview.ui.models.thumbnails import FULL, PixelLoader
from leukview.ui.theme import Theme
from leukview.ui.widgets.current_image import CurrentImage
from leukview.ui.widgets.gallery_view import GalleryView
from leukview.ui.widgets.tile import TileDelegate
from leukview.ui.widgets.tile_face import geometry


def rows(*values):
    return np.array(values, np.int64)


@pytest.fixture
def model(columns):
    made = GalleryModel()
    made.show(columns(suggested=[0, 1] * 20, confidence=[0.75] * 40), np.arange(40))
    return made


@pytest.fixture
def view(qtbot, model, cell_classes):
    theme_ = Theme()
    loader = PixelLoader(threads=1)
    delegate = TileDelegate(theme_, loader)
    delegate.set_classes(theme.looks(cell_classes), 0.8)
    made = GalleryView(delegate)
    qtbot.addWidget(made)
    made.setModel(model)
    made.resize(5 * geometry(96).width + 60, 500)
    made.set_edge(96)
    made.show()
    yield made
    made.close()
    loader.stop()


def test_the_model_keeps_qts_rules(columns, qtbot):
    model = GalleryModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show(columns(suggested=[0, 1, -1, 1]), rows(3, 0))
    model.append(rows(0, 1))
    model.refresh([1])
    model.show(columns(suggested=[0]), rows(0))
    assert model.rowCount() == 1
    assert tester.model() is model


def test_a_queue_is_a_snapshot_to_which_new_images_are_appended(columns):
    model = GalleryModel()
    model.show(columns(suggested=[0, 1, 0, 1]), rows(2, 0))
    model.append(rows(0, 1, 2, 3))
    assert model.rows.tolist() == [2, 0, 1, 3]
    assert model.place(1) == 2
    assert model.place(7) == -1


def test_only_places_in_the_queue_are_told_to_change(columns, qtbot):
    model = GalleryModel()
    model.show(columns(suggested=[0, 1, 0, 1]), rows(3, 1))
    with qtbot.waitSignal(model.dataChanged) as told:
        model.refresh([1, 2])
    assert (told.args[0].row(), told.args[1].row()) == (1, 1)
    with qtbot.assertNotEmitted(model.dataChanged):
        model.refresh([0])


def test_a_tile_is_spoken_as_a_sentence(columns):
    model = GalleryModel()
    review = columns(
        suggested=[1, -1, -1],
        confidence=[0.64, float("nan"), float("nan")],
        state=[DecisionState.CHANGED, DecisionState.UNDECIDED, DecisionState.UNDECIDED],
        decided=[0, -1, -1],
        errors={2: "It is no image."},
    )
    model.show(review, rows(0, 1, 2))
    said = [model.index(n).data(Qt.ItemDataRole.AccessibleTextRole) for n in range(3)]
    assert said[0] == "Image 1 of 3, suggestion ALL blast 0.64, decided Normal."
    assert said[1] == "Image 2 of 3, waiting for its suggestion, not decided."
    assert said[2] == "Image 3 of 3, could not be read, not decided."
    assert model.index(1).data(TileRole.IMAGE_ROW) == 1


def test_the_geometry_is_a_grid(view):
    index = view.model().index(7)
    assert view.columns == 5
    rect = view.visualRect(index)
    assert (rect.width(), rect.height()) == (geometry(96).width, geometry(96).height)
    assert view.indexAt(rect.center()) == index
    assert not view.indexAt(QPoint(rect.center().x(), 100_000)).isValid()


def test_arrow_keys_walk_the_grid(view, qtbot):
    view.setCurrentIndex(view.model().index(0))
    for key, place in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, 6),
        (Qt.Key.Key_Left, 5),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_End, 39),
        (Qt.Key.Key_Home, 0),
    ):
        qtbot.keyClick(view, key)
        assert view.currentIndex().row() == place


def test_shift_selects_a_run_of_the_queue_not_a_rectangle(view, qtbot):
    view.setCurrentIndex(view.model().index(3))
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_places() == [3, 4, 5, 6, 7, 8]
    qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_places() == [3, 4, 5, 6, 7]


def test_a_click_with_control_adds_one_image(view, qtbot):
    def click(place, modifier=Qt.KeyboardModifier.NoModifier):
        at = view.visualRect(view.model().index(place)).center()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, at)

    click(2)
    assert view.selected_places() == [2]
    click(6, Qt.KeyboardModifier.ControlModifier)
    assert view.selected_places() == [2, 6]
    assert view.currentIndex().row() == 6


def test_only_the_image_that_changed_is_painted_anew(view, qtbot):
    painted: list[list[int]] = []
    view.painted.connect(painted.append)
    view.viewport().update()
    qtbot.waitUntil(lambda: bool(painted))
    QApplication.processEvents()
    painted.clear()
    view.model().refresh([7])
    qtbot.waitUntil(lambda: bool(painted))
    for _ in range(3):  # a layout that was put off would paint all of them now
        QApplication.processEvents()
    assert painted == [[7]]


def test_pixels_of_the_next_image_and_of_the_next_line_are_asked_for(view, model):
    asked = []

    def pixmap(row, edge):
        asked.append((row, edge))
        return QPixmap(1, 1)

    loader = SimpleNamespace(pixmap=pixmap, arrived=model.dataChanged, window=1.0)
    loader.failure = lambda *_key: ""
    shown = SimpleNamespace(pixmap=None)
    inspector = SimpleNamespace(image=shown, show_pixels=lambda *_what: None)
    current = CurrentImage(view, model, loader, inspector)
    with QSignalBlocker(view.selectionModel()):
        view.setCurrentIndex(model.index(3))
    current.show_pixels()
    below = view.visible_rows().stop
    assert asked[:2] == [(3, FULL), (4, FULL)]
    assert asked[2:] == [(row, 96) for row in range(below, below + view.columns)]
    asked.clear()
    with QSignalBlocker(view.selectionModel()):
        view.setCurrentIndex(model.index(39))
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    current.show_pixels()
    assert asked == [(39, FULL)]


def test_the_current_image_stays_in_view_when_the_tiles_grow(view):
    index = view.model().index(20)
    view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.Select)
    view.scrollTo(index)
    view.set_edge(192)
    assert view.columns < 5
    assert view.viewport().rect().contains(view.visualRect(index).center())
    view.set_edge(10_000)
    assert view.visualRect(index).width() == geometry(256).width


def test_a_hundred_thousand_images_need_no_layout(view, columns):
    count = 100_000
    view.model().show(columns(suggested=[0] * count), np.arange(count))
    assert len(view.visible_rows()) < 60
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    assert view.visible_rows()[-1] == count - 1
    view.selectAll()
    assert len(view.selected_places()) == count


def test_a_screen_reader_finds_a_list_of_items(view):
    found = QAccessible.queryAccessibleInterface(view)
    assert found.role() == QAccessible.Role.List
    assert found.childCount() >= 40


def test_what_the_gallery_does_not_use_goes_on_to_the_window(view):
    for key, text in ((Qt.Key.Key_Eacute, "é"), (Qt.Key.Key_A, "a")):
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
        view.keyPressEvent(event)
        assert not event.isAccepted()


def test_every_state_of_a_tile_is_painted(view, columns, qtbot):
    s = DecisionState
    review = columns(
        suggested=[0, 1, 1, 0, 0, -1, -1, 0],
        decided=[-1, 1, 0, -1, -1, -1, -1, 9],
        state=[
            *(s.UNDECIDED, s.AGREED, s.CHANGED, s.UNSURE, s.EXCLUDED),
            *(s.UNDECIDED, s.UNDECIDED, s.CHANGED),
        ],
        confidence=[0.9, 0.8, 0.7, 0.6, 0.5, float("nan"), float("nan"), 0.9],
        errors={6: "It is no image."},
    )
    review.unfamiliar[0] = True
    view.model().show(review, np.arange(8))
    view.resize(900, 620)  # all eight, at every edge
    for edge in (96, 144, 192):
        view.set_edge(edge)
        picture = view.grab().toImage()
        boxes = [view.visualRect(view.model().index(n)) for n in range(8)]
        tiles = [picture.copy(box) for box in boxes]
        assert all(picture.rect().contains(box) for box in boxes)
        assert len({bytes(tile.constBits()) for tile in tiles}) == 8
        fills = {
            picture.pixelColor(x, y).name().upper()
            for x in range(0, picture.width(), 1)
            for y in range(0, min(picture.height(), 260), 1)
        }
        assert theme.SKY in fills
        assert theme.VERMILLION in fills


def painted_places(view, monkeypatch) -> list[int]:
    """Places of the tiles that are painted from now on."""
    seen: list[int] = []
    paint = view._tiles.paint

    def watched(painter, option, index):
        seen.append(index.row())
        paint(painter, option, index)

    monkeypatch.setattr(view._tiles, "paint", watched)
    return seen


def test_an_arrow_leaves_alone_what_is_far_from_the_two_tiles_that_change(qtbot, view, monkeypatch):
    view.setCurrentIndex(view.model().index(6, 0))
    qtbot.waitExposed(view)
    qtbot.wait(0)
    seen = painted_places(view, monkeypatch)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: 7 in seen)
    assert {6, 7} <= set(seen)
    assert not [place for place in seen if place >= 15]
    assert view.visible_rows().stop == 20


def test_a_selection_is_painted_as_far_as_it_is_in_view(view):
    view.selectAll()
    region = view.visualRegionForSelection(view.selectionModel().selection())
    for place in view.visible_rows():
        rect = view.visualRect(view.model().index(place, 0))
        assert region.contains(rect.center())
    assert region.boundingRect().bottom() < 500 + geometry(96).height


def test_a_tile_stands_where_it_is_found(view):
    view.verticalScrollBar().setValue(137)
    for place in view.visible_rows():
        index = view.model().index(place, 0)
        assert view.indexAt(view.visualRect(index).center()) == index
