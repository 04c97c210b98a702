from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType

import pytest

from leukview.domain.errors import UsageError

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]

# A fit of a tiny network on one device and on two virtual CPUs; TensorFlow takes the number of them
# only before it starts, so this needs a process of its own.
FIT = """
import json, pathlib, sys, tempfile
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
from training import train
from training.config import Stage
from training.data.augment import Augmentation
from training.data.splits import Parts
from training.running import Running

def network(side):
    image = keras.Input((side, side, 3))
    stem = keras.Input((side, side, 3))
    trunk = keras.Model(stem, keras.layers.Conv2D(4, 3, name="block1a")(stem), name="trunk")
    x = keras.layers.GlobalAveragePooling2D()(trunk(image))
    return keras.Model(image, keras.layers.Dense(2, activation="softmax")(x))

train.registry.at_side = lambda classifier, side: network(side)
model, rows = network(32), np.arange(12)
start = [np.cos(np.arange(w.size)).reshape(w.shape) for w in model.get_weights()]
pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
material = train.Material(features=None, pixels=pixels, y=rows % 2, class_count=2)
parts = Parts(fit=rows[:8], choose=rows[8:], test=rows[:0])
stage = Stage(kind="full", side=32, epochs=3, batch=4, ema=0.5, optimizer="adam")
out = {}
for devices in ("1", "all"):
    model.set_weights(start)
    folder = pathlib.Path(tempfile.mkdtemp())
    fitter = train.Fitter(model, "table2", material, Augmentation(flip=True), Running(devices))
    fitter.fit(parts, stage, seed=0, run=folder)
    lines = (folder / "curve.csv").read_text().splitlines()
    column = lines[0].split(",").index("loss"), lines[0].split(",").index("val_loss")
    losses = [[float(line.split(",")[c]) for c in column] for line in lines[1:]]
    weights = [float(np.sum(w)) for w in model.get_weights()]
    spread = fitter._compiled(stage, 6).kind.network.distribute_strategy.num_replicas_in_sync
    out[devices] = {"losses": losses, "weights": weights, "spread": spread}
print(json.dumps(out))
"""


def test_two_devices_give_the_losses_of_one() -> None:
    pytest.importorskip("tensorflow")
    env = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", FIT], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    one, two = found["1"], found["all"]
    assert (one["spread"], two["spread"]) == (1, 2)
    assert len(one["losses"]) == 3
    for mine, other in zip(one["losses"], two["losses"], strict=True):
        assert mine == pytest.approx(other, abs=1e-5)
    assert one["weights"] == pytest.approx(two["weights"], abs=1e-5)


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
