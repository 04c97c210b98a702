"""The sets of images that models are fitted on, as rows with class and group.

Each of ours is a folder with an `images.csv` (file, class, and what is known of subject or smear).
Of a set that a TOML file describes, `listing` writes such a table, and `Place` says where it lies.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leukview.domain.classes import CellClass, Role, Unit
from leukview.domain.errors import UsageError
from leukview.imaging.decode import sha256_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the parts of a described set lie, and how it is to be split.

    Attributes:
        images: folder that the files of its items lie below.
        home: folder of its listing, outside the repository.
        split: the CSV of its split.
        protocols: `grouped` or `random`, `paper`, `paper526`; none for what its groups allow.
        toml: the file that describes the set; None for two joined ones.
    """

    images: Path
    home: Path
    split: Path
    protocols: tuple[str, ...] = ()
    toml: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSet:
    """What is known of a whole set, for splits, contract and card.

    Attributes:
        name: folder name and id ("cnmc").
        title: for people.
        unit: what one image shows.
        classes: in the fixed order of the contract.
        group: column of `images.csv` that may not straddle a split, or "" where none is known.
        group_word: what a group is, for texts ("subject group").
        folds: of the grouped (or, without groups, random) cross-validation.
        licence, citation: of the images.
        notice: what a user of a model trained on it must know.
        sides: smallest and largest image side in the set, pixels.
        scale_bar: whether a scale bar is burned in that differs by class.
        open_terms: whether the terms of its images allow to ship what was made from them, as far as
            we have read.
        place: of a set that a TOML file describes; None for ours.
    """

    name: str
    title: str
    unit: Unit
    classes: tuple[CellClass, ...]
    group: str
    group_word: str
    folds: int
    licence: str
    citation: str
    notice: str
    sides: tuple[int, int]
    scale_bar: bool = False
    open_terms: bool = True
    place: Place | None = None

    @property
    def asked(self) -> str:
        """What a command calls it: its name, or the quoted path of the file that describes it."""
        return f'"{self.place.toml}"' if self.place and self.place.toml else self.name

    @property
    def class_ids(self) -> tuple[str, ...]:
        return tuple(c.id for c in self.classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One image: POSIX path below the set's folder, class id, group, hash of its bytes.

    `twin_of` is the path of an image that it nearly repeats, or "".
    """

    file: str
    class_id: str
    group: str
    sha256: str
    twin_of: str = ""


def _cells(*rows: tuple[str, str, Role, bool, tuple[str, ...]]) -> tuple[CellClass, ...]:
    return tuple(
        CellClass(id=i, name=n, key=str(k), role=r, malignant=m, aliases=a)
        for k, (i, n, r, m, a) in enumerate(rows, start=1)
    )


_L = Role.LEUKOCYTE
SETS = {
    "all4": ImageSet(
        name="all4",
        title="ALL-B3",
        unit=Unit.FIELD,
        classes=_cells(
            ("benign", "Benign", _L, False, ("hematogones",)),
            ("early", "Early", _L, True, ("early pre-b", "[malignant] early pre-b")),
            ("pre", "Pre", _L, True, ("pre-b", "[malignant] pre-b")),
            ("pro", "Pro", _L, True, ("pro-b", "[malignant] pro-b")),
        ),
        sides=(224, 224),
        group="look",
        group_word="look",
        folds=3,
        licence="Terms on the Kaggle page, not verified; research use",
        citation="Aria, Ghaderzadeh, Bashash et al., Acute Lymphoblastic Leukemia (ALL) image"
        " dataset, Kaggle 2021, doi 10.34740/KAGGLE/DSV/2175623",
        notice="Weights for research: the terms of the training images are not verified. One image"
        " is a field of many cells, so there is no blast percentage.",
        scale_bar=True,
        open_terms=False,
    ),
    "cnmc": ImageSet(
        name="cnmc",
        title="C-NMC-B3",
        unit=Unit.CELL,
        classes=_cells(
            ("hem", "Normal", _L, False, ("normal", "healthy")),
            ("all", "ALL blast", _L, True, ("blast", "leukemia", "leukemic")),
        ),
        sides=(450, 450),
        group="subject_group",
        group_word="subject group",
        folds=5,
        licence="CC BY 3.0",
        citation="Gupta & Gupta, C-NMC 2019, The Cancer Imaging Archive,"
        " doi 10.7937/tcia.2019.dc64i46r",
        notice="For single segmented lymphoid cells on black, as in C-NMC 2019; anything else is"
        " outside what it learnt.",
    ),
    "pbc": ImageSet(
        name="pbc",
        title="PBC8-B3",
        unit=Unit.CELL,
        classes=_cells(
            ("basophil", "Basophil", _L, False, ()),
            ("eosinophil", "Eosinophil", _L, False, ()),
            ("erythroblast", "Erythroblast", Role.NRBC, False, ("nrbc",)),
            ("ig", "Immature granulocyte", _L, False, ("immature granulocyte",)),
            ("lymphocyte", "Lymphocyte", _L, False, ()),
            ("monocyte", "Monocyte", _L, False, ()),
            ("neutrophil", "Neutrophil", _L, False, ()),
            ("platelet", "Platelet", Role.PLATELET, False, ()),
        ),
        sides=(360, 363),
        group="",
        group_word="",
        folds=5,
        licence="CC BY 4.0",
        citation="Acevedo et al., Data in Brief 30 (2020) 105474, doi 10.17632/snkd93bnjr.1",
        notice="This model knows eight normal cell types. It has no blast class: a blast will be"
        " called something else.",
    ),
}


def images_folder(data: Path, about: ImageSet) -> Path:
    """The folder that the files of a set's items lie below; `data` holds our own sets."""
    return about.place.images if about.place else data / about.name


def listing_path(place: Place, name: str) -> Path:
    """Where the table of the images of a described set lies."""
    return place.home / f"{name}.images.csv"


def load(folder: Path, about: ImageSet) -> list[Item]:
    """Rows of `folder/images.csv`, or of the listing of a described set, in file order.

    Raises:
        UsageError: the table is missing, or names a class that the set does not have.
    """
    table = folder / "images.csv"
    if about.place:
        table = listing_path(about.place, about.name)
        if not table.is_file():
            raise UsageError(
                f"{table} is missing, so the images of {about.name} are not known. Nothing was"
                " read. Run `python -m training prepare` on its TOML file first."
            )
    if not table.is_file():
        raise UsageError(
            f"{table} is missing, so the images of {about.name} are not known. Nothing was read."
            " Point --data to the folder that holds the sets."
        )
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    unknown = {row["class"] for row in rows} - set(about.class_ids)
    if unknown:
        raise UsageError(f"{table} names classes that {about.name} does not have: {unknown}.")
    return [
        Item(
            file=row["file"],
            class_id=row["class"],
            group=row[about.group] if about.group else "",
            sha256=row.get("sha256") or sha256_of(folder / row["file"]),
            twin_of=row.get("near_duplicate_of") or "",
        )
        for row in rows
    ]


def labels(items: Sequence[Item], about: ImageSet) -> list[int]:
    """Class indices (N,) in the contract's order."""
    place = {name: i for i, name in enumerate(about.class_ids)}
    return [place[item.class_id] for item in items]
