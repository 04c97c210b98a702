"""EfficientNet-B3 with one of the paper's heads, ready to train and to export.

Keras puts `Rescaling` and `Normalization` in front of its EfficientNet. The latter keeps its mean
and variance as weights, which come out of tf2onnx as extra required inputs; here they become one
`Rescaling` with plain numbers, and the model takes 0..1 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from training.models.heads import Head, add_head

SIDE = 300  # pixels, the paper's input
WIDTH = 1536  # channels of the last feature map


@dataclass(frozen=True)
class PixelRange:
    """`y = x * scale + offset` per channel: from 0..1 to what the pretrained trunk expects."""

    scale: tuple[float, ...]
    offset: tuple[float, ...]


# What the Lite2 trunk was trained on, (x * 255 - 127) / 128. It is configuration and gets lost when
# only weights are saved; a model without it is wrong without any error.
LITE_RANGE = PixelRange((255 / 128,) * 3, (-127 / 128,) * 3)


def load_trunk(weights: Path | None, side: int = SIDE) -> tuple[keras.Model, PixelRange]:
    """The trunk (N, side, side, 3) to (N, h, w, 1536), and its preprocessing as plain numbers.

    Args:
        weights: Keras weights of `EfficientNetB3(include_top=False)`, or None for random ones.
        side: of the input in pixels; padding inside depends on it, weights do not.
    """
    backbone = keras.applications.EfficientNetB3(
        include_top=False, weights=None, input_shape=(side, side, 3)
    )
    pixel_range = LITE_RANGE
    stem = backbone.get_layer("stem_conv_pad")
    if weights is not None:
        backbone.load_weights(weights)
        front = keras.Model(backbone.input, stem.input)
        probes = (np.full((1, side, side, 3), value, np.float32) for value in (0.0, 255.0))
        black, white = (ops.convert_to_numpy(front(p))[0, 0, 0] for p in probes)
        scale, offset = (tuple(float(v) for v in row) for row in (white - black, black))
        pixel_range = PixelRange(scale, offset)
    return keras.Model(stem.input, backbone.output, name="trunk"), pixel_range


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities. Layer names are part of the export."""
    trunk, pixel_range = load_trunk(weights, side)
    image = keras.Input((side, side, 3), name="image")
    x = layers.Rescaling(list(pixel_range.scale), list(pixel_range.offset), name="pixel_range")(
        image
    )
    x = layers.GlobalAveragePooling2D(name="embedding", dtype="float32")(trunk(x))
    return keras.Model(image, add_head(head, x, class_count), name=f"efficientnetb3_{head}")


def at_side(classifier: keras.Model, head: Head, side: int) -> keras.Model:
    """The same classifier, weights copied, for another input side."""
    class_count = classifier.get_layer("logits").units
    other = build(head, class_count, None, side)
    other.get_layer("pixel_range").scale = classifier.get_layer("pixel_range").scale
    other.get_layer("pixel_range").offset = classifier.get_layer("pixel_range").offset
    other.set_weights(classifier.get_weights())
    return other


def lower(classifier: keras.Model, block: str) -> keras.Model:
    """Images 0..1 to the feature maps that `block` ("block5a") takes; layers are shared."""
    trunk = classifier.get_layer("trunk")
    maps = keras.Model(trunk.input, entrance(trunk, block))
    x = classifier.get_layer("pixel_range")(classifier.input)
    return keras.Model(classifier.input, maps(x))


def upper(classifier: keras.Model, block: str) -> keras.Model:
    """Feature maps that `block` takes to embedding and probabilities; layers are shared."""
    trunk, pool = classifier.get_layer("trunk"), classifier.get_layer("embedding")
    start = entrance(trunk, block)
    maps = keras.Input(start.shape[1:], name="maps")
    embedding = pool(keras.Model(start, trunk.output)(maps))
    head = keras.Model(pool.output, classifier.output)
    return keras.Model(maps, [embedding, head(embedding)])


def entrance(trunk: keras.Model, block: str) -> Any:
    """The tensor that a block takes, in the trunk's own graph.

    A layer's `input` does not serve: models cut out of others share their layers, each with nodes
    of its own.
    """
    nodes = [node for depth in trunk._nodes_by_depth.values() for node in depth]
    order = [layer.name for layer in trunk.layers]
    first = next((name for name in order if name.startswith(block)), None)
    if first is None or order.index(first) == 0:
        raise ValueError(f"the trunk has no block {block!r} to begin at")
    return next(node for node in nodes if node.operation.name == first).input_tensors[0]


def unit_range(pixels: Any) -> Any:
    """Min-max of each image (uint8, N, H, W, 3) to 0..1, jointly over its channels.

    A blank image becomes 0: the span of integers is never between 0 and 1.
    """
    x = ops.cast(pixels, "float32")
    low = ops.min(x, axis=(1, 2, 3), keepdims=True)
    high = ops.max(x, axis=(1, 2, 3), keepdims=True)
    return (x - low) / ops.maximum(high - low, 1.0)


def remeasure_batch_norm(classifier: keras.Model, pixels: np.ndarray, batch: int = 16) -> None:
    """Average the trunk's batch statistics over one pass of `pixels` (uint8, N, side, side, 3).

    The grown weights come from a network with other activations; a linear probe on them went from
    0.888 to 0.975 by this alone.

    Raises:
        ValueError: fewer than 32 images, too few for statistics.
    """
    if len(pixels) < 32:
        raise ValueError(f"{len(pixels)} images are too few to measure batch norm: take 32 or more")
    trunk, front = classifier.get_layer("trunk"), classifier.get_layer("pixel_range")
    norms = [layer for layer in trunk.layers if isinstance(layer, layers.BatchNormalization)]
    for step, start in enumerate(range(0, len(pixels), batch)):
        for norm in norms:
            norm.momentum = step / (step + 1)
        trunk(front(unit_range(pixels[start : start + batch])), training=True)
    for norm in norms:
        norm.momentum = 0.99  # Keras' default, for the training that follows
