"""Figures: what they say as text, that both protocols are there, that they are written whole."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from training.data.catalogue import SETS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CNMC, ALL4 = SETS["cnmc"], SETS["all4"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def matplotlib() -> ModuleType:
    return pytest.importorskip("matplotlib", reason="needs the extra [train]")


def texts(figure: Any, folder: Path) -> list[str]:
    """What the SVG says, after a look at the PNG."""
    from training.figures import save

    save(figure, folder / "figure", "A title")
    image = cv2.imread(str(folder / "figure.png"))
    assert image is not None
    assert image.std() > 1
    root = ET.fromstring((folder / "figure.svg").read_text("utf-8"))
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


def rows(about: Any, *systems: str, untrained: str = "") -> list[Any]:
    from training.metrics import SCORES
    from training.outcomes import Outcome

    return [
        Outcome(
            system=system,
            title=f"The {system}",
            protocol=protocol,
            n=100,
            groups={},
            values={} if untrained == system else dict.fromkeys(SCORES, 0.8),
            ranges={} if untrained == system else dict.fromkeys(SCORES, (0.7, 0.9)),
            kind="folds",
            folds=(),
            fitted=None,
            untrained="two epochs" if untrained == system else "",
        )
        for system in systems
        for protocol in ("paper", "grouped")
    ]


def test_dots_name_systems_figures_and_protocols_as_text(tmp_path: Path) -> None:
    from training.figures import dots

    drawn = dots(rows(CNMC, "vgg19", "mean colour"), CNMC, ("accuracy", "F1"))
    found = texts(drawn, tmp_path)
    for word in (
        "The vgg19",
        "The mean colour",
        "accuracy",
        "F1",
        "paper",
        "grouped",
        "as printed",
    ):
        assert word in found
    assert "not trained" not in found


def test_a_system_that_was_not_trained_has_words_in_place_of_marks(tmp_path: Path) -> None:
    from training.figures import dots

    both = rows(ALL4, "vgg19", "pbc", untrained="pbc")
    drawn = dots(both, ALL4, ("accuracy",))
    assert texts(drawn, tmp_path).count("not trained") == 1
    marked = [float(line.get_ydata()[0]) for line in drawn.axes[0].lines]
    assert max(marked) < 0.5  # none in the second row


def test_printed_figures_stand_where_the_paper_has_them(tmp_path: Path) -> None:
    from training.figures import dots

    drawn = dots(rows(CNMC, "vgg19"), CNMC, ("accuracy",))
    assert 0.9133 in [float(line.get_xdata()[0]) for line in drawn.axes[0].lines]


def test_confusion_matrices_show_every_count(tmp_path: Path) -> None:
    from training.figures import confusion

    counts = np.array([[165, 6], [6, 358]])
    found = texts(confusion({"as printed": counts, "grouped": counts + 1}, CNMC), tmp_path)
    whole = " ".join(found)
    for word in ("165", "358", "166", "359", "Normal", "ALL blast", "true", "said"):
        assert word in whole


def test_curves_show_both_protocols_and_count_epochs_from_one(tmp_path: Path) -> None:
    from training.figures import curves

    curve = np.array([[0, 0.5, 0.4], [1, 0.7, 0.6]])
    parts = {"paper": curve, "cross0": curve, "cross1": curve}
    drawn = curves(parts, CNMC, "accuracy")
    found = texts(drawn, tmp_path)
    assert {"paper", "grouped, 2 folds", "epoch", "accuracy"} <= set(found)
    assert drawn.axes[1].lines[0].get_xdata().tolist() == [1, 2]
    assert len(drawn.axes[1].lines) == 4


def test_the_detection_rate_is_drawn_for_both_sets(tmp_path: Path) -> None:
    from training.figures import detection

    pairs = [(CNMC, rows(CNMC, "vgg19")), (ALL4, rows(ALL4, "vgg19"))]
    found = texts(detection(pairs), tmp_path)
    assert {"precision, cnmc (2 classes)", "precision, all4 (4 classes)"} <= set(found)


@pytest.mark.parametrize("about", [CNMC, ALL4])
def test_ranked_curves_end_at_the_figures_of_the_table(about: Any, tmp_path: Path) -> None:
    from training.evaluate import Predictions
    from training.figures import ranked

    classes = len(about.class_ids)
    truth = np.arange(80) % classes
    p = np.random.default_rng(0).dirichlet(np.ones(classes), 80)
    one = Predictions(
        protocol=np.repeat(["paper", "grouped"], 40),
        sha256=np.repeat("", 80),
        group=np.repeat("", 80),
        fold=np.repeat(0, 80),
        truth=truth,
        probabilities=p,
    )
    drawn = ranked(one, about)
    found = texts(drawn, tmp_path)
    assert {"ROC, paper", "ROC, grouped", "precision, paper", "precision, grouped"} <= set(found)
    shown = 1 if classes == 2 else classes
    assert len(drawn.axes[0].lines) == shown + 1
    assert len(drawn.axes[2].lines) == shown
    no_paper = replace(one, protocol=np.repeat("grouped", 80))
    assert len(ranked(no_paper, about).axes[0].lines) == 1


def test_the_same_figure_gives_the_same_file(tmp_path: Path) -> None:
    from training.figures import dots, save

    for name in ("one", "two"):
        save(dots(rows(CNMC, "vgg19"), CNMC, ("accuracy",)), tmp_path / name, "A title")
    for end in ("png", "svg"):
        assert (tmp_path / f"one.{end}").read_bytes() == (tmp_path / f"two.{end}").read_bytes()
