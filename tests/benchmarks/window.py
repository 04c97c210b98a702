"""The whole window with many images: stalls of the event loop, and tiles that go blank; by hand.

QT_QPA_PLATFORM=offscreen python tests/benchmarks/window.py [--images 10000] [--only PHASE ...]

Times are what the window's thread computed for one step, median and 95th percentile; they hardly
see what else the machine does, so they tell two versions apart where the clock does not. "Answered"
is until the key, wheel or call has returned; "painted" is all of it until the last repaint is done,
with the pixels that came meanwhile. To compare with an older revision, clone it and run this file
with PYTHONPATH set to the clone. A timer beats every 5 ms; the longest gap between two beats is how
long the window did not answer.
"Went blank" counts tiles that had been shown with their image and were then painted without one.
Suggestions are made up, so that no model has to run.
"""

from __future__ import annotations

import argparse
import cProfile
import math
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples" / "pbc"
MODEL = "pbc8-b3"


class Beat:
    """Runs the event loop and keeps the longest time in which it did not come round."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.longest, self._last = 0.0, time.perf_counter()
        self._timer = QTimer(interval=5)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now

    def wait(self, milliseconds: int) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(self, true: Callable[[], object]) -> None:
        while not true():
            self.wait(20)


def folder(at: Path, count: int) -> Path:
    """Many names of a few files: 100,000 copies would take minutes to write."""
    samples = []
    for number, path in enumerate(sorted(SAMPLES.rglob("*.jpg"))):
        samples.append(at.parent / f"{at.name}-{number}.jpg")
        samples[-1].write_bytes(path.read_bytes())
    for number in range(count):
        where = at / f"slide {number // 1000}"
        where.mkdir(exist_ok=True)
        os.link(samples[number % len(samples)], where / f"{number:06}.jpg")
    for path in samples:
        path.unlink()
    return at


def suggestions(review: object) -> list[object]:
    import hashlib

    import numpy as np

    from leukview.domain.records import ImageResult, ModelIdentity, Suggestion

    model = ModelIdentity(model_id=MODEL, sha256="0" * 64, device="cpu")
    random = np.random.default_rng(9)
    kinds = [one.id for one in review.classes]
    made = []
    for image in review.images:
        shares = random.dirichlet(np.full(len(kinds), 0.25))
        best = int(shares.argmax())
        said = Suggestion(
            class_id=kinds[best],
            confidence=float(shares[best]),
            probabilities=tuple(float(p) for p in shares),
            unfamiliarity=0.0,
            unfamiliar=bool(random.random() < 0.03),
            needs_review=bool(shares[best] < 0.7),
        )
        sha = hashlib.sha256(image.name.encode()).hexdigest()
        made.append(ImageResult(image=image, sha256=sha, suggestion=said, model=model))
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", default=[""], help="phases that begin so")
    parser.add_argument("--profile", default="", help="print a profile of this phase")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as images:
        os.environ["LEUKVIEW_DATA"] = data
        began = time.perf_counter()
        where = folder(Path(images), options.images)
        print(f"{options.images:,} files written in {time.perf_counter() - began:.1f} s")
        measure(where, options.profile, tuple(options.only))
    return 0


def measure(where: Path, profiled: str, only: tuple[str, ...]) -> None:
    import onnxruntime  # noqa: F401  # before Qt, as the program does

    from leukview.ui.app import compose
    from leukview.ui.controller import Stage

    made = compose(model=MODEL, device="cpu")
    window, c = made.window, made.controller
    made.settings.set_flag("run_on_open", False)
    window.resize(1440, 900)
    window.show()
    beat = Beat()
    beat.wait(200)
    blank = watch(window.page)

    def phase(name: str, act: Callable[[], object], times: int = 1, pause: int = 30) -> None:
        beat.wait(50)
        beat.longest, blank[:] = 0.0, []
        # By the thread's own time too: by the clock, what waits for others would lead the list.
        profile = cProfile.Profile(time.thread_time)
        if profiled and name.startswith(profiled):
            profile.enable()
        began, answered, painted = time.perf_counter(), [], []
        for _ in range(times):
            at = time.thread_time()
            act()
            answered.append(time.thread_time() - at)
            beat.wait(pause)
            painted.append(time.thread_time() - at)
        profile.disable()
        took = (time.perf_counter() - began - times * pause / 1000) / times
        print(
            f"{name:20} answered {spread(answered)}  painted {spread(painted)}"
            f"  clock {1000 * took:7.1f} ms each"
            f"  longest stall {1000 * beat.longest:7.1f} ms  went blank {len(blank)}"
        )
        if profiled and name.startswith(profiled):
            pstats.Stats(profile).sort_stats("tottime").print_stats(24)

    def opened() -> None:
        window.open([where])
        beat.until(lambda: c.review is not None and c.stage is Stage.READY)

    phase("open", opened)
    results = suggestions(c.review)
    beat.wait(1500)  # the window of the images is measured, pixels come

    def arrive() -> None:
        batch = results[arrive.at : arrive.at + 16]
        rows = range(arrive.at, arrive.at + len(batch))
        arrive.at += len(batch)
        c.changed.emit(c.review.add_results(list(rows), batch))

    arrive.at = 0
    phase("16 results arrive", arrive, 40, 10)
    rest = list(range(arrive.at, len(results)))
    c.changed.emit(c.review.add_results(rest, results[arrive.at :]))
    window.page.rebuild()
    phase("first paint", lambda: window.page.gallery.viewport().grab())
    for name, act, times in actions(window):
        if name.startswith(only):
            phase(name, act, times)
    window.close()


def spread(seconds: list[float]) -> str:
    """Median and 95th percentile, in milliseconds."""
    late = sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]
    return f"{1000 * statistics.median(seconds):6.1f} (p95 {1000 * late:6.1f}) ms"


def actions(window: object) -> list[tuple[str, Callable[[], object], int]]:
    import itertools

    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QKeyEvent, QWheelEvent
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from leukview.ui.models.queue import Filter, Order, Tab

    page, gallery = window.page, window.page.gallery
    bar = gallery.verticalScrollBar()
    sizes = itertools.cycle([(1440, 900), (1300, 860), (1180, 800), (1024, 700), (1240, 840)])
    filters = itertools.cycle([Filter(classes=frozenset({3})), Filter(low=0.9), Filter()])
    orders = itertools.cycle([Order.LEAST_SURE, Order.MOST_SURE, Order.FILE])
    tabs = itertools.cycle([Tab.REVIEW, Tab.UNDECIDED, Tab.ALL])
    edges = itertools.cycle([96, 144, 192])

    def key(which: Qt.Key) -> Callable[[], object]:
        return lambda: QTest.keyClick(gallery, which)

    def wheel() -> None:
        at = QPointF(gallery.viewport().rect().center())
        none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        turned, phase = QPoint(0, -120), Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(
            at, gallery.viewport().mapToGlobal(at), QPoint(), turned, none, keys, phase, False
        )
        QApplication.sendEvent(gallery.viewport(), event)

    def drag() -> None:
        bar.setSliderDown(True)
        bar.setSliderPosition((bar.sliderPosition() + bar.maximum() // 300) % bar.maximum())

    def held() -> None:
        kind, none = QKeyEvent.Type.KeyPress, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(gallery, QKeyEvent(kind, Qt.Key.Key_Right, none, "", True))

    return [
        ("nothing", lambda: None, 40),  # what the measuring itself adds to "painted"
        ("wheel", wheel, 60),
        ("drag the scroll bar", drag, 60),
        ("arrow key held", held, 60),
        ("page down (key)", key(Qt.Key.Key_PageDown), 30),
        ("page up (key)", key(Qt.Key.Key_PageUp), 30),
        ("jump anywhere", lambda: bar.setValue((bar.value() + 123_457) % bar.maximum()), 30),
        ("resize the window", lambda: window.resize(*next(sizes)), 30),
        ("size of the tiles", lambda: page.set_edge(next(edges)), 12),
        ("filter", lambda: page.set_filter(next(filters)), 30),
        ("order", lambda: page.set_order(next(orders)), 12),
        ("tab", lambda: page.show_tab(next(tabs)), 12),
        ("arrow key", key(Qt.Key.Key_Right), 40),
        ("decide (key 1)", key(Qt.Key.Key_1), 40),
        ("undo", window.reviewing.deciding.undo, 20),
        ("decide all", lambda: (gallery.selectAll(), window.reviewing.deciding.decide(0)), 1),
        ("undo all", window.reviewing.deciding.undo, 1),
        ("overview and back", lambda: (window.show_page(1), window.show_page(0)), 6),
    ]


def watch(page: object) -> list[int]:
    """Rows that were painted without an image after they had been painted with one."""
    delegate, loader = page.delegate, page.loader
    draw, shown, blank = delegate._face_of, set(), []

    def watched(tile: object, dpr: float) -> object:
        face = draw(tile, dpr)
        edge = round(delegate.geometry.edge * dpr)
        there = (tile.row, edge) in loader._kept or loader.standin(tile.row) is not None
        if there:
            shown.add(tile.row)
        elif tile.row in shown:
            blank.append(tile.row)
        return face

    delegate._face_of = watched
    return blank


if __name__ == "__main__":
    sys.exit(main())
