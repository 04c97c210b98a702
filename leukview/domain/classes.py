"""What a model can call an image, and how folder names are matched to it."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class Role(enum.StrEnum):
    """What kind of thing a class is, for the differential of unit `cell`."""

    LEUKOCYTE = "leukocyte"
    NRBC = "nrbc"
    PLATELET = "platelet"
    ARTEFACT = "artefact"


class Unit(enum.StrEnum):
    """What one image shows: a single cell, or a whole field of many cells."""

    CELL = "cell"
    FIELD = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellClass:
    """One output of a model.

    Attributes:
        id: short and stable, as in the table's columns (`hem`, `all`, `ig`).
        name: for people ("ALL blast").
        key: the key that decides for it, "1" to "9".
        role: what it counts as in a differential.
        malignant: whether it counts as leukemic.
        aliases: folder names that mean this class, besides its id and name.
    """

    id: str
    name: str
    key: str
    role: Role
    malignant: bool
    aliases: tuple[str, ...] = ()


def plain(name: str) -> str:
    """Fold case, accents' composition and separators, so that folder names compare."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def class_of_folders(folders: Sequence[str], classes: Iterable[CellClass]) -> str | None:
    """The class that the innermost matching folder name stands for, or None.

    Args:
        folders: names from the outermost to the innermost, without the file's name.
        classes: the model's classes; ids, names and aliases are compared, plain.
    """
    by_name = {plain(word): c.id for c in classes for word in (c.id, c.name, *c.aliases)}
    for folder in reversed(folders):
        found = by_name.get(plain(folder))
        if found is not None:
            return found
    return None
