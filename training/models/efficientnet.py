"""What the EfficientNets of Keras have in common (Tan & Le 2019, arXiv 1905.11946).

Keras puts `Rescaling` and `Normalization` in front of its EfficientNets. The latter keeps its mean
and variance as weights, which come out of tf2onnx as extra required inputs; here they become one
`Rescaling` with plain numbers, and the model takes 0..1 pixels.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import ops

from training.models.classifier import PixelRange

# What the Lite trunks were trained on, (x * 255 - 127) / 128. It is configuration and gets lost
# when only weights are saved; a model without it is wrong without any error.
LITE_RANGE = PixelRange((255 / 128,) * 3, (-127 / 128,) * 3)


def cut(backbone: keras.Model) -> keras.Model:
    """The trunk without what Keras puts in front of it."""
    return keras.Model(backbone.get_layer("stem_conv_pad").input, backbone.output, name="trunk")


def range_of(backbone: keras.Model) -> PixelRange:
    """What stands in front of the trunk, on 0..1, measured with a black and a white image."""
    side = backbone.input_shape[1] or 32
    front = keras.Model(backbone.input, backbone.get_layer("stem_conv_pad").input)
    probes = (np.full((1, side, side, 3), value, np.float32) for value in (0.0, 255.0))
    black, white = (ops.convert_to_numpy(front(p))[0, 0, 0] for p in probes)
    scale, offset = (tuple(float(v) for v in row) for row in (white - black, black))
    return PixelRange(scale, offset)


def load(name: str, weights: Path | None, side: int) -> tuple[keras.Model, PixelRange]:
    """The trunk (N, side, side, 3) to (N, h, w, D), and its preprocessing as plain numbers.

    Args:
        name: in `keras.applications`.
        weights: Keras weights of the network without its top, or None for random ones.
        side: of the input in pixels; padding inside depends on it, weights do not.
    """
    application = getattr(keras.applications, name)
    backbone = application(include_top=False, weights=None, input_shape=(side, side, 3))
    if weights is None:
        return cut(backbone), LITE_RANGE
    backbone.load_weights(weights)
    return cut(backbone), range_of(backbone)


def fetch(name: str, path: Path) -> None:
    """Write Keras' ImageNet weights so that `load` finds the range in the file; needs the internet.

    With these weights, and only with them, Keras adds a second `Rescaling` that a network built for
    a weights file lacks (tensorflow#49930), so the normalisation takes it over.
    """
    application = getattr(keras.applications, name)
    found = application(include_top=False, weights="imagenet")
    plain = application(include_top=False, weights=None)
    plain.set_weights(found.get_weights())
    measured = range_of(found)
    scale, offset = np.array(measured.scale), np.array(measured.offset)
    set_range(plain, mean=-offset / scale, deviation=1 / scale)
    plain.save_weights(path)


def set_range(backbone: keras.Model, *, mean: np.ndarray, deviation: np.ndarray) -> None:
    """Put mean and deviation, both of 0..1 pixels, into the `Normalization` in front."""
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.Normalization):
            old, _, *rest = layer.get_weights()
            new = (np.broadcast_to(v, old.shape).astype(np.float32) for v in (mean, deviation**2))
            layer.set_weights([*new, *rest])
            layer.finalize_state()
