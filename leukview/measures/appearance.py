"""What can be measured of how an image looks, and in what some images differ from known ones.

Nothing here knows what a cell is. Three things are compared: the size in pixels, whether the
ground round the cell is cut away to black, and the optical density of each colour.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLACK = 10  # grey levels; C-NMC's ground is 0, and JPEG moves it by less than this
_CUT = 0.9  # of the rim: it is black in all C-NMC images and in none of PBC's and all4's fields
_ENOUGH = 4  # known images, before their colours are a range
_MOST = 0.5  # of the images have to differ, before a reason is given
# Beyond the known range by this factor. PBC's 360 pixels are 0.80 of C-NMC's 450. With the six
# golden images of its own set, 0 of 150 images of C-NMC and 1 of 150 of PBC are called odd.
_FACTOR_OF_SIZE, _FACTOR_OF_DENSITY = 1.2, 1.25
_FAINT = 0.02  # optical density; below it a ratio says nothing


class Reason(enum.StrEnum):
    """What is likely to make images unfamiliar."""

    SIZE = "size"
    CROP = "crop"
    STAIN = "stain"


@dataclass(frozen=True, slots=True)
class Appearance:
    """Of one image.

    Attributes:
        height, width: pixels.
        cut: whether its rim is black, so that the cell was cut out.
        density: mean optical density of red, green and blue where it is not black; all nan if it
            is black everywhere.
    """

    height: int
    width: int
    cut: bool
    density: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Known:
    """How images look that a model knows.

    Attributes:
        smallest, largest: sides seen in training, pixels.
        images: some that are familiar to it; none where none may be kept.
    """

    smallest: int
    largest: int
    images: tuple[Appearance, ...] = ()


@dataclass(frozen=True, slots=True)
class Differences:
    """In what images differ from known ones.

    Attributes:
        reasons: size first; none where nothing can be said.
        height, width: medians, pixels.
        cut: whether most are cut out on black.
    """

    reasons: tuple[Reason, ...]
    height: int
    width: int
    cut: bool


def appearance(pixels: NDArray[np.uint8]) -> Appearance:
    """Measure one image.

    Args:
        pixels: uint8 (h, w, 3), RGB.
    """
    brightest = pixels.max(axis=2)
    rim = np.concatenate((brightest[0], brightest[-1], brightest[:, 0], brightest[:, -1]))
    seen = pixels[brightest > BLACK]
    # Beer-Lambert with a white of 255, as in colour deconvolution (Ruifrok & Johnston 2001).
    red, green, blue = (
        -np.log10((seen.astype(np.float64) + 1.0) / 256.0).mean(axis=0)
        if len(seen)
        else np.full(3, np.nan)
    )
    cut = bool((rim <= BLACK).mean() >= _CUT)
    height, width = pixels.shape[:2]
    return Appearance(height, width, cut, (float(red), float(green), float(blue)))


def differences(images: Sequence[Appearance], known: Known) -> Differences:
    """In what most of some images differ from those that a model knows.

    Colours are compared only where both are cut out, or neither is: a field's ground thins the
    density of its cells.
    """
    if not images:
        return Differences((), 0, 0, cut=False)
    cut = _share([one.cut for one in images]) > _MOST
    reasons = []
    if _share([_odd_size(one, known) for one in images]) > _MOST:
        reasons.append(Reason.SIZE)
    if len(known.images) >= _ENOUGH:
        ground = [one.cut for one in known.images]
        uncut = all(ground) and not any(one.cut for one in images)
        if uncut or (cut and not any(ground)):
            reasons.append(Reason.CROP)
        elif _odd_colour(images, known.images):
            reasons.append(Reason.STAIN)
    height, width = (int(np.median([getattr(o, s) for o in images])) for s in ("height", "width"))
    return Differences(tuple(reasons), height, width, cut)


def odd_size(height: int, width: int, smallest: int, largest: int) -> bool:
    """Whether a size in pixels is unlike those seen in training, by more than a fifth."""
    too_small = min(height, width) * _FACTOR_OF_SIZE < smallest
    return too_small or max(height, width) > largest * _FACTOR_OF_SIZE


def _odd_size(one: Appearance, known: Known) -> bool:
    return odd_size(one.height, one.width, known.smallest, known.largest)


def _odd_colour(images: Sequence[Appearance], known: Sequence[Appearance]) -> bool:
    """Whether most images lie outside the range of the known ones in some colour."""
    usual = np.array([one.density for one in known])
    usual = usual[np.isfinite(usual).all(axis=1)]
    if len(usual) < _ENOUGH:
        return False
    low = usual.min(axis=0) / _FACTOR_OF_DENSITY - _FAINT
    high = usual.max(axis=0) * _FACTOR_OF_DENSITY + _FAINT
    theirs = np.array([one.density for one in images])
    theirs = theirs[np.isfinite(theirs).all(axis=1)]
    outside = ((theirs < low) | (theirs > high)).any(axis=1)
    return bool(len(outside)) and float(outside.mean()) > _MOST


def _share(which: Sequence[bool]) -> float:
    return sum(which) / len(which)
