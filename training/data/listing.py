"""The table of the images of a described set: every image read once, checked, and written down.

`<home>/<name>.images.csv` has the columns of our own sets' tables, so that all later steps read it
as they read those; `<name>.set.json` beside it holds what concerns the set as a whole.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import ImageError, UsageError
from leukview.domain.progress import Progress
from leukview.imaging.decode import read
from leukview.imaging.preprocess import resize
from training.data import cnmc, folders, near, reviewed
from training.data.catalogue import ImageSet, Item, Place, listing_path
from training.data.described import DescribedSet
from training.data.described import read as read_description
from training.data.prepare import RULE, SIDE
from training.data.sources import Found, FoundImage, named

_SOURCES: dict[str, Callable[[DescribedSet], Found]] = {
    "folders": folders.find,
    "cnmc": cnmc.find,
    "reviewed": reviewed.find,
}
HEADER = ["file", "class", "group", "near_duplicate_of", "sha256"]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a listing says of the whole set.

    Attributes:
        sides: smallest and largest image side, pixels.
        left_out: why and how many images are not in it.
        notes: sentences for the person who prepares the set.
        group_word: what a group is, where only its images say it.
    """

    sides: tuple[int, int]
    left_out: dict[str, int]
    notes: tuple[str, ...]
    group_word: str = ""


def open_set(toml: Path, home: Path) -> ImageSet:
    """The set of a TOML file, with what only its images say once it is listed.

    Raises:
        UsageError: the file says what it may not say.
    """
    about = read_description(toml, home).about
    said = facts(home, about.name)
    return replace(about, sides=said.sides, group_word=said.group_word or about.group_word)


def facts(home: Path, name: str) -> Facts:
    """What the listing of a set says; nothing before it is written."""
    path = home / f"{name}.set.json"
    if not path.is_file():
        return Facts(sides=(0, 0), left_out={}, notes=())
    return msgspec.json.decode(path.read_bytes(), type=Facts)


def write(described: DescribedSet) -> Iterator[Progress]:
    """Find, read and check every image, then write the listing; an earlier one is replaced.

    Raises:
        UsageError: what is wrong with the set, with names and remedy. Nothing was written.
    """
    about = described.about
    found = _SOURCES[described.said.kind](described)
    _check_classes(described, found)
    reading = _Reading(described.beside(described.said.path))
    for number, image in enumerate(found.images, start=1):
        reading.add(image)
        yield Progress(number, len(found.images), about.name)
    reading.finish(described)
    manifest = cnmc.manifest_of(described) if described.said.kind == "cnmc" else None
    if manifest:
        hashes = dict(zip((i.file for i in found.images), reading.hashes, strict=True))
        yield from cnmc.check(described, manifest, hashes)
    elif described.said.kind == "cnmc":
        found.notes.append(
            "The images were not checked against the publisher's hashes, since no `manifest` is"
            " named."
        )
    items = reading.items(found, described.said.near)
    found.notes += _words(items)
    home = described.about.place.home if described.about.place else Path()
    save(
        home,
        about.name,
        items,
        Facts(
            sides=reading.sides,
            left_out=found.left_out,
            notes=tuple(found.notes),
            group_word=found.group_word,
        ),
    )


def save(home: Path, name: str, items: list[Item], said: Facts) -> None:
    """Write listing and facts, each completely or not at all."""
    home.mkdir(parents=True, exist_ok=True)
    table = listing_path(Place(images=home, home=home, split=home), name)
    draft = table.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(HEADER)
        for item in items:
            rows.writerow([item.file, item.class_id, item.group, item.twin_of, item.sha256])
    other = home / f"{name}.set.json"
    other_draft = other.with_suffix(".draft")
    other_draft.write_bytes(msgspec.json.encode(said))
    draft.replace(table)
    other_draft.replace(other)


def _check_classes(described: DescribedSet, found: Found) -> None:
    """A class without images, or only one class, is refused before any image is read."""
    there = {image.class_id for image in found.images}
    lacking = [c.id for c in described.about.classes if c.id not in there]
    if not lacking:
        return
    left = "; ".join(f"{count} {why}" for why, count in found.left_out.items())
    raise UsageError(
        f"{described.toml}: no image is of class {named(lacking)}; there are {len(found.images)}"
        f" images of {named(sorted(there)) or 'no class'}{f' ({left} left out)' if left else ''}."
        " Nothing was prepared. Add images of it (a folder with the class's id, name or alias, or"
        " decisions), or take the class out of the file; a model needs at least two classes."
    )


class _Reading:
    """What is known after each image of a set was read once."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._sides: list[int] = []
        self._details: list[NDArray[np.float32]] = []
        self._bad: list[str] = []
        self._changed: list[str] = []
        self.hashes: list[str] = []

    @property
    def sides(self) -> tuple[int, int]:
        return min(self._sides), max(self._sides)

    def add(self, image: FoundImage) -> None:
        """Read one image; what is wrong with it is kept for `finish`, so that all are named."""
        try:
            decoded = read(self._place / image.file)
        except ImageError as error:
            self.hashes.append(error.sha256)
            self._bad.append(f"{image.file} ({str(error).split('. ')[0]})")
            return
        self.hashes.append(decoded.sha256)
        if image.sha256 and image.sha256 != decoded.sha256:
            self._changed.append(f"{image.file} ({image.line})")
        self._sides += decoded.pixels.shape[:2]
        # By way of the size that is fitted on, at which the threshold was measured.
        self._details.append(near.detail(resize(decoded.pixels, SIDE, SIDE, RULE)))

    def finish(self, described: DescribedSet) -> None:
        """Name what is wrong.

        Raises:
            UsageError: images are unreadable, or are not those that were reviewed.
        """
        if self._changed:
            raise UsageError(
                f"{len(self._changed)} images are not those that were reviewed: their SHA-256 is"
                f" not the table's: {named(self._changed)}. Nothing was prepared. Put the reviewed"
                " images back, or review the new ones and export the table again."
            )
        if self._bad:
            raise UsageError(
                f"{described.toml}: {len(self._bad)} images cannot be read: {named(self._bad)}."
                " Nothing was prepared. Copy them again from their source, or move them out of"
                f" {self._place}."
            )

    def items(self, found: Found, how: str) -> list[Item]:
        """The rows of the listing, each near duplicate naming the first of its cluster.

        Raises:
            UsageError: equal images are of different classes.
        """
        items = [
            Item(file=image.file, class_id=image.class_id, group=image.group, sha256=sha256)
            for image, sha256 in zip(found.images, self.hashes, strict=True)
        ]
        _check_equal(items)
        pairs = near.alike(np.stack(self._details)) if how == "look" else []
        first: dict[str, int] = {}
        pairs += [(i, first.setdefault(item.sha256, i)) for i, item in enumerate(items)]
        heads = near.joined(len(items), pairs).tolist()
        return [
            replace(item, twin_of=items[head].file if head != i else "")
            for i, (item, head) in enumerate(zip(items, heads, strict=True))
        ]


def _check_equal(items: list[Item]) -> None:
    first: dict[str, Item] = {}
    torn = []
    for item in items:
        other = first.setdefault(item.sha256, item)
        if other.class_id != item.class_id:
            torn.append(f"{other.file} is {other.class_id}, {item.file} is {item.class_id}")
    if torn:
        raise UsageError(
            f"Equal images are of different classes: {named(torn)}. Nothing was prepared. Decide"
            " which class is right and remove the other."
        )


def _words(items: list[Item]) -> list[str]:
    repeated = [item for item in items if item.twin_of]
    if not repeated:
        return []
    group = {item.file: item.group for item in items}
    apart = sum(group[item.twin_of] != item.group for item in repeated)
    words = f"{len(repeated)} images repeat or nearly repeat another; they stay on its side."
    if apart:
        words += f" {apart} of them are in another group, so these groups stay together."
    return [words]
