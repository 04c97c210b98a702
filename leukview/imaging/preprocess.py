"""From pixels of any size to the size that a model asks for, by the rule in its contract."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Rule = Literal["crop_and_resize", "area"]


def resize(pixels: NDArray[np.uint8], height: int, width: int, rule: Rule) -> NDArray[np.uint8]:
    """Resize one image.

    Args:
        pixels: uint8 (h, w, 3), RGB.
        height: of the result, pixels.
        width: of the result, pixels.
        rule: `crop_and_resize` is bilinear with aligned corners and no antialiasing, the same as
            `tf.image.crop_and_resize` with the full box; `area` averages the covered source pixels
            where the image shrinks.

    Returns:
        uint8 (height, width, 3); the array itself when it has that size already.
    """
    h, w = pixels.shape[:2]
    if (h, w) == (height, width):
        return pixels
    if rule == "crop_and_resize":
        return _aligned(pixels, height, width)
    if rule == "area":
        shrinks = height < h and width < w
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)
    raise ValueError(f"unknown resize rule {rule!r}")


def _aligned(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    h, w = pixels.shape[:2]
    # A single output row or column samples the middle of the source, as crop_and_resize does.
    scale_x, left = ((w - 1) / (width - 1), 0.0) if width > 1 else (0.0, (w - 1) / 2)
    scale_y, top = ((h - 1) / (height - 1), 0.0) if height > 1 else (0.0, (h - 1) / 2)
    matrix = np.array([[scale_x, 0, left], [0, scale_y, top]], np.float64)
    # OpenCV 5 is exact here to the rounding of uint8; cv2.resize has half-pixel centres and is off
    # by up to 97 grey levels on noise.
    warped = cv2.warpAffine(
        pixels,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.uint8)
