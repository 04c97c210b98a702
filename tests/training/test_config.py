from __future__ import annotations

from pathlib import Path

import pytest

from leukview.domain.errors import UsageError
from training import config


@pytest.mark.parametrize("name", config.known())
def test_every_shipped_config_can_be_read(name: str) -> None:
    assert config.load(name).name == name


def test_the_papers_recipe_is_what_the_paper_says() -> None:
    found = config.load("paper")
    (stage,) = found.stages
    assert found.head == "table7"
    assert (stage.optimizer, stage.loss, stage.batch, stage.epochs) == ("adamax", "mse", 40, 20)
    assert (stage.learning_rate, stage.drop_after, stage.side) == (0.001, 5, 300)
    how = found.augmentation
    assert (how.rotation, how.flip, how.zoom, how.shift) == (20, True, 0.2, 0.2)
    assert how.stain == how.light == how.corner == 0


def test_an_unknown_word_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text('name = "odd"\nstages = []\nlearning = 1\n')
    with pytest.raises(UsageError, match="learning"):
        config.load(str(path))


def test_a_missing_config_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="paper"):
        config.load("nonesuch")


def test_a_stage_has_steps_or_epochs() -> None:
    with pytest.raises(ValueError, match="steps or epochs"):
        config.Stage(kind="head", steps=3, epochs=3)


def test_an_upper_stage_names_the_block_that_it_begins_at() -> None:
    with pytest.raises(ValueError, match="frozen_below"):
        config.Stage(kind="upper", steps=3)


def test_stages_on_features_begin_at_one_place() -> None:
    stages = (
        config.Stage(kind="head", epochs=1),
        config.Stage(kind="upper", steps=1, frozen_below="block5a"),
    )
    with pytest.raises(ValueError, match="same place"):
        config.Config(name="odd", stages=stages)
    assert config.Config(name="even", stages=stages[1:]).cut == "block5a"


def test_a_config_names_a_network_that_there_is() -> None:
    stage = config.Stage(kind="full", steps=1)
    with pytest.raises(UsageError, match="vgg19"):
        config.Config(name="odd", network="vgg", stages=(stage,))
    with pytest.raises(ValueError, match="no initial weights 'lite'"):
        config.Config(name="odd", network="vgg19", init="lite", stages=(stage,))


def test_an_ensemble_has_no_block_to_begin_at() -> None:
    stage = config.Stage(kind="upper", steps=1, frozen_below="block5a")
    with pytest.raises(ValueError, match="no blocks"):
        config.Config(name="odd", network="voting", init="random", stages=(stage,))


def test_a_recipe_serves_another_network_with_that_ones_head_and_loss() -> None:
    paper = config.load("paper")
    other = config.for_network(paper, "tversky-cnn")
    assert (other.name, other.network, other.head) == ("paper-tversky-cnn", "tversky-cnn", "table2")
    assert other.init == "random"  # it has no others
    assert {stage.loss for stage in other.stages} == {"tversky"}
    assert other.augmentation == paper.augmentation
    (stage,), (before,) = other.stages, paper.stages
    assert (stage.learning_rate, stage.epochs) == (before.learning_rate, before.epochs)
    vgg19 = config.for_network(paper, "vgg19", "random")
    assert (vgg19.head, vgg19.init) == ("table7", "random")
    assert config.for_network(paper, "vgg19").init == "imagenet"  # it has no `lite`
    assert {stage.loss for stage in vgg19.stages} == {"mse"}


def test_a_recipe_that_does_not_fit_a_network_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"best-pbc cannot be used for voting.*no blocks"):
        config.for_network(config.load("best-pbc"), "voting")


def test_switches_that_a_stage_cannot_have_are_refused() -> None:
    with pytest.raises(ValueError, match="full stages"):
        config.Stage(kind="upper", steps=1, frozen_below="block5a", mixed=True)
    for stage in (
        config.Stage(kind="head", epochs=1),
        config.Stage(kind="upper", steps=1, frozen_below="block5a"),
    ):
        with pytest.raises(ValueError, match="test_flips"):
            config.Config(name="odd", stages=(stage,), test_flips=True)
