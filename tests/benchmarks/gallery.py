"""How long the gallery takes to paint, scroll, resize and filter; run it by hand, it is not a test.

QT_QPA_PLATFORM=offscreen python tests/benchmarks/gallery.py [--images N] [--scale 2] [--profile]

"again" is a frame of which every tile was shown before, "fresh" one that shows tiles for the first
time with their pixels at hand: the two ends of what scrolling costs. Every frame is a render of the
visible viewport into a QImage, which is what the window's backing store is.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from leukview.domain.classes import CellClass, Role
from leukview.domain.records import DecisionState, ImageFile
from leukview.session.store import SessionStore, open_store
from leukview.ui import theme
from leukview.ui.models import queue
from leukview.ui.models.gallery_model import GalleryModel
from leukview.ui.models.queue import Filter, Order, Tab
from leukview.ui.models.thumbnails import PixelLoader
from leukview.ui.theme import Theme, Wish
from leukview.ui.widgets.gallery_view import GalleryView
from leukview.ui.widgets.tile import TileDelegate
from leukview.workflows.review import Review

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
NAMES = ("Basophil", "Eosinophil", "Erythroblast", "Immature granulocyte")
NAMES += ("Lymphocyte", "Monocyte", "Neutrophil", "Platelet")
IDS = ("basophil", "eosinophil", "erythroblast", "ig")
IDS += ("lymphocyte", "monocyte", "neutrophil", "platelet")
STATES = tuple(DecisionState)
# As a review under way: most are open, some of everything else.
MIX = [DecisionState.UNDECIDED] * 6 + [DecisionState.AGREED] * 3
MIX += [DecisionState.CHANGED, DecisionState.UNSURE, DecisionState.EXCLUDED]


def review(count: int, store: SessionStore) -> tuple[Review, list[Path]]:
    """A review, and the files that its images are of."""
    random = np.random.default_rng(20261126)
    files = sorted(p for p in SAMPLES.rglob("*") if p.suffix in (".jpg", ".png"))
    paths = list(itertools.islice(itertools.cycle(files), count))
    states = random.choice([STATES.index(one) for one in MIX], count)
    classes = tuple(
        CellClass(id=i, name=n, key=str(k), role=Role.LEUKOCYTE, malignant=False)
        for k, (i, n) in enumerate(zip(IDS, NAMES, strict=True), 1)
    )
    images = [
        ImageFile(path=p, name=f"{n}-{p.name}", folder="", bytes=1, modified_ns=1)
        for n, p in enumerate(paths)
    ]
    made = Review(images, classes, store, reviewer="bench")
    made.suggested[:] = random.integers(0, len(classes), count)
    made.confidence[:] = random.uniform(0.3, 1.0, count)
    made.probabilities[:] = random.dirichlet(np.ones(len(classes)), count)
    made.state[:] = states
    made.needs_review[:] = random.random(count) < 0.1
    made.unfamiliar[:] = random.random(count) < 0.05
    for state in (DecisionState.AGREED, DecisionState.CHANGED):
        chosen = states == STATES.index(state)
        made.decided[chosen] = random.integers(0, len(classes), int(chosen.sum()))
    return made, paths


def settle(loader: PixelLoader, view: GalleryView, frame: Callable[[], None]) -> None:
    """Paint until all pixels of what is in view have come."""
    while True:
        frame()
        QApplication.processEvents()
        if not (loader._stack or loader._busy or getattr(loader, "_asked", None)):
            QApplication.processEvents()
            return
        loop = QEventLoop()
        QTimer.singleShot(10, loop.quit)
        loop.exec()


def timed(act: Callable[[], object], times: int) -> list[tuple[float, float]]:
    """Milliseconds by the clock, and of this thread alone; the latter hardly sees other loads."""
    took = []
    for _ in range(times):
        began, own = time.perf_counter(), time.thread_time()
        act()
        took.append((1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - own)))
    return took


def say(what: str, took: list[tuple[float, float]]) -> None:
    clock, own = (sorted(values) for values in zip(*took, strict=True))
    middle, most = statistics.median(clock), clock[int(0.95 * (len(clock) - 1))]
    print(
        f"{what:34} median {middle:7.2f} ms  95 % {most:7.2f} ms"
        f"  own time {statistics.median(own):7.2f} ms"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--width", type=int, default=880, help="of the gallery")
    parser.add_argument("--height", type=int, default=760)
    parser.add_argument("--edge", type=int, default=144)
    parser.add_argument("--window", type=float, default=1.0, help="share of the image in the tile")
    parser.add_argument("--switch", type=float, help="seconds between two switches of threads")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("QT_SCALE_FACTOR", str(options.scale))
    if options.switch:
        sys.setswitchinterval(options.switch)
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    theme_ = Theme()
    theme_.choose(Wish.DARK)
    data = tempfile.TemporaryDirectory()
    store = open_store(Path(data.name) / "s.lkv")
    columns, paths = review(options.images, store)
    loader = PixelLoader()
    loader.open(paths)
    loader.window = options.window
    delegate = TileDelegate(theme_, loader)
    delegate.set_classes(theme.looks(columns.classes), 0.8)
    model = GalleryModel()
    view = GalleryView(delegate)
    view.setModel(model)
    view.resize(options.width, options.height)
    model.show(columns, np.arange(options.images))
    view.set_edge(options.edge)
    view.show()
    app.processEvents()
    canvas = QImage(view.viewport().size() * options.scale, QImage.Format.Format_RGB32)
    canvas.setDevicePixelRatio(options.scale)
    frame = lambda: view.viewport().render(canvas)  # noqa: E731
    settle(loader, view, frame)
    tiles = len(view.visible_rows())
    size = f"{canvas.width()}x{canvas.height()}"
    print(f"{options.images:,} images, {tiles} tiles in view, {size} pixels, edge {options.edge}")
    say("frame, again", timed(frame, 60))
    profile = cProfile.Profile()
    took, stalls = [], []
    bar = view.verticalScrollBar()
    for _ in range(12):
        bar.setValue(bar.value() + bar.pageStep())
        stalls += timed(frame, 1)  # the pixels are not there yet
        settle(loader, view, lambda: None)
        ask(loader, view, delegate)
        settle(loader, view, lambda: None)
        if options.profile:
            profile.enable()
        took += timed(frame, 1)
        profile.disable()
    say("frame, fresh", took)
    say("page down, before the pixels come", stalls)
    say("one wheel step", timed(lambda: (bar.setValue(bar.value() + 60), frame()), 60))
    widths = itertools.cycle([options.width + more for more in (0, 160, 320, 480)])

    def resize() -> None:
        view.resize(next(widths), options.height)
        frame()

    say("resize and paint", timed(resize, 40))
    choices = itertools.cycle([Filter(classes=frozenset({3})), Filter(low=0.5), Filter()])

    def narrow() -> None:
        rows = queue.build(columns, Tab.ALL, next(choices), Order.LEAST_SURE)
        model.show(columns, rows)
        frame()

    say("filter, sort and paint", timed(narrow, 30))
    if options.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(28)
    loader.stop()
    store.close()
    data.cleanup()
    return 0


def ask(loader: PixelLoader, view: GalleryView, delegate: TileDelegate) -> None:
    """Ask for the pixels of all tiles in view without painting them."""
    edge = round(delegate.geometry.edge * view.devicePixelRatioF())
    for place in view.visible_rows():
        loader.pixmap(int(view.model().rows[place]), edge)


if __name__ == "__main__":
    sys.exit(main())
