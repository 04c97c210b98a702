"""Fitting, in stages: a head or upper blocks on features of a frozen trunk, or all on images."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training.config import Stage
from training.data.augment import Augmentation
from training.data.pipeline import Batches, MapBatches
from training.data.splits import Parts
from training.models import efficientnet_b3
from training.models.heads import Head, add_head

Floats = NDArray[np.float32]
BACKUP, BEST = "backup", "best.npz"


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a fit sees.

    Attributes:
        features: of K copies of the images, plain first: each (N, D), or (N, h, w, c) maps.
        pixels: (N, 300, 300, 3).
        y: classes (N,).
    """

    features: Sequence[NDArray[np.floating[Any]]] | None
    pixels: NDArray[np.uint8]
    y: NDArray[np.int64]
    class_count: int

    @property
    def targets(self) -> Floats:
        """One-hot (N, C)."""
        return np.eye(self.class_count, dtype=np.float32)[self.y]

    def weights(self, rows: NDArray[np.int64], balanced: bool) -> Floats:
        """Loss weight per image (N,), mean 1 over `rows`; balanced: classes equal in sum."""
        out = np.ones(len(self.y), np.float32)
        if balanced:
            counts = np.bincount(self.y[rows], minlength=self.class_count)
            share = len(rows) / np.maximum(counts, 1) / np.count_nonzero(counts)
            out = share[self.y].astype(np.float32)
        return out


def new_head(head: Head, class_count: int) -> keras.Model:
    """A head alone, (N, D) features to (N, C) probabilities; building it takes no trunk."""
    embedding = keras.Input((efficientnet_b3.WIDTH,), name="embedding")
    return keras.Model(embedding, add_head(head, embedding, class_count))


def weights_of(model: keras.Model) -> list[NDArray[np.float32]]:
    """Copies of a model's weights; the arrays of `get_weights` change with it on torch."""
    return [np.array(value) for value in model.get_weights()]


def put_head(head: keras.Model, classifier: keras.Model) -> None:
    """Copy a head's weights into the classifier's layers of the same names."""
    for layer in head.layers:
        if layer.weights:
            classifier.get_layer(layer.name).set_weights(layer.get_weights())


class Upper:
    """Embeddings (N, 1536) of the feature maps (N, h, w, c) that `block` takes."""

    def __init__(self, classifier: keras.Model, block: str) -> None:
        both = efficientnet_b3.upper(classifier, block)
        self._network = keras.Model(both.input, both.output[0])

    def __call__(self, maps: NDArray[np.floating[Any]]) -> Floats:
        parts = (maps[at : at + 16].astype(np.float32) for at in range(0, len(maps), 16))
        out = [keras.ops.convert_to_numpy(self._network(p, training=False)) for p in parts]
        return np.concatenate(out)


def head_logits(model: keras.Model, embeddings: NDArray[np.floating[Any]]) -> Floats:
    """Logits (N, C) of features (N, D), by a head alone or by a classifier's head."""
    start, end = (model.get_layer(name).output for name in ("embedding", "logits"))
    return np.asarray(keras.Model(start, end).predict(embeddings, batch_size=256, verbose=0))


def fit_head(head: keras.Model, material: Material, parts: Parts, stage: Stage, seed: int) -> None:
    """Fit a head in place on features; the epoch with the best choose accuracy is kept.

    Without a choose part (the refit on all rows) the last epoch stands.
    """
    if material.features is None:
        raise ValueError("a head stage needs features; run the features step first")
    keras.utils.set_random_seed(seed)
    copies = len(material.features)
    x = np.concatenate([copy[parts.fit] for copy in material.features]).astype(np.float32)
    y = np.tile(material.targets[parts.fit], (copies, 1))
    each = material.weights(parts.fit, stage.balanced)
    weights = np.tile(each[parts.fit], copies)
    steps = stage.steps or stage.epochs * -(-len(x) // stage.batch)
    # Compiling by XLA takes longer than the whole fit of a head.
    optimizer, loss = _optimizer(stage, steps), _loss(stage)
    head.compile(optimizer, loss, weighted_metrics=["accuracy"], jit_compile=False)
    held = None
    if len(parts.choose):
        x_held = material.features[0][parts.choose]
        # Weighted, so that a balanced stage is chosen by balanced accuracy.
        held = (x_held, material.targets[parts.choose], each[parts.choose])
    epochs = stage.epochs or max(1, round(steps * stage.batch / len(x)))
    keep = KeepBest()
    head.fit(
        x,
        y,
        sample_weight=weights,
        batch_size=stage.batch,
        epochs=epochs,
        validation_data=held,
        verbose=0,
        callbacks=[keep] if held else [],
    )


class Fitter:
    """Fits stages that change the trunk; a compiled stage serves all parts of equal steps.

    Building and tracing one takes 45 s on two cores; with 7 parts of two stages each that is ten
    minutes of an hour.
    """

    def __init__(self, head: Head) -> None:
        self._head = head
        self._ready: dict[tuple[Stage, int, int], tuple[keras.Model, list[tuple[Any, Any]]]] = {}

    def fit(
        self,
        classifier: keras.Model,
        material: Material,
        parts: Parts,
        stage: Stage,
        how: Augmentation,
        *,
        seed: int,
        run: Path,
    ) -> None:
        """Fit a stage on images or feature maps, in place; checkpointed in `run` at each check.

        A killed fit goes on from its last checkpoint, with the best state it had seen. The
        checkpoints stay until `forget_checkpoints`, for a kill before the caller has the result.
        """
        keras.utils.set_random_seed(seed)
        per_epoch = max(1, stage.steps // stage.checks) if stage.steps else 0
        batches, held = _batches(material, parts, stage, how, steps=per_epoch, seed=seed)
        epochs = stage.epochs or -(-stage.steps // per_epoch)
        model, seeds = self._model(classifier, stage, epochs * len(batches))
        # Again: building a stage's network for the first part has drawn from the generators.
        keras.utils.set_random_seed(seed)
        run.mkdir(parents=True, exist_ok=True)
        # The best state before the checkpoint: an epoch that counts as done has been judged.
        checkpoints = keras.callbacks.BackupAndRestore(
            run / BACKUP, double_checkpoint=True, delete_checkpoint=False
        )
        callbacks: list[Any] = [
            Epochs(batches, seeds),
            *([KeepBest(run)] if held else []),
            checkpoints,
            keras.callbacks.CSVLogger(run / "curve.csv", append=True),
            *_schedule_callbacks(stage),
        ]
        # The batches have their own order, which a resumed fit can find again; Keras' has not.
        words: dict[str, Any] = {"epochs": epochs, "verbose": 2, "callbacks": callbacks}
        model.fit(batches, validation_data=held, shuffle=False, **words)
        if stage.kind == "full":  # the layers of an upper stage are the classifier's own
            classifier.set_weights(model.get_weights())

    def _model(
        self, classifier: keras.Model, stage: Stage, steps: int
    ) -> tuple[keras.Model, list[Any]]:
        """The stage's compiled network, with the classifier's weights and a new optimizer.

        And the states of its dropout's generators.
        """
        key = (stage, steps, id(classifier) if stage.kind == "upper" else 0)
        if key not in self._ready:
            if stage.kind == "upper":
                _freeze(classifier.get_layer("trunk"), stage.frozen_below)
                both = efficientnet_b3.upper(classifier, stage.frozen_below)
                model = keras.Model(both.input, both.output[1])
            else:
                model = efficientnet_b3.at_side(classifier, self._head, stage.side)
                _freeze(model.get_layer("trunk"), stage.frozen_below)
            optimizer, loss = _optimizer(stage, steps), _loss(stage)
            model.compile(optimizer, loss, weighted_metrics=["accuracy"])
            optimizer.build(model.trainable_variables)
            # Moments, step counter and the generators of dropout: all that a fit leaves behind
            # beside the weights.
            kept = {id(v) for v in model.weights}
            others = [v for v in (*optimizer.variables, *model.variables) if id(v) not in kept]
            start = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in others]
            self._ready[key] = model, start
        model, start = self._ready[key]
        for variable, value in start:
            variable.assign(value)
        if stage.kind == "full":
            model.set_weights(classifier.get_weights())
        # BackupAndRestore leaves the epoch of a resumed part here (Keras 3.15), and every later
        # part would begin with it.
        model._initial_epoch = None
        return model, [v for v, _ in start if "seed_generator" in v.path]


def _batches(
    material: Material, parts: Parts, stage: Stage, how: Augmentation, *, steps: int, seed: int
) -> tuple[Any, Any]:
    """Batches to fit on and, where the stage chooses between checks, those to choose by."""
    weights = material.weights(parts.fit, stage.balanced)
    chooses = len(parts.choose) and stage.chooses
    if stage.kind == "upper":
        if material.features is None:
            raise ValueError("an upper stage needs features; run the features step first")
        data = (material.features, material.targets)
        common: dict[str, Any] = {"batch": stage.batch}
        batches = MapBatches(*data, parts.fit, weights, steps=steps, seed=seed, **common)
        held = MapBatches(*data, parts.choose, weights, in_order=True, **common)
        return batches, held if chooses else None
    images = (material.pixels, material.targets)
    common = {"side": stage.side, "view": stage.view, "batch": stage.batch}
    fitted = Batches(*images, parts.fit, weights, steps=steps, how=how, seed=seed, **common)
    return fitted, Batches(*images, parts.choose, weights, **common) if chooses else None


def forget_checkpoints(run: Path) -> None:
    """Remove what a killed fit would go on from, once its result is kept elsewhere."""
    shutil.rmtree(run / BACKUP, ignore_errors=True)
    (run / BEST).unlink(missing_ok=True)


class Epochs(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Sets what is random by the epoch, so that a resumed fit sees what it would have seen.

    Args:
        batches: rows and their changes.
        seeds: states of the dropout's generators, which checkpoints do not hold.
    """

    def __init__(self, batches: Batches | MapBatches, seeds: list[Any]) -> None:
        super().__init__()
        self._batches = batches
        self._seeds = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in seeds]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._batches.begin(epoch)
        for variable, (seed, _) in self._seeds:
            # The second number counts the draws; no epoch makes a million of them.
            variable.assign(np.array([seed, epoch * 1_000_000]))


class KeepBest(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Checkpoint on the best validation accuracy (the paper's rule), ties by the lower loss.

    Args:
        folder: where the best state is kept, so that a killed fit still knows it; None for memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._file = folder / BEST if folder else None

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # Keras' signature
        self._best = (-math.inf, -math.inf)
        self._weights: list[Any] = []
        if self._file and self._file.exists():
            with np.load(self._file) as found:
                accuracy, minus_loss = found["score"].tolist()
                self._best = (accuracy, minus_loss)
                self._weights = [found[f"w{i}"] for i in range(len(found) - 1)]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        score = (round(float(logs["val_accuracy"]), 6), -float(logs["val_loss"]))
        if score <= self._best:
            return
        self._best, self._weights = score, weights_of(self.model)
        if self._file:
            draft = self._file.with_suffix(".draft.npz")
            kept = {f"w{i}": w for i, w in enumerate(self._weights)}
            np.savez(draft, score=score, **kept)  # type: ignore[arg-type]  # as in runs.py
            draft.replace(self._file)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        if self._weights:
            self.model.set_weights(self._weights)


def _freeze(trunk: keras.Model, below: str) -> None:
    reached = below == ""
    for layer in trunk.layers:
        reached = reached or layer.name.startswith(below)
        layer.trainable = reached
    if not reached:
        raise ValueError(f"the trunk has no block {below!r}")


def _loss(stage: Stage) -> Any:
    if stage.loss == "mse":
        return keras.losses.MeanSquaredError()
    return keras.losses.CategoricalCrossentropy(label_smoothing=stage.label_smoothing)


def _optimizer(stage: Stage, steps: int) -> Any:
    rate: Any = stage.learning_rate
    if stage.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, max(steps, 1), alpha=0.01)
    if stage.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=stage.weight_decay, clipnorm=1.0)
    return {"adam": keras.optimizers.Adam, "adamax": keras.optimizers.Adamax}[stage.optimizer](rate)


def _schedule_callbacks(stage: Stage) -> list[Any]:
    if stage.schedule != "paper":
        return []

    def rate(epoch: int, now: float) -> float:
        return stage.learning_rate / 10 if epoch == stage.drop_after else now

    stalls = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=2)
    return [keras.callbacks.LearningRateScheduler(rate), stalls]
