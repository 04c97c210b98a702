"""Xception, a baseline of Tables 5 to 7 (Chollet 2017, arXiv 1610.02357).

Its ImageNet weights take -1..1. It wants 71 pixels or more.
"""

from __future__ import annotations

from pathlib import Path

import keras

from training.models import application
from training.models.classifier import SIDE, SIGNED, assemble
from training.models.heads import Head


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities; side >= 71."""
    trunk = application.load("Xception", weights, side)
    return assemble("xception", trunk, SIGNED, head, class_count)


def fetch(path: Path) -> None:
    """Write the ImageNet weights; needs the internet."""
    application.fetch("Xception", path)
