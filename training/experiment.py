"""One set, one config: every fold of both protocols, each read once, then the refit on all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from training import features as feature_files
from training import unfamiliar
from training.calibrate import softmax
from training.checkpoints import forget_checkpoints, weights_of
from training.config import Config
from training.data import prepare
from training.data.augment import blank_bar
from training.data.catalogue import ImageSet, Item, labels, load
from training.data.splits import Parts, Split
from training.data.written import EXTERNAL, split_of
from training.features import Trunk
from training.linear import fit_linear
from training.models import efficientnet_b3, initial, registry
from training.running import Running
from training.runs import CROSS, FINAL, Run
from training.train import (
    Fitter,
    Material,
    Upper,
    fit_head,
    head_logits,
    put_head,
)

# An image as it is, and mirrored: rows, columns, both.
FLIPS = tuple((slice(None, None, a), slice(None, None, b)) for a in (1, -1) for b in (1, -1))
SEEN = 320  # fit rows whose embeddings a fold keeps; 128 directions need at least 256


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that a fit of one set by one config needs, read from disk.

    Attributes:
        blanked: features (N, ...) without the scale bar, for sets that have one.
        trunk: weights of the trunk that the features came from.
    """

    about: ImageSet
    config: Config
    items: list[Item]
    split: Split
    material: Material
    run: Run
    lite: Path
    blanked: NDArray[np.float16] | None = None
    trunk: Path | None = None


def open_experiment(
    about: ImageSet, config: Config, *, data: Path, cache: Path, runs: Path, lite: Path
) -> Experiment:
    """Read split, pixels and (where a stage needs them) features.

    Raises:
        UsageError, FileNotFoundError: something is not prepared; the message says what to run.
    """
    items = load(data / about.name, about)
    split = split_of(prepare.split_path(about), items, about)
    store = None
    if config.on_features:
        start = initial.weights_file(config, runs, lite)
        key = feature_files.key_of(config, start, split.norm)
        store = feature_files.Store(cache, about, key, config.feature_copies, config.name)
    found: dict[str, NDArray[np.float16]] = store.read() if store else {}
    blanked = found.pop("blanked", None)
    copies = list(found.values())
    if config.blanked_copy and blanked is not None:
        copies.append(blanked)
    return Experiment(
        about=about,
        config=config,
        items=items,
        split=split,
        material=Material(
            features=copies or None,
            pixels=prepare.cached(cache, about),
            y=np.array(labels(items, about)),
            class_count=len(about.classes),
        ),
        blanked=blanked,
        trunk=store.trunk if store else None,
        run=Run(runs, about, config, data_hash=prepare.hash_of(items)),
        lite=lite,
    )


def fresh(exp: Experiment) -> keras.Model:
    """A classifier with its initial weights and the batch norm measured again.

    With stages on features it is the trunk that these came from.
    """
    norm = np.asarray(exp.material.pixels[exp.split.norm])
    model = initial.classifier(exp.config, exp.about, exp.run.folder.parent, exp.lite, norm)
    if model.input_shape[1] != norm.shape[1]:  # a comparison on a budget takes smaller images
        model = registry.at_side(model, norm.shape[1])
    if exp.trunk:
        model.get_layer("trunk").load_weights(exp.trunk)
    elif exp.config.init != "random":
        efficientnet_b3.remeasure_batch_norm(model, norm)
    return model


def parts_of(exp: Experiment) -> dict[str, Parts]:
    """Every part to fit, by name: `cross0` ..., `paper`, and `final` on all rows.

    Not `final` where one set is tested by a fit of another: nothing could test it.
    """
    everything = np.arange(len(exp.items))
    none = np.array([], dtype=np.int64)
    out = {f"{CROSS}{k}": exp.split.fold(k, exp.config.seed) for k in range(exp.split.folds)}
    out |= {name: exp.split.single(name) for name in exp.split.singles}
    if EXTERNAL not in out:
        out[FINAL] = Parts(fit=everything, choose=none, test=none)
    return out


def fit_all(
    exp: Experiment, only: Sequence[str] = (), running: Running | None = None
) -> Iterator[Progress]:
    """Fit what is not there yet; yields before the first and after each part.

    Args:
        exp: what to fit.
        only: names of parts, as in `parts_of`; none for all.
        running: how it is run on this machine.

    Raises:
        UsageError: an unknown name.
    """
    todo = parts_of(exp)
    unknown = [name for name in only if name not in todo]
    if unknown:
        raise UsageError(f"Unknown parts {unknown}. Known: {', '.join(todo)}. Nothing was fitted.")
    todo = {name: parts for name, parts in todo.items() if not only or name in only}
    bench = _Bench(exp, running or Running())
    yield Progress(0, len(todo), exp.about.name)
    for number, (name, parts) in enumerate(todo.items(), start=1):
        if not (exp.run.weights.exists() if name == FINAL else exp.run.has(name)):
            with exp.run.timed(name):
                _fit_part(exp, bench, name, parts)
        yield Progress(number, len(todo), name)


class _Bench:
    """What the parts of one run share: compiled stages, and the initial weights, measured once."""

    def __init__(self, exp: Experiment, running: Running) -> None:
        self._exp, self._running = exp, running

    def fresh(self) -> keras.Model:
        """The run's one classifier, with its initial weights again."""
        self._model.set_weights(self._start)
        return self._model

    @cached_property
    def fitter(self) -> Fitter:
        config, material = self._exp.config, self._exp.material
        return Fitter(self._model, config.head, material, config.augmentation, self._running)

    # Made when it is asked for: cross-validating a head needs no trunk.
    @cached_property
    def _model(self) -> keras.Model:
        return fresh(self._exp)

    @cached_property
    def _start(self) -> list[NDArray[np.float32]]:
        return weights_of(self._model)


def _fit_part(exp: Experiment, bench: _Bench, name: str, parts: Parts) -> None:
    seed, stages = exp.config.seed, exp.config.stages
    keras.utils.set_random_seed(seed)
    head = registry.new_head(exp.config.network, exp.config.head, len(exp.about.classes))
    # Cross-validating a head needs no trunk; building one costs more than the fit.
    model = bench.fresh() if exp.config.fits_trunk or name == FINAL else head
    for number, stage in enumerate(stages):
        if stage.of_head:
            _fit_head(exp, head, parts, number)
            put_head(head, model)
            continue
        folder = exp.run.folder / f"{name}.stage{number}"
        done = folder / "done.weights.h5"
        if done.exists():
            model.load_weights(done)
            continue
        # Another stage draws other rows and changes.
        taken = with_free_rows(exp, parts, number)
        bench.fitter.fit(taken, stage, seed=seed + number, run=folder)
        _save_weights(model, done)
        forget_checkpoints(folder)
    if name == FINAL:
        _save_weights(model, exp.run.weights)
    else:
        outputs = _test_outputs(exp, model, parts)
        if not exp.split.folds:
            # No other fold's rows: the temperature is fitted on those that chose.
            held = _test_outputs(exp, model, replace(parts, test=parts.choose))
            outputs |= {"choose": parts.choose, "choose_logits": held["logits"]}
        exp.run.save(name, rows=parts.test, **outputs)
    for number in range(len(stages)):
        (exp.run.folder / f"{name}.stage{number}" / "done.weights.h5").unlink(missing_ok=True)


def _fit_head(exp: Experiment, head: keras.Model, parts: Parts, number: int) -> None:
    """A stage of the head alone, in place."""
    stage = exp.config.stages[number]
    if stage.kind == "head":
        fit_head(head, exp.material, parts, stage, exp.config.seed)
    else:
        fit_linear(head, exp.material, for_linear(exp, parts, number), stage)


def for_linear(exp: Experiment, parts: Parts, number: int) -> Parts:
    """The parts as a linear stage fits them, which takes the choose rows along where they are free.

    See `_free`.
    """
    return parts if _free(exp, number + 1) else replace(parts, choose=parts.choose[:0])


def with_free_rows(exp: Experiment, parts: Parts, number: int) -> Parts:
    """The parts as a stage on images or maps fits them: with the choose rows where they are free.

    See `_free`; a sixth of the images of a fold are chosen by, and a recipe that keeps its last
    step has no use for them otherwise.
    """
    if not _free(exp, number):
        return parts
    both = np.concatenate([parts.fit, parts.choose])
    return replace(parts, fit=np.sort(both), choose=parts.choose[:0])


def _free(exp: Experiment, number: int) -> bool:
    """Whether no stage from `number` on chooses by the choose rows, nor a temperature needs them.

    Without folds it is fitted on them.
    """
    return bool(exp.split.folds) and not any(one.chooses for one in exp.config.stages[number:])


def _save_weights(model: keras.Model, path: Path) -> None:
    draft = path.with_name(f"draft.{path.name}")
    model.save_weights(draft)
    draft.replace(path)


def _test_outputs(
    exp: Experiment, model: keras.Model, parts: Parts
) -> dict[str, NDArray[np.generic]]:
    """Logits of the test rows; with the scale bar blanked where a set has one.

    Where the trunk was fitted, the embeddings of test rows and of some fit rows (`seen`) too: every
    fold has another trunk, and what is familiar to it is measured in its own space.
    """
    rows = parts.test
    if not exp.config.fits_trunk:
        out = {"logits": head_logits(model, _plain(exp)[rows])}
        if exp.blanked is not None:
            out["blanked"] = head_logits(model, exp.blanked[rows])
        return dict(out)
    seen = np.random.default_rng(exp.config.seed).permutation(parts.fit)[:SEEN]
    embed, plain, blanked = _views(exp, model)
    embeddings = embed(plain(row) for row in rows)
    out = {"logits": head_logits(model, embeddings), "embeddings": embeddings}
    out["seen_embeddings"] = embed(plain(row) for row in seen)
    if exp.about.scale_bar:
        out["blanked"] = head_logits(model, embed(blanked(row) for row in rows))
    if exp.config.test_flips:
        turned = [embed(plain(row)[turn] for row in rows) for turn in FLIPS[1:]]
        each = [out["logits"], *(head_logits(model, embeddings) for embeddings in turned)]
        out["flipped"] = mean_vote(each)
    return {**out, "seen": seen}


def mean_vote(each: Sequence[NDArray[np.floating[Any]]]) -> NDArray[np.float32]:
    """Logits (N, C) whose softmax is the mean of the probabilities of several views."""
    votes = np.mean([softmax(logits.astype(np.float64), 1.0) for logits in each], axis=0)
    return np.asarray(np.log(np.maximum(votes, np.finfo(np.float32).tiny)), np.float32)


View = Callable[[int], NDArray[Any]]


def _views(
    exp: Experiment, model: keras.Model
) -> tuple[Callable[[Iterable[NDArray[Any]]], NDArray[np.float32]], View, View]:
    """What embeds images, and what it takes of a row: plain, and with the scale bar blanked.

    Made once for all rows: on a CPU the conversion for onnxruntime takes half a minute.
    """
    if not exp.config.cut:
        pixels = exp.material.pixels
        return Trunk(model), lambda row: pixels[row], lambda row: blank_bar(pixels[row])
    maps, without = _plain(exp), exp.blanked
    return (
        Upper(model, exp.config.cut),
        lambda row: maps[row],
        lambda row: maps[row] if without is None else without[row],
    )


def _plain(exp: Experiment) -> NDArray[np.floating[Any]]:
    if exp.material.features is None:
        raise ValueError("this config has no stage on features")
    return exp.material.features[0]


def _seen(exp: Experiment, number: int) -> NDArray[np.int64]:
    """Rows whose embeddings a fold keeps, (N,): those that its distances are fitted on."""
    if exp.config.fits_trunk:
        return exp.run.load(f"{CROSS}{number}")["seen"].astype(np.int64)
    return np.flatnonzero(exp.split.cross != number)


def directions(exp: Experiment) -> int:
    """How many directions the unfamiliarity of a run has: as many as its smallest fold allows."""
    return unfamiliar.directions_for(min(len(_seen(exp, k)) for k in range(exp.split.folds)))


def held_out_distances(exp: Experiment) -> NDArray[np.float64]:
    """ln(distance) of every image of the cross-validation in the fold that tested it.

    Raises:
        FileNotFoundError: a fold is not fitted yet.
        ValueError: a fold has too few images.
    """
    y, many, out = exp.material.y, directions(exp), []
    for number in range(exp.split.folds):
        parts, seen = exp.split.fold(number, exp.config.seed), _seen(exp, number)
        if not exp.config.fits_trunk:
            plain = _plain(exp).astype(np.float32)
            out.append(unfamiliar.held_out(plain[seen], y[seen], plain[parts.test], many))
            continue
        found = exp.run.load(f"{CROSS}{number}")
        seen_x, test_x = (found[k].astype(np.float32) for k in ("seen_embeddings", "embeddings"))
        out.append(unfamiliar.held_out(seen_x, y[seen], test_x, many))
    return np.concatenate(out)
