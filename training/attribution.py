"""What an ONNX model's answer for one image rests on: three kinds of map, and how true each is.

Only the model's answers are asked, so any file with the app's contract can be explained, whatever
its network; `cam` comes out of the graph itself. Every map says how much a place speaks for one
class, in log-odds, and what is hidden shows the average of other images of the set: their
expectation, where black or grey would be something that the model never saw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukview.inference import providers
from leukview.inference.model_file import INPUT, ModelFile
from training.data.augment import corner_box

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]
Floats = NDArray[np.float64]
Score = Callable[[Pixels], Floats]

PATCH = 1 / 6  # side of the patch that hides, as share of the image's
GRID = 10  # rows and columns of the random map of a model without activation maps
BLUR = 1 / 20  # deviation of the blur that insertion starts from, as share of the side
BLACK = 8  # a pixel whose every channel is at most this is ground of a segmented cell
BLACK_GROUND = 0.2  # from this share of such pixels on a set counts as segmented cells on black


class Answers:
    """A model file's answers, in batches that suit the device."""

    def __init__(self, model: ModelFile, device: str = "auto") -> None:
        self.contract = model.contract
        self._session, found = providers.open_session(model.data, device)
        # As the app: more than four images at a time are slower on a CPU.
        self.batch = 4 if found.name == "cpu" else 32

    def ask(self, output: str, images: Pixels) -> NDArray[np.float32]:
        """One output of the contract for uint8 images (N, side, side, 3), N at least 1."""
        starts = range(0, len(images), self.batch)
        parts = (images[start : start + self.batch] for start in starts)
        return np.concatenate([self._session.run([output], {INPUT: part})[0] for part in parts])

    def probability(self, number: int) -> Score:
        """(N,) probability of a class."""
        return lambda images: self.ask("probabilities", images)[:, number].astype(np.float64)

    def log_odds(self, number: int) -> Score:
        """(N,) ln(p / (1 - p)) of a class at temperature 1.

        Unlike the probability it does not stand still where the model is sure.
        """

        def score(images: Pixels) -> Floats:
            logits = self.ask("logits", images).astype(np.float64)
            others = np.delete(logits, number, axis=1)
            return np.asarray(logits[:, number] - np.logaddexp.reduce(others, axis=1))

        return score

    def cam(self, image: Pixels, number: int) -> Map | None:
        """The class activation map in pixels (side, side); None where the model has none."""
        if self.contract.cam is None:
            return None
        return enlarged(self.ask("cam", image[None])[0, number], image.shape[0])


def enlarged(grid: NDArray[np.floating[Any]], side: int) -> Map:
    """A coarse map in pixels, bilinear between the middles of its cells."""
    size = (side, side)
    return np.asarray(cv2.resize(grid.astype(np.float32), size, interpolation=cv2.INTER_LINEAR))


def occlusion(score: Score, image: Pixels, filling: Pixels) -> Map:
    """How much the score falls while a patch hides a place, averaged over the patches there.

    Zeiler & Fergus 2014 (doi 10.1007/978-3-319-10590-1_53). Patches overlap by half.

    Args:
        score: of images (N, side, side, 3).
        image: (side, side, 3).
        filling: what hidden places show, (side, side, 3).
    """
    side = image.shape[0]
    size = max(2, round(side * PATCH))
    places = np.unique([*range(0, side - size, max(1, size // 2)), side - size])
    boxes = [np.s_[r : r + size, c : c + size] for r in places for c in places]
    hidden = np.repeat(image[None], len(boxes), axis=0)
    for one, box in zip(hidden, boxes, strict=True):
        one[box] = filling[box]
    falls = score(image[None])[0] - score(hidden)
    total, count = np.zeros((side, side)), np.zeros((side, side))
    for fall, box in zip(falls, boxes, strict=True):
        total[box] += fall
        count[box] += 1
    return (total / count).astype(np.float32)


def shap_values(score: Score, image: Pixels, filling: Pixels, evaluations: int, batch: int) -> Map:
    """Owen values of places by the `shap` package's partition explainer, channels added up.

    Lundberg & Lee 2017 (arXiv 1705.07874). The image is halved again and again, first where it
    matters most, until the evaluations are spent.

    Args:
        score: of images (N, side, side, 3).
        image: (side, side, 3).
        filling: the mean of the background images, (side, side, 3).
        evaluations: of the score, at most.
        batch: images a step.
    """
    import shap  # numba behind it takes seconds to load

    def asked(images: NDArray[np.floating[Any]]) -> Floats:
        return score(np.rint(images).astype(np.uint8))

    masker = shap.maskers.Image(filling.astype(np.float64), image.shape)
    explainer = shap.PartitionExplainer(asked, masker)
    found = explainer(
        image[None].astype(np.float64), max_evals=evaluations, batch_size=batch, silent=True
    )
    values: Map = np.asarray(found.values, np.float32).reshape(image.shape).sum(axis=-1)
    return values


def random_map(side: int, cam: tuple[int, int] | None, rng: np.random.Generator) -> Map:
    """The baseline: chance, in patches as large as those of a class activation map, `cam` of them.

    Single pixels at random would be no baseline: noise all over the image destroys it faster than
    any patch that is taken away.
    """
    return enlarged(rng.random(cam or (GRID, GRID)), side)


@dataclass(frozen=True)
class Faithful:
    """Areas under the curves of Petsiuk et al. 2018 (RISE, arXiv 1806.07421), 0..1.

    Attributes:
        deletion: of the probability while places are hidden, the most important first; low is good.
        insertion: while they come back into the blurred image; high is good.
        deletion_curve, insertion_curve: (steps + 1,).
    """

    deletion: float
    insertion: float
    deletion_curve: Floats
    insertion_curve: Floats


def faithful(
    score: Score, image: Pixels, found: Map, filling: Pixels, *, steps: int, seed: int
) -> Faithful:
    """How fast the probability falls and rises when a map says what goes first.

    Args:
        score: probability of the explained class, for images (N, side, side, 3).
        image: (side, side, 3).
        found: the map (side, side).
        filling: what deleted places show.
        steps: equal shares of the image, one after another.
        seed: of the order of places with equal values.
    """
    ties = np.random.default_rng(seed).random(found.size)
    order = np.lexsort((ties, -found.ravel()))
    blurred = cv2.GaussianBlur(image, (0, 0), image.shape[0] * BLUR)
    deletion = _curve(score, image, filling, order, steps)
    insertion = _curve(score, np.asarray(blurred), image, order, steps)
    areas = [float(np.trapezoid(curve, dx=1 / steps)) for curve in (deletion, insertion)]
    return Faithful(areas[0], areas[1], deletion, insertion)


def _curve(
    score: Score, start: Pixels, end: Pixels, order: NDArray[np.int64], steps: int
) -> Floats:
    images = np.repeat(start[None], steps + 1, axis=0)
    flat, other = images.reshape(steps + 1, -1, 3), end.reshape(-1, 3)
    for step in range(1, steps + 1):
        gone = order[: round(len(order) * step / steps)]
        flat[step, gone] = other[gone]
    return score(images)


@dataclass(frozen=True)
class CellRule:
    """How cells are told from what lies around them, by thresholds for the whole set.

    Attributes:
        black: cells are segmented, all else is black; otherwise what is darker in green than the
            threshold is a cell, for stains and blood take away green light.
        threshold: grey level, 0..255.
        nuclei: a second, lower threshold: nuclei take more of it than red cells; 0 on black.
    """

    black: bool
    threshold: int
    nuclei: int = 0

    @property
    def words(self) -> str:
        if self.black:
            return f"Cells: brightest channel above {self.threshold} (the ground is black)."
        return (
            f"Nuclei: green below {self.nuclei}; other cells, most of them red: green below"
            f" {self.threshold} (Otsu over the background images, twice)."
        )

    def cells(self, image: Pixels) -> NDArray[np.bool_]:
        """Where cells are, (side, side); single pixels of noise are smoothed away."""
        smooth = self._smooth(image)
        return smooth > self.threshold if self.black else smooth < self.threshold

    def core(self, image: Pixels) -> NDArray[np.bool_]:
        """What a person looks at, (side, side): nuclei, or the segmented cell."""
        return self.cells(image) if self.black else self._smooth(image) < self.nuclei

    def _smooth(self, image: Pixels) -> Pixels:
        plane = image.max(axis=2) if self.black else np.ascontiguousarray(image[..., 1])
        return np.asarray(cv2.medianBlur(plane, 5), dtype=np.uint8)


def cell_rule(images: Pixels) -> CellRule:
    """The rule of a set, from some of its images (N, side, side, 3)."""
    if float(np.mean(images.max(axis=3) <= BLACK)) >= BLACK_GROUND:
        return CellRule(True, BLACK)
    green = images[..., 1].ravel()
    level = _otsu(green)
    return CellRule(False, level, _otsu(green[green < level]))


def _otsu(values: Pixels) -> int:
    """The level below which the darker part of the values (N,) lies."""
    if not len(values):  # images of one colour
        return 0
    level, _ = cv2.threshold(values[:, None], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return int(level) + 1


def regions(image: Pixels, rule: CellRule, scale_bar: bool) -> dict[str, NDArray[np.bool_]]:
    """Disjoint parts that cover the image: cells, background, and the scale bar's box if any.

    Where they are not segmented, nuclei and other cells are told apart.
    """
    cells, core = rule.cells(image), rule.core(image)
    bar = np.zeros_like(cells)
    if scale_bar:
        bar[corner_box(0, (image.shape[0], image.shape[1]))] = True
    out = {"cells": cells} if rule.black else {"nuclei": core, "other cells": cells & ~core}
    out = {name: part & ~bar for name, part in out.items()}
    out["background"] = ~cells & ~bar
    return {**out, "scale bar": bar} if scale_bar else out


def shares(found: Map, parts: dict[str, NDArray[np.bool_]]) -> dict[str, float]:
    """Share of what speaks for the class that lies in each part; of the area for a map of ones.

    A map in which nothing speaks for the class gives NaN.
    """
    positive = np.maximum(found, 0).astype(np.float64)
    total = float(positive.sum())
    return {
        name: float(positive[part].sum()) / total if total else float("nan")
        for name, part in parts.items()
    }


def average(images: Sequence[Pixels] | Pixels) -> Pixels:
    """The mean image, which stands for what is hidden."""
    return np.asarray(np.rint(np.mean(images, axis=0)), dtype=np.uint8)
