"""Another model's suggestions for the same images, to be laid beside those that are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from leukview.domain.errors import UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageResult
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import ModelFile, load, resolve
from leukview.workflows.classify_folder import classify_folder
from leukview.workflows.opened import Opened
from leukview.workflows.review import Review

_KEY = "second model"  # in the session


class Second(msgspec.Struct, frozen=True, kw_only=True):
    """The model that is compared: SHA-256 of its file, and its title. What it said is kept."""

    sha256: str
    title: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What the second model said about these rows: `done` of `total` so far."""

    rows: list[int]
    results: list[ImageResult]
    done: int
    total: int


def load_second(name: str, review: Review) -> ModelFile:
    """Open the file of a second model.

    Args:
        name: a shipped model's name, or the path of a file.
        review: the slide, with the model whose suggestions are shown.

    Raises:
        ModelFileError: it is no model that LeukView can use.
        UsageError: it is the same model, or has other classes.
    """
    model = load(resolve(name))
    contract = model.contract
    if model.sha256 == review.model_sha256:
        raise UsageError(
            f"{contract.title} is the model whose suggestions are shown. Nothing was changed."
            " Choose another one to compare it with."
        )
    ours, theirs = ([c.id for c in classes] for classes in (review.classes, contract.cell_classes))
    if sorted(ours) != sorted(theirs):
        raise UsageError(
            f"{contract.title} has other classes ({', '.join(theirs)}) than the model in use"
            f" ({', '.join(ours)}), so the two cannot be compared. Nothing was changed."
        )
    return model


def hear(opened: Opened, model: ModelFile, device: str, cancel: CancelToken) -> Iterator[Heard]:
    """Let a second model classify the images that it has said nothing about yet.

    Nothing of the slide is changed here; `Review.keep_other` takes the results.

    Args:
        opened: the slide; it is only read.
        model: the second model.
        device: "auto", "cpu", "cuda" or "cuda:N".
        cancel: stops within a second; what was yielded stands.

    Raises:
        DeviceError, UsageError: the device cannot be used.
    """
    known = {one.sha256 for one in opened.store.results(model.sha256)}
    review = opened.review
    rows = [
        row
        for row in range(review.count)
        if review.sha256[row] not in known and row not in review.errors
    ]
    if not rows:
        return
    images = [review.images[row] for row in rows]
    done, classifier = 0, Classifier(model, device)
    for results in classify_folder(images, classifier, cancel=cancel):
        some = rows[done : done + len(results)]
        done += len(results)
        yield Heard(some, results, done, len(images))


def remember(opened: Opened, model: ModelFile | None) -> None:
    """Compare with this model when the slide is opened again; None: with none."""
    said = ""
    if model is not None:
        second = Second(sha256=model.sha256, title=model.contract.title)
        said = msgspec.json.encode(second).decode()
    opened.store.set_meta(_KEY, said)


def remembered(opened: Opened) -> Second | None:
    """The model that this slide is compared with, if any."""
    text = opened.store.meta(_KEY)
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=Second)
    except msgspec.DecodeError:
        return None
