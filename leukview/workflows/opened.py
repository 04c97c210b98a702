"""A folder opened for review: its images, its session, a model for it, and runs of that model.

The window calls these generators in one worker thread; what they yield arrives in its own thread.
Only there may the `Review` be changed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from leukview.domain.classes import class_of_folders
from leukview.domain.errors import ModelFileError, UsageError
from leukview.domain.progress import CancelToken, Progress
from leukview.domain.records import ImageFile, ImageResult
from leukview.imaging.drive import READ_SECONDS, Drive
from leukview.imaging.scan import Scan, folders_of
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import ModelFile, load, resolve
from leukview.inference.providers import Device
from leukview.session.index import find_or_create
from leukview.session.store import SessionStore
from leukview.workflows import last_model
from leukview.workflows.classify_folder import classify_folder
from leukview.workflows.open_folder import ModelChoice, choose_model, open_folder
from leukview.workflows.review import Review
from leukview.workflows.worklist import names_of

AUTO = "auto"
_CHOICE, _PLACE, _VIEW = "auto model", "place", "view"  # keys in the session


@dataclass(slots=True)
class Opened:
    """What a window needs of an open folder.

    Attributes:
        folder: that names it (of several paths, the first).
        scan: its images, and what could not be looked at.
        store: its session.
        review: suggestions and decisions.
        choice: the model and why; None while no model can be used.
        refusal: why there is no model, or "".
        choosing: whether "auto" still has to look at the images, by `choice_for`.
        slide: its name in the worklist, or "".
        patient: that the worklist says, or "".
    """

    folder: Path
    scan: Scan
    store: SessionStore
    review: Review
    choice: ModelChoice | None
    refusal: str
    choosing: bool = False
    slide: str = ""
    patient: str = ""
    classifiers: dict[tuple[str, str], Classifier] = field(default_factory=dict)

    def name(self, slide: str, patient: str) -> None:
        """Take names from the worklist; the table has them too."""
        self.slide = self.review.slide = slide
        self.patient = self.review.patient = patient

    def close(self) -> None:
        """Write what is queued and end the writer.

        Raises:
            SessionError: some of the last actions could not be written.
        """
        self.store.close()


class Opening:
    """One attempt to open paths; it may be abandoned at any time, from any thread."""

    def __init__(self, paths: Sequence[Path], *, model: str, reviewer: str) -> None:
        self._paths, self._model, self._reviewer = tuple(paths), model, reviewer
        self._lock = threading.Lock()
        self._abandoned = False
        self._made: Opened | None = None

    def steps(self, cancel: CancelToken) -> Iterator[Progress | Opened]:
        """Progress, then the opened folder, unless it was abandoned or cancelled.

        It does not wait for "auto" to look at the images, which takes seconds on a CPU.

        Raises:
            UsageError: nothing to open, or its drive does not answer.
            DriveError: its drive stopped answering.
            SessionError: its session cannot be opened.
        """
        yield Progress(0, 0, "Looking for images…")
        scan = open_folder(self._paths, cancel=cancel)
        if cancel.cancelled:
            return
        count = len(scan.images)
        yield Progress(0, count, f"Found {count:,} images. Opening the session…")
        first = self._paths[0].absolute()
        folder = Drive().within(READ_SECONDS, partial(_folder_of, first), cancel) or first
        made = find_or_create(scan.images, folder, cancel=cancel)
        if made is None:
            return
        store, _found = made
        try:
            yield Progress(0, count, f"Found {count:,} images. Opening the model…")
            choice, refusal = _remembered(store, scan.images, self._model), ""
            choosing = choice is None and self._model == AUTO
            if choice is None and not choosing:
                choice, refusal = choice_for(scan.images, self._model, cancel)
            classes = choice.model.contract.cell_classes if choice else ()
            review = Review(scan.images, classes, store, reviewer=self._reviewer, cancel=cancel)
            if choice:
                last_model.keep(store, choice.model)
                recall(review, choice.model.sha256)
        except BaseException:
            store.close()
            raise
        opened = Opened(folder, scan, store, review, choice, refusal, choosing)
        opened.name(*names_of(folder))
        with self._lock:
            kept = not self._abandoned
            self._made = opened if kept else None
        if kept:
            yield opened
        else:
            opened.close()

    def take(self) -> Opened | None:
        """The opened folder, once; from now on it belongs to the caller."""
        with self._lock:
            made, self._made = self._made, None
        return made

    def abandon(self) -> None:
        """Close what was opened and not taken; what is still being opened is closed when done."""
        with self._lock:
            self._abandoned = True
            made, self._made = self._made, None
        if made is not None:
            made.close()


def _folder_of(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def keep_place(opened: Opened, row: int) -> None:
    """Remember at which image the reader is."""
    if 0 <= row < opened.review.count:
        kept = {"name": opened.review.images[row].name, "sha256": opened.review.sha256[row]}
        opened.store.set_meta(_PLACE, json.dumps(kept))


def place_of(opened: Opened) -> int:
    """Row of the image that the reader left, by its name or else by its bytes; 0 without one."""
    review = opened.review
    try:
        kept = msgspec.json.decode(opened.store.meta(_PLACE) or "{}", type=dict[str, str])
    except msgspec.DecodeError:
        return 0
    name, sha256 = kept.get("name", ""), kept.get("sha256", "")
    by_name = next((row for row, image in enumerate(review.images) if image.name == name), None)
    if by_name is not None:
        return by_name
    return review.sha256.index(sha256) if sha256 and sha256 in review.sha256 else 0


def keep_view(opened: Opened, text: str) -> None:
    """Remember how the queue is shown; what the text means is the window's."""
    opened.store.set_meta(_VIEW, text)


def view_of(opened: Opened) -> str:
    """What `keep_view` was given last, or ""."""
    return opened.store.meta(_VIEW) or ""


def _remembered(store: SessionStore, images: Sequence[ImageFile], wish: str) -> ModelChoice | None:
    """What "auto" chose for this very folder before; looking again takes seconds on a CPU."""
    text = store.meta(_CHOICE) if wish == AUTO else None
    if text is None:
        return None
    try:
        kept = msgspec.json.decode(text, type=dict[str, str])
        model = load(resolve(kept["name"]))
    except (msgspec.DecodeError, KeyError, ModelFileError, UsageError):
        return None
    if model.sha256 != kept.get("sha256") or kept.get("images") != str(len(images)):
        return None
    return ModelChoice(model, kept.get("reason", ""))


def use_model(opened: Opened, choice: ModelChoice, *, remember: bool = False) -> None:
    """Let another model suggest: decisions stay, its earlier suggestions come back.

    Args:
        opened: the folder.
        choice: the model.
        remember: it with the session, as what "auto" chose.
    """
    opened.choice, opened.choosing = choice, False
    if remember:
        kept = {
            "name": choice.model.path.stem,
            "sha256": choice.model.sha256,
            "reason": choice.reason,
            "images": str(len(opened.scan.images)),
        }
        opened.store.set_meta(_CHOICE, json.dumps(kept))
    opened.review.set_classes(choice.model.contract.cell_classes)
    last_model.keep(opened.store, choice.model)
    recall(opened.review, choice.model.sha256)


def recall(review: Review, model_sha256: str) -> None:
    """Earlier suggestions of this model, and the classes that folder names stand for."""
    classes = review.classes
    known: dict[tuple[str, ...], str] = {}
    truths = []
    for image in review.images:
        folders = tuple(folders_of(image))
        if folders not in known:
            known[folders] = class_of_folders(folders, classes) or ""
        truths.append(known[folders])
    review.load_stored(model_sha256)
    review.set_truth(truths)


def choice_for(
    images: Sequence[ImageFile], model: str, cancel: CancelToken | None = None
) -> tuple[ModelChoice | None, str]:
    """The model that a name stands for, or none and the reason in words.

    Args:
        images: that it is for; `auto` looks at some of them.
        model: "auto", a shipped model's name, or the path of a file.
        cancel: ends the search for the most familiar one.
    """
    try:
        if model == AUTO:
            return choose_model(images, cancel=cancel), ""
        return ModelChoice(load(resolve(model)), "You chose it."), ""
    except (ModelFileError, UsageError) as error:
        return None, str(error)


def fresh_rows(opened: Opened) -> list[int]:
    """Rows to classify that were not tried yet; none without a model."""
    return opened.review.pending().tolist() if opened.choice else []


def rows_to_run(opened: Opened) -> list[int]:
    """Rows to classify: those not tried yet, else those that could not be read."""
    if opened.choice is None:
        return []
    return fresh_rows(opened) or np.flatnonzero(opened.review.suggested < 0).tolist()


@dataclass(frozen=True, slots=True)
class Batch:
    """Results that arrived, for these rows of the review, and the device that gave them."""

    rows: Sequence[int]
    results: Sequence[ImageResult]
    device: Device


def run_model(
    opened: Opened, model: ModelFile, rows: Sequence[int], device: str, cancel: CancelToken
) -> Iterator[Device | Batch]:
    """Classify some rows; the device first, then batches as they come.

    Args:
        opened: the folder; its review is only read.
        model: the file that speaks.
        rows: of the images to classify, in the order wanted.
        device: "auto", "cpu", "cuda" or "cuda:N".
        cancel: stops within a second; what was yielded stands.

    Raises:
        DeviceError, UsageError: the device cannot be used.
    """
    key = (model.sha256, device)
    classifier = opened.classifiers.get(key)
    if classifier is None:
        opened.classifiers.clear()  # one session holds some hundred megabytes
        classifier = opened.classifiers[key] = Classifier(model, device)
    yield classifier.device
    images = [opened.review.images[row] for row in rows]
    done = 0
    for results in classify_folder(images, classifier, cancel=cancel):
        yield Batch(rows[done : done + len(results)], results, classifier.device)
        done += len(results)
