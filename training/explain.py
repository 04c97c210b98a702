"""Explanations of a model file on a prepared set: maps, how true they are, and what they rest on.

Writes into one folder: `maps/<row>.npz` as each image is done (what is there is not computed
again, so a killed run goes on), then `explain.csv` with a line for each image and method,
`explain.md` with the figures, and a sheet `<class>.png` for each class. The shipped weights were
fitted on all rows, so this shows what the model looks at, not how well it does on new images.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from leukview.inference import model_file
from leukview.inference.model_file import ModelFile
from training import attribution
from training.attribution import Answers, CellRule, Map, Pixels
from training.data import catalogue, prepare
from training.data.catalogue import ImageSet

CAM, OCCLUSION, SHAP, RANDOM = "cam", "occlusion", "shap", "random"
METHODS = (CAM, OCCLUSION, SHAP, RANDOM)
CURVES = ("deletion", "insertion")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How much is explained, and how finely.

    Attributes:
        per_class: images of each class, drawn by the seed.
        background: other images whose mean stands for what is hidden.
        evaluations: of the model for one image's SHAP values.
        steps: of the deletion and insertion curves.
    """

    per_class: int = 4
    background: int = 50
    evaluations: int = 500
    steps: int = 20
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One image.

    Attributes:
        row: of the prepared set.
        truth, said: classes by number.
        probability: of `said`, which is the class that is explained.
        maps: by method, (side, side).
        curves: by method and `deletion` or `insertion`, (steps + 1,).
    """

    row: int
    truth: int
    said: int
    probability: float
    maps: dict[str, Map]
    curves: dict[tuple[str, str], NDArray[np.float64]]

    def area(self, method: str, curve: str) -> float:
        """Under a curve, 0..1."""
        found = self.curves[method, curve]
        return float(np.trapezoid(found, dx=1 / (len(found) - 1)))


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A model file, a prepared set, and where what comes of them lies.

    Attributes:
        pixels: (N, side, side, 3) of the set.
        y: classes (N,).
        folder: of this model, set and settings.

    Raises:
        UsageError: the model cannot answer for this set.
    """

    about: ImageSet
    model: ModelFile
    pixels: Pixels
    y: NDArray[np.int64]
    folder: Path
    settings: Settings

    def __post_init__(self) -> None:
        contract, side = self.model.contract, self.pixels.shape[1]
        if contract.class_ids != self.about.class_ids:
            raise UsageError(
                f"{self.model.path.name} knows the classes {', '.join(contract.class_ids)}, and"
                f" {self.about.name} has {', '.join(self.about.class_ids)}. Nothing was explained."
                " Choose the set that the model was fitted on."
            )
        if (contract.height, contract.width) != (side, side):
            raise UsageError(
                f"{self.model.path.name} takes images of {contract.height} x {contract.width}"
                f" pixels, and those of {self.about.name} are prepared with {side}. Nothing was"
                " explained."
            )
        if len(self.y) < self.settings.background + len(self.rows):
            raise UsageError(
                f"{self.about.name} has {len(self.y)} images: too few for"
                f" {self.settings.background} background images beside {len(self.rows)} to be"
                " explained. Nothing was explained. Ask for fewer: --background, --per-class."
            )

    @cached_property
    def rows(self) -> list[int]:
        """The images to be explained, class by class."""
        order = np.random.default_rng(self.settings.seed).permutation(len(self.y))
        classes = range(len(self.about.classes))
        return [
            int(r) for k in classes for r in order[self.y[order] == k][: self.settings.per_class]
        ]

    @cached_property
    def background(self) -> Pixels:
        """Other images of the set (M, side, side, 3), drawn by the seed."""
        order = np.random.default_rng([self.settings.seed, 1]).permutation(len(self.y))
        free = order[~np.isin(order, self.rows)][: self.settings.background]
        return np.asarray(self.pixels[np.sort(free)])

    @cached_property
    def filling(self) -> Pixels:
        """What is hidden shows their mean."""
        return attribution.average(self.background)

    @cached_property
    def rule(self) -> CellRule:
        return attribution.cell_rule(self.background)

    def path(self, row: int) -> Path:
        """Where an image's maps lie."""
        return self.folder / "maps" / f"{row}.npz"


def folder_of(runs: Path, about: ImageSet, model: ModelFile, settings: Settings) -> Path:
    """The folder below `runs`, another for each model file and for other settings."""
    said = "-".join(str(value) for value in msgspec.to_builtins(settings).values())
    return runs / f"explain-{about.name}-{model.contract.model}-{model.sha256[:8]}-{said}"


def open_explanation(
    about: ImageSet, model: str, settings: Settings, *, data: Path, cache: Path, runs: Path
) -> Explanation:
    """A model by name or path, and a prepared set.

    Raises:
        UsageError, FileNotFoundError: see `Explanation`; or the set is not prepared.
    """
    found = model_file.load(model_file.resolve(model))
    items = catalogue.load(data / about.name, about)
    return Explanation(
        about=about,
        model=found,
        pixels=prepare.cached(cache, about),
        y=np.array(catalogue.labels(items, about)),
        folder=folder_of(runs, about, found, settings),
        settings=settings,
    )


def explain(work: Explanation, device: str = "auto") -> Iterator[Progress]:
    """Compute what is not there yet, then write table, report and sheets."""
    yield Progress(0, len(work.rows), work.about.name)
    answers: Answers | None = None
    for number, row in enumerate(work.rows, start=1):
        if not work.path(row).exists():
            answers = answers or Answers(work.model, device)
            _save(work.path(row), _one(work, answers, row))
        yield Progress(number, len(work.rows), f"image {row}")
    found = [_load(work.path(row)) for row in work.rows]
    lines = [line for one in found for line in lines_of(work, one)]
    _write_table(work.folder / "explain.csv", lines)
    text = report(work, found, lines)
    (work.folder / "explain.md").write_text(text, encoding="utf-8", newline="\n")
    from training import sheets  # matplotlib takes a second

    for number, entry in enumerate(work.about.classes):
        mine = [one for one in found if one.truth == number]
        sheets.save(sheets.sheet(work, entry.name, mine), work.folder / f"{entry.id}.png")


def _one(work: Explanation, answers: Answers, row: int) -> Explained:
    """All maps of one image for the class that the model says, and their curves."""
    settings, filling = work.settings, work.filling
    image = np.asarray(work.pixels[row])
    probabilities = answers.ask("probabilities", image[None])[0]
    said = int(probabilities.argmax())
    score, asked = answers.log_odds(said), answers.probability(said)
    rng = np.random.default_rng([settings.seed, row])
    makers: dict[str, Callable[[], Map | None]] = {
        CAM: lambda: answers.cam(image, said),
        OCCLUSION: lambda: attribution.occlusion(score, image, filling),
        SHAP: lambda: attribution.shap_values(
            score, image, filling, settings.evaluations, answers.batch
        ),
        RANDOM: lambda: attribution.random_map(image.shape[0], answers.contract.cam, rng),
    }
    made = {method: makers[method]() for method in METHODS}
    maps = {method: found for method, found in made.items() if found is not None}
    curves = {}
    for method, found in maps.items():
        judged = attribution.faithful(
            asked, image, found, filling, steps=settings.steps, seed=settings.seed
        )
        curves[method, "deletion"] = judged.deletion_curve
        curves[method, "insertion"] = judged.insertion_curve
    return Explained(
        row=row,
        truth=int(work.y[row]),
        said=said,
        probability=float(probabilities[said]),
        maps=maps,
        curves=curves,
    )


def _save(path: Path, one: Explained) -> None:
    """Completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"draft.{path.name}")
    arrays: dict[str, Any] = {f"map {m}": found for m, found in one.maps.items()}
    arrays |= {f"{curve} {m}": found for (m, curve), found in one.curves.items()}
    about = np.array([one.row, one.truth, one.said, one.probability])
    np.savez_compressed(draft, about=about, **arrays)
    draft.replace(path)


def _load(path: Path) -> Explained:
    with np.load(path) as found:
        row, truth, said, probability = found["about"].tolist()
        methods = [method for method in METHODS if f"map {method}" in found]
        return Explained(
            row=int(row),
            truth=int(truth),
            said=int(said),
            probability=probability,
            maps={method: found[f"map {method}"] for method in methods},
            curves={(m, curve): found[f"{curve} {m}"] for m in methods for curve in CURVES},
        )


def lines_of(work: Explanation, one: Explained) -> list[dict[str, Any]]:
    """A line of the table for each method: areas under its curves, shares of each part."""
    ids = work.about.class_ids
    parts = attribution.regions(np.asarray(work.pixels[one.row]), work.rule, work.about.scale_bar)
    flat = np.ones(work.pixels.shape[1:3], np.float32)
    area = {f"area {k}": v for k, v in attribution.shares(flat, parts).items()}
    head = {"row": one.row, "truth": ids[one.truth], "said": ids[one.said]}
    out: list[dict[str, Any]] = []
    for method, found in one.maps.items():
        areas = {curve: one.area(method, curve) for curve in CURVES}
        shares = {f"share {k}": v for k, v in attribution.shares(found, parts).items()}
        line = {**head, "probability": one.probability, "method": method}
        out.append({**line, **areas, **shares, **area})
    return out


def _write_table(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
        table.writeheader()
        for line in lines:
            said = {k: f"{v:.6f}" if isinstance(v, float) else v for k, v in line.items()}
            table.writerow(said)
    draft.replace(path)


def report(work: Explanation, found: Sequence[Explained], lines: Sequence[dict[str, Any]]) -> str:
    """The figures in Markdown: how true each method is, and what it finds the model looks at."""
    settings, name = work.settings, work.model.contract.title
    right = sum(one.said == one.truth for one in found)
    intro = (
        f"{len(found)} of the images of {work.about.name}, at most {settings.per_class} of each"
        f" class, drawn by seed {settings.seed}; the model names {right} of them as the set does."
        " The class that it names is explained. Hidden places show the mean of"
        f" {settings.background} other images; SHAP asked the model {settings.evaluations} times an"
        f" image. Model file {work.model.sha256}."
    )
    return "\n".join(
        [
            f"# What {name} looks at",
            "",
            intro,
            "",
            "## How true each map is",
            "",
            f"Area under the probability of the class while {settings.steps} equal shares of the"
            " image, the most important first, are hidden (deletion: low is good) or come back"
            " into a blurred image (insertion: high is good). Mean, lowest and highest over images,"
            " and on how many images the method does better than a random map.",
            "",
            *_truth_table(lines),
            "",
            "## Where it lies",
            "",
            f"Share of what speaks for the class that lies in each part. {work.rule.words}"
            " A map that knows nothing has the share of the area.",
            "",
            *_share_table(lines),
            "",
        ]
    )


def _by_method(lines: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    methods = dict.fromkeys(line["method"] for line in lines)
    return {method: [line for line in lines if line["method"] == method] for method in methods}


def _truth_table(lines: Sequence[dict[str, Any]]) -> list[str]:
    groups = _by_method(lines)
    out = ["| method | n | deletion | better | insertion | better |", "|---|---|---|---|---|---|"]
    for method, mine in groups.items():
        cells = [method, str(len(mine))]
        for curve, sign in (("deletion", -1), ("insertion", 1)):
            values = [line[curve] for line in mine]
            pairs = zip(mine, groups[RANDOM], strict=True)
            better = sum(sign * (a[curve] - b[curve]) > 0 for a, b in pairs)
            said = f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
            cells += [said, "" if method == RANDOM else f"{better} of {len(mine)}"]
        out.append(f"| {' | '.join(cells)} |")
    return out


def _share_table(lines: Sequence[dict[str, Any]]) -> list[str]:
    groups = _by_method(lines)
    parts = [key.removeprefix("area ") for key in lines[0] if key.startswith("area ")]
    out = [f"| method | n | {' | '.join(parts)} |", f"|---|---|{'---|' * len(parts)}"]
    for method, mine in groups.items():
        said = [line for line in mine if not math.isnan(line[f"share {parts[0]}"])]
        means = [f"{np.mean([x[f'share {p}'] for x in said]):.3f}" if said else "-" for p in parts]
        out.append(f"| {method} | {len(said)} | {' | '.join(means)} |")
    areas = [f"{np.mean([line[f'area {part}'] for line in groups[RANDOM]]):.3f}" for part in parts]
    return [*out, f"| area | {len(groups[RANDOM])} | {' | '.join(areas)} |"]
