"""ResNet50, a baseline of Tables 5 to 7 (He et al. 2016, arXiv 1512.03385).

Its ImageNet weights came from Caffe: 0..255, minus the mean of each channel, blue first. The
31,925,240 trainable parameters of Table 7 are more than the network has with its top (25,583,592).
"""

from __future__ import annotations

from pathlib import Path

import keras

from training.models import application
from training.models.classifier import CAFFE, SIDE, assemble
from training.models.heads import Head


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities."""
    trunk = application.load("ResNet50", weights, side, bgr=True)
    return assemble("resnet50", trunk, CAFFE, head, class_count)


def fetch(path: Path) -> None:
    """Write the ImageNet weights; needs the internet."""
    application.fetch("ResNet50", path)
