"""A set of one's own, described in a TOML file: `python -m training prepare my-set.toml`.

The keys are explained in `example-set.toml` beside this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from leukview.contract import ClassEntry
from leukview.domain.classes import CellClass, Role, Unit, plain
from leukview.domain.errors import UsageError
from training.data.catalogue import SETS, ImageSet, Place

# More folds than our own sets take gain little and cost a fit each.
FOLDS = 5
EXAMPLE = Path(__file__).parent / "example-set.toml"
Kind = Literal["folders", "cnmc", "reviewed"]
Protocol = Literal["grouped", "random", "paper", "paper526"]
NO_GROUP = "none"
BY_NAME = "name:"
GROUPS: Mapping[Kind, tuple[str, ...]] = {
    "folders": (NO_GROUP, "folder"),
    "cnmc": ("subject", NO_GROUP),
    "reviewed": ("patient", NO_GROUP),
}


class ClassWords(ClassEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One class as a TOML file may write it."""

    key: Annotated[str, msgspec.Meta(pattern="^[1-9]?$")] = ""
    role: Role = Role.LEUKOCYTE


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a TOML file may say; see `example-set.toml`."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,40}$")]
    kind: Kind
    path: Annotated[str, msgspec.Meta(min_length=1)]
    table: str = ""
    manifest: str = ""
    title: str = ""
    classes: tuple[ClassWords, ...] = ()
    unit: Unit | None = None
    group: str = ""
    near_duplicates: Literal["", "look", "bytes"] = ""
    protocols: tuple[Protocol, ...] = ()
    split: str = ""
    leave_out: tuple[str, ...] = ()
    licence: str = ""
    citation: str = ""
    notice: str = ""
    map: dict[str, str] = {}

    def __post_init__(self) -> None:
        """What single keys cannot show.

        Raises:
            ValueError: keys contradict each other; msgspec adds nothing to the sentence.
        """
        if self.name in SETS:
            raise ValueError(f"`name` {self.name!r} is one of our own sets; choose another")
        known = GROUPS[self.kind]
        pattern = self.group.removeprefix(BY_NAME)
        if self.kind == "folders" and pattern != self.group:
            _check_pattern(pattern)
        elif self.group and self.group not in known:
            words = ", ".join(repr(word) for word in known)
            more = f" or {BY_NAME}REGEX" if self.kind == "folders" else ""
            raise ValueError(
                f"`group` {self.group!r} is unknown for {self.kind}; use {words}{more}"
            )
        if self.kind == "reviewed" and not self.table:
            raise ValueError("a reviewed set needs `table`, the CSV or JSON lines of LeukView")
        if self.kind != "cnmc" and not self.classes:
            raise ValueError("the set needs `[[classes]]`, each with id, name and malignant")
        if self.kind != "cnmc" and self.unit is None:
            raise ValueError('the set needs `unit`, "cell" or "field": what one image shows')
        _check_classes(self.classes)
        if self.grouping == NO_GROUP and "grouped" in self.protocols:
            raise ValueError("the protocol `grouped` needs a `group`; without one it is `random`")
        if self.grouping != NO_GROUP and "random" in self.protocols:
            raise ValueError('the protocol `random` needs `group = "none"`; groups are known here')

    @property
    def grouping(self) -> str:
        """How groups are found, with what is meant where nothing is said."""
        return self.group or GROUPS[self.kind][0]

    @property
    def near(self) -> Literal["look", "bytes"]:
        """How duplicates are found.

        Segmented cells on black look alike at thumbnail size, and C-NMC's subjects that share
        images are known: there only equal bytes count.
        """
        return self.near_duplicates or ("bytes" if self.kind == "cnmc" else "look")


def _check_pattern(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"the pattern of `group` cannot be read ({error})") from error
    if groups != 1:
        raise ValueError("the pattern of `group` needs one pair of brackets, around the group")


def _check_classes(classes: tuple[ClassWords, ...]) -> None:
    if len(classes) == 1:
        raise ValueError("one class only; a model needs at least two")
    for word, names in (
        ("ids", [c.id for c in classes]),
        ("names", [c.name for c in classes]),
        ("keys", [c.key for c in classes if c.key]),
    ):
        if len(set(names)) != len(names):
            raise ValueError(f"two classes share one of the {word} {', '.join(names)}")
    words: dict[str, str] = {}
    for one in classes:
        for word in (one.id, one.name, *one.aliases):
            if words.setdefault(plain(word), one.id) != one.id:
                raise ValueError(f"{word!r} means both {words[plain(word)]} and {one.id}")


@dataclass(frozen=True, kw_only=True)
class DescribedSet:
    """A TOML file read: where it lies, what it says, and the set that this makes."""

    toml: Path
    said: Description
    about: ImageSet

    def beside(self, name: str) -> Path:
        """A path in the file, relative to the file."""
        return self.toml.parent / Path(name).expanduser()


def read(toml: Path, home: Path) -> DescribedSet:
    """Read a description.

    Args:
        toml: the file.
        home: folder for listing and split where the file names none; the cache.

    Raises:
        UsageError: it is missing or says what it may not say; key and remedy are named.
    """
    try:
        said = msgspec.toml.decode(toml.read_bytes(), type=Description)
    except OSError as error:
        raise UsageError(
            f"{toml} cannot be read ({error.strerror or error}). Nothing was prepared."
            " Give the path of a TOML file that describes the set."
        ) from error
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{toml} cannot be used: {error}. Nothing was prepared. Mend the file; the keys are"
            " explained in training/data/example-set.toml."
        ) from error
    place = Place(
        images=toml.parent / Path(said.path).expanduser(),
        home=home,
        split=toml.parent / said.split if said.split else home / f"{said.name}.split.csv",
        protocols=said.protocols,
        toml=toml,
    )
    if not place.images.is_dir():
        raise UsageError(
            f"{toml}: `path` is {said.path!r}, but there is no folder {place.images}. Nothing was"
            " prepared. Correct `path`; it is relative to the TOML file."
        )
    return DescribedSet(toml=toml, said=said, about=_about(said, place))


def _about(said: Description, place: Place) -> ImageSet:
    ours = SETS["cnmc"]
    cnmc = said.kind == "cnmc"
    no_words = ours.licence if cnmc else "not stated"
    known = said.grouping != NO_GROUP
    word = {"folder": "folder", "subject": "subject group", "patient": "patient"}
    return ImageSet(
        name=said.name,
        title=said.title or said.name,
        unit=said.unit or ours.unit,
        classes=_classes(said.classes) or ours.classes,
        group="group" if known else "",
        group_word=word.get(said.grouping, "group") if known else "",
        folds=FOLDS,
        licence=said.licence or no_words,
        citation=said.citation or (ours.citation if cnmc else "not stated"),
        notice=said.notice or (ours.notice if cnmc else f"Fitted on the set {said.name}."),
        sides=(0, 0),
        open_terms=cnmc,
        place=place,
    )


def _classes(words: tuple[ClassWords, ...]) -> tuple[CellClass, ...]:
    free = iter(sorted(set("123456789") - {w.key for w in words}))
    return tuple(
        CellClass(
            id=w.id,
            name=w.name,
            key=w.key or next(free, ""),
            role=w.role,
            malignant=w.malignant,
            aliases=w.aliases,
        )
        for w in words
    )
