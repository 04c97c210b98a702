"""The trunk of an exported model, back from its ONNX file: what a fit of another set starts from.

The exporter folds every batch norm into the convolution before it. For a fit it has to be one
again, so the statistics of the convolution's output are measured on images of the set to be fitted,
and scale and offset follow from what the file applies; the function stays the file's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from training.models.classifier import STAIN, check_enough
from training.models.efficientnet_b3 import PixelRange, entrance, unit_range

Floats = NDArray[np.float32]
# Keras' names of the convolutions in an EfficientNet; tf2onnx keeps them in its own.
_CONVOLUTION = re.compile(
    r"(block\d[a-z]_(?:dwconv|\w+?_conv|se_reduce|se_expand)|stem_conv|top_conv)"
)
_REMEDY = "Nothing was fitted. Start from a model that `python -m training export` wrote."
BATCH = 4  # all maps of one image are 80 MB at 300 pixels


@dataclass(frozen=True, kw_only=True)
class Folded:
    """A convolution of the file: `y = conv(x, kernel) * scale + offset`.

    Attributes:
        kernel: as ONNX has it, (out, in / groups, h, w).
        scale, offset: per channel of the output.
    """

    kernel: Floats
    scale: Floats
    offset: Floats


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """What a fit takes from an exported EfficientNet.

    Attributes:
        convolutions: by their Keras names, in the graph's order.
        pixel_range: what brings 0..1 to the numbers that the trunk expects.
    """

    convolutions: dict[str, Folded]
    pixel_range: PixelRange


def read(path: Path) -> Shipped:
    """The trunk of an exported EfficientNet.

    Raises:
        UsageError: a convolution has another name than an EfficientNet's, or there is no range.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    out: dict[str, Folded] = {}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        # The kernel, unless constant folding gave it a number for a name; then the node.
        found = next(
            filter(None, (_CONVOLUTION.search(n) for n in (*node.input[1:2], node.name))), None
        )
        if found is None:
            raise UsageError(f"{path} is no EfficientNet by its names ({node.name}). {_REMEDY}")
        out[found[1]] = _folded(node, values, users)
    return Shipped(convolutions=out, pixel_range=_range(path, graph, values))


def _range(path: Path, graph: Any, values: dict[str, Any]) -> PixelRange:
    said: dict[str, tuple[float, ...]] = {}
    for node in graph.node:
        constants = [values[i] for i in node.input if i in values]
        mine = "/pixel_range" in node.output[0] and f"/{STAIN}/" not in node.output[0]
        if mine and node.op_type in {"Mul", "Add"} and constants:
            said[node.op_type] = tuple(float(v) for v in np.broadcast_to(constants[0].ravel(), 3))
    if len(said) < 2:
        raise UsageError(f"{path} does not say what its trunk expects of pixels. {_REMEDY}")
    return PixelRange(said["Mul"], said["Add"])


def _folded(node: Any, values: dict[str, Any], users: dict[str, list[Any]]) -> Folded:
    kernel = np.asarray(values[node.input[1]], np.float32)
    scale = np.ones(len(kernel), np.float32)
    offset = np.zeros(len(kernel), np.float32)
    if len(node.input) > 2:
        offset = np.asarray(values[node.input[2]], np.float32).ravel()
    # Batch norms of depthwise convolutions stay behind them as one Mul and one Add.
    for kind in ("Mul", "Add"):
        after = [n for n in users[node.output[0]] if n.op_type == kind]
        constants = [values[i] for n in after for i in n.input if i in values]
        if not constants:
            break
        (value,) = constants
        if kind == "Mul":
            scale, offset = scale * value.ravel(), offset * value.ravel()
        else:
            offset = offset + value.ravel()
        node = after[0]
    return Folded(kernel=kernel, scale=scale, offset=offset)


def fill(classifier: keras.Model, shipped: Shipped, pixels: NDArray[np.uint8]) -> None:
    """Give a classifier's trunk the weights of a file, with the batch norm of some images.

    Args:
        classifier: of the same architecture; its head is left alone.
        shipped: see `read`.
        pixels: (N, side, side, 3) of the set to be fitted, N >= 32.

    Raises:
        UsageError: the file's convolutions are not this trunk's.
        ValueError: too few images.
    """
    check_enough(pixels)
    trunk, convolutions = classifier.get_layer("trunk"), shipped.convolutions
    classifier.get_layer("pixel_range").scale = list(shipped.pixel_range.scale)
    classifier.get_layer("pixel_range").offset = list(shipped.pixel_range.offset)
    layers = {n: layer for layer in trunk.layers if (n := layer.name) in convolutions}
    own = [
        n.name
        for n in trunk.layers
        if isinstance(n, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    ]
    if sorted(own) != sorted(convolutions):
        raise UsageError(
            f"The model's {len(convolutions)} convolutions, the last of them {[*convolutions][-1]},"
            f" are not the {len(own)} of this network, the last of them {own[-1]}. Nothing was"
            " fitted. Start from a model of the same network, or set `network` to the model's."
        )
    norms: dict[str, Any] = {}
    for name, layer in layers.items():
        said = convolutions[name]
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        kernel = said.kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
        if layer.use_bias:
            layer.set_weights([kernel, said.offset])
            continue
        layer.set_weights([kernel])
        norms[name] = norm = trunk.get_layer(_norm_of(name))
        one = np.ones_like(said.scale)
        # Statistics that do nothing, until they are measured.
        norm.set_weights([said.scale, said.offset, 0 * one, (1 - norm.epsilon) * one])
    for name, (mean, variance) in _statistics(classifier, list(norms), pixels).items():
        said, norm = convolutions[name], norms[name]
        gamma = said.scale * np.sqrt(variance + norm.epsilon)
        norm.set_weights([gamma, said.offset + said.scale * mean, mean, variance])


def _norm_of(convolution: str) -> str:
    if convolution.endswith("_dwconv"):
        return convolution.removesuffix("_dwconv") + "_bn"
    return convolution.removesuffix("_conv") + "_bn"


def _statistics(
    classifier: keras.Model, names: list[str], pixels: NDArray[np.uint8]
) -> dict[str, tuple[Floats, Floats]]:
    """Mean and variance of each convolution's output, per channel."""
    trunk, front = classifier.get_layer("trunk"), classifier.get_layer("pixel_range")
    # What a convolution gives is what its batch norm takes.
    watched = keras.Model(trunk.input, [entrance(trunk, _norm_of(name)) for name in names])
    first: list[Any] = [0.0] * len(names)
    second: list[Any] = [0.0] * len(names)
    for start in range(0, len(pixels), BATCH):
        part = pixels[start : start + BATCH]
        for k, value in enumerate(watched(front(unit_range(part)), training=False)):
            mean = keras.ops.mean(value, axis=(0, 1, 2))
            square = keras.ops.mean(keras.ops.square(value), axis=(0, 1, 2))
            share = len(part) / len(pixels)
            first[k] = first[k] + share * keras.ops.convert_to_numpy(mean).astype(np.float64)
            second[k] = second[k] + share * keras.ops.convert_to_numpy(square).astype(np.float64)
    return {
        name: (a.astype(np.float32), np.maximum(b - a * a, 1e-6).astype(np.float32))
        for name, a, b in zip(names, first, second, strict=True)
    }
