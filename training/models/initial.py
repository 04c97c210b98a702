"""The classifier that a fit starts from: weights by name or path, another run, a shipped model."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from leukview import resources
from leukview.domain.errors import UsageError
from leukview.inference.model_file import load
from training.config import Config
from training.data.catalogue import SETS, ImageSet
from training.data.catalogue import load as load_items
from training.data.prepare import split_path
from training.models import shipped
from training.models.classifier import normalise_stain
from training.models.registry import INITS, NETWORKS, initial_weights, record_of
from training.runs import FINAL_WEIGHTS

RUN = "run:"  # `init = "run:all4-trunk"`: the trunk of that run's final weights
MODEL = "model:"  # `init = "model:pbc8-b3"`: the trunk of that shipped model


def classifier(
    config: Config, about: ImageSet, runs: Path, lite: Path, pixels: NDArray[np.uint8]
) -> keras.Model:
    """A classifier for `about` with its initial weights and a new head.

    Args:
        config: names network, head and `init`.
        about: the set to be fitted.
        runs: folder of the runs, for `run:` names.
        lite: the grown weights.
        pixels: (N, 300, 300, 3) of `about`, 32 or more, for the batch norm of a shipped model and
            the stain that all images are brought to; no fold tests them.

    Raises:
        UsageError: the named run is missing, unfinished, or has seen images of this set, as may a
            shipped model. Images are compared by their bytes: copies saved anew pass.
        FileNotFoundError: see `initial_weights`; or there is no such shipped model.
    """
    _check_unseen(config.init, about, runs)
    named = not config.init.startswith((RUN, MODEL))
    start = initial_weights(config.init, lite, config.network) if named else None
    donor = None if named or config.init.startswith(MODEL) else _donor(config, runs, lite, pixels)
    # Behind the donor, which is drawn by its own seed; features of a random trunk are of this one.
    keras.utils.set_random_seed(config.seed)
    model = NETWORKS[config.network](config.head, len(about.classes), start)
    if config.stain_normalisation == "reinhard":
        normalise_stain(model, pixels)
    if config.init.startswith(MODEL):
        shipped.fill(model, shipped.read(_model_file(config.init)), pixels)
    if donor is not None:
        model.get_layer("trunk").set_weights(donor.get_layer("trunk").get_weights())
        # The range is configuration, not a weight: without it the trunk sees other numbers. The
        # stain is this set's own, as the batch norm is.
        for key in ("scale", "offset"):
            value = getattr(donor.get_layer("pixel_range"), key)
            setattr(model.get_layer("pixel_range"), key, value)
    return model


def _donor(config: Config, runs: Path, lite: Path, pixels: NDArray[np.uint8]) -> keras.Model:
    """The classifier of the run that a config starts from.

    Raises:
        UsageError: it is one of another network.
    """
    name, recipe = _chain(config.init, runs)[0]
    if recipe.network != config.network:
        raise UsageError(
            f"{config.init} is a run of {recipe.network}, and {config.name} fits {config.network}."
            " Nothing was fitted. Start from a run of the same network."
        )
    # Its trunk is asked for, and none of the images that its own set's stain was measured on.
    plain = msgspec.structs.replace(recipe, stain_normalisation="none")
    donor = classifier(plain, SETS[name], runs, lite, pixels)
    donor.load_weights(runs / config.init.removeprefix(RUN) / FINAL_WEIGHTS)
    return donor


def weights_file(config: Config, runs: Path, lite: Path) -> Path | None:
    """The file that a fit starts from; None for random weights."""
    if config.init.startswith(RUN):
        return runs / config.init.removeprefix(RUN) / FINAL_WEIGHTS
    if config.init.startswith(MODEL):
        return _model_file(config.init)
    return initial_weights(config.init, lite, config.network)


def earlier_sets(init: str, runs: Path) -> tuple[ImageSet, ...]:
    """The sets that the initial trunk was fitted on, the latest first.

    Raises:
        UsageError: one of them is none of ours.
    """
    chain, origin = _chain(init, runs), _origin(init, runs)
    names = [name for name, _ in chain]
    if origin.startswith(MODEL):
        names += [part.name for part in load(_model_file(origin)).contract.data]
    unknown = [name for name in dict.fromkeys(names) if name not in SETS]
    if unknown:
        raise UsageError(
            f"{init} has been fitted on {', '.join(unknown)}, and which images that held is only"
            f" known of {', '.join(SETS)}: it may have seen what is tested. Nothing was fitted."
            " Start from a run or model of one of these."
        )
    return tuple(SETS[name] for name in dict.fromkeys(names))


def _check_unseen(init: str, about: ImageSet, runs: Path) -> None:
    """Refuse a trunk that has seen the set, or images of a described one under whatever name.

    Raises:
        UsageError: it has.
    """
    earlier = earlier_sets(init, runs)
    if about in earlier:
        raise UsageError(
            f"{init} has been fitted on {about.name}, whose held-out images it would know."
            " Nothing was fitted. Start from what was fitted on other sets."
        )
    if not about.place or not earlier:
        return
    mine = {item.sha256 for item in load_items(about.place.home, about)}
    for one in earlier:
        # It lists every image, and lies in the repository where the images need not be.
        with split_path(one).open(encoding="utf-8", newline="") as lines:
            both = len(mine & {row["sha256"] for row in csv.DictReader(lines)})
        if both:
            raise UsageError(
                f"{init} has been fitted on {one.name}, and {both} images of {about.name} are among"
                " its images, byte for byte: held out, it would know them. Nothing was fitted."
                " Start from what was fitted on other images, or take these out of the set."
            )


def words(config: Config, runs: Path) -> str:
    """What the weights of a config's network were initialised from, for card and table."""
    chain, origin = _chain(config.init, runs), _origin(config.init, runs)
    if origin.startswith(MODEL):
        title = load(_model_file(origin)).contract.title
        origin = f"the trunk of {origin.removeprefix(MODEL)} ({title})"
    elif origin in INITS:
        origin = record_of(config.network).words(origin)
    else:
        origin = f"the file {Path(origin).name}, whose training images are unknown"
    fits = (f"fitted on {name} (`{recipe.name}`)" for name, recipe in reversed(chain))
    return ", then ".join([origin, *fits])


def from_unknown_images(init: str, runs: Path) -> bool:
    """Whether the initial weights are a file of which nobody can say what it has seen."""
    origin = _origin(init, runs)
    return origin not in INITS and not origin.startswith(MODEL)


def _model_file(init: str) -> Path:
    """The file of a shipped model.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    path = resources.path("models", f"{init.removeprefix(MODEL)}.onnx")
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.onnx")))
        raise FileNotFoundError(f"No shipped model {init!r}. Nothing was fitted. Known: {known}.")
    return path


def _origin(init: str, runs: Path) -> str:
    """What the first of the runs that `init` goes back to started from."""
    chain = _chain(init, runs)
    return chain[-1][1].init if chain else init


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
