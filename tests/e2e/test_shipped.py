"""The whole program with a model that comes with it: samples, suggestions, decisions, a table."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from leukview.cli.main import main
from leukview.inference.model_file import load, resolve
from leukview.ui import app as app_module

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
LONG = 180_000  # two networks on a busy machine with two cores


@pytest.fixture
def session(monkeypatch, hand):
    """`session(work, *arguments)`: main() with the window, in which `work` is done by a hand."""
    real = app_module.compose

    def run(work: Callable, *arguments: str) -> None:
        made = []
        monkeypatch.setattr(
            app_module, "compose", lambda **options: made.append(real(**options)) or made[-1]
        )
        monkeypatch.setattr(QApplication, "exec", lambda *_: work(hand(made[-1])) or 0)
        assert main([*arguments]) == 0
        assert made[-1].controller.folder is None
        made[-1].window.deleteLater()

    return run


def test_samples_are_opened_overridden_exported_and_there_after_a_restart(session, tmp_path):
    kept: dict[str, object] = {}
    table = tmp_path / "Tabelle ü.csv"

    def first(h) -> None:
        window, c = h.one.window, h.one.controller
        h.qtbot.mouseClick(window.start.sample_buttons[0], Qt.MouseButton.LeftButton)
        h.until(lambda: c.review is not None and (c.review.suggested >= 0).any(), LONG)
        h.until(h.idle, LONG)
        kept["model"] = c.choice.model.path.stem
        kept["suggested"] = h.suggested
        kept["path"] = str(c.folder.folder)
        said = c.review.suggested[0]
        other = 1 - said
        h.press(Qt.Key.Key_1 if other == 0 else Qt.Key.Key_2)
        h.press(Qt.Key.Key_Return)
        assert h.states[:3] == ["changed", "agreed", "undecided"]
        h.press(Qt.Key.Key_Z, CONTROL)
        assert h.states[:2] == ["changed", "undecided"]
        h.export(table)

    def second(h) -> None:
        h.until(h.idle, LONG)
        assert h.states[:2] == ["changed", "undecided"]
        assert h.suggested == kept["suggested"]
        assert h.one.controller.running.total == 0  # nothing was classified twice
        assert h.place == 1
        h.press(Qt.Key.Key_Z, CONTROL)
        assert h.states[0] == "undecided"

    session(first, "--device", "cpu")
    assert kept["model"] == "cnmc-b3"
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["suggestion"] for row in rows] == kept["suggested"]
    assert rows[0]["decision"] not in ("", rows[0]["suggestion"])
    assert (rows[0]["decision_state"], rows[0]["suggestion_seen"]) == ("changed", "true")
    assert {row["decision"] for row in rows[1:]} == {""}
    assert {row["model_sha256"] for row in rows} == {load(resolve("cnmc-b3")).sha256}
    right = sum(row["suggestion"] == row["true_class"] for row in rows)
    assert right > len(rows) / 2, "the samples are images that the model has learnt the like of"
    session(second, "--device", "cpu", str(kept["path"]))
