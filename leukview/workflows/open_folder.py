"""Open a folder: find its images, and the model that knows such images best."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import ImageError, ModelFileError, UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.decode import read
from leukview.imaging.drive import MOST_SILENT, READ_SECONDS, Drive
from leukview.imaging.preprocess import resize
from leukview.imaging.scan import ENDINGS, Scan, scan
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import ModelFile, load, shipped

log = logging.getLogger(__name__)
SAMPLE = 32


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model and, in a sentence, why this one."""

    model: ModelFile
    reason: str


@dataclass(frozen=True, slots=True)
class Fit:
    """How familiar some images are to a model.

    Attributes:
        model: the file.
        familiar: images within the model's own threshold.
        count: of images looked at.
        distance: median unfamiliarity over the threshold.
    """

    model: ModelFile
    familiar: int
    count: int
    distance: float

    @property
    def order(self) -> tuple[float, float]:
        return (-self.familiar / self.count, self.distance)


def open_folder(
    paths: Sequence[Path], *, recursive: bool = True, cancel: CancelToken | None = None
) -> Scan:
    """Find the images under some paths.

    Raises:
        UsageError: a path does not exist or cannot be opened, or there are no images.
    """
    if not paths:
        raise UsageError("No folder was given. Nothing was read. Name a folder of images.")
    found = scan(paths, recursive=recursive, cancel=cancel)
    if not found.images and not (cancel and cancel.cancelled):
        where = ", ".join(repr(path.name or str(path)) for path in paths[:3])
        others = "1 other file" if found.others == 1 else f"{found.others:,} other files"
        seen = f" It has {others}." if found.others and any(path.is_dir() for path in paths) else ""
        depth = "" if recursive else " Folders inside were not looked into."
        problems = "".join(f" {problem}" for problem in found.problems[:3])
        raise UsageError(
            f"There are no images in {where}.{seen}{depth}{problems} Nothing was read."
            f" Choose a folder with files ending in {' '.join(sorted(ENDINGS))}."
        )
    return found


def choose_model(images: Sequence[ImageFile], *, cancel: CancelToken | None = None) -> ModelChoice:
    """The shipped model to which the images are most familiar.

    Up to 32 images, evenly spread, are shown to each model. First counts the share within the
    model's own threshold of unfamiliarity, then the median distance over that threshold.

    Raises:
        ModelFileError: no model comes with this installation, or none can be used.
    """
    models = usable()
    if len(models) == 1:
        return ModelChoice(models[0], "It is the only model that comes with LeukView.")
    fits = familiarity(_evenly(images, SAMPLE), models, cancel)
    if not fits:
        return ModelChoice(
            models[0],
            "None of the sampled images could be looked at, so the first model was taken.",
        )
    return ModelChoice(fits[0].model, _reason(fits))


def familiarity(
    images: Sequence[ImageFile], models: Sequence[ModelFile], cancel: CancelToken | None = None
) -> list[Fit]:
    """How familiar images are to each model, the best first; none when it was stopped."""
    prepared = _prepare(images, models, cancel)
    fits = [
        fit
        for model, arrays in zip(models, prepared, strict=True)
        if arrays and (fit := _fit(model, arrays, cancel))
    ]
    return sorted(fits, key=lambda fit: fit.order)


def usable() -> list[ModelFile]:
    """The shipped models that can be used.

    Raises:
        ModelFileError: there is none.
    """
    models: list[ModelFile] = []
    refused: list[ModelFileError] = []
    for path in shipped():
        try:
            models.append(load(path))
        except ModelFileError as error:
            log.warning("%s", error)
            refused.append(error)
    if models:
        return models
    if refused:
        raise refused[0]
    raise ModelFileError(
        "No model comes with this installation. Nothing was classified."
        " Name a model file with --model, or install LeukView again."
    )


def _evenly(images: Sequence[ImageFile], count: int) -> list[ImageFile]:
    if len(images) <= count:
        return list(images)
    return [images[at] for at in np.linspace(0, len(images) - 1, count).round().astype(int)]


def _prepare(
    images: Sequence[ImageFile], models: Sequence[ModelFile], cancel: CancelToken | None
) -> list[list[NDArray[np.uint8]]]:
    """Each image decoded once and resized for each model; unreadable ones left out.

    A drive that does not answer is not asked for the rest.
    """
    drive, silent = Drive(), 0
    prepared: list[list[NDArray[np.uint8]]] = [[] for _ in models]
    for image in images:
        if silent >= MOST_SILENT or (cancel and cancel.cancelled):
            break
        pixels = drive.within(READ_SECONDS, partial(_pixels, image.path), cancel)
        silent = silent + 1 if pixels is None else 0
        if not pixels:
            continue
        for model, arrays in zip(models, prepared, strict=True):
            c = model.contract
            arrays.append(resize(pixels[0], c.height, c.width, c.resize))
    return prepared


def _pixels(path: Path) -> list[NDArray[np.uint8]]:
    """The image, or nothing if it cannot be read."""
    try:
        return [read(path).pixels]
    except ImageError:
        return []


def _fit(
    model: ModelFile, arrays: Sequence[NDArray[np.uint8]], cancel: CancelToken | None
) -> Fit | None:
    """None when it was stopped; four images take up to a second on a CPU."""
    if cancel and cancel.cancelled:
        return None
    classifier = Classifier(model, "cpu")
    found: list[NDArray[np.float32]] = []
    for at in range(0, len(arrays), 4):
        if cancel and cancel.cancelled:
            return None
        found.append(classifier.run(np.stack(arrays[at : at + 4])).unfamiliarity)
    scores = np.concatenate(found)
    limit = model.contract.unfamiliar_above
    return Fit(model, int((scores <= limit).sum()), len(scores), float(np.median(scores) / limit))


def _reason(fits: Sequence[Fit]) -> str:
    best, others = fits[0], fits[1:]
    rest = ", ".join(f"{fit.model.contract.title}: {fit.familiar}" for fit in others)
    text = f"{best.familiar} of {best.count} sampled images are familiar to it ({rest})."
    if best.familiar * 2 < best.count:
        text += " Most of them are unlike anything it has learnt, so check its suggestions."
    return text
