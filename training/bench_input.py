"""Whether the pipeline of changed images keeps the device busy: images/s of it against the step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from training.config import Config, Stage
from training.data.pipeline import Batches
from training.data.splits import Parts
from training.train import Fitter

BATCHES, STEPS = 12, 3
Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What one stage was measured at, images/s.

    Attributes:
        pipeline: by number of workers.
        step: of the device alone, with the batch at hand.
        batch: images a step.
    """

    pipeline: dict[int, float]
    step: float
    batch: int

    @property
    def enough(self) -> int | None:
        """The fewest workers that keep the device busy; None where the most tried do not."""
        return next((n for n, rate in sorted(self.pipeline.items()) if rate >= self.step), None)


def full_stage(config: Config) -> Stage:
    """The first stage on images.

    Raises:
        ValueError: the config has none.
    """
    found = next((stage for stage in config.stages if stage.kind == "full"), None)
    if found is None:
        raise ValueError(
            f"{config.name} has no stage on images, so there is no pipeline to measure."
        )
    return found


def pipeline_rate(
    batches: Batches, workers: int, count: int = BATCHES, clock: Clock = time.perf_counter
) -> float:
    """Images/s of the first `count` batches, made by as many threads as Keras would make them by.

    Keras' own queue is not public; like it, this hands the numbers of the batches to a pool.
    """
    steps = range(min(count, len(batches)))
    with ThreadPoolExecutor(workers) as pool:
        begun = clock()
        images = sum(len(x) for x, _, _ in pool.map(batches.__getitem__, steps))
        return images / max(clock() - begun, 1e-9)


def step_rate(
    network: Any, batch: Any, count: int = STEPS, clock: Clock = time.perf_counter
) -> float:
    """Images/s of the compiled network on one batch, after a first step, which traces."""
    x, y, weights = batch
    network.train_on_batch(x, y, sample_weight=weights)
    begun = clock()
    for _ in range(count):
        network.train_on_batch(x, y, sample_weight=weights)
    return count * len(x) / max(clock() - begun, 1e-9)


def measure(
    fitter: Fitter,
    stage: Stage,
    parts: Parts,
    workers: Sequence[int],
    clock: Clock = time.perf_counter,
) -> Rates:
    """The pipeline with each number of workers, then the step.

    Args:
        fitter: of the config, on the set's material.
        stage: a full one.
        parts: whose fit rows are drawn.
        workers: numbers of threads.
        clock: seconds; another one in tests.
    """
    network, batches = fitter.prepared(stage, parts)
    batches[0]  # the first read maps the file and starts the backend
    pipeline = {n: pipeline_rate(batches, n, clock=clock) for n in workers}
    step = step_rate(network, batches[0], clock=clock)
    return Rates(pipeline=pipeline, step=step, batch=stage.batch)


def table(rates: Rates) -> list[str]:
    """Lines for a terminal, the verdict last."""
    out = ["| what | images/s | ms a batch |", "|---|---:|---:|"]
    rows = {f"pipeline, {n} worker{'s' * (n > 1)}": r for n, r in rates.pipeline.items()}
    for name, rate in {**rows, "training step": rates.step}.items():
        out.append(f"| {name} | {rate:.1f} | {1000 * rates.batch / rate:.0f} |")
    if rates.enough is None:
        best = max(rates.pipeline.values()) / rates.step
        verdict = f"The device waits: the pipeline gives {best:.0%} of what it takes."
    else:
        verdict = f"`--workers {rates.enough}` keeps the device busy."
    return [*out, "", verdict]
