"""What a killed fit goes on from, so that it ends as if it had not been killed."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any, Protocol

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

BACKUP, LATEST, BEST = "backup", "latest.weights.h5", "best.npz"
DONE = "epochs_done"  # attribute of the checkpoint's file


class Drawn(Protocol):
    """Batches that are drawn by the number of the epoch."""

    def begin(self, epoch: int) -> None:
        """Draw those of an epoch, counted from 0."""


def weights_of(model: keras.Model) -> list[NDArray[np.float32]]:
    """Copies of a model's weights; the arrays of `get_weights` change with it on torch."""
    return [np.array(value) for value in model.get_weights()]


def resume(model: keras.Model, run: Path, steps: int) -> int:
    """Load the last checkpoint of a fit, and say with which epoch it goes on; 0 without one.

    Keras' BackupAndRestore is not used: it leaves the epoch in a private attribute of the model
    (`_initial_epoch`, Keras 3.15), where the next fit of the same compiled model finds it.

    Args:
        model: compiled, its optimizer built.
        run: folder of the fit.
        steps: of an epoch, for checkpoints that do not say how many they had seen.
    """
    path = run / BACKUP / LATEST
    if not path.is_file():
        return 0
    model.load_weights(path)
    with h5py.File(path, "r") as found:
        if DONE in found.attrs:
            return int(found.attrs[DONE])
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations)) // steps


def stopped_early(run: Path, epoch: int, patience: int) -> bool:
    """Whether a fit that would go on with `epoch` (from 0) had already lost its patience."""
    path = run / BEST
    if not patience or not path.is_file():
        return False
    with np.load(path) as found:
        return epoch - 1 - int(found["score"][2]) >= patience


def forget_checkpoints(run: Path) -> None:
    """Remove what a killed fit would go on from, once its result is kept elsewhere."""
    shutil.rmtree(run / BACKUP, ignore_errors=True)
    (run / BEST).unlink(missing_ok=True)


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Saves weights and optimizer after each epoch, completely or not at all."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self._path = run / BACKUP / LATEST

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  # Keras' signature
        self._path.parent.mkdir(exist_ok=True)
        draft = self._path.with_name(f"draft.{LATEST}")
        self.model.save_weights(draft, overwrite=True)
        # Not from the optimizer's steps: in half precision it leaves out those that overflow.
        with h5py.File(draft, "a") as file:
            file.attrs[DONE] = epoch + 1
        draft.replace(self._path)


class Epochs(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Sets what is random by the epoch, so that a resumed fit sees what it would have seen.

    This reaches a running fit on jax too, which takes the variables anew for each epoch, after
    `on_epoch_begin` (Keras 3.15, backend/jax/trainer.py).

    Args:
        batches: rows and their changes.
        seeds: states of the dropout's generators, which checkpoints do not hold.
        seed: of the fit.
    """

    def __init__(self, batches: Drawn, seeds: list[Any], seed: int) -> None:
        super().__init__()
        self._batches, self._seed = batches, seed
        self._seeds = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in seeds]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._batches.begin(epoch)
        for variable, (seed, _) in self._seeds:
            # The second number counts the draws; no epoch makes a million of them.
            variable.assign(np.array([seed, epoch * 1_000_000]))
        if keras.backend.backend() == "torch":
            # Its dropout passes those by and draws from torch's global generator.
            drawn = np.random.SeedSequence([self._seed, epoch]).generate_state(1)
            keras.utils.set_random_seed(int(drawn[0]))


class KeepBest(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Checkpoint on the best validation accuracy (the paper's rule), ties by the lower loss.

    Args:
        folder: where the best state is kept, so that a killed fit still knows it; None for memory.
        patience: epochs without a better one after which the fit ends; 0 for never.
    """

    def __init__(self, folder: Path | None = None, patience: int = 0) -> None:
        super().__init__()
        self._file, self._patience = folder / BEST if folder else None, patience

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # Keras' signature
        self._best, self._at = (-math.inf, -math.inf), -1
        self._weights: list[Any] = []
        if self._file and self._file.exists():
            with np.load(self._file) as found:
                accuracy, minus_loss, at = found["score"].tolist()
                self._best, self._at = (accuracy, minus_loss), int(at)
                self._weights = [found[f"w{i}"] for i in range(len(found) - 1)]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        score = (round(float(logs["val_accuracy"]), 6), -float(logs["val_loss"]))
        if score <= self._best:
            if self._patience and epoch - self._at >= self._patience:
                self.model.stop_training = True
            return
        self._best, self._at, self._weights = score, epoch, weights_of(self.model)
        if self._file:
            draft = self._file.with_suffix(".draft.npz")
            kept = {f"w{i}": w for i, w in enumerate(self._weights)}
            np.savez(draft, score=(*score, epoch), **kept)  # type: ignore[arg-type]  # as in runs.py
            draft.replace(self._file)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        if self._weights:
            self.model.set_weights(self._weights)


class Averaged(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Lets the running average of the weights be judged, and kept where it is the best.

    It stands after `KeepBest` and before `Checkpoint`. Keras' SwapEMAWeights takes the average back
    when judging ends, before the best state is kept, and by adding and subtracting, which rounds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._fitted: list[tuple[Any, NDArray[Any]]] = []

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # Keras' signature
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        fitted, average = optimizer._trainable_variables, optimizer._model_variables_moving_average
        read = keras.ops.convert_to_numpy
        self._fitted = [(variable, np.array(read(variable))) for variable in fitted]
        for variable, mean in zip(fitted, average, strict=True):
            variable.assign(read(mean))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        for variable, value in self._fitted:
            variable.assign(value)
        self._fitted = []
