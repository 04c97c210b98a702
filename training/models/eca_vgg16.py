"""VGG16 with efficient channel attention, after Ullah et al. 2021 (Table 8: 91.10 %).

"An attention-based convolutional neural network for acute lymphoblastic leukemia classification",
Appl. Sci. 11(22):10662, doi 10.3390/app112210662: ECA modules in VGG16, C-NMC 2019 divided into
seven folds by subject, accuracy 91.1 %. The module is that of Wang et al. 2020, ECA-Net, arXiv
1910.03151: average pooling, a convolution over the channels whose width grows with their number,
sigmoid. What the abstract leaves open was chosen: one module behind each of the five blocks, before
its pooling; average pooling and a head of `heads` instead of VGG's dense layers of 4,096.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
from keras import layers

from training.models.classifier import CAFFE, SIDE, assemble, to_bgr, trunk_of
from training.models.heads import Head

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions, channels: VGG16


def kernel_width(channels: int) -> int:
    """Channels that one looks at: the odd number next to log2(C) / 2 + 1 / 2 (ECA-Net, eq. 12)."""
    near = int(abs(math.log2(channels) / 2 + 0.5))
    return near if near % 2 else near + 1


def attention(x: Any, name: str) -> Any:
    """Feature maps (N, h, w, C), each channel scaled by what it and its neighbours say."""
    channels = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(name=f"{name}_pool")(x)
    gate = layers.Reshape((channels, 1), name=f"{name}_line")(gate)
    gate = layers.Conv1D(
        1, kernel_width(channels), padding="same", use_bias=False, name=f"{name}_conv"
    )(gate)
    gate = layers.Activation("sigmoid", name=f"{name}_gate")(gate)
    gate = layers.Reshape((1, 1, channels), name=f"{name}_shape")(gate)
    return layers.Multiply(name=f"{name}_scale")([x, gate])


def load_trunk(weights: Path | None, side: int = SIDE) -> keras.Model:
    """The trunk (N, side, side, 3) to (N, h, w, 512); convolutions are called as Keras' VGG16's."""
    image = keras.Input((side, side, 3))
    x = to_bgr(image)
    for block, (convolutions, channels) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
        x = attention(x, f"block{block}_eca")
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return trunk_of(image, x, weights)


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities."""
    return assemble("eca-vgg16", load_trunk(weights, side), CAFFE, head, class_count)


def fetch(path: Path) -> None:
    """Write VGG16's ImageNet weights in the trunk's form, its modules random; needs the internet.

    A module's gates begin near one half, and VGG16 without its top is homogeneous but for its
    biases, so the maps come out smaller, not different.
    """
    found = keras.applications.VGG16(include_top=False, weights="imagenet")
    trunk = load_trunk(None)
    for layer in found.layers:
        if isinstance(layer, layers.Conv2D):
            trunk.get_layer(layer.name).set_weights(layer.get_weights())
    trunk.save_weights(path)
