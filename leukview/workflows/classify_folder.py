"""Classify the images of opened folders, and note which class the folder names stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from leukview.domain.classes import class_of_folders
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile, ImageResult
from leukview.imaging.scan import folders_of
from leukview.inference.classifier import Classifier
from leukview.inference.pipeline import classify


def classify_folder(
    images: Sequence[ImageFile],
    classifier: Classifier,
    *,
    batch_size: int | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[list[ImageResult]]:
    """Classify images in order, as `inference.pipeline.classify`, with `true_class` filled in.

    `true_class` is the class that the innermost matching folder name stands for, from the opened
    folder's name inwards; "" where none does.
    """
    classes = classifier.contract.cell_classes
    known: dict[tuple[str, ...], str] = {}
    for batch in classify(images, classifier, batch_size=batch_size, cancel=cancel):
        out: list[ImageResult] = []
        for result in batch:
            folders = tuple(folders_of(result.image))
            if folders not in known:
                known[folders] = class_of_folders(folders, classes) or ""
            true_class = known[folders]
            out.append(replace(result, true_class=true_class) if true_class else result)
        yield out
