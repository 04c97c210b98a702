"""Duplicates and near duplicates: by bytes, and by the detail that two images share.

`splits.twins` compares grey thumbnails, in which segmented cells on black look alike: among 457
images of C-NMC it joins 8 pairs of different subjects. Detail (what a blur takes away) tells those
apart: among our 913 the most alike of different subjects reach 0.87, while of the 33 marked near
duplicates of all4 that are not equal bytes 30 lie above 0.88. In a set of many thousand segmented
cells some pairs may pass by their outline alone; `near_duplicates = "bytes"` is meant for those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.catalogue import Item

SIDE = 64  # pixels
BLUR = 2.0  # pixels, standard deviation
ALIKE = 0.88
_ROWS = 512  # compared at a time: 25 MB for 12,528 images of C-NMC


def detail(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is compared of one image (h, w, 3): (4096,) of length 1, or zeros of a flat one."""
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    flat = np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), BLUR), np.float32).ravel()
    length = float(np.linalg.norm(flat))
    # Below one grey level over the whole image it is the rounding of the blur.
    return np.asarray(flat / length if length > 1 else flat * 0, np.float32)


def alike(
    some: NDArray[np.float32], others: NDArray[np.float32] | None = None
) -> list[tuple[int, int]]:
    """Pairs (row of `some`, row of `others`) that nearly repeat each other.

    Args:
        some: (N, 4096) by `detail`.
        others: (M, 4096); None to compare `some` with itself, each pair once.
    """
    out: list[tuple[int, int]] = []
    for at in range(0, len(some), _ROWS):
        near = some[at : at + _ROWS] @ (some if others is None else others).T > ALIKE
        for a, b in np.argwhere(near).tolist():
            if others is not None or a + at < b:
                out.append((a + at, b))
    return out


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    """Number (count,) of the smallest row that each row is joined to by any chain of pairs."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return np.array([root(i) for i in range(count)], dtype=np.int64)


def clusters(items: Sequence[Item]) -> NDArray[np.int64]:
    """Number (N,) of the cluster of duplicates and near duplicates of each row of a listing."""
    place = {item.file: i for i, item in enumerate(items)}
    pairs = [(i, place[item.twin_of]) for i, item in enumerate(items) if item.twin_of in place]
    return joined(len(items), [*pairs, *_same([item.sha256 for item in items])])


def units(items: Sequence[Item]) -> NDArray[np.int64]:
    """Number (N,) of what may not straddle a fold: groups, joined where they share an image."""
    own = clusters(items)
    pairs = _same([item.group or f"\n{i}" for i, item in enumerate(items)])
    return joined(len(items), [*pairs, *enumerate(own.tolist())])


def _same(names: Sequence[str]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    return [(i, first.setdefault(name, i)) for i, name in enumerate(names)]
