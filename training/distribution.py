"""One fit on several devices, of one machine or of several, by the framework's own means.

Each device has the network and takes an equal part of every batch. With jax it is
`keras.distribution.DataParallel`: a step is computed as if on one device, batch norm and clipping
included. The machines of one fit are told by Keras' own variables, KERAS_DISTRIBUTION_JOB_ADDRESSES
(host:port of the first), KERAS_DISTRIBUTION_NUM_PROCESSES and KERAS_DISTRIBUTION_PROCESS_ID; each
reads its own share of a batch from its own copy of the images, and keeps a run folder of its own
that ends with the same weights.

With TensorFlow it is `tf.distribute.MirroredStrategy`, on one machine: batch norm measures each
part alone, so a network that has it is fitted a little differently on two devices than on one; and
AdamW, which clips, clips the gradient of each part (losses of a tiny network 3e-4 apart after two
steps, with Adam 1e-7). `MultiWorkerMirroredStrategy` fails in Keras 3.15: it averages a scalar loss
along an axis (`backend/tensorflow/trainer.py`, `_reduce`).

Half precision on GPUs is set here too.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import keras

from leukview.domain.errors import UsageError

ALL = "all"
MACHINES = "KERAS_DISTRIBUTION_NUM_PROCESSES"


def join_machines() -> None:
    """Meet the other machines of this fit, if there are any; before anything is computed.

    Raises:
        UsageError: there are, and the backend cannot.
    """
    if os.environ.get(MACHINES, "1") == "1":
        return
    if keras.backend.backend() != "jax":
        raise UsageError(
            f"{MACHINES} is set: several machines need KERAS_BACKEND=jax. Nothing was fitted."
        )
    keras.distribution.initialize()


def share() -> tuple[int, int]:
    """Which part of each batch this machine reads: its number, from 0, and how many there are."""
    if keras.backend.backend() != "jax":
        return 0, 1
    jax = importlib.import_module("jax")
    return int(jax.process_index()), int(jax.process_count())


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
    backend, machines = keras.backend.backend(), share()[1]
    if count > 1 and backend not in ("jax", "tensorflow"):
        raise UsageError(
            "Several devices need KERAS_BACKEND=jax or tensorflow. Nothing was fitted."
        )
    if machines > 1 and count != len(found):
        raise UsageError(
            f"{machines} machines fit together with all their devices or not at all. Nothing was"
            " fitted. Say `--devices all` on each of them."
        )
    return found[:count] if count > 1 else []


def divisor(wanted: str, batch: int) -> int:
    """What the length of every batch is a multiple of; `wanted` and `batch` as for `chosen`.

    jax divides the last batch of those that choose equally too; TensorFlow takes it as it is.
    """
    return len(chosen(wanted, batch)) or 1 if keras.backend.backend() == "jax" else 1


@contextmanager
def over(wanted: str, batch: int) -> Iterator[None]:
    """What is built inside is fitted on several devices; `wanted` and `batch` as for `chosen`."""
    names = tuple(chosen(wanted, batch))
    with _strategy(names).scope() if names else nullcontext():
        yield


@contextmanager
def fitting(wanted: str, batch: int) -> Iterator[None]:
    """What `over` built is fitted inside; `wanted` and `batch` as for `chosen`.

    A network knows its strategy with TensorFlow. On jax what is in force divides the batches.
    """
    with over(wanted, batch) if keras.backend.backend() == "jax" else nullcontext():
        yield


@lru_cache(maxsize=1)
def _strategy(names: tuple[str, ...]) -> Any:
    """One for all stages: variables of two strategies cannot be mixed."""
    if keras.backend.backend() == "jax":
        return keras.distribution.DataParallel(devices=list(names), auto_shard_dataset=False)
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
