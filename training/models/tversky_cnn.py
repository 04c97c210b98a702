"""A small CNN trained with the Tversky loss, after Ansari et al. 2023 (Table 8: 99.01 %).

"A customized efficient deep learning model for the diagnosis of acute leukemia cells based on
lymphocyte and monocyte images", Electronics 12(2):322, doi 10.3390/electronics12020322. It was
fitted on images of one hospital and on others that a GAN made, not on C-NMC. Number and width of
its layers could not be looked up, so they were chosen: five blocks, each one 3x3 convolution, batch
norm, ReLU and pooling, doubling from 16 to 256 channels; loss weights as in `losses`.
"""

from __future__ import annotations

from pathlib import Path

import keras
from keras import layers

from training.models.classifier import SIDE, SIGNED, assemble, trunk_of
from training.models.heads import Head

CHANNELS = (16, 32, 64, 128, 256)


def load_trunk(weights: Path | None, side: int = SIDE) -> keras.Model:
    """The trunk (N, side, side, 3) to (N, h, w, 256)."""
    x = image = keras.Input((side, side, 3))
    for block, channels in enumerate(CHANNELS, start=1):
        name = f"block{block}"
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = layers.BatchNormalization(name=f"{name}_norm")(x)
        x = layers.Activation("relu", name=f"{name}_act")(x)
        x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    return trunk_of(image, x, weights)


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities."""
    return assemble("tversky-cnn", load_trunk(weights, side), SIGNED, head, class_count)
