"""The reliability diagram: which rows it shows, before and after, and where it lies."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.data.catalogue import SETS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CNMC = SETS["cnmc"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def matplotlib() -> Any:
    return pytest.importorskip("matplotlib", reason="needs the extra [train]")


def sharp(temperature: float) -> Any:
    """Out-of-fold rows right by the chance they give at a temperature; those of `paper` all are."""
    from training import calibrate
    from training.evaluate import Predictions

    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (900, 2))
    p = calibrate.softmax(logits, temperature)
    truth = (p[:, 0] < rng.random(900)).astype(np.int64)
    paper = np.arange(900) < 300
    truth[paper] = p[paper].argmax(axis=1)
    return Predictions(
        protocol=np.where(paper, "paper", "grouped"),
        sha256=np.repeat("", 900),
        group=np.repeat("g", 900),
        fold=np.where(paper, -1, np.arange(900) % 5),
        truth=truth,
        probabilities=p,
    )


def texts(path: Path) -> list[str]:
    root = ET.fromstring(path.read_text("utf-8"))
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def test_the_diagram_shows_the_rows_of_the_folds_before_and_after(tmp_path: Path) -> None:
    from training import calibrate, reliability

    found = sharp(2.0)
    path = reliability.write(found, CNMC, 2.0, tmp_path / "predictions.csv")
    assert path == tmp_path / "reliability.png"
    assert path.stat().st_size > 10_000
    mine = found.protocol == "grouped"
    p, truth = found.probabilities[mine], found.truth[mine]
    after = calibrate.calibration_error(p, truth)
    before = calibrate.calibration_error(calibrate.at_one(p, 2.0), truth)
    assert after < 0.05 < before
    said = texts(path.with_suffix(".svg"))
    for words in (f"calibration error {after:.4f}", f"calibration error {before:.4f}"):
        assert words in said
    counts = [str(one.count) for one in calibrate.bins_of(p, truth)]
    assert sum(int(count) for count in counts) == 600
    assert set(counts) <= set(said)


def test_marks_stand_at_confidence_and_share_of_their_bin() -> None:
    from training import figures
    from training.calibrate import Bin

    one = Bin(low=0.6, high=0.8, count=9, confidence=0.7, right=0.5)
    two = Bin(low=0.8, high=1.0, count=90, confidence=0.9, right=0.85)
    before, after, *bars = figures.reliability([one], [one, two], ("b", "a")).axes
    assert [line.get_xydata().tolist() for line in after.lines[1:]] == [[[0.7, 0.5]], [[0.9, 0.85]]]
    assert [line.get_xydata().tolist() for line in before.lines[1:]] == [[[0.7, 0.5]]]
    assert [[bar.get_height() for bar in ax.patches] for ax in bars] == [[9], [9, 90]]
    few, many = (line.get_markeredgecolor() for line in after.lines[1:])
    assert (few, many) == ("#BBBBBB", figures.BLUE)


def test_without_folds_the_rows_of_the_other_set_are_shown() -> None:
    from training import reliability

    found = sharp(1.0)
    joined = replace(found, protocol=np.repeat("external", 900))
    protocol, rows = reliability.rows_of(joined, CNMC)
    assert (protocol, len(rows.truth)) == ("external", 900)
    protocol, rows = reliability.rows_of(found, CNMC)
    assert (protocol, len(rows.truth)) == ("grouped", 600)


def test_the_diagrams_of_our_sets_lie_side_by_side() -> None:
    from training import reliability

    table = Path("results") / "cnmc-b3.predictions.csv"
    assert reliability.path_beside(table) == Path("results") / "cnmc-b3-reliability"


def test_figures_with_a_temperature_say_the_error_without_it() -> None:
    from training import evaluate

    found = sharp(2.0)
    said = {(f.protocol, f.name): f.value for f in evaluate.figures_of(found, CNMC, 2.0)}
    after, before = (
        said["grouped", name] for name in (evaluate.CALIBRATION, evaluate.UNCALIBRATED)
    )
    assert after < 0.05 < before
    plain = {f.name for f in evaluate.figures_of(found, CNMC)}
    assert evaluate.CALIBRATION in plain
    assert evaluate.UNCALIBRATED not in plain
