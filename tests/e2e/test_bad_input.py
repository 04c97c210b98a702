"""Whatever lies in a folder or calls itself a model: a sentence, and nothing lost."""

from __future__ import annotations

import csv
import os
import shutil
import struct
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from leukview.__main__ import main
from leukview.inference import pipeline
from leukview.ui.controller import Stage
from leukview.ui.export_kinds import Chosen, Kind

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
WAIT = 60_000
CLAIM = 65_535


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def huge_png() -> bytes:
    """A few bytes that claim 65,535 x 65,535 pixels."""
    header = struct.pack(">IIBBBBB", CLAIM, CLAIM, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def odd_folder(image_folder) -> Path:
    """Six readable images of odd kinds, one of them twice, and four that cannot be read."""
    folder = image_folder({"good.png": 20, "n" * 246 + ".png": 30, "Zellen ä 細胞.png": 230})
    shutil.copy(folder / "good.png", folder / "twin.png")
    Image.fromarray(np.full((20, 24), 60_000, np.uint16)).save(folder / "deep.png")
    Image.new("CMYK", (24, 20), (0, 0, 0, 250)).save(folder / "cmyk.jpg")
    palette = Image.new("P", (24, 20), 0)
    palette.info["transparency"] = 0
    palette.save(folder / "palette.png")
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (24, 20), (9, 9, 9)).save(folder / "turned.jpg", exif=exif)
    (folder / "zero.png").write_bytes(b"")
    (folder / "text.jpg").write_text("not an image")
    (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:60])
    (folder / "claims.png").write_bytes(huge_png())
    if sys.platform != "win32":
        os.mkfifo(folder / "pipe.png")
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        (folder / "self.png").symlink_to(folder / "self.png")
    return folder


UNREADABLE = {"zero.png", "text.jpg", "cut.png", "claims.png"}


def test_odd_files_in_the_window_are_shown_or_named_and_the_rest_is_decided(
    start, hand, odd_folder, tmp_path
):
    h = hand(start())
    h.open(odd_folder)
    review = h.one.controller.review
    named = {review.images[row].name: words for row, words in review.errors.items()}
    assert set(named) == UNREADABLE
    assert all(words.endswith(".") and "left out" in words for words in named.values())
    assert "65,535 x 65,535" in named["claims.png"]
    readable = [row for row in range(review.count) if row not in review.errors]
    assert all(h.suggested[row] for row in readable)
    h.press(Qt.Key.Key_A, CONTROL)
    h.press(Qt.Key.Key_Return)
    before = h.states
    assert {before[row] for row in readable} == {"agreed"}
    assert {before[row] for row in review.errors} == {"undecided"}
    h.one.controller.export(Chosen(kind=Kind.CSV, path=tmp_path / "x.csv", bom=False, force=False))
    h.until(lambda: "Exported" in h.said)
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert {name for name, row in rows.items() if row["status"] == "error"} == UNREADABLE
    assert rows["good.png"]["sha256"] == rows["twin.png"]["sha256"]
    assert "CMYK" in rows["cmyk.jpg"]["note"]
    assert "upright" in rows["turned.jpg"]["note"]
    h.one.window.close()
    again = hand(start())
    again.open(odd_folder)
    assert again.states == before


def test_odd_files_on_the_command_line_give_the_same_rows(odd_folder, toy_model, tmp_path):
    words = ["--model", str(toy_model), "--device", "cpu", "--out", str(tmp_path / "x.csv")]
    assert main(["classify", str(odd_folder), *words]) == 1
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["image"] for row in rows if row["error"]} == UNREADABLE
    assert len(rows) == 12


def test_the_collected_odd_files_do_no_harm_in_the_window(start, hand, shared, tmp_path):
    folder = tmp_path / "odd"
    shutil.copytree(shared / "data" / "odd_files", folder)
    h = hand(start())
    h.open(folder)
    review = h.one.controller.review
    assert (review.count, len(review.errors)) == (17, 5)
    for place in range(review.count):  # each in the inspector, in full size
        h.one.window.page.go(place)
        h.qtbot.wait(1)
    h.until(lambda: not h.one.window.page.loader._busy)
    h.press(Qt.Key.Key_A, CONTROL)
    h.press(Qt.Key.Key_U)
    assert h.states.count("unsure") == 12


def test_a_folder_that_disappears_during_a_run_loses_nothing(
    start, hand, image_folder, monkeypatch
):
    gone, real = threading.Event(), pipeline.read

    def late(path):
        if path.name >= "200":
            assert gone.wait(20)
        return real(path)

    monkeypatch.setattr(pipeline, "read", late)
    folder = image_folder({f"{n:03}.png": n % 250 + 1 for n in range(400)})
    h = hand(start())
    c = h.one.controller
    h.one.window.open([folder])
    h.until(lambda: c.running.done >= 8)
    h.press(Qt.Key.Key_2)
    decided = h.states[0]
    folder.rename(folder.with_name("gone"))
    gone.set()
    h.until(lambda: c.stage is Stage.READY)
    review = c.review
    assert h.states[0] == decided
    assert len(review.errors) >= 200
    assert all("disappeared" in words for words in review.errors.values())
    assert f"{len(review.errors):,} could not be read" in h.one.window.status.problem_button.text()
    folder.with_name("gone").rename(folder)
    c.run()
    h.until(lambda: h.idle() and not review.errors)
    assert (review.suggested >= 0).all()
    assert h.states[0] == decided
    h.one.window.close()
    again = hand(start())
    again.open(folder)
    assert again.states[0] == decided


def test_a_folder_that_disappears_during_a_headless_run_is_in_the_table(
    image_folder, toy_model, tmp_path, monkeypatch
):
    folder, out = image_folder(), tmp_path / "x.csv"
    from leukview.cli import classify as command

    real = command.classify_folder

    def vanish(*arguments, **more):
        folder.rename(tmp_path / "gone")
        yield from real(*arguments, **more)

    monkeypatch.setattr(command, "classify_folder", vanish)
    words = ["--model", str(toy_model), "--device", "cpu", "--out", str(out)]
    assert main(["classify", str(folder), *words]) == 1
    assert out.read_text("utf-8").count("has disappeared since") == 6


def no_contract(good: Path, path: Path) -> None:
    model = onnx.load(good)
    del model.metadata_props[:]
    onnx.save(model, path)


def newer_contract(good: Path, path: Path) -> None:
    model = onnx.load(good)
    text = model.metadata_props[0].value
    assert '"version":1' in text
    model.metadata_props[0].value = text.replace('"version":1', '"version":99')
    onnx.save(model, path)


BAD_MODELS = {
    "no ONNX": (lambda _good, path: path.write_text("hello"), "is not ONNX"),
    "empty": (lambda _good, path: path.write_bytes(b""), "is empty"),
    "cut": (lambda good, path: path.write_bytes(good.read_bytes()[:900]), "is not ONNX"),
    "no contract": (no_contract, "no LeukView contract"),
    "newer": (newer_contract, "contract version 99"),
}


@pytest.mark.parametrize("kind", BAD_MODELS)
def test_a_bad_model_dropped_on_the_window_is_refused_in_words_and_changes_nothing(
    start, hand, image_folder, toy_model, tmp_path, kind
):
    make, words = BAD_MODELS[kind]
    bad = tmp_path / "bad.onnx"
    make(toy_model, bad)
    h = hand(start())
    h.open(image_folder())
    h.press(Qt.Key.Key_2)
    before, suggested = h.states, h.suggested
    h.drop(bad)
    h.until(lambda: h.one.controller.refusal)
    assert words in h.one.window.page.banner.words.text()
    assert (h.states, h.suggested) == (before, suggested)
    h.press(Qt.Key.Key_1)
    assert h.states[1] != "undecided"


@pytest.mark.parametrize("kind", BAD_MODELS)
def test_a_bad_model_on_the_command_line_is_4(image_folder, toy_model, tmp_path, capsys, kind):
    make, words = BAD_MODELS[kind]
    bad, out = tmp_path / "bad.onnx", tmp_path / "x.csv"
    make(toy_model, bad)
    assert main(["classify", str(image_folder()), "--model", str(bad), "--out", str(out)]) == 4
    assert words in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("what", ["empty", "nowhere", "one.txt"])
def test_what_holds_no_image_is_said_on_the_start_page(start, hand, tmp_path, what):
    (tmp_path / "empty").mkdir()
    (tmp_path / "one.txt").write_text("x")
    h = hand(start())
    h.one.window.open([tmp_path / what])
    h.until(lambda: h.one.window.start.problem.text())
    assert "Nothing was read." in h.one.window.start.problem.text()
    assert h.one.controller.stage is Stage.EMPTY


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="the rights of POSIX, and root may all"
)
def test_without_permission_the_rest_is_classified(start, hand, image_folder):
    folder = image_folder({"a.png": 20, "b.png": 30, "in/c.png": 40})
    (folder / "b.png").chmod(0)
    (folder / "in").chmod(0)
    try:
        h = hand(start())
        h.open(folder)
        assert h.suggested == ["hem", ""]
        problems = dict(h.one.window.asking.problems())
        assert "No permission" in problems["b.png"]
        assert "could not be opened" in problems[""]
    finally:
        (folder / "in").chmod(0o700)
