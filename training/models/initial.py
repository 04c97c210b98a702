"""The classifier that a fit starts from: initial weights by name, by path, or from another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import msgspec

from leukview.domain.errors import UsageError
from training.config import Config
from training.data.catalogue import SETS, ImageSet
from training.models.registry import NETWORKS, initial_weights
from training.runs import FINAL_WEIGHTS

RUN = "run:"  # `init = "run:all4-trunk"`: the trunk of that run's final weights
WORDS = {
    "lite": "ImageNet EfficientNet-Lite2 (grown)",
    "imagenet": "ImageNet EfficientNet-B3",
    "random": "random weights",
}


def classifier(config: Config, about: ImageSet, runs: Path, lite: Path) -> keras.Model:
    """A classifier for `about` with its initial weights and a new head.

    Args:
        config: names network, head and `init`.
        about: the set to be fitted.
        runs: folder of the runs, for `run:` names.
        lite: the grown weights.

    Raises:
        UsageError: the named run is missing, unfinished, or has seen images of this set.
        FileNotFoundError: see `initial_weights`.
    """
    network, class_count = NETWORKS[config.network], len(about.classes)
    if not config.init.startswith(RUN):
        return network(config.head, class_count, initial_weights(config.init, lite))
    earlier = _chain(config.init, runs)
    if about.name in (name for name, _ in earlier):
        raise UsageError(
            f"{config.init} has been fitted on {about.name}, whose held-out images it would know."
            " Nothing was fitted. Start from a run of another set."
        )
    name, recipe = earlier[0]
    donor = classifier(recipe, SETS[name], runs, lite)
    donor.load_weights(runs / config.init.removeprefix(RUN) / FINAL_WEIGHTS)
    model = network(config.head, class_count, None)
    model.get_layer("trunk").set_weights(donor.get_layer("trunk").get_weights())
    # The range is configuration, not a weight: without it the trunk sees other numbers.
    for key in ("scale", "offset"):
        setattr(model.get_layer("pixel_range"), key, getattr(donor.get_layer("pixel_range"), key))
    return model


def weights_file(config: Config, runs: Path, lite: Path) -> Path | None:
    """The file that a fit starts from; None for random weights."""
    if config.init.startswith(RUN):
        return runs / config.init.removeprefix(RUN) / FINAL_WEIGHTS
    return initial_weights(config.init, lite)


def earlier_sets(init: str, runs: Path) -> tuple[ImageSet, ...]:
    """The sets that the initial trunk was fitted on, the latest first."""
    return tuple(SETS[name] for name, _ in _chain(init, runs))


def words(init: str, runs: Path) -> str:
    """What the weights were initialised from, for card and table."""
    if not init.startswith(RUN):
        return WORDS.get(init, init)
    earlier = _chain(init, runs)
    return ", then ".join(
        [
            WORDS.get(earlier[-1][1].init, earlier[-1][1].init),
            *(f"fitted on {name} (`{recipe.name}`)" for name, recipe in reversed(earlier)),
        ]
    )


def _chain(init: str, runs: Path) -> list[tuple[str, Config]]:
    """Set and config of each run that `init` goes back to, the latest first."""
    out: list[tuple[str, Config]] = []
    while init.startswith(RUN):
        folder = runs / init.removeprefix(RUN)
        if not (folder / FINAL_WEIGHTS).is_file():
            raise UsageError(
                f"{folder} holds no finished run, and {init!r} starts from it. Nothing was fitted."
                " Fit it first: `python -m training train SET --config CONFIG --only final`."
            )
        said: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
        out.append((said["set"], msgspec.convert(said["config"], Config)))
        init = out[-1][1].init
    return out
