"""EfficientNet-B3 (Tan & Le 2019, arXiv 1905.11946) with one of the paper's heads.

It is what Batool & Byun 2023 propose (doi 10.1109/ACCESS.2023.3266511).
"""

from __future__ import annotations

from pathlib import Path

import keras

from training.models import efficientnet
from training.models.classifier import (
    SIDE,
    PixelRange,
    assemble,
    entrance,
    lower,
    remeasure_batch_norm,
    unit_range,
    upper,
)
from training.models.efficientnet import LITE_RANGE
from training.models.heads import Head

__all__ = [
    "LITE_RANGE",
    "SIDE",
    "WIDTH",
    "PixelRange",
    "build",
    "entrance",
    "fetch",
    "load_trunk",
    "lower",
    "remeasure_batch_norm",
    "unit_range",
    "upper",
]
WIDTH = 1536  # channels of the last feature map


def load_trunk(weights: Path | None, side: int = SIDE) -> tuple[keras.Model, PixelRange]:
    """The trunk to (N, h, w, 1536), and its preprocessing; see `efficientnet.load`."""
    return efficientnet.load("EfficientNetB3", weights, side)


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities. Layer names are part of the export."""
    return assemble("efficientnet-b3", *load_trunk(weights, side), head, class_count)


def fetch(path: Path) -> None:
    """Write the ImageNet weights; needs the internet."""
    efficientnet.fetch("EfficientNetB3", path)
