"""All files or none, whichever of them refuses and whatever is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leukview.domain.errors import OutputError
from training.replacing import draft_folder, replace_all

NAMES = ("model.onnx", "model.md", "table.csv")


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    """Two earlier files, and between them a place that nothing stands in yet."""
    out = [tmp_path / "shipped" / name for name in NAMES]
    out[0].parent.mkdir()
    for place in out[::2]:
        place.write_text(f"earlier {place.name}")
    return out


def published(places: list[Path], parent: Path) -> None:
    with draft_folder(parent) as folder:
        drafts = {place: folder / f"draft{place.suffix}" for place in places}
        for draft in drafts.values():
            draft.write_text("new")
        replace_all(drafts, folder)


def contents(places: list[Path]) -> list[str | None]:
    return [place.read_text() if place.is_file() else None for place in places]


EARLIER = ["earlier model.onnx", None, "earlier table.csv"]


def refuse(monkeypatch: pytest.MonkeyPatch, *names: str, error: BaseException) -> None:
    """Renames to a name that is given fail, once for each time it is given."""
    rename, left = os.replace, list(names)

    def replace(source: str | Path, target: str | Path) -> None:
        if Path(target).name in left:
            left.remove(Path(target).name)
            raise error
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)


LOCKED = PermissionError(13, "Permission denied", "draft", None, "it")


def test_every_draft_takes_its_place(places: list[Path], tmp_path: Path) -> None:
    published(places, tmp_path)
    assert contents(places) == ["new"] * 3
    assert list(tmp_path.glob("draft-*")) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_refuses_leaves_all_the_earlier_ones(
    name: str, places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, name, error=LOCKED)
    with pytest.raises(OutputError, match=r"Permission denied. Nothing was published; the earlier"):
        published(places, tmp_path)
    assert contents(places) == EARLIER
    assert list(tmp_path.glob("draft-*")) == []


def test_an_interrupt_between_two_files_leaves_all_the_earlier_ones(
    places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "table.csv", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        published(places, tmp_path)
    assert contents(places) == EARLIER


def test_an_earlier_file_that_cannot_come_back_is_kept_and_named(
    places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second name refuses; by then the first is held open and cannot be put back either."""
    rename = os.replace
    seen: list[str] = []

    def replace(source: str | Path, target: str | Path) -> None:
        name = Path(target).name
        if name == "model.md" or name in seen:
            raise LOCKED
        seen.append(name)
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OutputError, match=r"model.onnx could not be put back") as caught:
        published(places, tmp_path)
    (kept,) = tmp_path.glob("draft-*/earlier")
    assert str(kept) in str(caught.value)
    assert (kept / "model.onnx").read_text() == "earlier model.onnx"
    assert contents(places) == ["new", None, "earlier table.csv"]


def test_a_place_that_cannot_be_written_leaves_all_the_earlier_ones(
    places: list[Path], tmp_path: Path
) -> None:
    """A folder stands where a file should: refused to everybody, an administrator too."""
    places[1].mkdir()
    with pytest.raises(OutputError, match="Nothing was published"):
        published(places, tmp_path)
    assert contents(places) == EARLIER
    assert list(tmp_path.glob("draft-*")) == []


def test_a_rename_that_the_system_refuses_leaves_all_the_earlier_ones(
    places: list[Path], tmp_path: Path
) -> None:
    places[1] = tmp_path / "nowhere" / "model.md"
    with pytest.raises(OutputError, match="Nothing was published"):
        published(places, tmp_path)
    assert contents(places) == EARLIER


def test_a_full_disk_shows_before_anything_has_changed(
    places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.copy2", lambda *_: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(OutputError, match="make room on the disk"):
        published(places, tmp_path)
    assert contents(places) == EARLIER


def test_drafts_that_have_no_folder_are_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Nothing was published"), draft_folder(tmp_path / "file"):
        pytest.fail("there is no folder")


def test_an_interrupt_right_behind_a_rename_leaves_all_the_earlier_ones(
    places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, left = os.replace, ["model.md"]

    def replace(source: str | Path, target: str | Path) -> None:
        rename(source, target)
        if Path(target).name in left:
            left.remove(Path(target).name)
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        published(places, tmp_path)
    assert contents(places) == EARLIER
    assert list(tmp_path.glob("draft-*")) == []
