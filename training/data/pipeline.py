"""Batches of changed images for any Keras backend: numpy in, numpy out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from training.data.augment import Augmentation, augment, change_colour, change_shape

Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def shuffled(rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` rows: all of them in a new order, again and again."""
    rounds = -(-count // len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(rounds)])[:count]


def in_unit_range(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What `classifier.unit_range` makes of images (N, H, W, 3), without the framework.

    On a GPU the framework would carry each batch there, back, and there again to be fitted on.
    """
    axes = (1, 2, 3)
    low = pixels.min(axes, keepdims=True).astype(np.float32)
    span = pixels.max(axes, keepdims=True).astype(np.float32) - low
    x = pixels.astype(np.float32)
    x -= low
    x /= np.maximum(span, np.float32(1))
    return x


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """`steps` batches of (images 0..1, one-hot classes, weights), each row drawn anew.

    Args:
        pixels: (N, 300, 300, 3) uint8, memory-mapped.
        targets: (N, C) one-hot.
        rows: of the fit part.
        weights: (N,) of the loss.
        side: of the images in pixels.
        view: `whole` images reduced, or a random `part` at full scale (the middle without `how`).
        batch: images a step.
        steps: batches an epoch; 0 for one pass over the rows.
        how: augmentation, or None to leave images alone and rows in order.
        workers: threads that make batches beside the fit; OpenCV and numpy let them run at once.
        share: which part of each batch is made here, and of how many: the others are made by other
            machines, with other random changes.
        multiple: of whose length a batch is made, by rows of no weight.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        targets: NDArray[np.float32],
        rows: NDArray[np.int64],
        weights: NDArray[np.float32],
        *,
        side: int,
        view: Literal["whole", "part"] = "whole",
        batch: int,
        steps: int = 0,
        how: Augmentation | None = None,
        seed: int = 0,
        workers: int = 1,
        share: tuple[int, int] = (0, 1),
        multiple: int = 1,
    ) -> None:
        # Threads, not processes: a process forked after TensorFlow has started may never return.
        super().__init__(workers=workers)
        if workers > 1:
            # OpenCV would start threads of its own for each of ours, as many as there are cores:
            # with eleven fits side by side on 16 cores a load of 44, and of 17 without them.
            cv2.setNumThreads(1)
        self._pixels, self._targets, self._rows, self._weights = pixels, targets, rows, weights
        self._side, self._view, self._batch, self._how = side, view, batch, how
        self._seed, self._epoch = seed, 0
        self._share, self._multiple = share, multiple
        self._steps = steps or -(-len(rows) // batch)
        self._order = self._draw()

    def __len__(self) -> int:
        return self._steps

    def begin(self, epoch: int) -> None:
        """Draw the rows of an epoch, counted from 0."""
        self._epoch = epoch
        self._order = self._draw()

    def __getitem__(self, step: int) -> Batch:
        rows = self._order[step * self._batch : (step + 1) * self._batch]
        weights, filling = self._weights[rows], -len(rows) % self._multiple
        rows = np.concatenate([rows, np.repeat(rows[-1:], filling)])
        weights = np.concatenate([weights, np.zeros(filling, weights.dtype)])
        number, count = self._share
        mine = slice(number * len(rows) // count, (number + 1) * len(rows) // count)
        rows, weights = rows[mine], weights[mine]
        # By epoch and step, not from one stream: some backends read a batch to learn its shape.
        seeds = [self._seed, self._epoch, 1 + step, *([number] if count > 1 else [])]
        rng = np.random.default_rng(seeds)
        images = np.stack([self._image(int(row), rng) for row in rows])
        return in_unit_range(images), self._targets[rows], weights

    def _draw(self) -> NDArray[np.int64]:
        if self._how is None:
            return self._rows
        rng = np.random.default_rng([self._seed, self._epoch, 0])
        return shuffled(self._rows, self._steps * self._batch, rng)

    def _image(self, row: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        image = np.asarray(self._pixels[row])
        if self._view == "part":
            return self._part(image, rng)
        if image.shape[0] != self._side:
            small = cv2.resize(image, (self._side, self._side), interpolation=cv2.INTER_AREA)
            image = np.asarray(small, dtype=np.uint8)
        # After the reduction: the changes cost four times as much at 300 pixels as at 160.
        return image if self._how is None else augment(image, self._how, rng)

    def _part(self, image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Geometry before the cut, so that little mirrored border comes into it; colour after."""
        spare = image.shape[0] - self._side
        if self._how is None:
            return image[spare // 2 :, spare // 2 :][: self._side, : self._side]
        top, left = rng.integers(0, spare + 1, 2)
        moved = change_shape(image, self._how, rng)
        return change_colour(moved[top:, left:][: self._side, : self._side], self._how, rng)


class MapBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras ships no types
    """`steps` batches of (feature maps, one-hot classes, weights), each copy and row drawn anew.

    Args:
        copies: each (N, h, w, c) half precision, plain images first.
        targets, rows, weights, batch, steps, seed: as for `Batches`.
        in_order: give the rows of the plain images, once.
    """

    def __init__(
        self,
        copies: Sequence[NDArray[np.float16]],
        targets: NDArray[np.float32],
        rows: NDArray[np.int64],
        weights: NDArray[np.float32],
        *,
        batch: int,
        steps: int = 0,
        seed: int = 0,
        in_order: bool = False,
    ) -> None:
        super().__init__()
        self._copies, self._targets, self._rows, self._weights = copies, targets, rows, weights
        self._batch, self._seed, self._in_order = batch, seed, in_order
        self._steps = steps or -(-len(rows) // batch)
        self.begin(0)

    def __len__(self) -> int:
        return self._steps

    def begin(self, epoch: int) -> None:
        """Draw the copies and rows of an epoch, counted from 0."""
        if self._in_order:
            self._drawn = np.column_stack([np.zeros_like(self._rows), self._rows])
            return
        rng = np.random.default_rng([self._seed, epoch, 0])
        rows = shuffled(self._rows, self._steps * self._batch, rng)
        self._drawn = np.column_stack([rng.integers(0, len(self._copies), len(rows)), rows])

    def __getitem__(self, step: int) -> Batch:
        drawn = self._drawn[step * self._batch : (step + 1) * self._batch]
        maps = np.stack([self._copies[copy][row] for copy, row in drawn]).astype(np.float32)
        rows = drawn[:, 1]
        return maps, self._targets[rows], self._weights[rows]
