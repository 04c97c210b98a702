"""How long a decision takes, alone and for 100,000 images; run it by hand, it is not a test.

python tests/benchmarks/decisions.py [IMAGES]
"""

from __future__ import annotations

import hashlib
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from leukview.domain.classes import CellClass, Role
from leukview.domain.records import ImageFile, ImageResult, ModelIdentity, Suggestion
from leukview.session.store import SessionStore, open_store
from leukview.workflows.review import Changes, Review

CLASSES = tuple(
    CellClass(id=i, name=i, key="", role=Role.LEUKOCYTE, malignant=False) for i in ("hem", "all")
)
MODEL = ModelIdentity(model_id="none", sha256="0" * 64, device="cpu")
SINGLE = 200


def result(folder: Path, number: int) -> ImageResult:
    """Of a file that is there: deciding looks at it."""
    name = f"{number:06}.png"
    (folder / name).touch()
    os.utime(folder / name, ns=(number, number))
    share = (number % 1000) / 1000
    return ImageResult(
        image=ImageFile(path=folder / name, name=name, folder="f", bytes=0, modified_ns=number),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        suggestion=Suggestion(
            class_id="all" if share >= 0.5 else "hem",
            confidence=max(share, 1 - share),
            probabilities=(1 - share, share),
            unfamiliarity=0.0,
            unfamiliar=False,
            needs_review=False,
        ),
        model=MODEL,
    )


def done(changes: Changes) -> Changes:
    """A decision about so many images waits until their files have been looked at."""
    return changes.then() if changes.then else changes


def timed(words: str, work: Callable[[], object], store: SessionStore | None = None) -> None:
    start = time.perf_counter()
    work()
    shown = time.perf_counter() - start
    if store is None:
        print(f"{words:34}{1000 * shown:9.1f} ms")
        return
    store.flush()
    print(f"{words:34}{1000 * shown:9.1f} ms, on the disk {time.perf_counter() - start:.2f} s")


def single(review: Review, store: SessionStore) -> None:
    """Decisions one by one: until the columns are right, and until the disk has it."""
    shown: list[float] = []
    durable: list[float] = []
    landed = threading.Event()
    store.on_saved = lambda seq, at: landed.set()
    for row in range(SINGLE):
        landed.clear()
        start = time.perf_counter()
        review.decide([row], "all")
        shown.append(time.perf_counter() - start)
        landed.wait()
        durable.append(time.perf_counter() - start)
    store.on_saved = None
    for words, values in (("one decision, columns", shown), ("one decision, on the disk", durable)):
        cuts = statistics.quantiles(values, n=100)
        print(
            f"{words:34}{1000 * cuts[49]:9.2f} ms median, {1000 * cuts[98]:.2f} ms p99,"
            f" {1000 * max(values):.2f} ms most"
        )


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = [result(Path(folder), number) for number in range(count)]
        images = [r.image for r in results]
        path = Path(folder) / "data" / "s.lkv"
        store = open_store(path)
        review = Review(images, CLASSES, store, reviewer="bench")
        timed(f"{count:,} results", lambda: review.add_results(range(count), results), store)
        single(review, store)
        everything = range(count)
        timed(f"{count:,} decided at once", lambda: done(review.decide(everything, "all")), store)
        timed("undo", review.undo, store)
        timed("redo", review.redo, store)
        timed("agree with all", lambda: done(review.agree(everything)), store)
        store.close()
        store = open_store(path)
        timed("replay after a restart", lambda: Review(images, CLASSES, store, reviewer="bench"))
        again = Review(images, CLASSES, store, reviewer="bench")
        timed("stored suggestions", lambda: again.load_stored(MODEL.sha256))
        store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
