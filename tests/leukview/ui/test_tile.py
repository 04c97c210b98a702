"""Faces of tiles: drawn once, sharp at every scale, dots and names complete."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPixmap

from leukview.domain.classes import CellClass, Role
from leukview.domain.records import DecisionState
from leukview.ui import theme
from leukview.ui.models.gallery_model import GalleryModel, Tile
from leukview.ui.models.thumbnails import PixelLoader, to_image
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import chips
from leukview.ui.widgets.gallery_view import GalleryView
from leukview.ui.widgets.tile import TileDelegate
from leukview.ui.widgets.tile_face import MOUNT, TileFace, geometry


def tile(**changes: object) -> Tile:
    known = {
        "row": 0,
        "name": "a.png",
        "state": DecisionState.UNDECIDED,
        "suggested": 0,
        "decided": -1,
        "confidence": 0.9,
        "unfamiliar": False,
        "error": "",
        "reason": "",
    }
    return Tile(**known | changes)


@pytest.fixture
def view(qtbot, columns, cell_classes):
    loader = PixelLoader(threads=1)
    delegate = TileDelegate(Theme(), loader)
    delegate.set_classes(theme.looks(cell_classes), 0.8)
    made = GalleryView(delegate)
    qtbot.addWidget(made)
    model = GalleryModel()
    made.setModel(model)
    model.show(columns(suggested=[0, 1, 0, 1], confidence=[0.9, 0.8, 0.7, 0.6]), np.arange(4))
    made.resize(500, 400)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    loader.stop()


def test_a_face_is_drawn_once_and_again_only_when_it_changed(view, monkeypatch):
    delegate, drawn = view.itemDelegate(), []
    draw = delegate._face.draw

    def counted(shown, *rest):
        drawn.append(shown.row)
        return draw(shown, *rest)

    monkeypatch.setattr(delegate._face, "draw", counted)
    delegate.forget()
    view.grab()
    assert sorted(drawn) == [0, 1, 2, 3]
    view.setCurrentIndex(view.model().index(2))
    view.selectAll()
    view.grab()
    assert len(drawn) == 4, "rings are no reason to draw a face"
    view.model().review.state[1] = tuple(DecisionState).index(DecisionState.UNSURE)
    view.grab()
    assert drawn[4:] == [1]
    delegate.set_classes((), 0.8)
    view.grab()
    assert len(drawn) == 9


@pytest.mark.parametrize("dpr", [1.0, 1.25, 1.5, 2.0, 3.0])
def test_an_image_of_the_right_size_is_copied_pixel_by_pixel(qapp, dpr):
    size = geometry(144)
    edge = round(144 * dpr)
    noise = np.random.default_rng(3).integers(0, 255, (edge, edge, 3)).astype(np.uint8)
    image = QPixmap.fromImage(to_image(noise))
    face = TileFace().draw(tile(), image, "", size, dpr)
    at = round(MOUNT * dpr)
    shown = face.copy(at, at, edge, edge).convertToFormat(QImage.Format.Format_RGB888)
    assert shown == image.toImage().convertToFormat(QImage.Format.Format_RGB888)


@pytest.mark.parametrize("dpr", [1.0, 1.5, 2.0])
def test_dots_reach_all_corners_and_mirror_each_other(qapp, dpr):
    side = 61
    canvas = chips.canvas(side, side, dpr)
    painter = QPainter(canvas)
    chips.dots(painter, QRectF(0, 0, side, side), theme.SKY)
    painter.end()
    picture = canvas.toImage()
    last = round(side * dpr) - 1
    dot = round(2 * dpr)
    for x in (dot // 2, last - dot // 2):
        for y in (dot // 2, last - dot // 2):
            assert picture.pixelColor(x, y) == QColor(theme.SKY)
    lit = [picture.pixelColor(x, dot // 2).alpha() > 128 for x in range(last + 1)]
    gaps = np.diff(np.flatnonzero(np.diff(np.array([0, *lit], int)) == 1))
    assert gaps.max() - gaps.min() <= 1, "the distances differ by no more than a pixel"
    middle = [picture.pixelColor(x, last // 2).alpha() for x in range(2 * dot, last - 2 * dot)]
    assert not any(middle)


def test_a_name_gives_way_to_a_shorter_one_and_is_never_cut(qapp):
    granulocyte = CellClass(
        id="ig", name="Immature granulocyte", key="4", role=Role.LEUKOCYTE, malignant=False
    )
    look = theme.looks([granulocyte])[0]
    metrics = QFontMetrics(theme.font(Style.CAPTION))
    whole = metrics.horizontalAdvance(look.name)
    assert look.fitting(metrics, whole) == "Immature granulocyte"
    seen = [look.fitting(metrics, width) for width in range(whole, 0, -1)]
    assert list(dict.fromkeys(seen)) == [
        *("Immature granulocyte", "Immature gran.", "Imm. gran.", "IG", "")
    ]


def test_unknown_long_names_are_shortened_word_by_word(qapp):
    kind = CellClass(
        id="x", name="Reactive lymphocyte", key="", role=Role.LEUKOCYTE, malignant=False
    )
    assert theme.looks([kind])[0].shorter == ("Reactive lymp.", "Reac. lymp.")


@pytest.mark.parametrize("state", [DecisionState.AGREED, DecisionState.CHANGED])
def test_a_former_class_is_drawn_only_where_it_is_another(qapp, cell_classes, monkeypatch, state):
    face, painted = TileFace(), []
    face.set_classes(theme.looks(cell_classes), 0.8)
    monkeypatch.setattr(chips, "paint", lambda _p, _at, look, **_: painted.append(look.name))
    face.draw(tile(state=state, suggested=1, decided=1), None, "", geometry(192), 1.0)
    face.draw(tile(state=state, suggested=0, decided=1), None, "", geometry(192), 1.0)
    assert painted == ["ALL blast", "ALL blast", "Normal"]
