"""A comparison's config, and what a budget makes of the recipe of one of its systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from leukview.domain.errors import UsageError
from training import config, published
from training.budget import Choice
from training.comparison import (
    Comparison,
    System,
    check_for_budget,
    fitted,
    load,
    recipe_of,
)
from training.config import Stage

B3 = System(network="efficientnet-b3", init="random")
VGG = System(network="vgg19", init="random")
ASKED = Comparison(name="toy", sets=("cnmc",), systems=(VGG, B3))


@pytest.mark.parametrize("name", ["compare", "compare-offline"])
def test_shipped_comparisons_hold_every_system_of_the_papers_tables(name: str) -> None:
    found = load(name)
    assert found.name == name
    networks = {system.network for system in found.systems}
    assert networks == {*published.TABLE_5, *published.TABLE_6, *published.TABLE_8}
    assert set(found.sets) == {published.BINARY, published.MULTI_CLASS}
    for system in found.systems:
        recipe = recipe_of(found, system, None, "")
        assert recipe.name == f"{name}-{system.id}"
        check_for_budget(recipe)


def test_without_a_budget_the_recipe_stays_as_it_is() -> None:
    found = recipe_of(ASKED, B3, None, "")
    paper = config.load("paper")
    assert (found.stages, found.augmentation) == (paper.stages, paper.augmentation)
    assert (found.name, found.init) == ("toy-efficientnet-b3", "random")


def test_a_budget_changes_side_and_epochs_and_keeps_the_place_of_the_drop() -> None:
    found = recipe_of(ASKED, B3, Choice(side=160, epochs=8, seconds=1.0), "-30min")
    (stage,) = found.stages
    assert found.name == "toy-30min-efficientnet-b3"
    assert (stage.side, stage.epochs, stage.drop_after) == (160, 8, 2)  # 5 of 20 epochs
    (paper,) = config.load("paper").stages
    assert (stage.optimizer, stage.learning_rate, stage.batch) == (
        paper.optimizer,
        paper.learning_rate,
        paper.batch,
    )


def test_a_budget_is_refused_by_recipes_that_it_cannot_scale() -> None:
    stages = (Stage(kind="full", steps=100), Stage(kind="full", epochs=3, view="part", side=160))
    for some in (stages[:1], stages[1:], stages):
        odd = config.Config(name="odd", init="random", stages=some)
        with pytest.raises(UsageError, match="--budget"):
            check_for_budget(odd)


def test_a_row_says_what_was_seen_from_epochs_and_from_steps() -> None:
    recipe = recipe_of(ASKED, B3, Choice(side=160, epochs=8, seconds=1.0), "")
    found = fitted(recipe, 500)
    assert (found.side, found.epochs, found.images) == (160, 8, 4000)
    assert found.init == "random weights"
    stages = (Stage(kind="full", side=96, steps=100, batch=16),)
    steps = config.Config(name="steps", init="random", stages=stages)
    assert (fitted(steps, 400).epochs, fitted(steps, 400).images) == (4, 1600)


def test_a_stage_that_ended_early_is_counted_as_far_as_it_came() -> None:
    recipe = recipe_of(ASKED, B3, Choice(side=160, epochs=8, seconds=1.0), "")
    assert (fitted(recipe, 500, 3).epochs, fitted(recipe, 500, 3).images) == (3, 1500)


def test_a_recipe_on_features_is_no_row_but_a_floor() -> None:
    odd = System(network="efficientnet-b3", recipe="features")
    with pytest.raises(UsageError, match="among the floors"):
        recipe_of(ASKED, odd, None, "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('against = "resnet50"', "resnet50"),
        ('[[systems]]\nnetwork = "efficientnet-b3"', "one name"),
        ('colour = "red"', "colour"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "odd.toml"
    rest = '[[systems]]\nnetwork = "efficientnet-b3"\n'
    top, below = (text, "") if "[[" not in text else ("", text)
    path.write_text(f'name = "odd"\nsets = ["cnmc"]\n{top}\n{rest}{below}\n')
    with pytest.raises(UsageError, match=says):
        load(str(path))


def test_a_missing_comparison_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="compare, compare-gpu, compare-offline, compare-small"):
        load("nonesuch")


def test_an_f1_that_precision_and_recall_cannot_have_is_marked() -> None:
    marked = {n: row.mark("F1") for n, row in published.TABLE_5.items()}
    assert set(marked.values()) == {" [2]"}
    assert published.TABLE_5["efficientnet-b3"].harmonic == pytest.approx(96.80, abs=0.005)
    assert {row.mark("F1") for row in published.TABLE_6.values()} == {""}


def test_the_accuracy_that_figure_7_contradicts_is_marked() -> None:
    (a, b), (c, d) = published.FIGURE_7
    assert 100 * (a + d) / (a + b + c + d) == pytest.approx(97.76, abs=0.005)
    assert published.TABLE_5["efficientnet-b3"].mark("accuracy") == " [1]"
    assert published.TABLE_5["vgg19"].mark("accuracy") == ""
