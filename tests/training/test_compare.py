"""A whole comparison of two small networks and the floors on a tiny set, killed and gone on."""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leukview.domain.errors import UsageError
from training.budget import Timing
from training.data.catalogue import SETS, Item
from training.data.splits import Split, write

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
SIDE, NORM, ROWS = 16, 32, 112
ABOUT = replace(SETS["cnmc"], folds=2)
RECIPE = """
name = "toy"
head = "table2"
init = "random"
[augmentation]
flip = true
[[stages]]
kind = "full"
side = 16
epochs = {epochs}
batch = 8
optimizer = "adam"
learning_rate = 0.05
"""
FROZEN = """
name = "toy-frozen"
init = "random"
feature_copies = 0
[[stages]]
kind = "head"
epochs = 1
"""
COMPARISON = """
name = "toy"
sets = ["cnmc"]
recipe = "{folder}/toy.toml"
frozen = "{folder}/frozen.toml"
[[systems]]
network = "vgg19"
recipe = "{folder}/short.toml"
[[systems]]
network = "efficientnet-b3"
"""


@pytest.fixture
def small_networks(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """One convolution in place of both networks, without a conversion to ONNX for each part."""
    from training import features
    from training.models import classifier, registry

    def build(head: Any, class_count: int, _weights: Path | None, side: int) -> Any:
        image = keras.Input((side, side, 3))
        x = keras.layers.Conv2D(6, 3, activation="relu", name="block2a")(image)
        trunk = keras.Model(image, x, name="trunk")
        args = (trunk, classifier.SIGNED, head, class_count)
        return classifier.assemble("efficientnet-b3", *args)

    toy = ModuleType("training.models.toy")
    toy.build = build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "training.models.toy", toy)
    records = tuple(
        replace(r, module="toy", width=6, side=SIDE, inits=("random",), head="table2")
        for r in registry.RECORDS
        if r.name in ("efficientnet-b3", "vgg19")
    )
    monkeypatch.setattr(registry, "RECORDS", records)
    for record in records:
        monkeypatch.setitem(registry.NETWORKS, record.name, record)
    monkeypatch.setattr(features, "_session", lambda _: None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny prepared set whose classes differ in colour, recipes, and the comparison."""
    from training import comparison
    from training.data import prepare

    y = np.arange(ROWS) % 2
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (ROWS, SIDE, SIDE, 3), dtype=np.uint8)
    pixels[:, 4:12, 4:12] = np.where(y[:, None], (250, 60, 60), (60, 60, 250))[:, None, None]
    (tmp_path / "data" / "cnmc").mkdir(parents=True)
    (tmp_path / "cache").mkdir()
    np.save(prepare.pixels_path(tmp_path / "cache", ABOUT), pixels)
    items = [
        Item(
            file=f"{row}.png",
            class_id=ABOUT.class_ids[c],
            group=f"s{row // 4 % 7}-{c}",
            sha256=f"{row:064x}",
        )
        for row, c in enumerate(y)
    ]
    with (tmp_path / "data" / "cnmc" / "images.csv").open("w", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["file", "class", "subject_group", "sha256"])
        lines.writerows([i.file, i.class_id, i.group, i.sha256] for i in items)
    fold = np.where(np.arange(ROWS) < NORM, -1, np.arange(ROWS) // 4 % 7 % 2)
    paper = np.where(np.arange(ROWS) < NORM, -1, np.array([0, 0, 1, 2])[np.arange(ROWS) // 2 % 4])
    monkeypatch.setattr(prepare, "SPLITS", tmp_path / "splits")
    write(prepare.split_path(ABOUT), items, Split(cross=fold, paper=paper, folds=2))
    for name, epochs in (("toy", 6), ("short", 2)):
        (tmp_path / f"{name}.toml").write_text(RECIPE.format(epochs=epochs))
    (tmp_path / "frozen.toml").write_text(FROZEN)
    (tmp_path / "compare.toml").write_text(COMPARISON.format(folder=tmp_path.as_posix()))
    assert comparison.load(str(tmp_path / "compare.toml")).against == "efficientnet-b3"
    return tmp_path


def folders_in(place: Path) -> Any:
    from training.compare import Folders

    names = ("data", "cache", "runs")
    return Folders(**{name: place / name for name in names}, lite=place / "none.h5")


def comparing(place: Path, minutes: float | None) -> Any:
    from training import comparison
    from training.compare import Comparing

    asked = comparison.load(str(place / "compare.toml"))
    return Comparing(asked, [ABOUT], folders_in(place), minutes)


def run(place: Path, **words: Any) -> str:
    """`python -m training compare` on the tiny set; the report, or "" where there is none."""
    from training.commands import results

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "chosen", lambda *_: [ABOUT])
        results.compare(
            config=str(place / "compare.toml"),
            budget=None,
            data=place / "data",
            cache=place / "cache",
            runs=place / "runs",
            weights=place / "none.h5",
            out=place / "out",
            **words,
        )
    report = place / "out" / "report.md"
    return report.read_text("utf-8") if report.exists() else ""


def test_systems_that_are_fitted_apart_come_together_in_one_report(
    small_networks: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import experiment

    fitted: list[str] = []
    fit_part = experiment._fit_part

    def noted(exp: Any, bench: Any, name: str, parts: Any) -> None:
        fitted.append(exp.config.network)
        fit_part(exp, bench, name, parts)

    monkeypatch.setattr(experiment, "_fit_part", noted)
    for system in ("efficientnet-b3", "vgg19"):
        assert run(place, only=[system], checkpoints=False) == ""
        assert set(fitted) == {system}
        fitted.clear()
    said = run(place)
    assert fitted == []
    assert "VGG19" in said
    with pytest.raises(UsageError, match=r"'none'.*vgg19, efficientnet-b3.*Nothing was fitted"):
        run(place, only=["none"])


def test_a_killed_comparison_goes_on_and_writes_tables_and_figures(
    small_networks: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import experiment

    fitted: list[str] = []
    fit_part = experiment._fit_part

    def killed_in_the_fifth(exp: Any, bench: Any, name: str, parts: Any) -> None:
        fitted.append(f"{exp.config.network} {name}")
        if len(fitted) == 5:
            raise KeyboardInterrupt
        fit_part(exp, bench, name, parts)

    monkeypatch.setattr(experiment, "_fit_part", killed_in_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        run(place)
    assert not (place / "out").exists()
    said = run(place)
    parts = ["cross0", "cross1", "paper"]
    once = [f"{network} {part}" for network in ("vgg19", "efficientnet-b3") for part in parts]
    assert fitted == [*once[:5], *once[4:]]
    _check_tables(place / "out", said)
    names = {path.name for path in (place / "out").iterdir()}
    for figure in ("5-cnmc", "6-cnmc", "7-cnmc", "8", "10", "curves-cnmc"):
        assert {f"figure-{figure}.png", f"figure-{figure}.svg"} <= names
        assert f"(figure-{figure}.png)" in said
    list(comparing(place, None).steps())
    assert len(fitted) == 7


def _check_tables(out: Path, said: str) -> None:
    with (out / "table-5.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    shown = [(row["system"].split(",")[0].split(" (")[0], row["protocol"]) for row in rows]
    of_floors = ["Majority class", "Mean colour + linear", "Cell area + linear"]
    of_floors.append("Frozen features + linear")
    assert shown == [
        ("VGG19", "as printed"),
        ("VGG19", "paper"),
        ("VGG19", "grouped"),
        ("EfficientNet-B3", "as printed"),
        ("EfficientNet-B3", "paper"),
        ("EfficientNet-B3", "grouped"),
        *[(floor, protocol) for floor in of_floors for protocol in ("paper", "grouped")],
    ]
    by = dict(zip(shown, rows, strict=True))
    assert by["VGG19", "grouped"]["accuracy"] == "not trained"
    assert "2.0 epochs" in by["VGG19", "grouped"]["in brackets"]
    grouped = by["EfficientNet-B3", "grouped"]
    assert float(grouped["accuracy"].split()[0]) > 0.9
    assert (grouped["side, pixels"], grouped["epochs"]) == ("16", "6")
    assert (grouped["images"], grouped["groups"]) == ("80", "7 hem, 7 all")
    assert by["Majority class", "grouped"]["accuracy"].startswith("0.5")
    assert float(by["Mean colour + linear", "grouped"]["accuracy"].split()[0]) == 1.0
    assert by["EfficientNet-B3", "as printed"]["accuracy"] == "0.9931 [1]"
    for table in ("table-5-further", "table-5-folds", "table-5-tests", "table-7", "table-8"):
        assert (out / f"{table}.csv").stat().st_size > 100
    assert "is what the random split adds" in said
    assert "- [7] Its split is random" in said


def test_a_plan_is_made_from_steps_timed_once_and_smaller_images_are_fitted_and_tested(
    small_networks: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import budget, timing
    from training.compare import experiment
    from training.experiment import fresh

    text = (place / "compare.toml").read_text().replace("short.toml", "toy.toml")
    (place / "compare.toml").write_text(text)
    timed: list[str] = []

    def measure(config: Any, *_: Any) -> Timing:
        timed.append(config.network)
        return Timing(side=16, step=1.0, start=0.0, took=0.0)

    monkeypatch.setattr(timing, "measure", measure)
    monkeypatch.setattr(budget, "SIDES", (16, 8))
    for _ in range(2):
        planned = comparing(place, 1.5)
        first = next(step for step in planned.steps() if not step.note.startswith("timing"))
        assert timed == ["vgg19", "efficientnet-b3"]
        assert first is not None
    (name, system), config = next(iter(planned._planned.items()))
    assert (name, system, config.name) == ("cnmc", "vgg19", "toy-1.5min-vgg19")
    stage = config.stages[0]
    assert stage.side == 8
    assert stage.epochs >= budget.MIN_EPOCHS
    exp = experiment(ABOUT, config, folders_in(place))
    assert exp.material.pixels.shape == (ROWS, 8, 8, 3)
    assert fresh(exp).input_shape[1:] == (8, 8, 3)


def test_a_few_real_steps_are_timed_and_building_is_told_from_stepping(
    small_networks: None, place: Path
) -> None:
    from training import comparison, timing
    from training.compare import open_set
    from training.data import prepare
    from training.train import Material

    asked = comparison.load(str(place / "compare.toml"))
    config = comparison.recipe_of(asked, asked.systems[1], None, "")
    opened = open_set(ABOUT, folders_in(place))
    pixels = prepare.cached(place / "cache", ABOUT)
    material = Material(features=None, pixels=pixels, y=opened.y, class_count=2)
    ticks = iter([0.0, 13.0, 15.0, 17.0, 19.0, 30.0])
    found = timing.measure(
        config, ABOUT, material, opened.parts["paper"], place, place, lambda: next(ticks)
    )
    # 13 seconds until the first step was made, 2 for each of three more.
    assert found == Timing(side=16, step=2.0, start=11.0, took=30.0)


def test_a_set_with_a_random_split_alone_is_refused_before_anything_is_fitted(
    small_networks: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import compare as work

    opened = work.open_set(ABOUT, folders_in(place))
    alone = replace(opened, split=replace(opened.split, folds=0))
    monkeypatch.setattr(work, "open_set", lambda *_: alone)
    with pytest.raises(UsageError, match=r"cnmc would have .*Nothing was fitted.*`grouped`"):
        comparing(place, None)
