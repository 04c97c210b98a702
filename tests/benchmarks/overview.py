"""How long the overview takes to be computed and shown; run it by hand, it is not a test.

QT_QPA_PLATFORM=offscreen python tests/benchmarks/overview.py [--images 100000] [--profile]

"refresh" is what each decision costs while the overview is on the screen, its limit is 50 ms; the
other lines are its parts, what one step of the threshold slider costs, and all with repaints. Three
quarters of the images are decided, in eight classes, with folder names.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from leukview.domain.classes import CellClass, Role, Unit
from leukview.domain.records import DecisionState, ImageFile
from leukview.session.store import open_store
from leukview.ui.models import summary
from leukview.ui.models.judged import Source, class_curves, judged, thresholds
from leukview.ui.theme import Theme, Wish
from leukview.ui.widgets.overview import Overview
from leukview.workflows.review import Review

NAMES = ("basophil", "eosinophil", "erythroblast", "ig", "lymphocyte", "monocyte", "neutrophil")
ROLES = {"erythroblast": Role.NRBC, "platelet": Role.PLATELET}
LIMIT = 50  # ms
REPEATS = 20


def review(count: int, folder: Path) -> Review:
    """A review of files that are not there, with suggestions and decisions that are made up."""
    random = np.random.default_rng(20261127)
    classes = tuple(
        CellClass(
            id=name,
            name=name.capitalize(),
            key="",
            role=ROLES.get(name, Role.LEUKOCYTE),
            malignant=False,
        )
        for name in (*NAMES, "platelet")
    )
    images = [
        ImageFile(path=folder / f"{n}.png", name=f"{n}.png", folder="", bytes=1, modified_ns=1)
        for n in range(count)
    ]
    made = Review(images, classes, open_store(folder / "session.sqlite"), reviewer="")
    made.probabilities[:] = random.dirichlet(np.full(8, 0.2), count)
    made.suggested[:] = made.probabilities.argmax(axis=1)
    made.confidence[:] = made.probabilities.max(axis=1)
    made.true_class[:] = np.where(random.random(count) < 0.9, made.suggested, 0)
    decided = random.random(count) < 0.75
    made.decided[decided] = made.true_class[decided]
    agreed, changed = (list(DecisionState).index(s) for s in ("agreed", "changed"))
    said = np.where(made.decided == made.suggested, agreed, changed)
    made.state[decided] = said[decided]
    made.needs_review[:] = made.confidence < 0.8
    return made


def timed(words: str, work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median of this thread's own time, in ms, which is returned; it hardly sees other loads."""
    took, own = [], []
    for _ in range(repeats):
        start, mine = time.perf_counter(), time.thread_time()
        work()
        took.append(1000 * (time.perf_counter() - start))
        own.append(1000 * (time.thread_time() - mine))
    median = statistics.median(own)
    print(
        f"{words:34}own time {median:6.1f} ms, by the clock {statistics.median(took):6.1f} ms,"
        f" longest {max(took):6.1f} ms"
    )
    return median


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    app = QApplication([])
    theme_ = Theme()
    theme_.choose(Wish.LIGHT)
    with tempfile.TemporaryDirectory() as at:
        one = review(options.images, Path(at))
        shown = Overview(theme_)
        shown.resize(1200, 900)
        shown.show_review(one, Unit.CELL, 0.8)
        shown.show()
        shown.refresh()
        app.processEvents()
        found = judged(one, Source.DECIDED)
        timed("counts per class", lambda: summary.per_class(one, Unit.CELL))
        timed("what is judged, and the matrix", lambda: judged(one, Source.DECIDED).matrix())
        timed("reliability", found.reliability)
        timed("thresholds", lambda: thresholds(one, found))
        timed("curves of one class", lambda: class_curves(one, found, 4))
        slider = shown.histogram_card.row.slider
        steps = iter(range(1, 1000))
        timed("a step of the threshold", lambda: slider.setValue(next(steps) % 100))
        profile = cProfile.Profile()
        if options.profile:
            profile.enable()
        took = timed(f"refresh, limit {LIMIT} ms", shown.refresh)
        profile.disable()
        timed("refresh and repaint", lambda: (shown.refresh(), app.processEvents()))
        if options.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
        shown.close()
    return int(took > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
