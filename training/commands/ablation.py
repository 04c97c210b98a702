"""What the parts of a recipe are worth: `ablate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.commands.bar import follow
from training.commands.options import (
    CACHE,
    DATA,
    LITE_PATH,
    ROOT,
    RUNS,
    Cache,
    Data,
    Runs,
    Weights,
    chosen,
)


def ablate(
    config: Annotated[str, typer.Argument(help="Ablation by name or path.")] = "ablate-small",
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    out: Annotated[Path | None, typer.Option(help="Folder to write the tables to.")] = None,
) -> None:
    """A recipe without each of its parts, and what that costs. An interrupted run goes on."""
    from training import ablate as work
    from training import ablation, ablation_table
    from training.compare import Folders

    asked = ablation.load(config)
    (about,) = chosen([asked.on], cache)
    folders = Folders(data=data, cache=cache, runs=runs, lite=weights)
    ablating = work.Ablating(asked, about, folders)
    follow(ablating.steps())
    to = out or ROOT / "training" / "results" / asked.name
    print(ablation_table.write(to, asked, about, ablating.rows(), ablating.folds))
