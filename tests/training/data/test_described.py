"""A TOML file that describes a set: what it may say, and what it is told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from leukview.domain.classes import Role, Unit
from leukview.domain.errors import UsageError
from training.data import described as work
from training.data.catalogue import SETS


def test_the_example_says_only_what_a_set_may_say() -> None:
    said = msgspec.toml.decode(work.EXAMPLE.read_bytes(), type=work.Description)
    assert said.kind == "folders"
    assert [c.id for c in said.classes] == ["normal", "blast"]
    assert said.map == {"blast": "all", "normal": "hem"}


def test_a_set_has_the_classes_unit_and_folders_of_its_file(
    described: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    toml = described(group="folder", licence="CC0", protocols=["grouped"])
    about = work.read(toml, tmp_path / "home").about
    assert about.class_ids == ("normal", "blast")
    assert [c.key for c in about.classes] == ["1", "2"]
    assert [c.role for c in about.classes] == [Role.LEUKOCYTE] * 2
    assert [c.malignant for c in about.classes] == [False, True]
    assert (about.unit, about.licence, about.group) == (Unit.CELL, "CC0", "group")
    assert about.place is not None
    assert about.place.images == tmp_path / "images"
    assert about.place.split == tmp_path / "home" / "mine.split.csv"
    assert about.place.protocols == ("grouped",)


def test_without_groups_no_group_is_named(described: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    assert work.read(described(), tmp_path).about.group == ""


def test_c_nmc_needs_no_classes(described: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    about = work.read(described("", kind="cnmc", unit=None), tmp_path).about
    assert about.classes == SETS["cnmc"].classes
    assert about.group_word == "subject group"


TWICE = """
[[classes]]
id = "normal"
name = "Normal"
malignant = false

[[classes]]
id = "blast"
name = "Blast"
malignant = true
aliases = ["NORMAL"]
"""


@pytest.mark.parametrize(
    ("words", "classes", "said"),
    [
        ({"name": "cnmc"}, None, "one of our own sets"),
        ({"name": "../x"}, None, r"\$\.name"),
        ({"kind": "zip"}, None, r"zip.*\$\.kind"),
        ({"colour": "red"}, None, "colour"),
        (
            {"group": "patient"},
            None,
            "'patient' is unknown for folders; use 'none', 'folder' or name:",
        ),
        ({"group": "name:("}, None, "cannot be read"),
        ({"group": "name:abc"}, None, "one pair of brackets"),
        ({"kind": "reviewed"}, None, "`table`"),
        ({"unit": None}, None, "`unit`"),
        ({"protocols": ["grouped"]}, None, "needs a `group`"),
        ({"protocols": ["random"], "group": "folder"}, None, '`group = "none"`|groups are known'),
        ({}, "", r"\[\[classes\]\]"),
        ({}, TWICE, "'NORMAL' means both normal and blast"),
        ({}, TWICE.split('[[classes]]\nid = "blast')[0], "one class only"),
        ({}, TWICE.replace("Blast", "Normal"), "share one of the names"),
        ({}, TWICE.replace("malignant = true\n", ""), "malignant"),
    ],
    ids=str,
)
def test_what_it_may_not_say_is_refused_with_file_and_reason(
    described: Callable[..., Path],
    tmp_path: Path,
    words: dict[str, object],
    classes: str | None,
    said: str,
) -> None:
    (tmp_path / "images").mkdir()
    toml = described(**words) if classes is None else described(classes, **words)
    with pytest.raises(UsageError, match=said) as told:
        work.read(toml, tmp_path)
    assert str(toml) in str(told.value)
    assert "Mend the file" in str(told.value)


def test_a_missing_file_or_folder_is_named(described: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read"):
        work.read(tmp_path / "none.toml", tmp_path)
    with pytest.raises(UsageError, match=r"there is no folder .*images.*Correct `path`"):
        work.read(described(), tmp_path)


def test_a_described_set_is_asked_for_by_the_quoted_path_of_its_file(tmp_path: Path) -> None:
    from dataclasses import replace

    from training.data.catalogue import SETS, Place

    toml = tmp_path / "mein satz.toml"
    place = Place(images=tmp_path, home=tmp_path, split=tmp_path / "s.csv", toml=toml)
    assert replace(SETS["pbc"], place=place).asked == f'"{toml}"'
    assert SETS["pbc"].asked == "pbc"
