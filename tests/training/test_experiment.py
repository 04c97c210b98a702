"""Folds, the paper's split and the refit, from a run that may be interrupted anywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import structs

from leukview.domain.errors import UsageError
from training.config import Config, Stage
from training.data.augment import Augmentation
from training.data.catalogue import SETS, Item
from training.data.splits import Split

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
ABOUT = SETS["all4"]
ROWS, SIDE = 48, 16
STAGE = Stage(kind="full", side=8, view="part", steps=2, checks=2, batch=4, optimizer="adamw")
RECIPE = Config(
    name="toy",
    head="table2",
    init="random",
    augmentation=Augmentation(flip=True, corner=0.5),
    stages=(STAGE, Stage(kind="full", side=16, steps=1, checks=1, batch=4)),
)


@pytest.fixture
def experiment(small_network: None, tmp_path: Path) -> Any:
    from training.experiment import Experiment
    from training.runs import Run
    from training.train import Material

    y = np.arange(ROWS) % 4
    pixels = np.random.default_rng(0).integers(0, 256, (ROWS, SIDE, SIDE, 3), dtype=np.uint8)
    items = [
        Item(file=f"{i}.png", class_id=ABOUT.class_ids[c], group="g", sha256=f"{i:064x}")
        for i, c in enumerate(y)
    ]
    split = Split(cross=np.arange(ROWS) // 4 % 3, paper=np.arange(ROWS) // 4 % 3, folds=3)
    return Experiment(
        about=ABOUT,
        config=RECIPE,
        items=items,
        split=split,
        material=Material(features=None, pixels=pixels, y=y, class_count=4),
        run=Run(tmp_path, ABOUT, RECIPE, data_hash="none"),
        lite=tmp_path / "lite.weights.h5",
    )


def test_every_row_of_the_folds_is_tested_once_by_a_model_that_never_saw_it(
    experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import train
    from training.experiment import fit_all

    read: set[int] = set()
    image = train.Batches._image

    def noted(self: Any, row: int, rng: Any) -> Any:
        read.add(row)
        return image(self, row, rng)

    monkeypatch.setattr(train.Batches, "_image", noted)
    rows = []
    for number in range(3):
        read.clear()
        list(fit_all(experiment, [f"cross{number}"]))
        found = experiment.run.load(f"cross{number}")
        assert read
        assert not set(found["rows"].tolist()) & read
        assert not set(found["rows"].tolist()) & set(found["seen"].tolist())
        assert found["logits"].shape == found["blanked"].shape == (len(found["rows"]), 4)
        assert found["embeddings"].shape == (len(found["rows"]), 6)
        assert np.abs(found["logits"] - found["blanked"]).max() > 0
        rows += found["rows"].tolist()
    assert sorted(rows) == list(range(ROWS))


UPPER = Config(
    name="upper",
    head="table2",
    init="random",
    feature_copies=1,
    augmentation=Augmentation(flip=True),
    stages=(Stage(kind="upper", steps=2, checks=2, batch=4, frozen_below="block2a"),),
)


def test_mirrored_views_are_voted_on_beside_the_plain_logits(experiment: Any) -> None:
    from training.experiment import FLIPS, fit_all, mean_vote

    image = np.arange(12).reshape(2, 2, 3)
    assert len({image[turn].tobytes() for turn in FLIPS}) == 4
    np.testing.assert_array_equal(image[FLIPS[0]], image)
    asked = structs.replace(RECIPE, test_flips=True)
    list(fit_all(replace(experiment, config=asked), ["cross0"]))
    found = experiment.run.load("cross0")
    assert found["flipped"].shape == found["logits"].shape
    np.testing.assert_allclose(np.exp(found["flipped"]).sum(axis=1), 1, rtol=1e-5)
    one, other = np.log([[0.9, 0.1]]), np.log([[0.5, 0.5]])
    np.testing.assert_allclose(mean_vote([one, other]), np.log([[0.7, 0.3]]), rtol=1e-6)


def on_features(experiment: Any, cache: Path) -> Any:
    """The same experiment by a recipe on feature maps, these computed."""
    from training import experiment as work
    from training import features
    from training.runs import Run

    norm = np.arange(32)
    store = features.Store(cache, ABOUT, features.key_of(UPPER, None, norm), 1, "upper")
    model = work.initial.classifier(UPPER, ABOUT, cache, cache, np.empty((0, 8, 8, 3), np.uint8))
    list(features.extract(store, experiment.material.pixels, model, UPPER, norm))
    found = store.read()
    return replace(
        experiment,
        config=UPPER,
        blanked=found.pop("blanked"),
        material=replace(experiment.material, features=list(found.values())),
        trunk=store.trunk,
        run=Run(cache, ABOUT, UPPER, data_hash="none"),
    )


def test_upper_blocks_are_fitted_on_maps_and_the_lower_ones_stay(
    experiment: Any, tmp_path: Path
) -> None:
    from training.experiment import fit_all, fresh

    exp = on_features(experiment, tmp_path)
    list(fit_all(exp, ["cross0", "final"]))
    before, after = fresh(exp), fresh(exp)
    after.load_weights(exp.run.weights)
    low, high = (
        [np.abs(a - b).max() for a, b in zip(*(m.get_weights() for m in pair), strict=True)]
        for name in ("block1a", "block2a")
        for pair in [[m.get_layer("trunk").get_layer(name) for m in (before, after)]]
    )
    assert max(low) == 0
    assert max(high) > 0
    found = exp.run.load("cross0")
    assert found["logits"].shape == found["blanked"].shape == (16, 4)


def test_maps_give_the_logits_that_the_images_give(experiment: Any, tmp_path: Path) -> None:
    from training.experiment import fresh
    from training.features import Trunk
    from training.train import Upper

    exp = on_features(experiment, tmp_path)
    model, pixels = fresh(exp), exp.material.pixels
    whole = Trunk(model)(pixels)
    cut = Upper(model, "block2a")(exp.material.features[0])
    np.testing.assert_allclose(cut, whole, atol=2e-3)  # half precision on the way


def test_features_that_are_missing_name_the_command_that_makes_them(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from training.features import Store

    with pytest.raises(UsageError, match="features all4 --config upper"):
        Store(tmp_path, ABOUT, "0" * 12, 1, "upper").read()


def test_a_killed_run_goes_on_after_its_last_finished_stage(
    experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.experiment import fit_all
    from training.train import Fitter

    stages: list[int] = []
    fit = Fitter.fit

    def killed_in_the_second_stage(self: Any, *args: Any, **words: Any) -> None:
        stages.append(args[1].side)
        if len(stages) == 2:
            raise KeyboardInterrupt
        fit(self, *args, **words)

    monkeypatch.setattr(Fitter, "fit", killed_in_the_second_stage)
    with pytest.raises(KeyboardInterrupt):
        list(fit_all(experiment, ["final"]))
    assert not experiment.run.weights.exists()
    list(fit_all(experiment, ["final"]))
    assert stages == [8, 16, 16]
    assert experiment.run.weights.exists()
    assert not list(experiment.run.folder.glob("*/done.weights.h5"))


def test_a_finished_part_is_not_fitted_again(
    experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import experiment as work

    list(work.fit_all(experiment, ["paper"]))
    before = experiment.run.load("paper")["logits"]
    monkeypatch.setattr(work, "_fit_part", lambda *_: pytest.fail("fitted again"))
    list(work.fit_all(experiment, ["paper"]))
    np.testing.assert_array_equal(experiment.run.load("paper")["logits"], before)


def test_an_unknown_part_is_refused_with_the_names_there_are(experiment: Any) -> None:
    from training.experiment import fit_all

    with pytest.raises(UsageError, match=r"'cross9'.*cross0, cross1, cross2, paper, final"):
        list(fit_all(experiment, ["cross9"]))


@pytest.mark.parametrize("folds", [0, 3])
def test_a_linear_head_leaves_the_rows_that_its_temperature_is_fitted_on(
    folds: int, experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import experiment as work

    fitted: list[set[int]] = []
    monkeypatch.setattr(
        work, "fit_linear", lambda _h, _m, parts, _s: fitted.append({*parts.fit, *parts.choose})
    )
    x = np.random.default_rng(0).normal(size=(1, ROWS, 1536)).astype(np.float16)
    recipe = Config(name="x", head="table2", init="random", stages=(Stage(kind="linear"),))
    exp = replace(
        experiment,
        config=recipe,
        split=replace(experiment.split, folds=folds),
        material=replace(experiment.material, features=x),
    )
    list(work.fit_all(exp, ["paper"]))
    # The temperature is fitted on the test rows of the folds, else on the rows that choose.
    choose = set(exp.split.single("paper").choose.tolist())
    assert set(experiment.run.load("paper").get("choose", np.array([])).tolist()) == (
        set() if folds else choose
    )
    assert bool(choose & fitted[0]) == (folds > 0)


@pytest.mark.parametrize(("checks", "free"), [(1, True), (2, False)])
def test_rows_that_a_later_stage_chooses_by_are_not_fitted_on_by_a_linear_one(
    experiment: Any, monkeypatch: pytest.MonkeyPatch, checks: int, free: bool
) -> None:
    from training import experiment as work

    given: list[int] = []

    def noted(_head: Any, _material: Any, parts: Any, _stage: Any) -> None:
        given.append(len(parts.choose))

    monkeypatch.setattr(work, "fit_linear", noted)
    monkeypatch.setattr(work, "put_head", lambda _head, _model: None)  # the toy's is narrower
    full = Stage(kind="full", side=16, steps=2, checks=checks, batch=4)
    recipe = msgspec.structs.replace(experiment.config, stages=(Stage(kind="linear"), full))
    list(work.fit_all(replace(experiment, config=recipe), ["cross0"]))
    assert given == [len(work.parts_of(experiment)["cross0"].choose) if free else 0]


@pytest.mark.parametrize(("folds", "checks"), [(3, 1), (3, 2), (0, 1)])
def test_a_fit_that_keeps_its_last_step_takes_the_rows_along_that_nothing_needs(
    experiment: Any, monkeypatch: pytest.MonkeyPatch, folds: int, checks: int
) -> None:
    from training import experiment as work
    from training.train import Fitter

    given: list[tuple[set[int], set[int]]] = []
    fit = Fitter.fit

    def noted(self: Any, parts: Any, *args: Any, **words: Any) -> None:
        given.append((set(parts.fit.tolist()), set(parts.choose.tolist())))
        fit(self, parts, *args, **words)

    monkeypatch.setattr(Fitter, "fit", noted)
    stage = Stage(kind="full", side=16, steps=2, checks=checks, batch=4)
    recipe = msgspec.structs.replace(experiment.config, stages=(stage,))
    split = replace(experiment.split, folds=folds)
    exp = replace(experiment, config=recipe, split=split)
    parts = exp.split.single("paper")
    apart, choose = set(parts.fit.tolist()), set(parts.choose.tolist())
    assert choose
    list(work.fit_all(exp, ["paper"]))
    # Something is chosen by them, or the temperature is fitted on them, where there are no folds.
    needed = checks > 1 or folds == 0
    assert given == [(apart, choose) if needed else (apart | choose, set())]
