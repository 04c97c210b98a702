"""One fit on several devices of this machine, by the framework's own means; half precision on GPUs.

Each device has the network and takes an equal part of every batch; gradients are averaged, by
`tf.distribute.MirroredStrategy`. Batch norm measures each part alone, so a network that has it is
fitted a little differently on two devices than on one; and AdamW, which clips, clips the gradient
of each part (losses of a tiny network 3e-4 apart after two steps, with Adam 1e-7).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import keras

from leukview.domain.errors import UsageError

ALL = "all"


def devices(kind: str | None = None) -> list[str]:
    """Names of this machine's devices: its GPUs or, where there are none, its CPUs.

    Args:
        kind: "gpu" or "cpu" for these alone.
    """
    if keras.backend.backend() == "torch":
        torch = importlib.import_module("torch")  # the extra [train] does not bring it
        gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
        return gpus or ([] if kind == "gpu" else ["cpu"])
    try:
        found: list[str] = keras.distribution.list_devices(kind)
    except RuntimeError:  # jax, asked for GPUs where it has no driver
        found = []
    return found


def chosen(wanted: str, batch: int) -> list[str]:
    """The devices to fit on; none where one is enough.

    Args:
        wanted: "all", a number, or "" for the framework's first.
        batch: images a step, of which each device takes an equal part.

    Raises:
        UsageError: not a number, more than there are, or the batch cannot be divided.
    """
    if not wanted:
        return []
    found = devices()
    if wanted != ALL and not (wanted.isdecimal() and int(wanted)):
        raise UsageError(f"--devices takes a number or `all`, not {wanted!r}. Nothing was fitted.")
    count = len(found) if wanted == ALL else int(wanted)
    if count > len(found):
        raise UsageError(f"{count} devices were asked for; there are {found}. Nothing was fitted.")
    if batch % count:
        raise UsageError(f"A batch of {batch} cannot be divided among {count} devices equally.")
    if count > 1 and keras.backend.backend() != "tensorflow":
        raise UsageError("Several devices need KERAS_BACKEND=tensorflow. Nothing was fitted.")
    return found[:count] if count > 1 else []


@contextmanager
def over(wanted: str, batch: int) -> Iterator[None]:
    """What is built inside is fitted on several devices; `wanted` and `batch` as for `chosen`."""
    names = tuple(chosen(wanted, batch))
    with _strategy(names).scope() if names else nullcontext():
        yield


@lru_cache(maxsize=1)
def _strategy(names: tuple[str, ...]) -> Any:
    """One for all stages: variables of two strategies cannot be mixed."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(list(names))


@contextmanager
def precision(mixed: bool) -> Iterator[None]:
    """What is built inside computes in half precision, if that is asked for and there is a GPU.

    Weights stay in single precision, and so do the layers that give logits and probabilities.
    """
    before = keras.config.dtype_policy()
    if mixed and devices("gpu"):
        # jax computes in bfloat16 on every GPU; its range is that of float32, so that no gradient
        # is scaled. TensorFlow and torch refuse it, or are slow, on those before 2020.
        kind = "bfloat16" if keras.backend.backend() == "jax" else "float16"
        keras.config.set_dtype_policy(f"mixed_{kind}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
