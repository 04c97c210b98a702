"""EfficientNet-B3 read at the end of its blocks 1 to 5, instead of behind the last block alone.

The weights to start from were grown from a network that knows photographs (see `grown`), and the
last blocks are what it knows best of them and leukemia least. Frozen, with one dense layer by
logistic regression on images and changed copies of them, and with what was tested kept apart:

| set | behind the last block | blocks 1 to 5 |
|---|---|---|
| all4, accuracy by look | 0.884 (all4-b3 0.3) | 0.942; blocks 5 and 6 0.924, 4 to 6 0.930 |
| cnmc, balanced accuracy and ROC-AUC by subject | 0.737, 0.809 (cnmc-b3 0.1) | 0.782, 0.841 |
| pbc, accuracy | 0.962, blocks 5 to 7 fitted (pbc8-b3 0.2) | 0.947 |

Fitted on images with a GPU instead, all layers, by `tuned` and `tuned-levels` (450 steps of 32
parts of 224 pixels, from the same grown weights), all4 by look was 0.919 for B3 and 0.921 for these
blocks, and 0.920 and 0.932 with the scale bar blanked: no better than frozen. Of cnmc one fold was
fitted so, 0.71 where the frozen blocks have 0.69.

One look of all4, `pre-0` (122 images with few, large cells), is called something else in every
image by all of these, by B3 behind its last block, and by these blocks on images without colour,
brought to one mean and deviation (0.933 in all): 0 of 122. So none of them can pass 0.957. Votes of
frozen and fitted networks leave 0.942 where it is.

Which blocks and which penalty was chosen with all folds in view; the neighbours are within 0.01 on
all4 (blocks 2 to 5, 4 and 5), and within 0.02 on cnmc. Chosen anew inside each fold, from block 1,
2, 3, 4 or 5 on and five penalties, by inner folds that keep groups together, it was 0.935 (all4)
and 0.743 (cnmc).
"""

from __future__ import annotations

import re
from pathlib import Path

import keras

from training.models import efficientnet
from training.models.classifier import SIDE, assemble, nodes
from training.models.heads import Head

BLOCKS = 5  # of seven
_BLOCK = re.compile(r"block(\d)")


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities. Layer names are part of the export."""
    trunk, pixel_range = efficientnet.load("EfficientNetB3", weights, side)
    ends = keras.Model(trunk.input, level_ends(trunk), name="trunk")
    return assemble("efficientnet-b3-levels", ends, pixel_range, head, class_count)


def level_ends(trunk: keras.Model) -> list[object]:
    """The last tensor of each block, from the bottom up."""
    outputs = {node.operation.name: node.output_tensors[0] for node in nodes(trunk)}
    last = {int(m[1]): layer.name for layer in trunk.layers if (m := _BLOCK.match(layer.name))}
    return [outputs[last[block]] for block in range(1, BLOCKS + 1)]


def fetch(path: Path) -> None:
    """Write the ImageNet weights; needs the internet."""
    efficientnet.fetch("EfficientNetB3", path)
