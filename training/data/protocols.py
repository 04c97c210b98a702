"""The splits of a described set, by name: how many folds, and what stands on which side.

Nothing that belongs together is cut: groups stay whole in the folds, and duplicates and near
duplicates in every protocol. `paper` is the random 70/30 of Batool & Byun 2023, `paper526` the
other split in its text (9,594 to fit, 526 to choose, 535 to test).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from leukview.domain.errors import UsageError
from training.data import near
from training.data.catalogue import ImageSet, Item, labels
from training.data.splits import CHOOSE_SHARE, NORM, NORM_LEAST, TEST_SHARE, Split

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]
FIT, CHOOSE, TEST = 0, 1, 2
PAPER526 = "paper526"
# Of the 10,655 images that the paper's three numbers add up to.
CHOOSE_526, TEST_526 = 526 / 10_655, 535 / 10_655
NORM_SHARE = 0.1  # at most, of a small set ...
NORM_MOST = 0.25  # ... but so much, where batch norm then has enough to be measured on
DRAWS = 50  # of folds, until every class is in every one


def draw(items: Sequence[Item], about: ImageSet, seed: int) -> Split:
    """Draw every protocol that is wanted.

    Args:
        items: (N) rows of the listing; what nearly repeats another names it.
        about: their set; its place names the protocols, or none for what the groups allow.
        seed: of everything that is drawn.

    Raises:
        UsageError: the folds that are wanted cannot keep the groups apart.
    """
    wanted = about.place.protocols if about.place else ()
    y = np.array(labels(items, about), dtype=np.int64)
    clusters = near.clusters(items)
    rng = np.random.default_rng(seed)
    cross, folds = np.zeros(len(items), dtype=np.int64), 0
    units = near.units(items) if about.group else clusters
    if not wanted or {"grouped", "random"} & set(wanted):
        folds = fold_count(y, units, about)
        cross, folds = _folds(y, units, about, folds, seed)
    take_norm(cross, y, clusters, rng)
    classes = len(about.classes)
    kept = cross >= 0
    # The 70/30 is of the rows that are left; the numbers of the other split are of all rows.
    left, whole = (np.bincount(rows, minlength=classes) for rows in (y[kept], y))
    sizes = {
        "paper": (CHOOSE_SHARE * (1 - TEST_SHARE) * left, TEST_SHARE * left),
        PAPER526: (CHOOSE_526 * whole, TEST_526 * whole),
    }
    drawn = {
        name: _three(y, clusters, kept, size, rng)
        for name, size in sizes.items()
        if name in (wanted or ("paper",))
    }
    paper = drawn.pop("paper", np.full(len(items), -1, dtype=np.int64))
    choosers = choosers_of(cross, folds, y, units, clusters, seed) if folds else None
    return Split(cross=cross, paper=paper, folds=folds, also=drawn, choosers=choosers)


def fold_count(y: Ints, units: Ints, about: ImageSet) -> int:
    """How many folds the class with the fewest groups allows: two groups a fold, if it can be.

    Raises:
        UsageError: a class has a single group, which cannot stand on two sides.
    """
    counts = [len(np.unique(units[y == c])) for c in range(len(about.classes))]
    fewest = int(np.argmin(counts))
    if counts[fewest] > 1:
        return min(about.folds, max(2, counts[fewest] // 2))
    name, table = about.class_ids[fewest], about.place.split if about.place else about.name
    if not about.group:
        raise UsageError(
            f"All images of {name} repeat one another, so they cannot stand on two sides of"
            f" {table}. Nothing was split. Add other images of {name}."
        )
    raise UsageError(
        f"All images of {name} are of one {about.group_word} (or of some that share an image), so"
        f" they cannot be kept apart in `grouped` folds: {table} was not written. Add images of"
        f' {name} from another {about.group_word}, or choose `group = "none"` in the TOML file'
        " (then only near duplicates stay together, and the folds are called `random`), or"
        ' `protocols = ["paper"]`.'
    )


def _folds(y: Ints, units: Ints, about: ImageSet, most: int, seed: int) -> tuple[Ints, int]:
    """Folds with every class in each, as many as can be found; stratified, whole units."""
    for folds in range(most, 1, -1):
        for number in range(DRAWS):
            cross = np.zeros(len(y), dtype=np.int64)
            how = StratifiedGroupKFold(folds, shuffle=True, random_state=seed + number)
            with warnings.catch_warnings():
                # It warns of classes that are smaller than the folds; that is looked at below.
                warnings.simplefilter("ignore", UserWarning)
                for fold, (_, test) in enumerate(how.split(y, y, units)):
                    cross[test] = fold
            if _all_there(cross, y, folds, len(about.classes)):
                return cross, folds
    raise UsageError(
        f"No two folds of {about.name} have every class on both sides while each"
        f" {about.group_word or 'near duplicate'} stays whole: the same few hold a whole class."
        ' Nothing was split. Add images from others, or choose `group = "none"` or'
        ' `protocols = ["paper"]` in the TOML file.'
    )


def _all_there(cross: Ints, y: Ints, folds: int, classes: int) -> bool:
    found = np.zeros((folds, classes), dtype=np.int64)
    np.add.at(found, (cross, y), 1)
    return bool(found.all())


def take_norm(cross: Ints, y: Ints, clusters: Ints, rng: np.random.Generator) -> None:
    """Mark norm rows with -1, in whole clusters, at random.

    Every class keeps an image in each fold, and three clusters for the three parts of `paper`.
    """
    least = NORM_LEAST if NORM_MOST * len(y) >= NORM_LEAST else 1
    want = min(NORM, max(least, int(NORM_SHARE * len(y))))
    for cluster in rng.permutation(np.unique(clusters)):
        if (cross < 0).sum() >= want:
            return
        mine = clusters == cluster
        after = np.where(mine, -1, cross)
        if mine.sum() <= want and _leaves_enough(cross, after, mine, y, clusters):
            cross[mine] = -1


def _leaves_enough(
    cross: Ints, after: Ints, mine: NDArray[np.bool_], y: Ints, clusters: Ints
) -> bool:
    for c in np.unique(y[mine]):
        kept = (after >= 0) & (y == c)
        there = set(after[kept].tolist())
        if len(np.unique(clusters[kept])) < 3 or not set(cross[mine].tolist()) <= there:
            return False
    return True


def _three(
    y: Ints,
    clusters: Ints,
    kept: NDArray[np.bool_],
    sizes: tuple[Floats, Floats],
    rng: np.random.Generator,
) -> Ints:
    """Part numbers (N,), clusters whole; `sizes`: images of each class to choose and to test."""
    out = np.where(kept, FIT, -1).astype(np.int64)
    for part, size in ((TEST, sizes[1]), (CHOOSE, sizes[0])):
        rows = pick(y, clusters, np.flatnonzero(out == FIT), _whole(size), rng)
        if not len(rows):
            raise UsageError(
                "No class has three images that do not repeat one another, so there is nothing to"
                " fit on, to choose by and to test. Nothing was split. Add images."
            )
        out[rows] = part
    return out


def _whole(sizes: Floats) -> Ints:
    return np.rint(sizes).astype(np.int64)


def choosers_of(
    cross: Ints, folds: int, y: Ints, units: Ints, clusters: Ints, seed: int
) -> NDArray[np.bool_]:
    """Which rows choose for each fold, (folds, N).

    With more than three folds the next fold's. With fewer that would leave too little to fit on:
    then a tenth of the rest, in whole groups where each class keeps two to fit on, else in whole
    clusters of near duplicates.
    """
    out = np.zeros((folds, len(cross)), dtype=np.bool_)
    for number in range(folds):
        if folds > 3:
            out[number] = cross == (number + 1) % folds
            continue
        rest = np.flatnonzero((cross >= 0) & (cross != number))
        rng = np.random.default_rng([seed, number])
        wants = _whole(CHOOSE_SHARE * np.bincount(y[rest], minlength=int(y.max()) + 1))
        few = min(len(np.unique(units[rest][y[rest] == c])) for c in np.unique(y[rest]))
        of, leave = (units, 2) if few >= 3 else (clusters, 1)
        out[number, pick(y, of, rest, wants, rng, leave=leave)] = True
    return out


def pick(
    y: Ints, units: Ints, rows: Ints, wants: Ints, rng: np.random.Generator, *, leave: int = 1
) -> Ints:
    """Rows in whole units, of each class about as many as wanted and one unit at the least.

    Args:
        y: class of every row, (N,).
        units: their units, (N,).
        rows: to pick from.
        wants: images of each class.
        rng: decides the order.
        leave: so many units of each class stay; a class that has no more gives none.
    """
    names, place = np.unique(units[rows], return_inverse=True)
    held = np.zeros((len(names), len(wants)), dtype=np.int64)
    np.add.at(held, (place, y[rows]), 1)
    left = (held > 0).sum(axis=0)
    got = np.zeros_like(wants)
    taken = np.zeros(len(names), dtype=np.bool_)
    order = rng.permutation(len(names))

    def take(unit: int) -> None:
        nonlocal left, got
        taken[unit], left, got = True, left - (held[unit] > 0), got + held[unit]

    def may(unit: int) -> bool:
        has = held[unit] > 0
        return not taken[unit] and bool((left[has] > leave).all())

    for c in np.argsort(wants, kind="stable"):
        want = max(1, int(wants[c]))
        for unit in order[held[order, c] > 0]:
            fits = np.all(got + held[unit] <= np.maximum(wants, 1))
            if got[c] < want and fits and may(int(unit)):
                take(int(unit))
        if not got[c]:
            # None fits: the smallest, so that the class is there at all.
            for unit in sorted(order[held[order, c] > 0], key=lambda u: int(held[u].sum())):
                if may(int(unit)):
                    take(int(unit))
                    break
    return rows[taken[place]]
