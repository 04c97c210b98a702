"""Stain normalisation inside the network: images get mean colour and spread of a reference.

Reinhard et al. 2001, "Color transfer between images", IEEE Comput. Graph. Appl. 21(5):34-41, doi
10.1109/38.946629: logarithms of cone responses, turned to axes that natural images leave
uncorrelated (l: light, a: yellow against blue, b: red against green), where mean and deviation of
each axis are brought to the reference's. Pure black pixels are the ground of segmented cells: they
are not counted, and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

# Cone responses of RGB (equation 4 of Reinhard et al.), and the axes of their logarithms (6).
_CONES = np.array(
    [[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]], np.float32
)
_FROM_CONES = np.linalg.inv(_CONES).astype(np.float32)
_AXES = np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32)
_AXES /= np.linalg.norm(_AXES, axis=1, keepdims=True)  # orthonormal: the transpose turns back
DARKEST = 1 / 255  # of a cone's response; one grey level, for a logarithm that is no infinity
# Below half a per cent lies what rounding to grey levels makes of one colour, which is not to be
# blown up; the axis that varies least, b, has 2 % in cells and fields.
LEAST_SPREAD = 0.005
# Logarithms of what lies far outside any colour; exp of more overflows, and inf - inf is no number.
FARTHEST = 20.0


@dataclass(frozen=True)
class Stain:
    """Mean and deviation of the axes l, a, b; of natural logarithms, whose base cancels."""

    mean: Sequence[float]
    deviation: Sequence[float]


def normalised(image: Any, to: Stain) -> Any:
    """Images (N, H, W, 3) 0..1 with the mean and deviation of a reference, clipped to 0..1.

    An image of one colour gets the reference's mean colour.
    """
    stained, axes, mean, deviation = _measured(image)
    to_mean, to_deviation = (np.array(value, np.float32) for value in (to.mean, to.deviation))
    moved = (axes - mean) * (to_deviation / deviation) + to_mean
    cones = ops.exp(ops.clip(ops.matmul(moved, _AXES), -FARTHEST, FARTHEST))
    return ops.where(stained > 0, ops.clip(ops.matmul(cones, _FROM_CONES.T), 0.0, 1.0), image)


def reference(batches: Iterable[Any]) -> Stain:
    """The mean over images (n, H, W, 3) 0..1 of their means and of their deviations.

    Of their deviations, not of all their pixels together: how far images differ from each other is
    what the normalisation is to take away.

    Raises:
        ValueError: no image has a pixel that is not black.
    """
    means, deviations = [np.empty((0, 3))], [np.empty((0, 3))]
    for batch in batches:
        stained, _, mean, deviation = (ops.convert_to_numpy(v) for v in _measured(batch))
        seen = stained.any(axis=(1, 2, 3))
        means.append(mean[seen, 0, 0])
        deviations.append(deviation[seen, 0, 0])
    found = [np.concatenate(values).astype(np.float64) for values in (means, deviations)]
    if not len(found[0]):
        raise ValueError(
            "There is no image to measure a stain on: all are black. Nothing was fitted."
        )
    return Stain(*(values.mean(axis=0).tolist() for values in found))


def _measured(image: Any) -> tuple[Any, Any, Any, Any]:
    """Where it is not black (N, H, W, 1), axes (N, H, W, 3), their mean and deviation (N, 1, 1, 3).

    The mean of a black image is 0.
    """
    stained = ops.cast(ops.max(image, axis=-1, keepdims=True) > 0, "float32")
    cones = ops.maximum(ops.matmul(image, _CONES.T), DARKEST)
    axes = ops.matmul(ops.log(cones), _AXES.T)
    count = ops.maximum(_total(stained), 1.0)
    mean = _total(stained * axes) / count
    squares = _total(stained * ops.square(axes - mean))
    # The limit inside the root: there its slope is finite.
    deviation = ops.sqrt(ops.maximum(squares / count, LEAST_SPREAD**2))
    return stained, axes, mean, deviation


def _total(x: Any) -> Any:
    """Sum over the places, row by row: 90,000 numbers in one go are off by 1e-4 of it."""
    return ops.sum(ops.sum(x, axis=2, keepdims=True), axis=1, keepdims=True)
