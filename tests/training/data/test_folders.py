"""Sets with one folder per class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from leukview.domain.errors import UsageError
from training.data import described as descriptions
from training.data import folders
from training.data.sources import Found

Images = Callable[[Sequence[str]], dict[str, str]]
Described = Callable[..., Path]


def found(toml: Path) -> Found:
    return folders.find(descriptions.read(toml, toml.parent))


def test_the_innermost_class_folder_gives_the_class(images: Images, described: Described) -> None:
    images(["Normal/a.png", "healthy/b.png", "blast/healthy/c.png", "p1/BLAST/d.png"])
    got = {image.file: image.class_id for image in found(described()).images}
    assert got == {
        "Normal/a.png": "normal",
        "healthy/b.png": "normal",
        "blast/healthy/c.png": "normal",
        "p1/BLAST/d.png": "blast",
    }


def test_a_group_is_the_folders_beside_the_class(images: Images, described: Described) -> None:
    images(["normal/p1/a.png", "p2/blast/b.png", "x/blast/y/c.png"])
    got = [image.group for image in found(described(group="folder")).images]
    assert got == ["p1", "p2", "x/y"]


def test_a_group_may_stand_in_the_file_name(images: Images, described: Described) -> None:
    images(["normal/P7_1.png", "blast/P8_1.png"])
    toml = described(group="name:^(P[0-9]+)_")
    assert {image.group for image in found(toml).images} == {"P7", "P8"}
    images(["normal/odd.png"])
    with pytest.raises(UsageError, match=r"normal/odd\.png has no group.*pattern"):
        found(toml)


def test_an_image_without_a_group_folder_is_refused(images: Images, described: Described) -> None:
    images(["normal/p1/a.png", "blast/b.png"])
    with pytest.raises(UsageError, match=r"blast/b\.png has no group.*`group = \"none\"`"):
        found(described(group="folder"))


def test_folders_that_are_no_class_are_named_with_the_remedy(
    images: Images, described: Described
) -> None:
    images(["normal/a.png", "odd/b.png", "odd/c.png", "d.png"])
    with pytest.raises(UsageError, match=r"\. \(1\), odd \(2\).*`aliases`.*`leave_out`"):
        found(described())


def test_what_is_left_out_is_counted(images: Images, described: Described, tmp_path: Path) -> None:
    images(["normal/a.png", "blast/thumbs/b.png", "blast/c.png"])
    (tmp_path / "images" / "normal" / "notes.txt").write_text("x")
    got = found(described(leave_out=["Thumbs"]))
    assert [image.file for image in got.images] == ["blast/c.png", "normal/a.png"]
    assert sorted(got.left_out.values()) == [1, 1]
