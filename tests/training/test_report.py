"""The report of a comparison on the set of Table 6 and Figure 9: what is written, beside what."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from training.data.catalogue import SETS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ALL4 = SETS["all4"]
PROTOCOLS = (
    *("paper", "grouped"),
    *("paper scale bar blanked", "grouped scale bar blanked"),
    *("paper test flips", "grouped test flips"),
)
WRONG = {"scale bar blanked": 3, "test flips": 1, "": 2}  # of ten images


@pytest.fixture(autouse=True)
def matplotlib() -> Any:
    return pytest.importorskip("matplotlib", reason="needs the extra [train]")


def predictions() -> Any:
    """240 fields of 12 smears, three folds; a tenth fewer are right without the scale bar."""
    from training.evaluate import Predictions

    look = np.repeat(np.arange(12), 20)
    truth = look % 4
    parts = []
    for protocol in PROTOCOLS:
        wrong = WRONG[protocol.partition(" ")[2]]
        said = np.where(np.arange(240) % 10 < wrong, (truth + 1) % 4, truth)
        p = np.full((240, 4), 0.1)
        p[np.arange(240), said] = 0.7
        parts.append(p)
    fold = [look // 4 if p.startswith("grouped") else np.full(240, -1) for p in PROTOCOLS]
    return Predictions(
        protocol=np.repeat(PROTOCOLS, 240),
        sha256=np.tile([f"{i:064x}" for i in range(240)], len(PROTOCOLS)),
        group=np.tile([f"look {k}" for k in look], len(PROTOCOLS)),
        fold=np.concatenate(fold),
        truth=np.tile(truth, len(PROTOCOLS)),
        probabilities=np.concatenate(parts),
    )


@pytest.fixture(scope="module")
def result() -> Any:
    from training.comparison import Fitted
    from training.outcomes import against_all, outcomes_of
    from training.published import TABLE_6

    how = Fitted(side=300, epochs=20.0, images=4800, init="random weights")
    fitted, found = {"paper": how, "grouped": how}, predictions()
    rows = [
        row for name in TABLE_6 for row in outcomes_of(found, ALL4, name, f"The {name}", fitted)
    ]
    curve = np.array([[0, 0.5, 1.2, 0.4, 1.3], [1, 0.7, 0.8, 0.6, 0.9]])
    return SimpleNamespace(
        about=ALL4,
        outcomes=rows,
        predictions=dict.fromkeys(TABLE_6, found),
        against=against_all(found, {"The vgg19": found}, ALL4),
        curves={"paper": curve, "cross0": curve},
    )


@pytest.fixture(scope="module")
def written(result: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from training import comparison, report

    folder = tmp_path_factory.mktemp("report")
    report.write(folder, comparison.load("compare-offline"), [result], [])
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_options_of_a_test_are_rows_of_their_own_fitted_as_the_plain_ones(result: Any) -> None:
    rows = [one for one in result.outcomes if one.system == "vgg19"]
    assert [one.protocol for one in rows] == list(PROTOCOLS)
    assert [round(1 - one.values["accuracy"], 3) for one in rows] == [0.2, 0.2, 0.3, 0.3, 0.1, 0.1]
    assert {one.fitted.epochs for one in rows} == {20.0}


def test_table_6_stands_beside_the_printed_one_with_blanked_bars_and_flips(written: Path) -> None:
    rows = table(written / "table-6.csv")
    mine = [row for row in rows if row["system"] == "The vgg19"]
    assert [(row["protocol"], row["accuracy"].split()[0]) for row in mine] == [
        ("as printed", "0.8984"),
        ("paper", "0.800"),
        ("grouped", "0.800"),
        ("grouped scale bar blanked", "0.700"),
        ("grouped test flips", "0.900"),
    ]
    assert mine[2]["in brackets"] == "lowest and highest of 3 folds"
    assert mine[2]["groups"] == "3 benign, 3 early, 3 pre, 3 pro"
    proposed = next(row for row in rows if row["system"] == "The efficientnet-b3")
    assert [proposed[n] for n in ("precision", "recall", "F1")] == ["0.9727", "0.9787", "0.9757"]
    assert not (written / "table-5.csv").exists()
    assert not (written / "table-8.csv").exists()
    for end in ("further", "folds", "tests"):
        assert table(written / f"table-6-{end}.csv")


def test_figure_9_shows_every_system_of_table_6(written: Path) -> None:
    said = (written / "figure-9.svg").read_text("utf-8")
    for name in ("vgg19", "xception", "resnet50", "efficientnet-b0", "efficientnet-b3"):
        assert f"The {name}</text>" in said
    for word in ("accuracy", "precision", "recall", "F1", "as printed", "paper", "grouped"):
        assert f">{word}</text>" in said
    text = (written / "report.md").read_text("utf-8")
    assert "![Figure 9, all4: accuracy, precision, recall, F1](figure-9.png)" in text
    names = {path.name for path in written.iterdir()}
    for figure in ("5-all4", "6-all4", "7-all4", "9", "10", "curves-all4"):
        assert {f"figure-{figure}.png", f"figure-{figure}.svg"} <= names
    assert "figure-8.png" not in names
