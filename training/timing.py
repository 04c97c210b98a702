"""What a step of a system takes on this machine, measured by a few real ones."""

from __future__ import annotations

import tempfile
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

STEPS = 2
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
    """Fit a few steps twice, the second time with everything built and traced.

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
    first = config.stages[0]
    stage = msgspec.structs.replace(
        first, side=min(SIDE, first.side), epochs=0, steps=STEPS, checks=1
    )
    # Enough for the batch norm of any start; which images they are does not matter here.
    some = np.asarray(material.pixels[:64])
    model = initial.classifier(config, about, runs, lite, some)
    fitter = Fitter(model, config.head, material, config.augmentation)
    took = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first", "again"):
            start = clock()
            fitter.fit(parts, stage, seed=0, run=Path(folder) / name)
            took.append(clock() - start)
    keras.backend.clear_session()
    return Timing(
        side=stage.side,
        step=took[1] / STEPS,
        start=max(0.0, took[0] - took[1]),
        took=clock() - begun,
    )
