from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

from leukview.domain.errors import UsageError

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]

# A fit of a tiny network on one device and on two virtual CPUs; TensorFlow takes the number of them
# only before it starts, so this needs a process of its own.
TWO_CPUS = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
"""
# The same of jax comes from a variable; with it fits of two processes, as of two machines, too.
FIT = """
import json, pathlib, sys, tempfile
import keras, numpy as np
from training import distribution
distribution.join_machines()
from training import train
from training.config import Stage
from training.data.augment import Augmentation
from training.data.splits import Parts
from training.running import Running

def network(side):
    image = keras.Input((side, side, 3))
    stem = keras.Input((side, side, 3))
    x = keras.layers.Conv2D(4, 3, name="block1a")(stem)
    if sys.argv[1:] == ["norm"]:
        x = keras.layers.BatchNormalization()(x)
    trunk = keras.Model(stem, x, name="trunk")
    x = keras.layers.GlobalAveragePooling2D()(trunk(image))
    return keras.Model(image, keras.layers.Dense(2, activation="softmax")(x))

train.registry.at_side = lambda classifier, side: network(side)
model, rows = network(32), np.arange(12)
# Above zero, since one of them is a variance.
start = [0.6 + np.cos(np.arange(w.size)).reshape(w.shape) / 2 for w in model.get_weights()]
pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
material = train.Material(features=None, pixels=pixels, y=rows % 2, class_count=2)
parts = Parts(fit=rows[:8], choose=rows[8:], test=rows[:0])
stage = Stage(kind="full", side=32, epochs=3, batch=4, ema=0.5, optimizer="adam")
out = {}
for devices in ("all",) if distribution.share()[1] > 1 else ("1", "all"):
    model.set_weights(start)
    folder = pathlib.Path(tempfile.mkdtemp())
    fitter = train.Fitter(model, "table2", material, Augmentation(flip=True), Running(devices))
    fitter.fit(parts, stage, seed=0, run=folder)
    lines = (folder / "curve.csv").read_text().splitlines()
    column = lines[0].split(",").index("loss"), lines[0].split(",").index("val_loss")
    losses = [[float(line.split(",")[c]) for c in column] for line in lines[1:]]
    weights = [float(np.sum(w)) for w in model.get_weights()]
    spread = len(distribution.chosen(devices, 4)) or 1
    if keras.backend.backend() == "tensorflow":
        spread = fitter._compiled(stage, 6).kind.network.distribute_strategy.num_replicas_in_sync
    out[devices] = {"losses": losses, "weights": weights, "spread": spread}
print(json.dumps(out))
"""


Figures = dict[str, Any]


def fit(backend: str, *words: str, **variables: str) -> subprocess.Popen[str]:
    """A process that runs `FIT`."""
    env = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", **variables}
    code = TWO_CPUS + FIT if backend == "tensorflow" else FIT
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )


def figures(process: subprocess.Popen[str]) -> Figures:
    out, err = process.communicate()
    assert process.returncode == 0, err[-2000:]
    found: Figures = json.loads(out.splitlines()[-1])
    return found


def assert_same(one: Figures, other: Figures) -> None:
    assert len(one["losses"]) == 3
    for mine, theirs in zip(one["losses"], other["losses"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)
    assert one["weights"] == pytest.approx(other["weights"], rel=1e-5, abs=1e-5)  # sums of many


def test_two_devices_give_the_losses_of_one() -> None:
    pytest.importorskip("tensorflow")
    found = figures(fit("tensorflow"))
    one, two = found["1"], found["all"]
    assert (one["spread"], two["spread"]) == (1, 2)
    assert_same(one, two)


def test_on_jax_two_devices_give_the_losses_of_one_with_batch_norm_too() -> None:
    pytest.importorskip("jax", reason="needs jax")
    found = figures(fit("jax", "norm", XLA_FLAGS="--xla_force_host_platform_device_count=2"))
    one, two = found["1"], found["all"]
    assert (one["spread"], two["spread"]) == (1, 2)
    assert_same(one, two)


def test_two_machines_end_with_the_same_weights() -> None:
    """Each changes its share of the images by itself, so that one machine alone ends elsewhere."""
    pytest.importorskip("jax", reason="needs jax")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    told = {
        "JAX_PLATFORMS": "cpu",
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
    }
    both = [fit("jax", "norm", **told, KERAS_DISTRIBUTION_PROCESS_ID=str(i)) for i in range(2)]
    one, other = (figures(process)["all"] for process in both)
    assert one["spread"] == 2
    assert_same(one, other)
    alone = figures(fit("jax", "norm", JAX_PLATFORMS="cpu"))["1"]
    assert alone["losses"][0] == pytest.approx(one["losses"][0], rel=0.5)
    assert alone["weights"] != pytest.approx(one["weights"], abs=1e-6)


def test_machines_that_cannot_fit_together_are_refused(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import distribution

    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "2")
    with pytest.raises(UsageError, match=r"KERAS_BACKEND=jax.*Nothing was fitted"):
        distribution.join_machines()
    monkeypatch.setattr(distribution, "devices", lambda kind=None: ["gpu:0", "gpu:1"])
    monkeypatch.setattr(distribution, "share", lambda: (0, 2))
    with pytest.raises(UsageError, match=r"--devices all"):
        distribution.chosen("1", 4)


def test_devices_that_cannot_be_used_are_refused_with_the_reason(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import distribution

    monkeypatch.setattr(distribution, "devices", lambda kind=None: ["cpu:0", "cpu:1"])
    assert distribution.chosen("", 5) == distribution.chosen("1", 5) == []
    assert distribution.chosen("all", 4) == ["cpu:0", "cpu:1"]
    for wanted, batch, why in (("3", 6, "3 devices"), ("2", 5, "divided"), ("two", 4, "a number")):
        with pytest.raises(UsageError, match=why):
            distribution.chosen(wanted, batch)


@pytest.mark.parametrize(
    ("backend", "kind"), [("jax", "mixed_bfloat16"), ("torch", "mixed_float16")]
)
def test_half_precision_is_that_of_the_backend_and_ends_with_what_is_built(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch, backend: str, kind: str
) -> None:
    from training import distribution

    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(distribution, "devices", lambda kind=None: ["gpu:0"])
    with distribution.precision(mixed=True):
        assert keras.config.dtype_policy().name == kind
    assert keras.config.dtype_policy().name == "float32"
