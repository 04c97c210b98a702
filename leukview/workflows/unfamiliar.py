"""Images that a model does not know: how many, why that may be, and which model knows them."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import ImageError, ModelFileError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.decode import decode, read
from leukview.imaging.drive import READ_SECONDS, Drive
from leukview.imaging.preprocess import resize
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import ModelFile
from leukview.measures.appearance import (
    Appearance,
    Differences,
    Known,
    appearance,
    differences,
    odd_size,
)
from leukview.workflows.open_folder import familiarity, usable
from leukview.workflows.review import Review

log = logging.getLogger(__name__)
ENOUGH = 20  # images, before a share says something
MANY = 0.2  # held-out images of the training sets are unfamiliar in 1 of 100
SAMPLE = 12  # images looked at; twelve through two other models take 5 to 20 s on two slow cores
_KNOWS = 0.8  # of the sample, before another model is offered


@dataclass(frozen=True, slots=True)
class Unlike:
    """The images of a slide that are unlike the training images, of those that may be told.

    Attributes:
        count, of: unfamiliar ones, and all with a suggestion that is not hidden.
        rows: of the unfamiliar ones, int64.
    """

    count: int
    of: int
    rows: NDArray[np.int64]

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def many(self) -> bool:
        """Whether that has to be said of the slide."""
        return self.of >= ENOUGH and self.share >= MANY

    @property
    def most(self) -> bool:
        """Whether another model may serve the slide better; it would get all of the images."""
        return self.many and self.share > 0.5


@dataclass(frozen=True, slots=True)
class Better:
    """A shipped model that knows the images; `knows` of `of` that were looked at."""

    name: str
    title: str
    knows: int
    of: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why they may be unfamiliar, and what to use instead."""

    differences: Differences
    better: Better | None


def unlike(review: Review) -> Unlike:
    """Count; a hidden suggestion is neither counted nor told."""
    told = (review.suggested >= 0) & ~review.hidden
    rows = np.flatnonzero(told & review.unfamiliar)
    return Unlike(len(rows), int(np.count_nonzero(told)), rows)


def evenly(rows: NDArray[np.int64], count: int = SAMPLE) -> list[int]:
    """Some of the rows, spread over all of them."""
    if len(rows) > count:
        rows = rows[np.linspace(0, len(rows) - 1, count).round().astype(np.int64)]
    return [int(row) for row in rows]


def explain(
    images: Sequence[ImageFile], model: ModelFile, cancel: CancelToken, *, offer: bool = True
) -> Explanation | None:
    """Look at unfamiliar images.

    Args:
        images: some that are unfamiliar to `model`, `SAMPLE` at most.
        model: whose suggestions they have.
        cancel: stops it.
        offer: whether to look for another model.

    Returns:
        None when it was stopped, or none of them could be read.
    """
    looks = _looks(images, cancel)
    if not looks or cancel.cancelled:
        return None
    found = differences(looks, known(model))
    size = (found.height, found.width)
    better = _better(images, size, model, cancel) if offer and not cancel.cancelled else None
    return None if cancel.cancelled else Explanation(found, better)


def _golden(model: Path) -> tuple[NDArray[np.uint8], ...]:
    """The images that came with a model, to check it; none where there is no such file."""
    path = model.with_suffix(".golden.npz")
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            parts = np.split(kept["bytes"], np.cumsum(kept["lengths"])[:-1])
        return tuple(decode(part.tobytes())[0] for part in parts)
    except (OSError, ValueError, KeyError, ImageError) as error:
        log.info("No images to compare with in %s: %s", path.name, error)
        return ()


def known(model: ModelFile) -> Known:
    """How images look that a model knows: the sizes of its contract, its familiar golden images.

    A golden file holds the same images for all models, and none of sets that must not be handed
    on; what is familiar among them is what the model was trained on. Eighteen take 2 to 4 s on two
    slow cores.
    """
    c = model.contract
    images = _golden(model.path)
    if not images:
        return Known(c.smallest_side, c.largest_side)
    classifier = Classifier(model, "cpu")
    looks = []
    for pixels in images:
        shown = resize(pixels, c.height, c.width, c.resize)[None]
        if classifier.run(shown).unfamiliarity[0] <= c.unfamiliar_above:
            looks.append(appearance(pixels))
    return Known(c.smallest_side, c.largest_side, tuple(looks))


def _looks(images: Sequence[ImageFile], cancel: CancelToken) -> list[Appearance]:
    drive, looks = Drive(), []
    for image in images:
        if cancel.cancelled:
            break
        found = drive.within(READ_SECONDS, partial(_look, image.path), cancel)
        if found is None:  # a drive that does not answer is not asked for the rest
            break
        looks += found
    return looks


def _look(path: Path) -> list[Appearance]:
    try:
        return [appearance(read(path).pixels)]
    except ImageError:
        return []


def _better(
    images: Sequence[ImageFile], size: tuple[int, int], model: ModelFile, cancel: CancelToken
) -> Better | None:
    """Another shipped model to which most of the images are familiar, at the size that it knows.

    The size is asked too: fields of 640 x 480 pixels, shrunk, are familiar to a model of cells.
    """
    try:
        others = [one for one in usable() if one.sha256 != model.sha256 and _fits(one, size)]
    except ModelFileError:
        return None
    for fit in familiarity(images, others, cancel)[:1]:
        if fit.familiar >= _KNOWS * fit.count:
            c = fit.model.contract
            return Better(fit.model.path.stem, c.title, fit.familiar, fit.count)
    return None


def _fits(model: ModelFile, size: tuple[int, int]) -> bool:
    c = model.contract
    return not odd_size(*size, c.smallest_side, c.largest_side)
