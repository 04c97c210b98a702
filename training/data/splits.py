"""Which image is fitted on, chosen by, tested: written once to CSV, then only read.

Two protocols stand side by side. `paper` is the random 70/30 split of Batool & Byun 2023, which
puts cells of one subject (or fields of one smear) on both sides. `grouped` keeps groups apart in
k folds and is what a figure should be believed by; where a set has no groups the same folds are
called `random`, with near duplicates kept together. In each there are three parts: fit, choose,
test.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from leukview.domain.errors import UsageError
from training.data.catalogue import ImageSet, Item, labels

Protocol = Literal["paper", "grouped", "random"]
# Images whose statistics (no labels) the frozen trunk's batch norm takes: never fitted and never
# tested in the folds, since their groups stand on both sides.
NORM = 64
NORM_LEAST = 32  # fewer are too few for statistics, see `remeasure_batch_norm`
TEST_SHARE = 0.3  # of the paper's protocol
CHOOSE_SHARE = 0.1
# Cosine of centred 32 x 32 grey thumbnails; 0.98 joins what differs by a small shift or by JPEG.
TWIN_COSINE = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Row numbers of one fold: fit, choose, test."""

    fit: NDArray[np.int64]
    choose: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One table: for each row its number.

    Attributes:
        cross: fold 0..k-1 of the grouped or random cross-validation, -1 for the norm rows.
        paper: 0 fit, 1 choose, 2 test; -1 for what is in no part.
        folds: k; 0 where there is no cross-validation.
        also: numbers as in `paper` of further protocols, by name (`paper526`, `external`).
        choosers: (k, N) whether a row chooses for a fold; None for the rule of `fold`.
    """

    cross: NDArray[np.int64]
    paper: NDArray[np.int64]
    folds: int
    also: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    choosers: NDArray[np.bool_] | None = None

    def fold(self, number: int, seed: int = 0) -> Parts:
        """The three parts of one fold.

        With five folds the next fold's groups choose. With three (all4: `pro` has three looks only)
        that would leave one look to fit on, so a random tenth of the rest chooses.
        """
        test = np.flatnonzero(self.cross == number)
        if self.choosers is not None:
            chosen = self.choosers[number]
        elif self.folds > 3:
            chosen = self.cross == (number + 1) % self.folds
        else:
            free = np.flatnonzero((self.cross != number) & (self.cross >= 0))
            drawn = np.random.default_rng(seed).permutation(free)[: int(CHOOSE_SHARE * len(free))]
            chosen = np.isin(np.arange(len(self.cross)), drawn)
        choose = np.flatnonzero(chosen)
        rest = (self.cross >= 0) & (self.cross != number)
        fit = np.flatnonzero(rest & ~chosen)
        return Parts(fit=fit, choose=choose, test=test)

    def random(self) -> Parts:
        """The paper's random 70/30, a tenth of the 70 taken out to choose by."""
        return self.single("paper")

    def single(self, name: str) -> Parts:
        """The parts of a protocol that is no cross-validation."""
        numbers = self.paper if name == "paper" else self.also[name]
        fit, choose, test = (np.flatnonzero(numbers == part) for part in range(3))
        return Parts(fit=fit, choose=choose, test=test)

    @property
    def singles(self) -> tuple[str, ...]:
        """Names of the protocols that are no cross-validation."""
        return (*(("paper",) if (self.paper == 2).any() else ()), *self.also)

    @property
    def norm(self) -> NDArray[np.int64]:
        """The rows for the batch norm.

        A split written by hand may have none: then some that are never tested, if 32 or more are
        not, and only in a cross-validation that tests every row some of all.
        """
        found = np.flatnonzero(self.cross < 0)
        if len(found):
            return found
        tested = np.full(len(self.cross), self.folds > 0)
        for name in self.singles:
            tested[self.single(name).test] = True
        free = np.flatnonzero(~tested)
        some = free if len(free) >= NORM_LEAST else np.arange(len(self.cross))
        return some[:: max(1, len(some) // NORM)][:NORM]


def twins(thumbnails: NDArray[np.uint8], items: Sequence[Item]) -> NDArray[np.int64]:
    """Number (N,) of the cluster of near duplicates each image belongs to.

    Args:
        thumbnails: (N, 32, 32) grey.
        items: their rows; equal hashes and `twin_of` join too. The table of all4 names bare files
            there, which join nothing: with them, eight more would be joined and another split be
            drawn than the one whose figures are published. All share a look, so no fold parts them.
    """
    flat = thumbnails.reshape(len(items), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    parent = np.arange(len(items))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    near = np.argwhere(np.triu(flat @ flat.T > TWIN_COSINE, 1))
    place = {item.file: i for i, item in enumerate(items)}
    first: dict[str, int] = {}
    pairs = [(int(a), int(b)) for a, b in near]
    pairs += [(i, place[item.twin_of]) for i, item in enumerate(items) if item.twin_of in place]
    pairs += [(i, first.setdefault(item.sha256, i)) for i, item in enumerate(items)]
    for a, b in pairs:
        parent[root(a)] = root(b)
    return np.array([root(i) for i in range(len(items))])


def make(items: Sequence[Item], about: ImageSet, clusters: NDArray[np.int64], seed: int) -> Split:
    """Draw both protocols.

    Args:
        items: (N) rows.
        about: their set.
        clusters: (N,) of near duplicates; they decide where no group is known.
        seed: of the paper's protocol and the norm rows; the folds always use 0.
    """
    y = np.array(labels(items, about))
    names = [item.group for item in items] if about.group else [str(c) for c in clusters]
    _, groups = np.unique(names, return_inverse=True)
    cross = np.full(len(items), -1)
    folds = StratifiedGroupKFold(about.folds, shuffle=True, random_state=0)
    for number, (_, test) in enumerate(folds.split(y, y, groups)):
        cross[test] = number
    rng = np.random.default_rng(seed)
    # Norm rows come in whole clusters of near duplicates, else a twin of theirs would be tested.
    for cluster in rng.permutation(np.unique(clusters)):
        if (cross < 0).sum() >= NORM:
            break
        cross[clusters == cluster] = -1
    rows = np.arange(len(items))
    kept = rows[cross >= 0]
    rest, test = train_test_split(kept, test_size=TEST_SHARE, random_state=seed, stratify=y[kept])
    _, choose = train_test_split(rest, test_size=CHOOSE_SHARE, random_state=seed, stratify=y[rest])
    paper = np.zeros(len(items), dtype=np.int64)
    paper[test], paper[choose] = 2, 1
    return Split(cross=cross, paper=paper, folds=about.folds)


_HEADER = ["sha256", "file", "class", "group", "cross_fold", "paper_part"]


def write(path: Path, items: Sequence[Item], split: Split) -> None:
    """Write the split, once.

    Raises:
        UsageError: it is there already; figures of one split must not be mixed with another's.
    """
    if path.exists():
        raise UsageError(f"{path} exists and a split is drawn only once. It was left as it is.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(_HEADER)
        for item, fold, part in zip(items, split.cross, split.paper, strict=True):
            table.writerow([item.sha256, item.file, item.class_id, item.group, fold, part])


def read(path: Path, items: Sequence[Item], about: ImageSet) -> Split:
    """Read a written split back.

    Raises:
        UsageError: it is missing or belongs to other images.
    """
    if not path.is_file():
        raise UsageError(f"{path} is missing. Run `python -m training prepare` first.")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if [row["sha256"] for row in rows] != [item.sha256 for item in items]:
        raise UsageError(
            f"{path} was drawn for other images than {about.name} holds now. Nothing was fitted."
            " Restore the images, or remove the split knowing that its figures go with it."
        )
    cross = np.array([int(row["cross_fold"]) for row in rows])
    paper = np.array([int(row["paper_part"]) for row in rows])
    return Split(cross=cross, paper=paper, folds=about.folds)
