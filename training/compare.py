"""`compare`: fit and test every system of a comparison, and collect what came of it.

Each system is one run per set, with the parts that `train` would fit, so that a killed comparison
goes on where it was. With a budget the steps of each system are timed first; the times are kept, so
that a comparison that goes on keeps its plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from training import budget, evaluate, features, floors, timing
from training import config as configs
from training.comparison import (
    Comparison,
    System,
    check_for_budget,
    recipe_of,
)
from training.config import Config
from training.curves import curve_of, how_fitted
from training.data import prepare
from training.data.catalogue import ImageSet, Item, labels, load
from training.data.protocols import PAPER526
from training.data.splits import Parts, Split
from training.data.written import split_of
from training.evaluate import Predictions, cross_name
from training.experiment import Experiment, fit_all, open_experiment
from training.models import initial
from training.models.describe import Description, describe
from training.models.registry import record_of
from training.outcomes import Against, Outcome, against_all, outcomes_of
from training.running import Running
from training.runs import CROSS, PAPER
from training.train import Material

PREDICTIONS = "predictions.csv"


@dataclass(frozen=True, kw_only=True)
class Folders:
    """Where things lie, as the commands take them."""

    data: Path
    cache: Path
    runs: Path
    lite: Path


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A prepared set: its rows, split, classes (N,), and the parts that are tested, by name."""

    about: ImageSet
    items: list[Item]
    split: Split
    y: NDArray[np.int64]
    parts: dict[str, Parts]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one set.

    Attributes:
        about: the set.
        outcomes: rows of the tables, floors last.
        predictions: by name of the system, floors too.
        against: every row against the system that `against` names.
        curves: of that system, by part: columns epoch, accuracy, loss, the same of what chooses.
    """

    about: ImageSet
    outcomes: list[Outcome]
    predictions: dict[str, Predictions]
    against: list[Against]
    curves: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def open_set(about: ImageSet, folders: Folders, seed: int = 0) -> Opened:
    """Rows and split of a prepared set.

    Raises:
        UsageError: it is not prepared; the message says what to run.
    """
    items = load(folders.data / about.name, about)
    split = split_of(prepare.split_path(about), items, about)
    parts = {f"{CROSS}{k}": split.fold(k, seed) for k in range(split.folds)}
    parts |= {name: split.single(name) for name in split.singles}
    y = np.array(labels(items, about))
    return Opened(about=about, items=items, split=split, y=y, parts=parts)


class Comparing:
    """A comparison at work: plan, fit, collect.

    Args:
        asked: what is compared.
        sets: its sets.
        folders: where things lie.
        minutes: the budget; None fits the recipes as they are.
        running: how fits are run on this machine.

    Raises:
        UsageError: a set is not prepared or has no cross-validation, or a budget cannot be laid on
            a recipe.
    """

    def __init__(
        self,
        asked: Comparison,
        sets: list[ImageSet],
        folders: Folders,
        minutes: float | None,
        running: Running | None = None,
    ) -> None:
        self._asked, self._folders, self._minutes = asked, folders, minutes
        self._running = running or Running()
        self._sets = {about.name: open_set(about, folders) for about in sets}
        alone = [
            n for n, o in self._sets.items() if not o.split.folds and {PAPER, PAPER526} & {*o.parts}
        ]
        if alone:
            raise UsageError(
                f"{', '.join(alone)} would have figures of a random split alone, which flatters and"
                " is never shown alone. Nothing was fitted. Add `grouped` or `random` to the"
                " `protocols` of its TOML file, remove its split and prepare it again."
            )
        self._whole = {s.id: recipe_of(asked, s, None, "") for s in asked.systems}
        if minutes is not None:
            for config in self._whole.values():
                check_for_budget(config)
        self._planned: dict[tuple[str, str], Config] = {}

    def steps(self, only: Collection[str] = ()) -> Iterator[Progress]:
        """Do all that takes long; what is there already is not done again.

        Args:
            only: the systems to fit; none for all. Floors belong to all.

        Raises:
            UsageError: there is no such system.
        """
        if unknown := sorted(set(only) - self._whole.keys()):
            raise UsageError(
                f"Unknown systems {unknown}. Known: {', '.join(self._whole)}. Nothing was fitted."
            )
        timings: dict[str, budget.Timing] = {}
        if self._minutes is not None:
            first = next(iter(self._sets.values()))
            for number, (system, config) in enumerate(self._whole.items()):
                yield Progress(number, len(self._whole), f"timing {system}")
                timings[system] = _timed(self._asked, config, first, self._folders)
        self._planned = self._plan(timings)
        for opened in () if only else self._sets.values():
            yield from frozen(self._asked, opened, self._folders)
        todo = {key: config for key, config in self._planned.items() if not only or key[1] in only}
        for done, ((name, system), config) in enumerate(todo.items()):
            for step in fit(self._sets[name], config, self._folders, self._running):
                total = len(todo) * (step.total or 1)
                at = done * (step.total or 1) + step.done
                yield Progress(at, total, f"{name} {system}, {step.note}")

    def results(self) -> list[Result]:
        """What came of each set, after `steps`."""
        return [
            collect(self._asked, self._planned, opened, self._folders)
            for opened in self._sets.values()
        ]

    def descriptions(self) -> list[Description]:
        """Of each network once, for Table 7."""
        heads = {s.network: self._whole[s.id].head for s in reversed(self._asked.systems)}
        return [describe(name, 2, heads[name]) for name in reversed(heads)]

    def _plan(self, timings: Mapping[str, budget.Timing]) -> dict[tuple[str, str], Config]:
        """The config of each system on each set."""
        keys = [(name, system) for name in self._sets for system in self._asked.systems]
        if self._minutes is None:
            return {(name, s.id): recipe_of(self._asked, s, None, "") for name, s in keys}
        words: dict[str, Any] = {"timings": {}, "works": {}, "epochs": {}, "sides": {}}
        for name, system in keys:
            key, config = f"{name}/{system.id}", self._whole[system.id]
            # A system is timed once and fitted on every set.
            first = name == next(iter(self._sets))
            once = timings[system.id] if first else replace(timings[system.id], took=0.0)
            stage, parts = config.stages[0], self._sets[name].parts.values()
            words["timings"][key], words["epochs"][key] = once, stage.epochs
            words["works"][key] = [_work(p, stage.batch) for p in parts]
            words["sides"][key] = _sides(config)
        choices, tag = budget.divide(self._minutes, **words), f"-{self._minutes:g}min"
        return {
            (name, s.id): recipe_of(self._asked, s, choices[f"{name}/{s.id}"], tag)
            for name, s in keys
        }


def _work(parts: Parts, batch: int) -> budget.Work:
    counts = {n: len(getattr(parts, n)) for n in ("fit", "choose", "test")}
    return budget.Work(**counts, batch=batch)


def _sides(config: Config) -> list[int]:
    first = config.stages[0].side
    # The batch norm of a shipped model is filled at full size.
    if config.init.startswith(initial.MODEL):
        return [first]
    return [first, *[side for side in budget.SIDES if side < first]]


def _timed(
    comparison: Comparison, config: Config, opened: Opened, folders: Folders
) -> budget.Timing:
    """The timing of a system: the one that is kept, or a new one that is."""
    path = folders.runs / f"{comparison.name}.timings.json"
    kept = (
        msgspec.json.decode(path.read_bytes(), type=dict[str, budget.Timing])
        if path.exists()
        else {}
    )
    key = f"{config.network}, head {config.head}, batch {config.stages[0].batch}"
    if key not in kept:
        material = Material(
            features=None,
            pixels=prepare.cached(folders.cache, opened.about),
            y=opened.y,
            class_count=len(opened.about.classes),
        )
        some = next(iter(opened.parts.values()))
        args = (config, opened.about, material, some, folders.runs, folders.lite)
        kept[key] = timing.measure(*args)
        folders.runs.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
        draft.replace(path)
    return kept[key]


def experiment(about: ImageSet, config: Config, folders: Folders) -> Experiment:
    """A system's experiment, on images of the side that it is fitted at.

    A network that was fitted on smaller images is tested on such ones too: at 300 pixels its cells
    would be larger than any that it has seen.
    """
    exp = open_experiment(
        about, config, data=folders.data, cache=folders.cache, runs=folders.runs, lite=folders.lite
    )
    side = config.stages[-1].side
    if side >= exp.material.pixels.shape[1]:
        return exp
    small = reduced(folders.cache, about, side)
    return replace(exp, material=replace(exp.material, pixels=small))


def reduced(cache: Path, about: ImageSet, side: int) -> NDArray[np.uint8]:
    """The set's pixels (N, side, side, 3), memory-mapped, made when they are not there yet."""
    path = cache / f"{about.name}.pixels-{side}.npy"
    pixels = prepare.cached(cache, about)
    if not path.is_file():
        draft = path.with_suffix(".part.npy")
        small = np.lib.format.open_memmap(draft, "w+", np.uint8, (len(pixels), side, side, 3))
        for row, image in enumerate(pixels):
            small[row] = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        small.flush()
        del small  # Windows does not rename a file that is mapped
        draft.replace(path)
    found: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return found


def fit(
    opened: Opened, config: Config, folders: Folders, running: Running | None = None
) -> Iterator[Progress]:
    """Fit every part of a system that is not fitted yet, and write its predictions."""
    exp = experiment(opened.about, config, folders)
    yield from fit_all(exp, list(opened.parts), running)
    evaluate.write_predictions(exp, exp.run.folder / PREDICTIONS)
    keras.backend.clear_session()


def frozen(comparison: Comparison, opened: Opened, folders: Folders) -> Iterator[Progress]:
    """Compute the features that the floor `frozen features` reads; an interrupted run goes on."""
    if "frozen features" in comparison.floors:
        config, store = _frozen(comparison, opened, folders)
        norm = opened.split.norm
        yield from features.computed(store, config, norm, runs=folders.runs, lite=folders.lite)


def _frozen(
    comparison: Comparison, opened: Opened, folders: Folders
) -> tuple[Config, features.Store]:
    config = msgspec.structs.replace(configs.load(comparison.frozen), feature_copies=0)
    start = initial.weights_file(config, folders.runs, folders.lite)
    key = features.key_of(config, start, opened.split.norm)
    plain = replace(opened.about, scale_bar=False)  # the plain copy is all that is asked for
    return config, features.Store(folders.cache, plain, key, 0, config.name)


def floor_predictions(
    floor: floors.Floor, comparison: Comparison, opened: Opened, folders: Folders
) -> Predictions:
    """What a floor says of every test row."""
    about, pixels = opened.about, prepare.cached(folders.cache, opened.about)
    seen: dict[floors.Floor, Any] = {
        "majority class": lambda: np.empty((len(pixels), 0)),
        "mean colour": lambda: floors.mean_colours(pixels),
        "cell area": lambda: floors.cell_areas(pixels),
        "frozen features": lambda: _frozen(comparison, opened, folders)[1].read()["copy0"],
    }
    x = np.asarray(seen[floor](), dtype=np.float64)
    said = floors.predict_all(floor, x, opened.y, opened.parts, len(about.classes))
    rows = np.concatenate([opened.parts[name].test for name in said])
    per_row = [(name, name.removeprefix(CROSS)) for name in said for _ in said[name]]
    return Predictions(
        protocol=np.array([cross_name(about) if k != n else n for n, k in per_row]),
        sha256=np.array([opened.items[row].sha256 for row in rows]),
        group=np.array([opened.items[row].group for row in rows]),
        fold=np.array([int(k) if k != n else -1 for n, k in per_row]),
        truth=opened.y[rows],
        probabilities=np.concatenate(list(said.values())),
    )


def collect(
    comparison: Comparison,
    planned: Mapping[tuple[str, str], Config],
    opened: Opened,
    folders: Folders,
) -> Result:
    """Read what was fitted on a set and compute its rows; floors are fitted here.

    Raises:
        FileNotFoundError: something was not fitted yet.
    """
    about = opened.about
    outcomes: list[Outcome] = []
    predictions: dict[str, Predictions] = {}
    curves: dict[str, NDArray[np.float64]] = {}
    for system in comparison.systems:
        config = planned[about.name, system.id]
        folder = experiment(about, config, folders).run.folder
        found = evaluate.read_predictions(folder / PREDICTIONS, about)
        predictions[system.id] = found
        how = how_fitted(config, about, opened.parts, folder)
        outcomes += outcomes_of(found, about, system.id, title_of(system), how)
        if system.id == comparison.against:
            curves = {name: curve_of(folder, name, config) for name in opened.parts}
    for floor in comparison.floors:
        found = floor_predictions(floor, comparison, opened, folders)
        predictions[floor] = found
        outcomes += outcomes_of(found, about, floor, floors.FLOORS[floor].title, None)
    failed = {one.system for one in outcomes if one.untrained}
    trained = {one.system: one.title for one in outcomes if one.system not in failed}
    tested: list[Against] = []
    if comparison.against in trained:
        others = {t: predictions[n] for n, t in trained.items() if n != comparison.against}
        tested = against_all(predictions[comparison.against], others, about)
    return Result(
        about=about,
        outcomes=outcomes,
        predictions=predictions,
        against=tested,
        curves={name: curve for name, curve in curves.items() if len(curve)},
    )


def title_of(system: System) -> str:
    """Of a row: the network's, with the row's own name where it has one."""
    title = record_of(system.network).title
    return f"{title}, {system.name}" if system.name else title
