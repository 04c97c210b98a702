"""A comparison as one TOML file: which systems, on which sets, by which recipe.

name = "compare"
sets = ["cnmc", "all4"]
recipe = "paper"

[[systems]]
network = "vgg19"
init = "imagenet"
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from leukview.domain.errors import UsageError
from training import config as configs
from training.budget import Choice
from training.config import Config
from training.floors import FLOORS, Floor
from training.models.heads import Head
from training.models.registry import record_of
from training.published import PROPOSED


class System(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row of the tables.

    Attributes:
        network: by its name in the registry.
        name: of the row and in run folders; "" for the network's.
        head: "" for the network's own.
        init: initial weights; "" for the recipe's, or what comes nearest to them.
        recipe: name or path of a config; "" for the comparison's.
    """

    network: str
    name: str = ""
    head: Head | None = None
    init: str = ""
    recipe: str = ""

    @property
    def id(self) -> str:
        return self.name or self.network


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is compared.

    Attributes:
        name: in the names of run folders.
        sets: by name, or the TOML file of a described set.
        recipe: name or path of the config that gives augmentation and stages.
        systems: one row each.
        against: name of the system that all others are tested against.
        floors: what has to be beaten.
        frozen: config whose trunk the floor `frozen features` reads.
    """

    name: str
    sets: tuple[str, ...]
    recipe: str = "paper"
    systems: tuple[System, ...]
    against: str = PROPOSED
    floors: tuple[Floor, ...] = tuple(FLOORS)
    frozen: str = "features"

    def __post_init__(self) -> None:
        names = [system.id for system in self.systems]
        if len(set(names)) < len(names):
            raise ValueError(f"two systems have one name: {names}; give each its `name`")
        if self.against not in names:
            raise ValueError(f"`against` names {self.against!r}, which is none of {names}")


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """How a row was fitted, for tables.

    Attributes:
        side: pixels.
        epochs: passes over the images that were fitted on.
        images: seen in all, each as often as it was seen.
        init: initial weights, in words.
    """

    side: int
    epochs: float
    images: int
    init: str


def load(name: str) -> Comparison:
    """A comparison by name (`compare`) or path.

    Raises:
        UsageError: no such file, or it says what it may not say.
    """
    known = sorted(path.stem for path in configs.CONFIGS.glob("compare*.toml"))
    return configs.read(name, Comparison, "comparison", known)


def recipe_of(comparison: Comparison, system: System, choice: Choice | None, tag: str) -> Config:
    """What one system is fitted by.

    Args:
        comparison: that it belongs to.
        system: of it.
        choice: what a budget allows; None for the recipe as it is.
        tag: stands in the run's name, so that runs of two budgets lie side by side.

    Raises:
        UsageError: no such recipe or network, or a recipe with stages on features.
    """
    recipe = configs.load(system.recipe or comparison.recipe)
    if recipe.on_features:
        raise UsageError(
            f"A comparison fits networks on images, and {recipe.name} has stages on features."
            " Nothing was fitted. Features with a linear classifier are among the floors."
        )
    config = configs.for_network(recipe, system.network, system.init)
    config = msgspec.structs.replace(
        config, name=f"{comparison.name}{tag}-{system.id}", head=system.head or config.head
    )
    if choice is None:
        return config
    stage = config.stages[0]
    # The recipe's drop of the learning rate keeps its place in what is left of the epochs.
    drop = max(1, round(stage.drop_after * choice.epochs / stage.epochs))
    stage = msgspec.structs.replace(stage, side=choice.side, epochs=choice.epochs, drop_after=drop)
    return msgspec.structs.replace(config, stages=(stage,))


def check_for_budget(config: Config) -> None:
    """Whether a budget can be laid on a recipe.

    Raises:
        UsageError: it is not one stage of epochs on whole images.
    """
    first = config.stages[0]
    if len(config.stages) > 1 or not first.epochs or first.view != "whole":
        raise UsageError(
            f"A budget scales recipes of one stage in epochs on whole images, and {config.name} is"
            " another. Nothing was fitted. Leave --budget out, or name another recipe."
        )


def fitted(config: Config, rows: int, epochs: float = 0) -> Fitted:
    """How a part of a config was fitted.

    Args:
        config: of the system.
        rows: images of the part that are fitted on.
        epochs: that were counted, where a stage may end before its last; 0 for those of the config.
    """
    images = round(epochs * rows)
    for stage in config.stages if not epochs else ():
        images += stage.steps * stage.batch or stage.epochs * rows
    return Fitted(
        side=config.stages[-1].side,
        epochs=images / rows,
        images=images,
        init=record_of(config.network).words(config.init),
    )
