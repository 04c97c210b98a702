"""What a network's feature maps say at every level of it, as one embedding.

The mean over an image's places says how much of a pattern there is, the deviation how unevenly:
both are cheap, and a class activation map follows from them exactly. Early levels keep the texture
of chromatin and the sharpness of edges, which the last has given up for objects of photographs.
Statistics of maps as a description of texture: Gatys et al. 2015 (arXiv 1505.07376), with mean and
deviation alone Huang & Belongie 2017 (arXiv 1703.06868); maps of several levels side by side:
Hariharan et al. 2015 (arXiv 1411.5752).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

# Under the root of the variance: its slope at zero is infinite, and a map may be blank.
EPSILON = 1e-6


@keras.saving.register_keras_serializable("leukview")
class LevelStatistics(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Mean and deviation over the places of maps [(N, h, w, c), ...]: (N, 2 * the sum of c).

    The means of the first level come first, then its deviations, then the second level.
    """

    def call(self, maps: Sequence[Any]) -> Any:
        """See the class."""
        found = [_statistics(level) for level in maps]
        return ops.concatenate([part for both in found for part in both], axis=-1)

    def compute_output_shape(self, shapes: Sequence[tuple[int | None, ...]]) -> tuple[Any, ...]:
        """As Keras wants it."""
        return (shapes[0][0], 2 * sum(int(shape[-1] or 0) for shape in shapes))


def _statistics(maps: Any) -> tuple[Any, Any]:
    """Mean and deviation (N, c) of maps (N, h, w, c)."""
    mean = ops.mean(maps, axis=(1, 2), keepdims=True)
    variance = ops.mean(ops.square(maps - mean), axis=(1, 2))
    return ops.squeeze(mean, (1, 2)), ops.sqrt(variance + EPSILON)


def grid(levels: Sequence[Any]) -> int:
    """Rows of the activation maps for levels [(N, h, w, c), ...]: the last but one's."""
    return int(levels[-2].shape[1])


def activation_maps(levels: Sequence[Any], gradient: Any) -> Any:
    """What each place adds to each logit.

    A mean is a mean over places already; a deviation s is the mean over places of (x - m)^2 / s.
    So for a dense layer on `LevelStatistics` the mean of a map is the logit without its bias,
    whatever the levels' sizes (and up to EPSILON / s).

    Args:
        levels: [(N, h, w, c), ...].
        gradient: of the logits by the statistics, (N or 1, 2 * the sum of c, C).

    Returns:
        (N, rows * rows, C) for `grid` rows, in logit units; not clipped at zero.
    """
    total, start, rows = 0.0, 0, grid(levels)
    for maps in levels:
        _, height, width, channels = maps.shape
        by_mean = gradient[:, start : start + channels]
        by_deviation = gradient[:, start + channels : start + 2 * channels]
        start += 2 * channels
        mean, deviation = _statistics(maps)
        places = ops.reshape(maps, (-1, height * width, channels))
        uneven = ops.square(places - mean[:, None]) / deviation[:, None]
        each = ops.matmul(places, by_mean) + ops.matmul(uneven, by_deviation)
        total = total + _at_grid(each, height, width, rows)
    return total


def _at_grid(each: Any, height: int, width: int, rows: int) -> Any:
    """(N, rows * rows, C) of (N, height * width, C), by area, so that the mean stays."""
    count = each.shape[-1]
    x = ops.reshape(each, (-1, height, width * count))
    x = ops.matmul(ops.convert_to_tensor(area(rows, height)), x)
    x = ops.transpose(ops.reshape(x, (-1, rows, width, count)), (0, 1, 3, 2))
    x = ops.matmul(x, ops.convert_to_tensor(area(rows, width).T))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2)), (-1, rows * rows, count))


def area(rows: int, size: int) -> NDArray[np.float32]:
    """(rows, size): the share of each of `size` equal stretches in each of `rows` longer ones.

    Rows sum to 1, columns to rows / size; shorter ones repeat what they lie in.
    """
    edges = np.arange(rows + 1) * size / rows
    cells = np.arange(size)
    ends = np.minimum(edges[1:, None], cells + 1)
    overlap = np.maximum(ends - np.maximum(edges[:-1, None], cells), 0)
    return np.asarray(overlap * rows / size, np.float32)
