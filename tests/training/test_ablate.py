"""A whole ablation of a tiny recipe on a tiny set, killed and gone on; what its table may say."""

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
from training.data.catalogue import SETS, Item
from training.data.splits import Split, write

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
SIDE, NORM, ROWS = 16, 32, 112
ABOUT = replace(SETS["cnmc"], folds=2)
ON_FEATURES = """
name = "toy"
head = "table2"
init = "random"
feature_copies = 1
[augmentation]
flip = true
[[stages]]
kind = "head"
epochs = 8
batch = 8
optimizer = "adam"
learning_rate = 0.05
label_smoothing = 0.1
"""
ON_IMAGES = """
name = "toy"
head = "table2"
init = "random"
[augmentation]
flip = true
[[stages]]
kind = "full"
side = 16
steps = 4
checks = 1
batch = 8
"""
ABLATION = """
name = "ablate-toy"
set = "cnmc"
recipe = "{folder}/toy.toml"
protocols = ["grouped", "paper"]
[[variants]]
name = "with stain normalisation"
config = {{ stain_normalisation = "reinhard" }}
[[variants]]
name = "logistic regression"
stages = [{{ kind = "linear" }}]
"""
FLIPS = """
name = "ablate-toy"
set = "cnmc"
recipe = "{folder}/toy.toml"
folds = [1]
[[variants]]
name = "test-time flips"
config = {{ test_flips = true }}
"""


@pytest.fixture
def one_convolution(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of EfficientNet-B3, without a conversion to ONNX for each part."""
    from training import features
    from training.models import classifier, registry

    def build(head: Any, class_count: int, _weights: Path | None, side: int) -> Any:
        image = keras.Input((side, side, 3))
        x = keras.layers.Conv2D(6, 3, activation="relu", name="block2a")(image)
        trunk = keras.Model(image, x, name="trunk")
        return classifier.assemble("efficientnet-b3", trunk, classifier.SIGNED, head, class_count)

    toy = ModuleType("training.models.toy")
    toy.build = build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "training.models.toy", toy)
    b3 = registry.record_of("efficientnet-b3")
    record = replace(b3, module="toy", width=6, side=SIDE, inits=("random",))
    monkeypatch.setattr(registry, "RECORDS", (record,))
    monkeypatch.setitem(registry.NETWORKS, record.name, record)
    monkeypatch.setattr(features, "_session", lambda _: None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny prepared set whose classes differ in colour, on black ground."""
    from training.data import prepare

    y = np.arange(ROWS) % 2
    pixels = np.zeros((ROWS, SIDE, SIDE, 3), dtype=np.uint8)
    noise = np.random.default_rng(0).integers(0, 40, (ROWS, 10, 10, 3))
    pixels[:, 3:13, 3:13] = (
        noise + np.where(y[:, None], (160, 80, 120), (120, 80, 160))[:, None, None]
    )
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
    return tmp_path


def ask(place: Path, recipe: str, ablation: str) -> None:
    (place / "toy.toml").write_text(recipe)
    (place / "ablate-toy.toml").write_text(ablation.format(folder=place.as_posix()))


def run(place: Path) -> str:
    """`python -m training ablate` on the tiny set."""
    from training.commands import ablation

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ablation, "chosen", lambda *_: [ABOUT])
        ablation.ablate(
            config=str(place / "ablate-toy.toml"),
            data=place / "data",
            cache=place / "cache",
            runs=place / "runs",
            weights=place / "none.h5",
            out=place / "out",
        )
    return (place / "out" / "ablation.md").read_text("utf-8")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_killed_ablation_goes_on_and_sets_each_variant_beside_the_recipe(
    one_convolution: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import experiment, features

    ask(place, ON_FEATURES, ABLATION)
    fitted: list[str] = []
    extracted: list[str] = []
    fit_part, extract = experiment._fit_part, features.extract

    def killed_in_the_fifth(exp: Any, bench: Any, name: str, parts: Any) -> None:
        fitted.append(f"{exp.config.name} {name}")
        if len(fitted) == 5:
            raise KeyboardInterrupt
        fit_part(exp, bench, name, parts)

    def noted(store: Any, *args: Any) -> Any:
        extracted.append(store.config)
        yield from extract(store, *args)

    monkeypatch.setattr(experiment, "_fit_part", killed_in_the_fifth)
    monkeypatch.setattr(features, "extract", noted)
    with pytest.raises(KeyboardInterrupt):
        run(place)
    assert not (place / "out").exists()
    said = run(place)
    ends = ("with-stain-normalisation", "logistic-regression")
    runs = ["toy", *(f"ablate-toy-{end}" for end in ends)]
    once = [f"{name} {part}" for name in runs for part in ("cross0", "cross1", "paper")]
    assert fitted == [*once[:5], *once[4:]]
    assert extracted == ["toy", "ablate-toy-with-stain-normalisation"]
    run(place)
    assert len(fitted) == len(once) + 1
    _check_tables(place / "out", said)


def _check_tables(out: Path, said: str) -> None:
    rows = table(out / "ablation.csv")
    assert [(row["variant"], row["protocol"]) for row in rows] == [
        (variant, protocol)
        for variant in ("the recipe", "with stain normalisation", "logistic regression")
        for protocol in ("grouped", "paper")
    ]
    by = {(row["variant"], row["protocol"]): row for row in rows}
    base, linear = by["the recipe", "grouped"], by["logistic regression", "grouped"]
    assert (base["images"], base["groups"]) == ("80", "7 hem, 7 all")
    assert float(base["balanced accuracy"].split()[0]) > 0.9
    assert base["verdict"] == base["difference of balanced accuracy"] == "–"
    assert by["logistic regression", "paper"]["verdict"] == "–"  # one fit says nothing
    # The folds are fitted on 33 and 40 images, each with a changed copy; a regression takes those
    # that choose along.
    assert (base["images seen"], linear["images seen"]) == ("584", "80")
    assert "- with stain normalisation: stain_normalisation: none → reinhard" in said
    assert "never shown alone" in said
    folds = table(out / "folds.csv")
    mine = [
        row
        for row in folds
        if (row["variant"], row["protocol"], row["figure"])
        == ("logistic regression", "grouped", "balanced accuracy")
    ]
    assert [row["fold"] for row in mine] == ["0", "1"]
    for row in mine:
        value, other = float(row["value"]), float(row["the recipe's"])
        assert float(row["difference"]) == pytest.approx(value - other, abs=2e-6)
    mean = np.mean([float(row["value"]) for row in mine])
    assert float(linear["balanced accuracy"].split()[0]) == pytest.approx(mean, abs=5e-4)


def test_mirrored_test_images_need_no_fit_of_their_own_and_missing_folds_are_said(
    one_convolution: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import experiment

    ask(place, ON_IMAGES, FLIPS)
    fitted: list[str] = []
    fit_part = experiment._fit_part

    def noted(exp: Any, bench: Any, name: str, parts: Any) -> None:
        fitted.append(name)
        fit_part(exp, bench, name, parts)
        found = exp.run.load(name)
        # The mirrored views contradict: what is said of them is not what is said of images.
        exp.run.save(name, **{**found, "flipped": -found["logits"]})

    monkeypatch.setattr(experiment, "_fit_part", noted)
    said = run(place)
    assert fitted == ["cross1"]
    plain, flipped = table(place / "out" / "ablation.csv")
    both = [float(row["accuracy"]) for row in (plain, flipped)]
    assert sum(both) == pytest.approx(1, abs=2e-3)
    assert flipped["verdict"] == "–"
    assert "Only 1 of the 2 folds were fitted." in said


@pytest.mark.parametrize("line", ["folds = [0, 2]", 'protocols = ["grouped", "paper"]'])
def test_what_the_split_does_not_have_is_refused_before_anything_is_fitted(
    one_convolution: None, place: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    from training import ablate

    ask(place, ON_IMAGES, FLIPS.replace("folds = [1]", line))
    open_set = ablate.open_set

    def without_paper(*args: Any) -> Any:
        opened = open_set(*args)
        return replace(opened, parts={k: v for k, v in opened.parts.items() if k != "paper"})

    monkeypatch.setattr(ablate, "open_set", without_paper)
    missing = "cross2" if "folds" in line else "paper"
    with pytest.raises(UsageError, match=rf"2 folds and lacks {missing}\. Nothing was"):
        run(place)
    assert not (place / "runs").exists()


def test_a_run_of_another_split_is_not_read(one_convolution: None, place: Path) -> None:
    ask(place, ON_IMAGES, FLIPS)
    run(place)
    (path,) = (place / "runs").glob("*/cross1.npz")
    with np.load(path) as found:
        arrays = dict(found)
    np.savez(path, **{**arrays, "rows": arrays["rows"][::-1]})
    with pytest.raises(ValueError, match=r"cross1 in .* another split"):
        run(place)


@pytest.mark.parametrize(
    ("each", "says"),
    [
        ((0.01, 0.2, 0.001), "better in every fold"),
        ((0.3, 0.3, 0.0), "no clear difference (better in 2 of 3)"),
        ((0.3, 0.3, -0.001), "no clear difference (better in 2 of 3)"),
        ((-0.01, -0.2), "worse in every fold"),
        ((0.0, 0.0), "no clear difference (better in 0 of 2)"),
        ((0.3,), "–"),
    ],
)
def test_only_what_is_better_in_every_fold_is_called_better(
    each: tuple[float, ...], says: str
) -> None:
    from training.ablation_table import verdict

    assert verdict(each) == says
