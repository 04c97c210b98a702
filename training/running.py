"""How a fit is run on this machine, and what is shown of it; nothing here is part of a recipe."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from rich.progress import Progress as Bar

from leukview.domain.errors import UsageError

BOARD = "tensorboard"  # the package, and the folder of its logs


@dataclass
class Running:
    """How a fit is run.

    Attributes:
        devices: to fit images on, see `distribution.chosen`.
        workers: threads that change and batch images; what they give does not depend on them.
        tensorboard: write its logs into the folder of each fit.
        checkpoints: keep, after each epoch, what a killed fit goes on from; without, it begins
            anew. On a fast GPU an epoch of a few seconds takes less than writing 130 MB.
        bar: where the steps of a fit are drawn; None or disabled prints a line per epoch instead.
    """

    devices: str = ""
    workers: int = 1
    tensorboard: bool = False
    checkpoints: bool = True
    bar: Bar | None = None

    def __post_init__(self) -> None:
        if self.tensorboard and importlib.util.find_spec(BOARD) is None:
            raise UsageError(
                "--tensorboard needs the package tensorboard. Nothing was fitted. Run"
                " `pip install tensorboard`, or go on without it: curve.csv has the same numbers."
            )

    @property
    def drawn(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self.bar is not None and not self.bar.disable

    def callbacks(self, run: Path) -> list[Any]:
        """Of one fit.

        Args:
            run: its folder.
        """
        out: list[Any] = []
        if self.bar is not None and self.drawn:
            out.append(Steps(self.bar, run.name))
        if self.tensorboard:
            out.append(keras.callbacks.TensorBoard(log_dir=str(run / BOARD)))
        return out


class Steps(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """One bar for a fit: its steps, and the last figures of the choose part."""

    def __init__(self, bar: Bar, name: str) -> None:
        super().__init__()
        self._bar, self._name = bar, name

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # Keras' signature
        self._task = self._bar.add_task(self._name, total=None)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        steps = self.params["steps"]
        total = steps * self.params["epochs"] if steps else None
        self._bar.update(self._task, total=total, completed=epoch * (steps or 0))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._bar.advance(self._task)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        said = " ".join(f"{k} {v:.3f}" for k, v in (logs or {}).items() if k.startswith("val_"))
        self._bar.update(self._task, description=f"{self._name} {said}".strip())

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        self._bar.remove_task(self._task)
