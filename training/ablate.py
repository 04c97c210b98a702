"""`ablate`: fit a recipe and its variants, and set each beside the recipe, fold by fold.

Each variant is one run, with the parts that `train` would fit, so that a killed ablation goes on
where it was and nothing is fitted twice. Features are computed for variants that need other ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from training import features
from training.ablation import Ablation, Fit, images_seen, plan
from training.calibrate import softmax
from training.compare import Folders, Opened, open_set
from training.config import Config
from training.data.catalogue import ImageSet
from training.data.splits import Parts
from training.evaluate import BLANKED, cross_name
from training.experiment import Experiment, fit_all, for_linear, open_experiment
from training.metrics import figures
from training.models import initial
from training.runs import CROSS, PAPER
from training.uncertainty import groups_per_class

FIGURES = ("accuracy", "balanced accuracy", "macro F1", "ROC-AUC")
Place = tuple[int, int]  # seed and fold; a protocol without folds has fold -1


@dataclass(frozen=True, kw_only=True)
class Row:
    """One variant under one protocol.

    Attributes:
        variant: its name.
        protocol: `grouped` or `random`, the same with " scale bar blanked", `paper`.
        n: images tested.
        groups: number of groups that show each class, by id; none where they are not known.
        each: figures by name, of every seed and fold.
        images: seen by a fit, on average over its parts.
        minutes: that fitting and testing all of them took.
    """

    variant: str
    protocol: str
    n: int
    groups: dict[str, int]
    each: dict[Place, dict[str, float]]
    images: int
    minutes: float


class Ablating:
    """An ablation at work: fit, then collect.

    Args:
        asked: what is asked.
        about: its set.
        folders: where things lie.

    Raises:
        UsageError: the set is not prepared or lacks a protocol or fold, or a variant cannot be.
    """

    def __init__(self, asked: Ablation, about: ImageSet, folders: Folders) -> None:
        self._asked, self._about, self._folders = asked, about, folders
        self.fits, self._opened = plan(asked), open_set(about, folders)
        count = self._opened.split.folds
        folds = asked.folds or range(count)
        names = [f"{CROSS}{fold}" for fold in folds]
        names += [PAPER] if PAPER in asked.protocols else []
        missing = [name for name in names if name not in self._opened.parts]
        if not count or missing:
            lacks = ", ".join(missing) or "a cross-validation"
            raise UsageError(
                f"The split of {about.name} has {count} folds and lacks {lacks}. Nothing was"
                f" fitted. Change `folds` or `protocols` of {asked.name}, or the protocols of the"
                " set."
            )
        self.parts = names
        self.folds = (len(folds), count)

    def steps(self) -> Iterator[Progress]:
        """Do all that takes long; what is there already is not done again."""
        configs = {fit.config.name: fit.config for fit in self.fits}
        for done, (name, config) in enumerate(configs.items()):
            for step in self._fit(config):
                total = step.total or 1
                at = done * total + min(step.done, total)
                yield Progress(at, len(configs) * total, f"{name}, {step.note}")

    def _fit(self, config: Config) -> Iterator[Progress]:
        if config.on_features:
            store, norm = store_of(config, self._opened, self._folders), self._opened.split.norm
            runs, lite = self._folders.runs, self._folders.lite
            yield from features.computed(store, config, norm, runs=runs, lite=lite)
        yield from fit_all(self._open(config), self.parts)
        keras.backend.clear_session()

    def _open(self, config: Config) -> Experiment:
        f = self._folders
        return open_experiment(
            self._about, config, data=f.data, cache=f.cache, runs=f.runs, lite=f.lite
        )

    def rows(self) -> list[Row]:
        """What came of it, after `steps`: variants in order, protocols of each together.

        Raises:
            ValueError: a part was fitted by another split.
        """
        cross = cross_name(self._about)
        opened = {fit.config.name: self._open(fit.config) for fit in self.fits}
        out: list[Row] = []
        for variant in dict.fromkeys(fit.variant for fit in self.fits):
            mine = [(fit, opened[fit.config.name]) for fit in self.fits if fit.variant == variant]
            for protocol in (cross, f"{cross} {BLANKED}", PAPER):
                names = [n for n in self.parts if (n == PAPER) == (protocol == PAPER)]
                row = self._row(variant, protocol, names, mine)
                if row is not None:
                    out.append(row)
        return out

    def _row(
        self, variant: str, protocol: str, names: list[str], mine: list[tuple[Fit, Experiment]]
    ) -> Row | None:
        """None where the protocol is not asked for, or the runs have no such figures."""
        blanked, y = protocol.endswith(BLANKED), self._opened.y
        each: dict[Place, dict[str, float]] = {}
        for fit, exp in mine:
            # Mirrored views are of images as they are.
            kind = "blanked" if blanked else "flipped" if fit.flipped else "logits"
            if blanked and fit.flipped:
                continue
            for name in names:
                found = exp.run.load(name)
                self._check(exp, name, found["rows"])
                if kind in found:
                    p = softmax(found[kind].astype(np.float64), 1.0)
                    all_of_it = figures(y[found["rows"]], p, self._about.class_ids)
                    fold = -1 if name == PAPER else int(name.removeprefix(CROSS))
                    each[fit.seed, fold] = {figure: all_of_it[figure] for figure in FIGURES}
        if not each:
            return None
        tested = np.concatenate([self._opened.parts[name].test for name in names])
        seen = [seen_by(exp, self._opened.parts[name]) for _, exp in mine for name in names]
        return Row(
            variant=variant,
            protocol=protocol,
            n=len(tested),
            groups=_groups(self._opened, tested),
            each=each,
            images=round(float(np.mean(seen))),
            minutes=sum(minutes_of(exp, names) for _, exp in mine),
        )

    def _check(self, exp: Experiment, name: str, rows: NDArray[np.generic]) -> None:
        if not np.array_equal(rows, self._opened.parts[name].test):
            raise ValueError(
                f"{name} in {exp.run.folder} was fitted by another split than"
                f" {self._about.name}.csv. Nothing was written. Move the run folder away and fit"
                " again."
            )


def store_of(config: Config, opened: Opened, folders: Folders) -> features.Store:
    """Where the features lie that a config reads."""
    start = initial.weights_file(config, folders.runs, folders.lite)
    key = features.key_of(config, start, opened.split.norm)
    return features.Store(folders.cache, opened.about, key, config.feature_copies, config.name)


def seen_by(exp: Experiment, parts: Parts) -> int:
    """How many images a fit of a part sees."""
    copies = len(exp.material.features) if exp.material.features is not None else 1
    taken = [len(for_linear(exp, parts, number).choose) for number in range(len(exp.config.stages))]
    return images_seen(exp.config, len(parts.fit), taken, copies)


def minutes_of(exp: Experiment, names: list[str]) -> float:
    """What the parts took, all attempts that ended in Python."""
    said: Mapping[str, Mapping[str, float]] = json.loads(
        (exp.run.folder / "run.json").read_text("utf-8")
    ).get("parts", {})
    return sum(said.get(name, {}).get("seconds", 0.0) for name in names) / 60


def _groups(opened: Opened, tested: NDArray[np.int64]) -> dict[str, int]:
    named = np.array([opened.items[row].group for row in tested])
    if not opened.about.group or not all(named):
        return {}
    counts = groups_per_class(opened.y[tested], named)
    return {opened.about.class_ids[c]: n for c, n in counts.items()}
