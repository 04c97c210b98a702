"""A set of one's own from its folder to its figures: prepare, train, evaluate, external."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from leukview.domain import table as tables
from leukview.domain.errors import UsageError
from leukview.domain.table import Row
from leukview.inference.model_file import load

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
CLASSES = """
[[classes]]
id = "normal"
name = "Normal"
malignant = false

[[classes]]
id = "blast"
name = "Blast"
malignant = true
"""
RECIPE = """
name = "toy"
head = "table2"
init = "random"

[[stages]]
kind = "full"
side = 16
steps = 1
checks = 1
batch = 4
"""


@pytest.fixture
def small_network(small_network: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from training import features

    # Keras predicts: converting this network for onnxruntime takes longer than all fits here.
    monkeypatch.setattr(features, "_session", lambda _network: None)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "toy.toml").write_text(RECIPE)
    names = ("data", "cache", "runs", "weights")
    return {name: tmp_path / name for name in names} | {"config": str(tmp_path / "toy.toml")}


def fitted(toml: Path, folders: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of the predictions that prepare, train and evaluate end with."""
    from training import commands

    commands.prepare([str(toml)], data=folders["data"], cache=folders["cache"])
    commands.train([str(toml)], **folders)
    commands.evaluate([str(toml)], **folders)
    run = folders["runs"] / f"{toml.stem}-toy"
    assert (run / "final.weights.h5").is_file()
    return predictions(run)


def predictions(run: Path) -> list[dict[str, str]]:
    with (run / "predictions.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def image(path: Path, seed: int) -> str:
    small = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    data = cv2.imencode(".png", cv2.resize(small, (24, 24)))[1].tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def per_class(tmp_path: Path, name: str = "perclass", seed: int = 0, extra: str = "") -> Path:
    """Two classes in folders, four groups in each."""
    for number in range(24):
        kind = ("normal", "blast")[number % 2]
        group = f"{kind}-{number // 2 % 4}"
        image(tmp_path / name / kind / group / f"{number}.png", seed + number)
    toml = tmp_path / f"{name}.toml"
    toml.write_text(
        f'name = "{name}"\nkind = "folders"\npath = "{name}"\nunit = "cell"\n'
        f'group = "folder"\n{CLASSES}{extra}'
    )
    return toml


def test_a_folder_per_class_is_fitted_and_tested_in_grouped_folds_and_by_the_papers_split(
    small_network: None, tmp_path: Path, folders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    toml = per_class(tmp_path)
    rows = fitted(toml, folders)
    grouped = [row for row in rows if row["protocol"] == "grouped"]
    assert {row["protocol"] for row in rows} == {"grouped", "paper"}
    assert 20 <= len({row["sha256"] for row in grouped}) == len(grouped)
    folds: dict[str, set[str]] = {}
    for row in grouped:
        assert row["group"].startswith(row["truth"])
        folds.setdefault(row["group"], set()).add(row["fold"])
    assert len(folds) == 8
    assert all(len(found) == 1 for found in folds.values())
    assert "24 images" in capsys.readouterr().out
    assert (folders["cache"] / "perclass.split.csv").is_file()


def test_what_was_reviewed_in_leukview_is_fitted_by_decision(
    small_network: None, tmp_path: Path, folders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    rows, truth = [], {}
    for number in range(28):
        kind = ("normal", "blast")[number % 2]
        sha256 = image(tmp_path / "slides" / f"{number}.png", number)
        decided = number < 24
        rows.append(
            Row(
                image=f"{number}.png",
                folder="slides",
                sha256=sha256,
                patient=f"{number // 4 % 6}",
                suggestion="normal",
                probabilities={"normal": 1.0, "blast": 0.0},
                decision=kind if decided else "",
                decision_state=("agreed" if kind == "normal" else "changed")
                if decided
                else ("undecided", "unsure", "excluded", "undecided")[number - 24],
                excluded=number == 26,
            )
        )
        truth |= {sha256: kind} if decided else {}
    text = "".join(tables.csv_lines(rows, ("normal", "blast"), bom=True))
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8", newline="")
    toml = tmp_path / "reviewed.toml"
    toml.write_text(
        'name = "reviewed"\nkind = "reviewed"\npath = "slides"\ntable = "labels.csv"\n'
        f'unit = "cell"\n{CLASSES}'
    )
    got = fitted(toml, folders)
    assert len(got) > 20
    assert {row["sha256"]: row["truth"] for row in got}.items() <= truth.items()
    assert {row["group"] for row in got} == {f"patient {n}" for n in range(6)}
    said = capsys.readouterr().out
    for words in ("24 images", "2 left out: undecided", "1 left out: unsure", "1 left out: excl"):
        assert words in said


def test_external_fits_on_one_set_and_tests_on_all_of_another_but_what_repeats_it(
    small_network: None, tmp_path: Path, folders: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from training import commands

    one = per_class(tmp_path, "one")
    two = per_class(tmp_path, "two", seed=500)
    shutil.copy(tmp_path / "one/normal/normal-0/0.png", tmp_path / "two/normal/normal-0/copy.png")
    commands.prepare([str(one), str(two)], data=folders["data"], cache=folders["cache"])
    commands.external(str(one), str(two), **folders)
    rows = predictions(folders["runs"] / "one-on-two-toy")
    assert {row["protocol"] for row in rows} == {"external"}
    assert len(rows) == 24
    assert all(row["group"].startswith("two ") for row in rows)
    assert "1 of two left out: (nearly) repeat" in capsys.readouterr().out
    with (folders["cache"] / "one-on-two.split.csv").open(newline="") as lines:
        table = list(csv.DictReader(lines))
    parts = {(row["file"].split("/")[0], row["external_part"]) for row in table}
    assert parts == {("one", "0"), ("one", "1"), ("one", "-1"), ("two", "2"), ("two", "-1")}
    assert not list((folders["runs"] / "one-on-two-toy").glob("final*"))


def test_a_split_by_hand_that_tears_a_group_apart_stops_prepare(
    tmp_path: Path, folders: dict[str, Any]
) -> None:
    from training import commands

    toml = per_class(tmp_path)
    text = toml.read_text().replace("[[classes]]", 'split = "hand.csv"\n[[classes]]', 1)
    toml.write_text(text)
    files = sorted(p.relative_to(tmp_path / "perclass") for p in tmp_path.rglob("*/*/*/*.png"))
    lines = [f"{file.as_posix()},{n % 2}" for n, file in enumerate(files)]
    (tmp_path / "hand.csv").write_text("\n".join(["file,cross_fold", *lines]))
    with pytest.raises(UsageError, match=r"hand\.csv, line 3: .*\(line 2\) belong together"):
        commands.prepare([str(toml)], data=folders["data"], cache=folders["cache"])
    assert not list(folders["cache"].glob("*.npy"))


def test_a_model_of_ones_own_reviewed_labels_classifies_in_the_app(
    small_network: None,
    tmp_path: Path,
    folders: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    from leukview.__main__ import main
    from training import commands

    toml, out = per_class(tmp_path), tmp_path / "out"
    fitted(toml, folders)
    commands.export([str(toml)], **folders, out=out, weights_as="float16")
    model = out / "perclass-efficientnet-b3.onnx"
    assert f"leukview --model {model} FOLDER" in capsys.readouterr().out
    about, card = load(model).contract, model.with_suffix(".md").read_text(encoding="utf-8")
    assert about.class_ids == ("normal", "blast")
    assert (about.title, about.weights_as) == ("perclass", "float16")
    assert (about.data[0].name, about.data[0].images) == ("perclass", 24)
    assert {f.protocol for f in about.figures} == {"grouped", "paper"}
    assert "2 folds, no folder on both sides" in about.protocol  # what these groups allow
    assert "No foreign images were there" in card
    assert (out / "perclass-efficientnet-b3.golden.npz").is_file()
    table = tmp_path / "table.csv"
    said = ["classify", str(tmp_path / "perclass" / "blast"), "--model", str(model)]
    assert main([*said, "--device", "cpu", "--out", str(table)]) == 0
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 12
    assert all(float(row["p_normal"]) + float(row["p_blast"]) > 0.99 for row in rows)


def test_rounded_weights_are_not_shipped(folders: dict[str, Any]) -> None:
    from training import commands

    with pytest.raises(UsageError, match=r"within 0.001 of Keras.*Give --out FOLDER"):
        commands.export(["all4"], **folders, weights_as="float16")


def test_a_set_of_ones_own_is_not_exported_among_ours(folders: dict[str, Any]) -> None:
    from training import commands

    with pytest.raises(UsageError, match="only our own sets"):
        commands.export(["mine.toml"], **folders)


def test_an_unknown_set_is_refused_with_the_names_there_are(folders: dict[str, Any]) -> None:
    from training import commands

    with pytest.raises(UsageError, match="all4, cnmc, pbc, or the TOML file"):
        commands.prepare(["ghost"], data=folders["data"], cache=folders["cache"])
