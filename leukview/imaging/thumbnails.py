"""Small pictures for the gallery."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from leukview.imaging.decode import read


def thumbnail(path: Path, edge: int) -> NDArray[np.uint8]:
    """Decode a file and shrink it; it is never enlarged.

    Args:
        path: of an image file.
        edge: the longest side of the result at most, pixels.

    Returns:
        Contiguous uint8 (h, w, 3), RGB.

    Raises:
        ImageError: the file cannot be read or decoded.
    """
    return shrink(read(path).pixels, edge)


def shrink(pixels: NDArray[np.uint8], edge: int) -> NDArray[np.uint8]:
    """Bring uint8 (h, w, 3) to a longest side of at most `edge` pixels."""
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest <= edge:
        return pixels
    size = (max(1, round(width * edge / longest)), max(1, round(height * edge / longest)))
    # Averaging the covered pixels keeps thin chromatin strands from flickering.
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
