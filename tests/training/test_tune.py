"""The search for a head's numbers, on drawn features and a study that may be killed anywhere."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leukview.domain.errors import UsageError
from training import config as configs
from training.config import Config, Stage
from training.data.augment import Augmentation
from training.data.catalogue import SETS, Item
from training.data.splits import Split

pytest.importorskip("optuna", reason="needs the extra [train]")
pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
ABOUT = SETS["cnmc"]
ROWS, WIDTH = 100, 1536
RECIPE = Config(
    name="toy",
    init="random",
    augmentation=Augmentation(flip=True, rotation=20),
    stages=(Stage(kind="head", epochs=1, batch=32, balanced=True),),
)


def make(folder: Path, config: Config = RECIPE) -> Any:
    """Two classes that a line tells apart, in five folds."""
    from training.experiment import Experiment
    from training.runs import Run
    from training.train import Material

    y = np.arange(ROWS) % 2
    x = np.random.default_rng(0).normal(0, 1, (1, ROWS, WIDTH)).astype(np.float32)
    x[:, :, :64] += np.where(y, 0.3, -0.3)[:, None]
    items = [
        Item(file=f"{i}.png", class_id=ABOUT.class_ids[c], group="g", sha256=f"{i:064x}")
        for i, c in enumerate(y)
    ]
    folds = np.arange(ROWS) // 2 % 5
    return Experiment(
        about=ABOUT,
        config=config,
        items=items,
        split=Split(cross=folds, paper=np.minimum(folds, 2), folds=5),
        material=Material(features=x, pixels=np.empty((0,), np.uint8), y=y, class_count=2),
        run=Run(folder, ABOUT, config, data_hash="none"),
        lite=folder / "lite.weights.h5",
    )


def facts(search: Any) -> list[tuple[Any, ...]]:
    """What a study holds of the trials that are over, in order."""
    from training.tune import open_study, over

    return [(t.state.name, t.params, t.value) for t in over(open_study(search))]


def test_no_trial_sees_a_row_that_the_part_set_aside_tests(
    keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import tune as module

    exp = make(tmp_path)
    search = module.Search(exp=exp, part="cross0")
    seen: set[int] = set()

    def noted(_head: Any, _material: Any, parts: Any, *_: Any) -> None:
        assert not set(parts.fit) & set(parts.choose)
        seen.update(parts.fit.tolist(), parts.choose.tolist())

    asked: list[int] = []
    plain = exp.material.features[0]
    monkeypatch.setattr(module, "fit_head", noted)
    rows = {plain[row].tobytes(): row for row in range(ROWS)}
    monkeypatch.setattr(
        module,
        "head_logits",
        lambda _h, x: asked.extend(rows[one.tobytes()] for one in x) or np.zeros((len(x), 2)),
    )
    list(module.tune(search, 1))
    assert seen
    assert not (seen | set(asked)) & set(exp.split.fold(0, 0).test.tolist())
    # Fold 4 chooses by the rows of fold 0, which are set aside; the folds 1 to 3 are left.
    assert len(search.rounds) == 3


def test_a_killed_search_goes_on_and_ends_as_if_it_had_not_been_killed(
    keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import tune as module

    monkeypatch.setattr(module, "RANDOM", 2)  # so that the third is drawn from what came before
    whole = module.Search(exp=make(tmp_path / "whole"), part="paper", seed=5)
    list(module.tune(whole, 4))
    cut = module.Search(exp=make(tmp_path / "cut"), part="paper", seed=5)
    fit, count = module.fit_head, iter(range(10))

    def killed(*given: Any) -> None:
        if next(count) == 2:
            raise KeyboardInterrupt
        fit(*given)

    with monkeypatch.context() as patched:
        patched.setattr(module, "fit_head", killed)
        with pytest.raises(KeyboardInterrupt):
            list(module.tune(cut, 4))
    assert len(facts(cut)) == 2
    list(module.tune(cut, 4))
    assert len(facts(cut)) == 4
    assert facts(cut) == facts(whole)

    found = configs.load(str(whole.folder / "toy-tuned.toml"))
    best = module.ranked(module.open_study(whole))[0]
    assert found == whole.config_of(module.suggested_of(best))
    assert found.name == "toy-tuned"
    assert found.stages[0].learning_rate == pytest.approx(best.params["learning_rate"], rel=1e-2)
    assert found.augmentation == RECIPE.augmentation
    assert f"units{best.params['units']}" in found.head
    table = (whole.folder / "tune.md").read_text("utf-8")
    assert "4 trials, 0 of them pruned" in table
    assert table.count("\n| ") == 5


def test_a_trial_that_falls_behind_is_pruned_before_its_last_round(
    keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import tune as module

    search = module.Search(exp=make(tmp_path), part="cross0")
    fitted: list[int] = []
    monkeypatch.setattr(module, "fit_head", lambda *given: fitted.append(len(given)))

    def said(_head: Any, x: Any) -> Any:
        """Right for the first trials, then always the first class."""
        right = x[:, :64].mean(axis=1) > 0
        if len(fitted) > module.UNPRUNED * 3:
            right[:] = False
        return np.eye(2)[right.astype(int)]

    monkeypatch.setattr(module, "head_logits", said)
    list(module.tune(search, module.UNPRUNED + 1))
    assert [state for state, _, _ in facts(search)] == ["COMPLETE"] * 5 + ["PRUNED"]
    assert len(fitted) == module.UNPRUNED * 3 + 1
    assert "6 trials, 1 of them pruned" in (search.folder / "tune.md").read_text("utf-8")


def test_a_folder_of_another_search_is_refused(keras: ModuleType, tmp_path: Path) -> None:
    from training.tune import Search, open_study

    exp = make(tmp_path)
    open_study(Search(exp=exp, part="paper"))
    with pytest.raises(UsageError, match="another config, seed or other images"):
        open_study(Search(exp=exp, part="paper", seed=1))


def test_a_part_that_is_not_tested_and_a_config_without_a_head_stage_are_refused(
    keras: ModuleType, tmp_path: Path
) -> None:
    from training.tune import Search

    with pytest.raises(UsageError, match="cross0, cross1"):
        Search(exp=make(tmp_path), part="final")
    full = Config(name="full", init="random", stages=(Stage(kind="full", steps=1),))
    with pytest.raises(UsageError, match="no stage that fits a head"):
        Search(exp=make(tmp_path, full), part="cross0")


def test_every_config_survives_being_written_as_toml(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from training.tune import toml_of

    for name in configs.known():
        path = tmp_path / f"{name}.toml"
        path.write_text(toml_of(configs.load(name)), encoding="utf-8")
        assert configs.load(str(path)) == configs.load(name)


def test_balanced_accuracy_does_not_let_a_frequent_class_decide() -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from training.tune import balanced_accuracy

    truth = np.array([0] * 8 + [2] * 2)
    assert balanced_accuracy(truth, np.zeros(10, np.int64)) == 0.5
