"""The "EfficientNet-B0 of Gao et al." of Table 8 (95.18 %), as far as it can be known.

Table 8's reference [62] is Gao et al. 2020, IEEE Trans. Med. Imag. 39(5):1524-1534, "Privileged
modality distillation for vessel border detection in intracoronary imaging": no leukaemia, no
EfficientNet, and of 2020 where the table says 2021. So the system is known by its name alone.
Chosen here: EfficientNet-B0 with its authors' own top, pooling, dropout 0.2 and one dense layer
(head `stock`; Tan & Le 2019, arXiv 1905.11946), on the same 300 pixels as all others.
"""

from __future__ import annotations

from pathlib import Path

import keras

from training.models import efficientnet_b0
from training.models.classifier import SIDE, assemble
from training.models.heads import Head


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities."""
    return assemble("gao-b0", *efficientnet_b0.load_trunk(weights, side), head, class_count)


def fetch(path: Path) -> None:
    """Write the ImageNet weights; needs the internet."""
    efficientnet_b0.fetch(path)
