"""One set, one config: every fold of both protocols, each read once, then the refit on all rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from leukview.domain.progress import Progress
from training import features as feature_files
from training.config import Config
from training.data import prepare, splits
from training.data.catalogue import ImageSet, Item, labels, load
from training.data.splits import Parts, Split
from training.models import efficientnet_b3
from training.models.registry import NETWORKS, initial_weights
from training.runs import Run
from training.train import Material, fit_full, fit_head, head_logits, new_head, put_head

CROSS, PAPER, FINAL = "cross", "paper", "final"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Everything that a fit of one set by one config needs, read from disk."""

    about: ImageSet
    config: Config
    items: list[Item]
    split: Split
    material: Material
    cache: Path
    run: Run
    lite: Path


def open_experiment(
    about: ImageSet, config: Config, *, data: Path, cache: Path, runs: Path, lite: Path
) -> Experiment:
    """Read split, pixels and (when a head stage needs them) features.

    Raises:
        UsageError, FileNotFoundError: something is not prepared; the message says what to run.
    """
    items = load(data / about.name, about)
    found = feature_files.path(cache, about)
    features = np.load(found)["features"] if found.exists() else None
    y = np.array(labels(items, about))
    return Experiment(
        about=about,
        config=config,
        items=items,
        split=splits.read(prepare.split_path(about), items, about),
        material=Material(
            features=features,
            pixels=prepare.cached(cache, about),
            y=y,
            class_count=len(about.classes),
        ),
        cache=cache,
        run=Run(runs, about, config, data_hash=prepare.hash_of(items)),
        lite=lite,
    )


def fresh(exp: Experiment) -> keras.Model:
    """A classifier with its initial weights; batch norm measured again where features exist."""
    weights = initial_weights(exp.config.init, exp.lite)
    keras.utils.set_random_seed(exp.config.seed)
    model = NETWORKS[exp.config.network](exp.config.head, len(exp.about.classes), weights)
    trunk = feature_files.weights_path(exp.cache, exp.about)
    if trunk.exists() and exp.material.features is not None:
        # The file holds a whole classifier of the head it was measured with; only the trunk counts.
        donor = efficientnet_b3.build("table7", len(exp.about.classes), weights)
        donor.load_weights(trunk)
        model.get_layer("trunk").set_weights(donor.get_layer("trunk").get_weights())
    elif weights is not None:
        efficientnet_b3.remeasure_batch_norm(model, np.asarray(exp.material.pixels[exp.split.norm]))
    return model


def parts_of(exp: Experiment) -> dict[str, Parts]:
    """Every part to fit, by name: `cross0` ..., `paper`, and `final` on all rows."""
    everything = np.arange(len(exp.items))
    none = np.array([], dtype=np.int64)
    return {
        **{f"{CROSS}{k}": exp.split.fold(k, exp.config.seed) for k in range(exp.split.folds)},
        PAPER: exp.split.random(),
        FINAL: Parts(fit=everything, choose=none, test=none),
    }


def fit_all(exp: Experiment) -> Iterator[Progress]:
    """Fit what is not there yet; yields before the first and after each part."""
    todo = parts_of(exp)
    yield Progress(0, len(todo), exp.about.name)
    for number, (name, parts) in enumerate(todo.items(), start=1):
        if not (exp.run.weights.exists() if name == FINAL else exp.run.has(name)):
            _fit_part(exp, name, parts)
        yield Progress(number, len(todo), name)


def _fit_part(exp: Experiment, name: str, parts: Parts) -> None:
    seed, stages = exp.config.seed, exp.config.stages
    images = any(stage.kind == "full" for stage in stages)
    keras.utils.set_random_seed(seed)
    head = new_head(exp.config.head, len(exp.about.classes))
    # Cross-validating a head needs no trunk; building one costs more than the fit.
    model = fresh(exp) if images or name == FINAL else head
    for number, stage in enumerate(stages):
        if stage.kind == "head":
            fit_head(head, exp.material, parts, stage, seed)
            put_head(head, model)
            continue
        fit_full(
            model,
            exp.config.head,
            exp.material,
            parts,
            stage,
            exp.config.augmentation,
            seed=seed,
            run=exp.run.folder / f"{name}.stage{number}",
        )
    if name == FINAL:
        draft = exp.run.folder / "draft.weights.h5"
        model.save_weights(draft)
        draft.replace(exp.run.weights)
        return
    out: dict[str, NDArray[np.generic]] = {"rows": parts.test}
    out["logits"] = _logits(exp, model, parts.test, images)
    if exp.about.scale_bar and not images:
        with np.load(feature_files.path(exp.cache, exp.about)) as found:
            if "blanked" in found:
                out["blanked"] = head_logits(model, found["blanked"][parts.test])
    exp.run.save(name, **out)


def _logits(
    exp: Experiment, model: keras.Model, rows: NDArray[np.int64], images: bool
) -> NDArray[np.float32]:
    if not images and exp.material.features is not None:
        return head_logits(model, exp.material.features[0][rows])
    network = keras.Model(model.input, model.get_layer("logits").output)
    batches = [rows[at : at + 16] for at in range(0, len(rows), 16)]
    pixels = (efficientnet_b3.unit_range(np.asarray(exp.material.pixels[b])) for b in batches)
    out = [np.asarray(keras.ops.convert_to_numpy(network(p, training=False))) for p in pixels]
    return np.concatenate(out)
