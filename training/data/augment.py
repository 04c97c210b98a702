"""Random changes of training images, in numpy and OpenCV, so that every backend sees the same.

Geometry, stain and, where a set has scale bars, the corner remedy: the box of the bar is filled at
random, and so is the same box in other corners, so that neither bar nor patch tells the class.
"""

from __future__ import annotations

from typing import Annotated

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Pixels = NDArray[np.uint8]

# Optical densities of haematoxylin, eosin and residual (Ruifrok & Johnston 2001, Anal Quant Cytol
# Histol 23:291-299), rows normalised; the jitter scales and shifts in this space.
_HED = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]], np.float32)
_TO_HED = np.linalg.inv(_HED).astype(np.float32)
_DENSITY = -np.log((np.arange(256, dtype=np.float32) + 1) / 256)  # of each grey level
BAR = (34, 16)  # width and height of the scale bar in a 224 pixel image


class Augmentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How strongly images are changed; zero switches a change off.

    Attributes:
        rotation: largest angle, degrees.
        flip: flip horizontally and vertically, each with probability 0.5.
        zoom: the scale is drawn from 1 - zoom to 1 + zoom.
        shift: largest shift, as share of the side.
        stain: spread of the factors in HED space.
        light: spread of brightness and of each channel's gain (white balance).
        corner: probability that a corner box is filled, per corner.
    """

    rotation: float = 0.0
    flip: bool = False
    zoom: Share = 0.0
    shift: Share = 0.0
    stain: Share = 0.0
    light: Share = 0.0
    corner: Share = 0.0


def augment(image: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """One changed copy of an image (H, W, 3), uint8 RGB."""
    return change_colour(change_shape(image, how, rng), how, rng)


def change_shape(image: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Corners, then rotation, scale, shift and flips."""
    return _move(fill_corners(image, how.corner, rng) if how.corner else image, how, rng)


def change_colour(image: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Stain, then brightness and white balance."""
    out = image
    if how.stain:
        out = stain_jitter(out, how.stain, rng)
    if how.light:
        gain = rng.normal(1.0, how.light / 2, 3) * rng.normal(1.0, how.light)
        out = np.clip(out * gain.astype(np.float32), 0, 255).astype(np.uint8)
    return out


def _move(image: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    height, width = image.shape[:2]
    angle = rng.uniform(-how.rotation, how.rotation)
    scale = rng.uniform(1 - how.zoom, 1 + how.zoom)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
    offset = rng.uniform(-how.shift, how.shift, 2) * np.array([width, height])
    matrix = np.column_stack([matrix[:, :2], matrix[:, 2] + offset])
    out = np.asarray(
        cv2.warpAffine(
            image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        ),
        dtype=np.uint8,
    )
    if how.flip:
        out = out[:, ::-1] if rng.random() < 0.5 else out
        out = out[::-1] if rng.random() < 0.5 else out
    return np.ascontiguousarray(out)


def stain_jitter(image: Pixels, spread: float, rng: np.random.Generator) -> Pixels:
    """Scale haematoxylin, eosin and residual by 1 ± spread each, and shift them a little.

    Pure black (the ground of segmented cells) stays black: it is no stain.
    """
    factor, shift = rng.uniform(1 - spread, 1 + spread, 3), rng.uniform(-spread, spread, 3) * 0.05
    # To HED, scaled, shifted and back is one affine map of the optical densities: 1.2 ms at 300
    # pixels where the steps in numpy took 6.5.
    there_and_back = (_TO_HED * factor) @ _HED
    affine = np.column_stack([there_and_back.T, shift @ _HED]).astype(np.float32)
    changed = cv2.transform(cv2.LUT(image, _DENSITY), affine)
    back = cv2.exp(-changed) * 256 - 1
    out: Pixels = np.clip(np.rint(back), 0, 255).astype(np.uint8)
    out[cv2.inRange(image, (0, 0, 0), (0, 0, 0)) > 0] = 0
    return out


def corner_box(corner: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the scale bar's box at a corner (0 bottom right, clockwise to 3)."""
    height, width = round(BAR[1] * shape[0] / 224), round(BAR[0] * shape[1] / 224)
    rows = slice(shape[0] - height, None) if corner in (0, 1) else slice(0, height)
    columns = slice(shape[1] - width, None) if corner in (0, 3) else slice(0, width)
    return rows, columns


def fill_corners(image: Pixels, probability: float, rng: np.random.Generator) -> Pixels:
    """Fill corner boxes with the mirrored neighbour, noise, or another corner's content."""
    out = image.copy()
    for corner in range(4):
        if rng.random() >= probability:
            continue
        rows, columns = corner_box(corner, image.shape[:2])
        box = out[rows, columns]
        kind = rng.integers(3)
        if kind == 0:
            out[rows, columns] = mirrored(image, corner)
        elif kind == 1:
            noise = rng.normal(box.mean(axis=(0, 1)), box.std() + 1, box.shape)
            out[rows, columns] = np.clip(noise, 0, 255).astype(np.uint8)
        else:
            other = corner_box(int(rng.integers(4)), image.shape[:2])
            out[rows, columns] = image[other]
    return out


def mirrored(image: Pixels, corner: int = 0) -> Pixels:
    """What a corner's box would show if the strip beside it were mirrored into it."""
    rows, columns = corner_box(corner, image.shape[:2])
    box = image[rows, columns]
    height = box.shape[0]
    strip = image[-2 * height : -height] if corner in (0, 1) else image[height : 2 * height]
    return np.ascontiguousarray(strip[::-1, columns])


def blank_bar(image: Pixels) -> Pixels:
    """The image with the bar's box (bottom right) mirrored away, to measure the bar's worth."""
    out = image.copy()
    out[corner_box(0, image.shape[:2])] = mirrored(image)
    return out
