"""EfficientNet-B0, a baseline of Tables 5 to 7 (Tan & Le 2019, arXiv 1905.11946).

The 167,984,681 trainable parameters that Table 7 gives it are more than eight times the network
with any pooled head, and more than VGG19 has. `grown` makes initial weights for it offline from
EfficientNet-Lite0, whose channels are the same.
"""

from __future__ import annotations

from pathlib import Path

import keras

from training.models import efficientnet
from training.models.classifier import SIDE, PixelRange, assemble
from training.models.heads import Head


def load_trunk(weights: Path | None, side: int = SIDE) -> tuple[keras.Model, PixelRange]:
    """The trunk to (N, h, w, 1280), and its preprocessing; see `efficientnet.load`."""
    return efficientnet.load("EfficientNetB0", weights, side)


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities."""
    return assemble("efficientnet-b0", *load_trunk(weights, side), head, class_count)


def fetch(path: Path) -> None:
    """Write the ImageNet weights; needs the internet."""
    efficientnet.fetch("EfficientNetB0", path)
