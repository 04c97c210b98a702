"""Protocol `external`: fit on one set, test on all of another, as one joined set in the cache.

The joined set `a-on-b` has the classes of `a`. Of `b`, images that (nearly) repeat one of `a` are
in no part, and classes that mean none of `a` do not come in; both are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from training.data import near, protocols, written
from training.data.catalogue import ImageSet, Item, Place, labels, load
from training.data.listing import Facts, save
from training.data.prepare import SIDE, cached, pixels_path, put_in_place
from training.data.sources import named
from training.data.splits import CHOOSE_SHARE, Split
from training.data.written import EXTERNAL

NOT_MAPPED = "of classes that the other set does not have"
REPEATS = "(nearly) repeat an image that is fitted on"


def joined_set(fit: ImageSet, test: ImageSet, cache: Path) -> ImageSet:
    """The set that holds both, described like one of a TOML file.

    Raises:
        UsageError: a set would be tested on itself.
    """
    if fit.name == test.name:
        raise UsageError(
            f"{fit.name} cannot be tested on itself by the protocol `external`. Nothing was"
            " joined. Name two sets."
        )
    name = f"{fit.name}-on-{test.name}"
    place = Place(
        images=cache, home=cache, split=cache / f"{name}.split.csv", protocols=(EXTERNAL,)
    )
    return replace(fit, name=name, title=f"{fit.title} on {test.title}", group="group", place=place)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two sets, prepared: what it is, its rows and pixels (N, 300, 300, 3)."""

    about: ImageSet
    items: Sequence[Item]
    pixels: NDArray[np.uint8]


def side_of(data: Path, cache: Path, about: ImageSet) -> Side:
    """A set that was prepared.

    Raises:
        UsageError, FileNotFoundError: it was not; the message says what to run.
    """
    items = load(data / about.name, about)
    pixels = cached(cache, about)
    if len(items) != len(pixels):
        raise UsageError(
            f"{pixels_path(cache, about)} holds {len(pixels)} images and {about.name} has"
            f" {len(items)}. Nothing was joined. Run `python -m training prepare` again."
        )
    return Side(about=about, items=items, pixels=pixels)


def prepare(
    joined: ImageSet, fit: Side, test: Side, mapping: Mapping[str, str], seed: int
) -> Iterator[Progress]:
    """Write listing, pixels and split of the joined set; a split that is there is checked.

    Args:
        joined: see `joined_set`.
        fit: the set that is fitted on.
        test: the other.
        mapping: class of `test` to class of `fit`, "" for none; others keep their id.
        seed: of the rows that choose and of the norm rows.

    Raises:
        UsageError: the classes do not fit together, or nothing is left to test.
    """
    if joined.place is None:
        raise ValueError("a joined set has a place")
    meant = [_meant(item, fit, test, mapping) for item in test.items]
    rows = [row for row, class_id in enumerate(meant) if class_id]
    items = [_renamed(item, fit.about.name, item.class_id) for item in fit.items]
    items += [_renamed(test.items[row], test.about.name, meant[row]) for row in rows]
    images = [(fit.pixels, row) for row in range(len(fit.items))]
    images += [(test.pixels, row) for row in rows]
    part = pixels_path(joined.place.home, joined).with_suffix(".part.npy")
    details = np.zeros((len(images), near.SIDE**2), dtype=np.float32)
    yield from _copy(images, part, details)
    put_in_place(joined.place.home, joined, part)
    items = _with_twins(items, details)
    clusters = near.clusters(items)
    count = len(fit.items)
    repeats = np.isin(clusters, clusters[:count]) & (np.arange(len(items)) >= count)
    left_out = {NOT_MAPPED: len(meant) - len(rows), REPEATS: int(repeats.sum())}
    left_out = {why: number for why, number in left_out.items() if number}
    if len(rows) == repeats.sum():
        raise UsageError(
            f"No image of {test.about.name} is left to test {fit.about.name} on: {left_out}."
            " Nothing was joined. Say in `[map]` of a TOML file which class is which."
        )
    said = Facts(sides=fit.about.sides, left_out=left_out, notes=())
    save(joined.place.home, joined.name, items, said)
    if not joined.place.split.exists():
        split = _split(items, count, repeats, joined, seed)
        written.write(joined.place.split, items, split)
    written.read(joined.place.split, items, joined)


def _meant(item: Item, fit: Side, test: Side, mapping: Mapping[str, str]) -> str:
    """The class of `fit` that an image of `test` has, or "".

    Raises:
        UsageError: the mapping names what is no class, or nothing says what a class means.
    """
    known, theirs = fit.about.class_ids, test.about.class_ids
    odd = [f"{a} = {b!r}" for a, b in mapping.items() if a not in theirs or b not in (*known, "")]
    meant = mapping.get(item.class_id, item.class_id)
    if odd or meant not in (*known, ""):
        what = f"`[map]` has {named(odd)}" if odd else f"{item.class_id!r} is none of the latter"
        raise UsageError(
            f"{test.about.name} has the classes {named(theirs)}, {fit.about.name} has"
            f" {named(known)}; {what}. Nothing was joined. Say in `[map]` of a TOML file which"
            ' class of the former is which of the latter, "" for none.'
        )
    return meant


def _renamed(item: Item, name: str, class_id: str) -> Item:
    return Item(
        file=f"{name}/{item.file}",
        class_id=class_id,
        group=f"{name} {item.group}" if item.group else "",
        sha256=item.sha256,
        twin_of=f"{name}/{item.twin_of}" if item.twin_of else "",
    )


def _copy(
    images: Sequence[tuple[NDArray[np.uint8], int]], part: Path, details: NDArray[np.float32]
) -> Iterator[Progress]:
    """Write the joined pixels, and what is compared of each into `details`."""
    out = np.lib.format.open_memmap(part, "w+", np.uint8, (len(images), SIDE, SIDE, 3))
    for number, (pixels, row) in enumerate(images):
        out[number] = pixels[row]
        details[number] = near.detail(np.asarray(pixels[row]))
        yield Progress(number + 1, len(images), "joining")
    out.flush()
    del out  # Windows does not rename a file that is mapped


def _with_twins(items: Sequence[Item], details: NDArray[np.float32]) -> list[Item]:
    """The items, each naming the first of its cluster in either set."""
    known = near.clusters(items)
    heads = near.joined(len(items), [*near.alike(details), *enumerate(known.tolist())]).tolist()
    return [
        replace(item, twin_of=items[head].file if head != row else "")
        for row, (item, head) in enumerate(zip(items, heads, strict=True))
    ]


def _split(
    items: Sequence[Item], count: int, repeats: NDArray[np.bool_], joined: ImageSet, seed: int
) -> Split:
    """A tenth of the first set chooses, in whole groups where that leaves two to fit on."""
    y, rng = np.array(labels(items, joined), dtype=np.int64), np.random.default_rng(seed)
    clusters, units = near.clusters(items), near.units(items)
    first = np.arange(len(items)) < count
    part = np.where(first, protocols.FIT, np.where(repeats, -1, protocols.TEST))
    cross = np.zeros(len(items), dtype=np.int64)
    # Norm rows from the first set alone: the second is not seen before it is tested.
    protocols.take_norm(cross[:count], y[:count], clusters[:count], rng)
    part[cross < 0] = -1
    rows = np.flatnonzero(part == protocols.FIT)
    wants = np.rint(CHOOSE_SHARE * np.bincount(y[rows], minlength=len(joined.classes)))
    few = min(len(np.unique(units[rows][y[rows] == c])) for c in np.unique(y[rows]))
    of, leave = (units, 2) if few > 2 else (clusters, 1)
    part[protocols.pick(y, of, rows, wants.astype(np.int64), rng, leave=leave)] = protocols.CHOOSE
    none = np.full(len(items), -1, dtype=np.int64)
    return Split(cross=cross, paper=none, folds=0, also={EXTERNAL: part})
