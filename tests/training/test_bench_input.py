from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from training.config import Config, Stage

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


def clock(seconds: float) -> Any:
    """Each reading is so much later than the one before."""
    steps = itertools.count()
    return lambda: next(steps) * seconds


def test_each_number_of_threads_makes_the_same_number_of_images(keras: ModuleType) -> None:
    from training.bench_input import pipeline_rate
    from training.data.augment import Augmentation
    from training.data.pipeline import Batches

    pixels = np.zeros((20, 16, 16, 3), np.uint8)
    rows, targets = np.arange(20), np.eye(2, dtype=np.float32)[np.arange(20) % 2]
    how = Augmentation(flip=True)
    batches = Batches(pixels, targets, rows, np.ones(20, np.float32), side=16, batch=4, how=how)
    for workers in (1, 3):
        assert pipeline_rate(batches, workers, count=3, clock=clock(2.0)) == 6.0  # 12 in 2 s


def test_the_step_is_measured_after_the_one_that_traces(keras: ModuleType) -> None:
    from training.bench_input import step_rate

    taken = []

    class Network:
        def train_on_batch(self, x: Any, y: Any, sample_weight: Any) -> None:
            taken.append(len(x))

    assert step_rate(Network(), (np.zeros(8), None, None), count=2, clock=clock(4.0)) == 4.0
    assert taken == [8, 8, 8]


def test_the_table_says_how_many_threads_keep_the_device_busy(keras: ModuleType) -> None:
    from training.bench_input import Rates, table

    rates = Rates(pipeline={1: 50.0, 2: 90.0, 4: 120.0}, step=80.0, batch=16)
    lines = table(rates)
    assert "| pipeline, 2 workers | 90.0 | 178 |" in lines
    assert "| training step | 80.0 | 200 |" in lines
    assert lines[-1] == "`--workers 2` keeps the device busy."
    assert "60%" in table(Rates(pipeline={4: 120.0}, step=200.0, batch=16))[-1]


def test_a_config_without_a_stage_on_images_has_no_pipeline(keras: ModuleType) -> None:
    from training.bench_input import full_stage

    full = Stage(kind="full", steps=1)
    assert full_stage(Config(name="a", stages=(Stage(kind="head", steps=1), full))) == full
    with pytest.raises(ValueError, match="no stage on images"):
        full_stage(Config(name="a", stages=(Stage(kind="head", steps=1),)))
