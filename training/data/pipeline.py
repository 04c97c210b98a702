"""Batches of changed images for any Keras backend: numpy in, numpy out."""

from __future__ import annotations

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from training.data.augment import Augmentation, augment
from training.models.efficientnet_b3 import unit_range

Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """`steps` batches of (images 0..1, one-hot classes, weights), each row drawn anew.

    Args:
        pixels: (N, 300, 300, 3) uint8, memory-mapped.
        targets: (N, C) one-hot.
        rows: of the fit part.
        weights: (N,) of the loss.
        side: of the images in pixels.
        batch: images a step.
        steps: batches an epoch; 0 for one pass over the rows.
        how: augmentation, or None to leave images alone and rows in order.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        targets: NDArray[np.float32],
        rows: NDArray[np.int64],
        weights: NDArray[np.float32],
        *,
        side: int,
        batch: int,
        steps: int = 0,
        how: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._pixels, self._targets, self._rows, self._weights = pixels, targets, rows, weights
        self._side, self._batch, self._how = side, batch, how
        self._rng = np.random.default_rng(seed)
        self._steps = steps or -(-len(rows) // batch)
        self._order = self._draw()

    def __len__(self) -> int:
        return self._steps

    def on_epoch_end(self) -> None:
        self._order = self._draw()

    def __getitem__(self, step: int) -> Batch:
        rows = self._order[step * self._batch : (step + 1) * self._batch]
        images = np.stack([self._image(int(row)) for row in rows])
        x = np.asarray(keras.ops.convert_to_numpy(unit_range(images)))
        return x, self._targets[rows], self._weights[rows]

    def _draw(self) -> NDArray[np.int64]:
        if self._how is None:
            return self._rows
        rounds = -(-self._steps * self._batch // len(self._rows))
        drawn = np.concatenate([self._rng.permutation(self._rows) for _ in range(rounds)])
        return drawn[: self._steps * self._batch]

    def _image(self, row: int) -> NDArray[np.uint8]:
        image = np.asarray(self._pixels[row])
        if self._how is not None:
            image = augment(image, self._how, self._rng)
        if image.shape[0] == self._side:
            return image
        small = cv2.resize(image, (self._side, self._side), interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.uint8)
