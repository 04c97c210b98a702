"""What a fit is worth: `evaluate`, `external`, `compare` and `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training import config as configs
from training.commands.bar import follow
from training.commands.options import (
    CACHE,
    DATA,
    LITE_PATH,
    ROOT,
    RUNS,
    WHICH,
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
    chosen,
    opened,
)
from training.commands.preparing import extract
from training.data.catalogue import SETS

if TYPE_CHECKING:  # it imports Keras, for which `--help` should not wait
    from training.experiment import Experiment


def evaluate(
    sets: Sets,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
) -> None:
    """Write the predictions table of each set and print its figures, both protocols."""
    for exp in opened(sets, config, data=data, cache=cache, runs=runs, lite=weights):
        _print_figures(exp)


def _print_figures(exp: Experiment) -> None:
    from training import evaluate as work
    from training import model_card, reliability

    about = exp.about
    path = exp.run.folder / "predictions.csv" if about.place else work.results_path(about)
    temperature = work.write_predictions(exp, path)
    found = work.read_predictions(path, about)
    figures = work.figures_of(found, about, temperature)
    names = list(dict.fromkeys(f.name for f in figures))
    head = f"{about.name}, config {exp.config.name}, temperature {temperature:.3f}"
    print(f"\n{head}, {path.name}\n")
    print("\n".join(model_card.figure_table(figures, names)))
    print(f"\n{reliability.write(found, about, temperature, path)}")


def external(
    fit: Annotated[str, typer.Argument(help=f"Set to fit on: {WHICH}.")],
    test: Annotated[str, typer.Argument(help=f"Set to test on, all of it: {WHICH}.")],
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
    seed: Seed = 0,
) -> None:
    """Fit on one prepared set, test on another; images that repeat one of the first are left out.

    Different classes are told to be the same by the table `map` in the TOML file of either set.
    """
    from training import experiment
    from training.data import described, listing
    from training.data import external as work

    one, two = chosen([fit, test], cache)
    maps = [described.read(Path(n), cache).said.map for n in (test, fit) if n not in SETS]
    joined = work.joined_set(one, two, cache)
    mapping = next((m for m in maps if m), {})
    first, second = (work.side_of(data, cache, about) for about in (one, two))
    follow(work.prepare(joined, first, second, mapping, seed))
    for why, count in listing.facts(cache, joined.name).left_out.items():
        print(f"{joined.name}: {count} of {two.name} left out: {why}")
    recipe = configs.load(config)
    if recipe.on_features:
        extract(joined, recipe, data=data, cache=cache, runs=runs, weights=weights)
    exp = experiment.open_experiment(
        joined, recipe, data=data, cache=cache, runs=runs, lite=weights
    )
    follow(experiment.fit_all(exp))
    _print_figures(exp)


def compare(
    config: Annotated[str, typer.Argument(help="Comparison by name or path.")] = "compare",
    budget: Annotated[
        float | None, typer.Option(help="Minutes for all fits; none fits the recipe as it is.")
    ] = None,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    out: Annotated[Path | None, typer.Option(help="Folder to write the report to.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Fit these systems, so that several can be fitted at once; no report."),
    ] = None,
    workers: Workers = 1,
    checkpoints: Checkpoints = True,
) -> None:
    """The paper's Tables 5 to 8 and Figures 5 to 10 anew. An interrupted run goes on."""
    from training import compare as work
    from training import comparison, report
    from training.running import Running

    asked = comparison.load(config)
    folders = work.Folders(data=data, cache=cache, runs=runs, lite=weights)
    sets = chosen(asked.sets, cache)
    running = Running(workers=workers, checkpoints=checkpoints)
    comparing = work.Comparing(asked, sets, folders, budget, running)
    follow(comparing.steps(only or ()))
    if only:
        return
    to = out or ROOT / "training" / "results" / asked.name
    print(report.write(to, asked, comparing.results(), comparing.descriptions(), budget))


def explain(
    one: One,
    model: Annotated[str, typer.Option(help="Shipped model by name, or the path of a file.")],
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    per_class: Annotated[int, typer.Option(min=1, help="Images of each class.")] = 4,
    background: Annotated[int, typer.Option(min=1, help="Images behind what is hidden.")] = 50,
    evaluations: Annotated[int, typer.Option(min=10, help="Of the model, for SHAP.")] = 500,
    steps: Annotated[int, typer.Option(min=2, help="Of deletion and insertion.")] = 20,
    seed: Seed = 0,
) -> None:
    """What a model file looks at: sheets, and how true they are. An interrupted run goes on."""
    from training import explain as work

    (about,) = chosen([one], cache)
    settings = work.Settings(
        per_class=per_class, background=background, evaluations=evaluations, steps=steps, seed=seed
    )
    asked = work.open_explanation(about, model, settings, data=data, cache=cache, runs=runs)
    follow(work.explain(asked))
    print((asked.folder / "explain.md").read_text(encoding="utf-8"))
    print(f"{about.name}: {asked.folder}")
