"""A slide of forty classified images and its session, opened as often as a test wants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leukview.domain.classes import CellClass, Role
from leukview.domain.records import ImageFile, ImageResult, ModelIdentity, Suggestion
from leukview.session.store import SessionStore, open_store
from leukview.workflows.review import Review

CLASSES = tuple(
    CellClass(id=i, name=i, key="", role=Role.LEUKOCYTE, malignant=False) for i in ("hem", "all")
)
COUNT, DOUBTFUL = 40, 10


def result(folder: Path, number: int, model: str, shift: int = 0) -> ImageResult:
    """Of a file that is there; the first ten are doubtful."""
    path = folder / f"{number:02}.png"
    if not path.exists():
        path.write_bytes(bytes([number]))
    stat = path.stat()
    doubtful = number < DOUBTFUL
    return ImageResult(
        image=ImageFile(
            path=path,
            name=path.name,
            folder="f",
            bytes=stat.st_size,
            modified_ns=stat.st_mtime_ns,
        ),
        sha256=hashlib.sha256(bytes([number])).hexdigest(),
        suggestion=Suggestion(
            class_id=CLASSES[(number + shift) % 2].id,
            confidence=0.6 if doubtful else 0.95,
            probabilities=(0.6, 0.4) if doubtful else (0.95, 0.05),
            unfamiliarity=0.0,
            unfamiliar=False,
            needs_review=doubtful,
        ),
        model=ModelIdentity(model_id=model, sha256=model * 64, device="cpu"),
    )


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], Review]]:
    """Factory: the review of forty classified images; each call closes it and opens it again."""
    stores: list[SessionStore] = []
    results = [result(tmp_path, number, "a") for number in range(COUNT)]

    def make() -> Review:
        for store in stores:
            store.close()
        stores.append(open_store(tmp_path / "data" / "s.lkv"))
        images = [one.image for one in results]
        review = Review(images, CLASSES, stores[-1], reviewer="Ada")
        review.add_results(range(COUNT), results)
        review.load_stored("a" * 64)
        return review

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def classify(tmp_path: Path) -> Callable[..., ImageResult]:
    """`classify(number, model, shift=0)`: what a model says about one of the forty."""
    return lambda number, model, shift=0: result(tmp_path, number, model, shift)
