"""Fitting and what it should be done with: `train`, `bench-input` and `tune`."""

from __future__ import annotations

from typing import Annotated

import typer

from training import config as configs
from training.commands.bar import follow, say
from training.commands.options import (
    CACHE,
    DATA,
    LITE_PATH,
    RUNS,
    Cache,
    Checkpoints,
    Data,
    Name,
    One,
    Runs,
    Seed,
    Sets,
    Weights,
    Workers,
    opened,
)


def train(
    sets: Sets,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
    only: Annotated[list[str] | None, typer.Option(help="Parts: cross0 ..., paper, final.")] = None,
    devices: Annotated[
        str, typer.Option(help="To fit images on: a number, or all (of all machines).")
    ] = "",
    workers: Workers = 1,
    tensorboard: Annotated[bool, typer.Option(help="Write logs for TensorBoard.")] = False,
    checkpoints: Checkpoints = True,
) -> None:
    """Fit every fold of both protocols, then all rows. What is there is not fitted again."""
    from training import distribution, experiment
    from training.running import Running

    distribution.join_machines()
    running = Running(
        devices=devices, workers=workers, tensorboard=tensorboard, checkpoints=checkpoints
    )
    if any(stage.mixed for stage in configs.load(config).stages) and not distribution.devices(
        "gpu"
    ):
        say.print("Mixed precision was asked for and is not used: there is no GPU.")
    for exp in opened(sets, config, data=data, cache=cache, runs=runs, lite=weights):
        follow(experiment.fit_all(exp, only or (), running), running)
        print(f"{exp.about.name}: {exp.run.folder}")


def bench_input(
    one: One,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "paper",
    most: Annotated[int, typer.Option(min=1, help="The most threads to try.")] = 4,
) -> None:
    """Images/s of the pipeline, with 1 thread and more, beside those of the training step."""
    from training import bench_input as work
    from training import experiment
    from training.train import Fitter

    stage = work.full_stage(configs.load(config))
    (exp,) = opened([one], config, data=data, cache=cache, runs=runs, lite=weights)
    recipe, parts = exp.config, next(iter(experiment.parts_of(exp).values()))
    fitter = Fitter(experiment.fresh(exp), recipe.head, exp.material, recipe.augmentation)
    rates = work.measure(fitter, stage, parts, range(1, most + 1))
    print("\n".join(work.table(rates)))


def tune(
    one: One,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
    trials: Annotated[int, typer.Option(min=1, help="In all, with those already there.")] = 50,
    part: Annotated[str, typer.Option(help="Part whose test rows no trial sees.")] = "cross0",
    seed: Seed = 0,
) -> None:
    """Search units, dropout, activation, batch, rate and decay of a head. It may be interrupted."""
    from training import tune as work

    (exp,) = opened([one], config, data=data, cache=cache, runs=runs, lite=weights)
    search = work.Search(exp=exp, part=part, seed=seed)
    follow(work.tune(search, trials))
    print((search.folder / "tune.md").read_text(encoding="utf-8"))
    print(f"{exp.about.name}: {search.folder}")
