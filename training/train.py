"""Fitting, in stages: a head or upper blocks on features of a frozen trunk, or all on images."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training import distribution, losses
from training.checkpoints import Averaged, Checkpoint, Epochs, KeepBest, resume, stopped_early
from training.config import Stage
from training.data.augment import Augmentation
from training.data.pipeline import Batches, MapBatches
from training.data.splits import Parts
from training.models import efficientnet_b3, registry
from training.models.heads import Head
from training.running import Running

Floats = NDArray[np.float32]


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


def put_head(head: keras.Model, classifier: keras.Model) -> None:
    """Copy a head's weights into the classifier's layers of the same names."""
    for layer in head.layers:
        if layer.weights:
            classifier.get_layer(layer.name).set_weights(layer.get_weights())


class Upper:
    """Embeddings of the feature maps that `block` takes; with `features.Trunk`'s interface."""

    def __init__(self, classifier: keras.Model, block: str) -> None:
        both = efficientnet_b3.upper(classifier, block)
        self._network = keras.Model(both.input, both.output[0])

    def __call__(self, maps: Iterable[NDArray[np.floating[Any]]]) -> Floats:
        """(n, D) of n maps (h, w, c)."""
        rows = iter(maps)
        batches = iter(lambda: list(itertools.islice(rows, 16)), [])
        parts = (np.stack(batch).astype(np.float32) for batch in batches)
        out = [keras.ops.convert_to_numpy(self._network(p, training=False)) for p in parts]
        width = self._network.output_shape[-1]
        return np.concatenate(out) if out else np.empty((0, width), np.float32)


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
    head.fit(
        x,
        y,
        sample_weight=weights,
        batch_size=stage.batch,
        epochs=epochs,
        validation_data=held,
        verbose=0,
        callbacks=_judging(stage, None) if held else [],
    )


class OnImages:
    """How a `full` stage is fitted: a copy of the classifier for its side, on changed images."""

    def __init__(self, classifier: keras.Model, stage: Stage, running: Running) -> None:
        self._classifier, self._stage, self._running = classifier, stage, running
        # A copy of its own may be mirrored or compute in half precision; the classifier is never.
        with self.spread(), distribution.precision(stage.mixed):
            self.network = registry.at_side(classifier, stage.side)
        _freeze(self.network.get_layer("trunk"), stage.frozen_below)

    def spread(self) -> AbstractContextManager[None]:
        """Where network and optimizer are made: on the devices that were asked for."""
        return distribution.over(self._running.devices, self._stage.batch)

    def fitting(self) -> AbstractContextManager[None]:
        """What is in force while it is fitted."""
        return distribution.fitting(self._running.devices, self._stage.batch)

    def begin(self) -> None:
        """Take the classifier's weights."""
        self.network.set_weights(self._classifier.get_weights())

    def end(self) -> None:
        """Give the classifier what was fitted."""
        self._classifier.set_weights(self.network.get_weights())

    def batches(
        self,
        material: Material,
        parts: Parts,
        weights: Floats,
        how: Augmentation,
        *,
        steps: int,
        seed: int,
    ) -> tuple[Batches, Batches]:
        """To fit on, `steps` an epoch (0 for one pass), and to choose by."""
        stage, images = self._stage, (material.pixels, material.targets)
        common: dict[str, Any] = {"side": stage.side, "view": stage.view, "batch": stage.batch}
        common["workers"] = self._running.workers
        common["share"] = distribution.share()
        common["multiple"] = distribution.divisor(self._running.devices, stage.batch)
        fitted = Batches(*images, parts.fit, weights, steps=steps, how=how, seed=seed, **common)
        return fitted, Batches(*images, parts.choose, weights, **common)


class OnMaps:
    """How an `upper` stage is fitted: the classifier's own upper layers, on feature maps."""

    def __init__(self, classifier: keras.Model, stage: Stage, running: Running) -> None:  # noqa: ARG002
        self._stage = stage
        _freeze(classifier.get_layer("trunk"), stage.frozen_below)
        both = efficientnet_b3.upper(classifier, stage.frozen_below)
        self.network = keras.Model(both.input, both.output[1])

    def spread(self) -> AbstractContextManager[None]:
        """One device: the layers are the classifier's own."""
        return nullcontext()

    def fitting(self) -> AbstractContextManager[None]:
        """As `spread`."""
        return nullcontext()

    def begin(self) -> None:
        """Nothing to take: the layers are shared."""

    def end(self) -> None:
        """Nothing to give: the layers are shared."""

    def batches(
        self,
        material: Material,
        parts: Parts,
        weights: Floats,
        how: Augmentation,  # noqa: ARG002  # the maps are those of changed copies
        *,
        steps: int,
        seed: int,
    ) -> tuple[MapBatches, MapBatches]:
        """To fit on, `steps` an epoch (0 for one pass), and to choose by.

        Raises:
            ValueError: the material has no features.
        """
        if material.features is None:
            raise ValueError("an upper stage needs features; run the features step first")
        data, batch = (material.features, material.targets), self._stage.batch
        fitted = MapBatches(*data, parts.fit, weights, batch=batch, steps=steps, seed=seed)
        return fitted, MapBatches(*data, parts.choose, weights, batch=batch, in_order=True)


KINDS: dict[str, type[OnImages] | type[OnMaps]] = {"full": OnImages, "upper": OnMaps}


@dataclass(frozen=True)
class _Ready:
    """A compiled stage, and what a fit leaves behind beside the weights, as it was at first.

    Attributes:
        start: moments, step counter and states of the dropout's generators, with their values.
    """

    kind: OnImages | OnMaps
    start: list[tuple[Any, NDArray[Any]]]

    def again(self) -> None:
        """The classifier's weights, a new optimizer, dropout from its beginning."""
        for variable, value in self.start:
            variable.assign(value)
        self.kind.begin()

    @property
    def seeds(self) -> list[Any]:
        """States of the dropout's generators."""
        return [variable for variable, _ in self.start if "seed_generator" in variable.path]


class Fitter:
    """Fits a classifier's stages beyond the head; a compiled stage serves all parts that it can.

    Building and tracing one takes 45 s on two cores; with 7 parts of two stages each that is ten
    minutes of an hour.

    Args:
        classifier: fitted in place, and given its initial weights again between parts.
        head: its head, by name.
        material: of all parts.
        how: augmentation of the images.
        running: how it is run on this machine.
    """

    def __init__(
        self,
        classifier: keras.Model,
        head: Head,  # noqa: ARG002  # the classifier knows it
        material: Material,
        how: Augmentation,
        running: Running | None = None,
    ) -> None:
        self._classifier, self._running = classifier, running or Running()
        self._material, self._how = material, how
        self._ready: dict[tuple[Stage, int], _Ready] = {}

    def fit(self, parts: Parts, stage: Stage, *, seed: int, run: Path) -> None:
        """Fit a stage, checkpointed in `run` at each check.

        A killed fit goes on from its last checkpoint, with the best state it had seen. The
        checkpoints stay until `forget_checkpoints`, for a kill before the caller has the result.
        """
        keras.utils.set_random_seed(seed)
        per_epoch = max(1, stage.steps // stage.checks) if stage.steps else 0
        length = per_epoch or -(-len(parts.fit) // stage.batch)
        epochs = stage.epochs or -(-stage.steps // per_epoch)
        ready = self._compiled(stage, epochs * length)
        network = ready.kind.network
        weights = self._material.weights(parts.fit, stage.balanced)
        batches, held = ready.kind.batches(
            self._material, parts, weights, self._how, steps=per_epoch, seed=seed
        )
        chooses = stage.chooses and len(parts.choose) > 0
        # Again: building a stage's network for the first part has drawn from the generators.
        keras.utils.set_random_seed(seed)
        run.mkdir(parents=True, exist_ok=True)
        keeps = self._running.checkpoints
        begin = resume(network, run, length)
        callbacks = [
            Epochs(batches, ready.seeds, seed),
            # The best state before the checkpoint: an epoch that counts as done was judged.
            *(_judging(stage, run if keeps else None) if chooses else []),
            *([Checkpoint(run)] if keeps else []),
            keras.callbacks.CSVLogger(run / "curve.csv", append=True),
            *_schedule_callbacks(stage),
            *self._running.callbacks(run),
        ]
        with ready.kind.fitting():
            network.fit(
                batches,
                validation_data=held if chooses else None,
                # They have their own order, which a resumed fit can find again; Keras' has not.
                shuffle=False,
                initial_epoch=begin,
                epochs=begin if stopped_early(run, begin, stage.patience) else epochs,
                verbose=0 if self._running.drawn else 2,
                callbacks=callbacks,
            )
        ready.kind.end()

    def prepared(self, stage: Stage, parts: Parts, seed: int = 0) -> tuple[keras.Model, Batches]:
        """A full stage's compiled network and what it would be fitted on, to measure them."""
        ready = self._compiled(stage, len(parts.fit))
        weights = self._material.weights(parts.fit, stage.balanced)
        return ready.kind.network, ready.kind.batches(
            self._material, parts, weights, self._how, steps=0, seed=seed
        )[0]

    def _compiled(self, stage: Stage, steps: int) -> _Ready:
        """The stage, as a first fit would find it."""
        # How many steps there are matters to this schedule alone; folds differ in it by one.
        key = (stage, steps if stage.schedule == "cosine" else 0)
        if key not in self._ready:
            kind = KINDS[stage.kind](self._classifier, stage, self._running)
            network = kind.network
            with kind.spread():
                network.compile(
                    _optimizer(stage, steps), _loss(stage), weighted_metrics=["accuracy"]
                )
                optimizer = network.optimizer  # in half precision Keras wraps the one it was given
                optimizer.build(network.trainable_variables)
            kept = {id(v) for v in network.weights}
            others = [v for v in (*optimizer.variables, *network.variables) if id(v) not in kept]
            start = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in others]
            self._ready[key] = _Ready(kind, start)
        self._ready[key].again()
        return self._ready[key]


def _freeze(trunk: keras.Model, below: str) -> None:
    reached = below == ""
    for layer in trunk.layers:
        reached = reached or layer.name.startswith(below)
        layer.trainable = reached
    if not reached:
        raise ValueError(f"the trunk has no block {below!r}")


def _loss(stage: Stage) -> Any:
    return losses.of(stage.loss, stage.label_smoothing)


def _optimizer(stage: Stage, steps: int) -> Any:
    rate: Any = stage.learning_rate
    if stage.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, max(steps, 1), alpha=0.01)
    average: dict[str, Any] = {"use_ema": True, "ema_momentum": stage.ema} if stage.ema else {}
    if stage.optimizer == "adamw":
        decay = stage.weight_decay
        return keras.optimizers.AdamW(rate, weight_decay=decay, clipnorm=1.0, **average)
    kinds = {"adam": keras.optimizers.Adam, "adamax": keras.optimizers.Adamax}
    return kinds[stage.optimizer](rate, **average)


def _judging(stage: Stage, run: Path | None) -> list[Any]:
    """What asks the choose part after each epoch, and keeps the best state in `run`."""
    return [KeepBest(run, stage.patience), *([Averaged()] if stage.ema else [])]


def _schedule_callbacks(stage: Stage) -> list[Any]:
    if stage.schedule != "paper":
        return []

    def rate(epoch: int, now: float) -> float:
        return stage.learning_rate / 10 if epoch == stage.drop_after else now

    stalls = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=2)
    return [keras.callbacks.LearningRateScheduler(rate), stalls]
