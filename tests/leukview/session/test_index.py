from __future__ import annotations

import contextlib
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from leukview.domain.errors import DriveError, SessionError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.session import index
from leukview.session.index import find, find_or_create
from leukview.session.store import SessionStore


def images_of(folder: Path, numbers: range = range(40), *, salt: str = "") -> tuple[ImageFile, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for n in numbers:
        path = folder / f"{n}.png"
        if not path.exists():
            path.write_text(f"{salt}{n}")
        out.append(ImageFile(path=path, name=path.name, folder=folder.name, bytes=1, modified_ns=1))
    return tuple(out)


def opened(folder: Path, images: tuple[ImageFile, ...]) -> tuple[Path, str]:
    made = find_or_create(images, folder)
    assert made is not None
    store, found = made
    store.append("decide", {})
    store.close()
    return store.path, found.how


def test_the_same_folder_has_the_same_session(tmp_path: Path) -> None:
    images = images_of(tmp_path / "a")
    first, how = opened(tmp_path / "a", images)
    assert how == "new"
    assert opened(tmp_path / "a", images) == (first, "path")


def test_a_renamed_and_moved_folder_is_found_again(tmp_path: Path) -> None:
    first, _ = opened(tmp_path / "a", images_of(tmp_path / "a"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a").rename(tmp_path / "elsewhere" / "b ü")
    moved = tmp_path / "elsewhere" / "b ü"
    again, how = opened(moved, images_of(moved))
    assert (again, how) == (first, "hashes")
    assert opened(moved, images_of(moved)) == (first, "path")


def test_a_session_is_found_as_opening_would_and_nothing_is_made_or_remembered(
    tmp_path: Path,
) -> None:
    images = images_of(tmp_path / "a")
    assert find(images, tmp_path / "a") is None
    assert not index.data_folder().exists()
    first, _ = opened(tmp_path / "a", images)
    assert find(images, tmp_path / "a") == first
    stranger = images_of(tmp_path / "b", salt="other")
    assert find(stranger, tmp_path / "b") is None
    moved = images_of(tmp_path / "c")
    content = (first.parent / "index.sqlite").read_bytes()
    assert find(moved, tmp_path / "c") == first
    assert (first.parent / "index.sqlite").read_bytes() == content
    first.unlink()
    assert find(images, tmp_path / "a") is None


def test_a_moved_folder_with_some_images_added_and_removed_is_found_again(tmp_path: Path) -> None:
    first, _ = opened(tmp_path / "a", images_of(tmp_path / "a"))
    assert opened(tmp_path / "b", images_of(tmp_path / "b", range(5, 45)))[0] == first


def test_other_images_under_the_same_path_are_another_session(tmp_path: Path) -> None:
    card = tmp_path / "card"
    first, _ = opened(card, images_of(card))
    for path in card.iterdir():
        path.unlink()
    second, how = opened(card, images_of(card, salt="other "))
    assert how == "new"
    assert second != first


def test_less_than_half_in_common_is_another_session(tmp_path: Path) -> None:
    first, _ = opened(tmp_path / "a", images_of(tmp_path / "a"))
    second, how = opened(tmp_path / "b", images_of(tmp_path / "b", range(30, 70)))
    assert how == "new"
    assert second != first


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights")
def slides_in(parent: Path, *names: str) -> list[tuple[ImageFile, ...]]:
    """Images of slides in one folder, and of all as one; the names are relative to it."""
    each = [images_of(parent / name, salt=name) for name in names]
    whole = [
        ImageFile(
            path=one.path,
            name=one.path.relative_to(parent).as_posix(),
            folder=parent.name,
            bytes=1,
            modified_ns=1,
        )
        for images in each
        for one in images
    ]
    return [*each, tuple(whole)]


@pytest.mark.parametrize(
    "order", [("both", "S1", "S2"), ("S1", "both", "S2"), ("S2", "S1", "both")]
)
def test_two_slides_and_the_folder_that_holds_both_have_each_a_session_of_their_own(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    one, other, both = slides_in(tmp_path / "both", "S1", "S2")
    images = {"S1": one, "S2": other, "both": both}
    where = {
        "S1": tmp_path / "both" / "S1",
        "S2": tmp_path / "both" / "S2",
        "both": tmp_path / "both",
    }
    made = {name: opened(where[name], images[name]) for name in order}
    assert {how for _, how in made.values()} == {"new"}
    assert find(images["S2"], where["S2"]) == made["S2"][0]


def test_a_slide_that_is_opened_one_folder_higher_is_the_same(tmp_path: Path) -> None:
    (inner, outer) = slides_in(tmp_path / "S1", "images")
    first, _ = opened(tmp_path / "S1" / "images", inner)
    assert opened(tmp_path / "S1", outer) == (first, "hashes")


def test_what_was_moved_into_a_folder_below_is_found_again_though_some_is_missing(
    tmp_path: Path,
) -> None:
    one, other, both = slides_in(tmp_path / "both", "S1", "S2")
    first, _ = opened(tmp_path / "both", both)
    deeper = tmp_path / "both" / "deeper"
    (deeper / "S1").mkdir(parents=True)
    for image in one:
        image.path.rename(deeper / "S1" / image.path.name)
    for image in other:
        image.path.unlink()
    *_, moved = slides_in(deeper, "S1")
    assert opened(deeper, moved) == (first, "hashes")


def test_the_data_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    path, _ = opened(tmp_path / "a", images_of(tmp_path / "a"))
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_unusable_data_folder_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LEUKVIEW_DATA", str(tmp_path / "file"))
    with pytest.raises(SessionError, match="LEUKVIEW_DATA"):
        find_or_create(images_of(tmp_path / "a"), tmp_path / "a")


def test_many_added_images_do_not_orphan_a_session(tmp_path: Path) -> None:
    first, _ = opened(tmp_path / "a", images_of(tmp_path / "a", range(4)))
    for grown in (300, 600):
        assert opened(tmp_path / "a", images_of(tmp_path / "a", range(grown))) == (first, "path")


def test_other_images_under_the_same_names_are_another_session(tmp_path: Path) -> None:
    first, _ = opened(tmp_path / "a", images_of(tmp_path / "a", range(4)))
    for path in (tmp_path / "a").iterdir():
        path.unlink()
    again, how = opened(tmp_path / "a", images_of(tmp_path / "a", range(300), salt="new"))
    assert (again != first, how) == (True, "new")


@pytest.fixture
def dead_drive(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """No file is given until the end of the test; the list is of those that were asked for."""
    gate, asked = threading.Event(), []

    def sha256_of(path: Path) -> str:
        asked.append(path)
        gate.wait(60)
        return ""

    monkeypatch.setattr(index, "sha256_of", sha256_of)
    yield asked
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "leukview-look":
            thread.join()


def test_a_drive_that_gives_no_file_is_an_error_that_says_what_to_do(
    tmp_path: Path, dead_drive: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "READ_SECONDS", 0.05)
    words = r"does not answer.* no decision was touched\. Check the drive"
    with pytest.raises(DriveError, match=words):
        find_or_create(images_of(tmp_path / "a"), tmp_path / "a", tmp_path / "data")
    assert len(dead_drive) == 1
    assert not (tmp_path / "data").exists()


def test_looking_for_a_session_can_be_stopped(tmp_path: Path, dead_drive: list[Path]) -> None:
    images, cancel = images_of(tmp_path / "a"), CancelToken()
    cancel.cancel()
    assert find_or_create(images, tmp_path / "a", tmp_path / "data", cancel=cancel) is None
    assert not (tmp_path / "data").exists()


def test_other_windows_do_not_wait_while_earlier_images_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SAMPLE", 4)
    first, _ = opened(tmp_path / "a", images_of(tmp_path / "a", range(4)))
    grown = images_of(tmp_path / "a", range(300))
    read, really = [], index.sha256_of

    def sha256_of(path: Path) -> str:
        with contextlib.closing(sqlite3.connect(first.parent / "index.sqlite", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
        read.append(path)
        return really(path)

    monkeypatch.setattr(index, "sha256_of", sha256_of)
    assert opened(tmp_path / "a", grown) == (first, "path")
    assert len(read) > index.SAMPLE


def test_a_window_that_opens_a_folder_at_the_same_time_gets_the_same_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, really, others = tmp_path / "a", index.open_store, []
    images = images_of(folder)

    def open_store(path: Path) -> SessionStore:
        if not others:  # between the first window's entry in the index and its session's file
            others.append(path)
            others.append(opened(folder, images)[0])
        return really(path)

    monkeypatch.setattr(index, "open_store", open_store)
    first, how = opened(folder, images)
    assert how == "new"
    assert others == [first, first]
    assert opened(folder, images) == (first, "path")
