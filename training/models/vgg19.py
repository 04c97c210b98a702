"""VGG19, a baseline of Tables 5 to 7 (Simonyan & Zisserman 2015, arXiv 1409.1556).

Its ImageNet weights came from Caffe: 0..255, minus the mean of each channel, blue first. The
45,716,545 trainable parameters of Table 7 are neither the network without its top (20,024,384) nor
with it (143,667,240).
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
    trunk = application.load("VGG19", weights, side, bgr=True)
    return assemble("vgg19", trunk, CAFFE, head, class_count)


def fetch(path: Path) -> None:
    """Write the ImageNet weights; needs the internet."""
    application.fetch("VGG19", path)
