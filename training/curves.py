"""What the curve of each part of a run says: how long it was fitted, and how it went."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.comparison import Fitted, fitted
from training.config import Config
from training.data.catalogue import ImageSet
from training.data.splits import Parts
from training.evaluate import cross_name
from training.runs import CROSS


def how_fitted(
    config: Config, about: ImageSet, every: Mapping[str, Parts], folder: Path
) -> dict[str, Fitted]:
    """How each protocol's parts were fitted; folds differ a little in size, so on average.

    Epochs are counted in the curves of recipes that are one stage of epochs: it may end early.

    Args:
        config: that they were fitted by.
        about: the set.
        every: the parts, by name.
        folder: of the run.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    counts = len(config.stages) == 1 and config.stages[0].epochs
    for name, parts in every.items():
        protocol = cross_name(about) if name.startswith(CROSS) else name
        epochs = len(curve_of(folder, name, config)) if counts else 0
        found.setdefault(protocol, []).append((len(parts.fit), epochs))
    means = {name: np.mean(pairs, axis=0).tolist() for name, pairs in found.items()}
    return {n: fitted(config, round(rows), epochs) for n, (rows, epochs) in means.items()}


def curve_of(folder: Path, part: str, config: Config) -> NDArray[np.float64]:
    """Columns epoch, accuracy, loss, and the same of what chooses, over all stages (E, 5)."""
    columns = ("accuracy", "loss", "val_accuracy", "val_loss")
    rows: list[list[float]] = []
    for number in range(len(config.stages)):
        path = folder / f"{part}.stage{number}" / "curve.csv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as lines:
                for line in csv.DictReader(lines):
                    values = [float(line.get(name) or "nan") for name in columns]
                    rows.append([float(len(rows)), *values])
    return np.array(rows).reshape(-1, 1 + len(columns))
