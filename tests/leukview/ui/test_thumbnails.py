from __future__ import annotations

import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PySide6.QtGui import QColor

from leukview.domain.progress import CancelToken
from leukview.imaging import decode
from leukview.ui.models import thumbnails
from leukview.ui.models.thumbnails import (
    FULL,
    PixelLoader,
    centre,
    common_window,
    measure_window,
    to_image,
)


@pytest.fixture
def loader(qapp):
    made = PixelLoader(threads=1)
    yield made
    made.stop()


def disc(share: float, side: int = 100) -> np.ndarray:
    """A bright disc of this share of the side on black."""
    y, x = np.mgrid[:side, :side] + 0.5 - side / 2
    inside = np.hypot(x, y) <= share * side / 2
    return np.repeat((inside * 200).astype(np.uint8)[..., None], 3, axis=2)


def test_a_picture_owns_its_bytes():
    pixels = np.zeros((3, 5, 3), np.uint8)
    pixels[1, 2] = (10, 20, 30)
    picture = to_image(pixels)
    pixels[:] = 255
    assert (picture.width(), picture.height()) == (5, 3)
    assert picture.pixelColor(2, 1) == QColor(10, 20, 30)


def test_a_thumbnail_is_asked_for_and_arrives(loader, qtbot, image_folder):
    folder = image_folder({"a.png": 200}, size=(60, 40))
    loader.open([folder / "a.png"])
    with qtbot.waitSignal(loader.arrived) as told:
        assert loader.pixmap(0, 30) is None
    assert told.args == [0, 30]
    assert (loader.pixmap(0, 30).width(), loader.pixmap(0, 30).height()) == (30, 20)
    assert loader.standin(0) is not None
    with qtbot.waitSignal(loader.arrived):
        loader.pixmap(0, FULL)
    assert loader.pixmap(0, FULL).width() == 60


@pytest.mark.parametrize("window", [0.31, 0.5, 0.66, 0.77, 1.0])
def test_the_middle_of_an_image_has_exactly_the_edge_of_the_tile(
    loader, qtbot, image_folder, window
):
    folder = image_folder({"a.png": 200}, size=(450, 450))
    loader.open([folder / "a.png"])
    loader.show_window(window)
    for edge in (96, 115, 128):
        with qtbot.waitSignal(loader.arrived):
            loader.pixmap(0, edge)
        assert loader.pixmap(0, edge).width() == loader.pixmap(0, edge).height() == edge


def test_what_a_frame_asked_for_first_is_decoded_first(loader, qtbot, image_folder):
    folder = image_folder({f"{n}.png": 40 * n for n in range(5)})
    loader.open([folder / f"{n}.png" for n in range(5)])
    order = []
    loader.arrived.connect(lambda row, _edge: order.append(row))
    for row in range(5):
        loader.pixmap(row, 16)
    qtbot.waitUntil(lambda: len(order) == 5)
    assert order == [0, 1, 2, 3, 4]


def test_a_file_that_is_no_image_gives_a_reason(loader, qtbot, tmp_path):
    (tmp_path / "x.png").write_bytes(b"no image")
    loader.open([tmp_path / "x.png"])
    with qtbot.waitSignal(loader.arrived):
        loader.pixmap(0, 30)
    assert loader.pixmap(0, 30) is None
    assert loader.failure(0, 30)
    loader.retry()
    assert loader.failure(0, 30) == ""


def test_another_folder_forgets_the_pictures_of_the_first(loader, qtbot, image_folder):
    one = image_folder({"a.png": 10}, name="one")
    two = image_folder({"a.png": 250}, name="two")
    loader.open([one / "a.png"])
    with qtbot.waitSignal(loader.arrived):
        loader.pixmap(0, 16)
    loader.open([two / "a.png"])
    assert loader.standin(0) is None
    with qtbot.waitSignal(loader.arrived):
        loader.pixmap(0, 16)
    assert loader.pixmap(0, 16).toImage().pixelColor(4, 4) == QColor(250, 250, 250)


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("no more"), ValueError("shape")])
def test_whatever_goes_wrong_with_an_image_the_next_one_is_shown(
    loader, qtbot, image_folder, monkeypatch, error
):
    folder = image_folder({"a.png": 10, "b.png": 250})
    loader.open([folder / "a.png", folder / "b.png"])
    real = decode.read

    def read(path):
        if path.name == "a.png":
            raise error
        return real(path)

    monkeypatch.setattr(decode, "read", read)
    with qtbot.waitSignal(loader.arrived) as told:
        loader.pixmap(0, FULL)
    assert told.args == [0, FULL]
    assert loader.failure(0, FULL).endswith(".")
    with qtbot.waitSignal(loader.arrived):
        loader.pixmap(1, FULL)
    assert loader.pixmap(1, FULL) is not None


@pytest.fixture
def hung(monkeypatch):
    """A drive that answers no read until the end of the test; has `begun` and `gate`."""
    gate, begun = threading.Event(), threading.Event()

    def read(path):
        begun.set()
        gate.wait(20)
        raise OSError("gone")

    monkeypatch.setattr(decode, "read", read)
    monkeypatch.setattr(thumbnails, "thumbnail", lambda path, _edge: read(path))
    read.begun, read.gate = begun, gate
    yield read
    gate.set()
    for thread in threading.enumerate():
        if thread.name.startswith("leukview"):
            thread.join(20)


def test_a_drive_that_does_not_answer_does_not_hold_the_end(qtbot, image_folder, hung):
    loader = PixelLoader(threads=2)
    folder = image_folder({"a.png": 10})
    loader.open([folder / "a.png"])
    loader.pixmap(0, FULL)
    qtbot.waitUntil(hung.begun.is_set)
    assert not loader.stop(0.05)
    hung.gate.set()
    assert loader.stop(20)


def test_the_time_to_end_counts_from_when_it_was_told_first(qtbot, monkeypatch):
    loader = PixelLoader(threads=1)
    real, now, waited = loader._threads, [100.0], []
    held = SimpleNamespace(join=waited.append, is_alive=lambda: True)
    monkeypatch.setattr(thumbnails, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(loader, "_threads", [held])
    assert not loader.stop(0)
    now[0] = 100.75
    assert not loader.stop(1)
    now[0] = 110.0
    assert not loader.stop(1)
    assert waited == [0, 0.25, 0]
    for thread in real:
        thread.join()


def test_the_window_is_measured_only_as_long_as_the_drive_answers(image_folder, hung, monkeypatch):
    folder = image_folder({"a.png": 10, "b.png": 250})
    paths = [folder / "a.png", folder / "b.png"]
    monkeypatch.setattr(thumbnails, "ANSWER_SECONDS", 0.05)
    assert measure_window(paths, CancelToken()) is None
    assert hung.begun.is_set()


def test_the_window_is_measured_from_the_files_that_can_be_read(image_folder):
    folder = image_folder({"a.png": 10, "b.png": 250})
    (folder / "c.png").write_bytes(b"no image")
    paths = [folder / f"{name}.png" for name in "abc"]
    assert measure_window(paths, CancelToken()) == 1.0
    assert measure_window([folder / "c.png"], CancelToken()) is None
    assert measure_window([], CancelToken()) is None


def test_the_window_is_that_of_the_cells():
    window = common_window([disc(0.5)] * 20)
    assert window == pytest.approx(0.5 + 0.12, abs=0.03)


def test_images_without_a_uniform_border_are_shown_whole():
    noise = np.random.default_rng(1).integers(0, 255, (60, 60, 3)).astype(np.uint8)
    assert common_window([noise] * 10) == 1.0
    assert common_window([disc(0.5)] * 8 + [noise] * 2) == 1.0
    assert common_window([]) == 1.0


def test_cells_that_fill_the_image_are_shown_whole():
    assert common_window([disc(0.95)] * 10) == 1.0


def test_the_middle_is_cut_out():
    pixels = np.arange(10 * 20 * 3, dtype=np.uint8).reshape(10, 20, 3)
    assert centre(pixels, 0.5).shape == (10, 10, 3)
    assert np.array_equal(centre(pixels, 1.0), pixels)
