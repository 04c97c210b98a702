"""What a step of a system takes on this machine, measured by a few real ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import keras
import msgspec
import numpy as np

from training.budget import Timing
from training.config import Config
from training.data.catalogue import ImageSet
from training.data.splits import Parts
from training.models import initial
from training.train import Fitter, Material

STEPS = 3
# Small images: at 300 pixels a step of VGG19 takes a minute on two cores, and ten systems are to be
# measured before anything is fitted.
SIDE = 128


def measure(
    config: Config,
    about: ImageSet,
    material: Material,
    parts: Parts,
    runs: Path,
    lite: Path,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Make a few steps, the first of which builds and traces.

    Of the steps alone: a whole fit of two has checkpoints, and took four times as long.

    Args:
        config: of the system; its first stage is timed.
        about: the set.
        material: of the set.
        parts: one of its folds.
        runs: folder of the runs.
        lite: the grown weights.
        clock: seconds; another one in tests.
    """
    begun = clock()
    stage = config.stages[0]
    stage = msgspec.structs.replace(stage, side=min(SIDE, stage.side))
    # Enough for the batch norm of any start; which images they are does not matter here.
    some = np.asarray(material.pixels[:64])
    model = initial.classifier(config, about, runs, lite, some)
    fitter = Fitter(model, config.head, material, config.augmentation)
    network, batches = fitter.prepared(stage, parts)
    ends = []
    for number in range(1 + STEPS):
        x, y, weights = batches[number % len(batches)]
        network.train_on_batch(x, y, sample_weight=weights)
        ends.append(clock())
    keras.backend.clear_session()
    step = (ends[-1] - ends[0]) / STEPS
    return Timing(
        side=stage.side, step=step, start=max(0.0, ends[0] - begun - step), took=clock() - begun
    )
