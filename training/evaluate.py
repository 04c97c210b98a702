"""From the test logits of every fold to the published table, calibration and figures.

`training/results/<model>.predictions.csv` is the one source: contract, card and README name only
figures that `figures_of` computes from it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leukview.contract import Figure, ReviewThreshold
from training import calibrate
from training.data.catalogue import ImageSet
from training.metrics import figures
from training.runs import CROSS

if TYPE_CHECKING:  # it imports Keras, and who only reads tables should not wait for it
    from training.experiment import Experiment

RESULTS = Path(__file__).parent / "results"
MODELS = {"all4": "all4-b3", "cnmc": "cnmc-b3", "pbc": "pbc8-b3"}
Floats = NDArray[np.float64]
BLANKED = "scale bar blanked"
CALIBRATION = "expected calibration error"
UNCALIBRATED = f"{CALIBRATION} before temperature"
FLIPPED = "test flips"  # the mean of an image and its three mirrored views, which the app does not


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Rows of a predictions table, as arrays of equal length N.

    Attributes:
        protocol: `grouped`, `random`, `paper`, `paper526`, `external`, each also with " scale bar
            blanked" and, where a config asks for it, " test flips".
        fold: number of the fold; -1 where there are none (`paper`).
        truth: class indices.
        probabilities: (N, C) after the temperature.
    """

    protocol: NDArray[np.str_]
    sha256: NDArray[np.str_]
    group: NDArray[np.str_]
    fold: NDArray[np.int64]
    truth: NDArray[np.int64]
    probabilities: Floats


def results_path(about: ImageSet) -> Path:
    """Where the set's published predictions lie."""
    return RESULTS / f"{MODELS[about.name]}.predictions.csv"


def cross_name(about: ImageSet) -> str:
    """What the cross-validation may be called: grouped only where groups are known."""
    return "grouped" if about.group else "random"


def write_predictions(exp: Experiment, path: Path) -> float:
    """Collect the folds, fit the temperature on the pooled cross-validation rows, write the table.

    The temperature is one number fitted on the same rows, so calibration figures from this table
    are optimistic by that one parameter; accuracies do not depend on it. Without a cross-validation
    it is fitted on the rows that chose, of all protocols: a row may be tested in another of these.

    Returns:
        The temperature.

    Raises:
        ValueError: a part was not fitted yet, or by another split.
    """
    folds = [f"{CROSS}{k}" for k in range(exp.split.folds)]
    parts = [*folds, *exp.split.singles]
    missing = [name for name in parts if not exp.run.has(name)]
    if missing:
        raise ValueError(f"{exp.run.folder} lacks {missing}. Run `python -m training train` first.")
    found = {name: exp.run.load(name) for name in parts}
    which = ("rows", "logits") if folds else ("choose", "choose_logits")
    chosen = [found[name] for name in folds or parts]
    rows = np.concatenate([part[which[0]] for part in chosen]).astype(np.int64)
    logits = np.concatenate([part[which[1]] for part in chosen]).astype(np.float64)
    if folds and not np.array_equal(np.sort(rows), np.flatnonzero(exp.split.cross >= 0)):
        raise ValueError(
            f"The folds in {exp.run.folder} were fitted by another split than {exp.about.name}.csv."
            " Nothing was written. Move the run folder away and fit again."
        )
    temperature = calibrate.fit_temperature(logits, exp.material.y[rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(
            ["protocol", "sha256", "group", "fold", "truth"]
            + [f"p_{name}" for name in exp.about.class_ids]
        )
        for name in parts:
            protocol = cross_name(exp.about) if name in folds else name
            fold = int(name.removeprefix(CROSS)) if name in folds else -1
            kinds = {"logits": "", "blanked": f" {BLANKED}", "flipped": f" {FLIPPED}"}
            for kind, suffix in kinds.items():
                if kind in found[name]:
                    _lines(exp, table, protocol + suffix, fold, found[name], kind, temperature)
    draft.replace(path)
    return temperature


def _lines(
    exp: Experiment,
    table: object,
    protocol: str,
    fold: int,
    part: dict[str, NDArray[np.generic]],
    kind: str,
    temperature: float,
) -> None:
    probabilities = calibrate.softmax(part[kind].astype(np.float64), temperature)
    for row, p in zip(part["rows"].astype(np.int64), probabilities, strict=True):
        item = exp.items[int(row)]
        cells = [f"{v:.6f}" for v in p]
        table.writerow([protocol, item.sha256, item.group, fold, item.class_id, *cells])  # type: ignore[attr-defined]


def read_predictions(path: Path, about: ImageSet) -> Predictions:
    """The published table back as arrays."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    ids = about.class_ids
    return Predictions(
        protocol=np.array([r["protocol"] for r in rows]),
        sha256=np.array([r["sha256"] for r in rows]),
        group=np.array([r["group"] for r in rows]),
        fold=np.array([int(r["fold"]) for r in rows]),
        truth=np.array([ids.index(r["truth"]) for r in rows]),
        probabilities=np.array([[float(r[f"p_{c}"]) for c in ids] for r in rows]),
    )


def figures_of(
    found: Predictions, about: ImageSet, temperature: float | None = None
) -> list[Figure]:
    """Every figure that may be named, computed from the table alone.

    Per-fold ranges stand beside pooled figures of the cross-validation; with three looks in a class
    they are the honest measure of spread.

    Args:
        found: the table.
        about: its set.
        temperature: that it was written with; with it the calibration error without it is given.
    """
    out: list[Figure] = []
    for protocol in dict.fromkeys(found.protocol.tolist()):
        mine = found.protocol == protocol
        named = about.group and protocol.split()[0] == "grouped"
        groups = len(set(found.group[mine])) if named else 0
        n = int(mine.sum())

        def add(name: str, value: float, n: int = n, p: str = protocol, g: int = groups) -> None:
            out.append(Figure(name=name, value=round(value, 4), protocol=p, n=n, groups=g))

        pooled = figures(found.truth[mine], found.probabilities[mine], about.class_ids)
        for name, value in pooled.items():
            add(name, value)
        p, truth = found.probabilities[mine], found.truth[mine]
        if temperature is not None:
            before = calibrate.at_one(p, temperature)
            add(UNCALIBRATED, calibrate.calibration_error(before, truth))
        add(CALIBRATION, calibrate.calibration_error(p, truth))
        folds = [mine & (found.fold == k) for k in np.unique(found.fold[mine]) if k >= 0]
        if folds:
            said = found.probabilities.argmax(axis=1)
            each = [float(np.mean(said[f] == found.truth[f])) for f in folds]
            add("accuracy, worst fold", min(each))
            add("accuracy, best fold", max(each))
    return out


def review_threshold_of(found: Predictions, about: ImageSet) -> ReviewThreshold:
    """The review threshold from out-of-fold rows; folds that did not choose it tell its worth."""
    mine = found.protocol == cross_name(about)
    rows = (found.probabilities[mine], found.truth[mine], found.fold[mine])
    return calibrate.review_threshold(*rows)
