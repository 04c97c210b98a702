"""Reading many files in a row, from drives that may never answer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from leukview.domain.errors import DriveError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile
from leukview.imaging.drive import Drive
from leukview.session.store import open_store
from leukview.workflows import identity
from leukview.workflows.identity import Reread


@pytest.fixture
def images(tmp_path: Path) -> list[ImageFile]:
    made = []
    for n in range(200):
        path = tmp_path / f"{n:03}.png"
        path.write_text(str(n))
        found = path.stat()
        size, time = found.st_size, found.st_mtime_ns
        made.append(ImageFile(path=path, name=path.name, folder="f", bytes=size, modified_ns=time))
    return made


def read(images: list[ImageFile], path: Path, drive: Drive) -> Iterator[list[Reread]]:
    store = open_store(path)
    try:
        yield from identity.reread(
            range(len(images)),
            images,
            store,
            done=lambda _: False,
            model_sha256=lambda: "",
            drive=drive,
            cancel=CancelToken(),
        )
    finally:
        store.close()


def test_a_silent_drive_is_left_after_three_files(
    gate, looks, images, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(identity, "READ_SECONDS", 0.01)
    monkeypatch.setattr(identity, "read_again", lambda *_: gate.wait(60))
    found: list[Reread] = []
    batches = read(images, tmp_path / "s.lkv", Drive())
    with pytest.raises(DriveError, match="does not answer"):
        found.extend(one for batch in batches for one in batch)
    assert [one.row for one in found] == [0, 1, 2]
    assert all("does not answer" in one.error for one in found)
    assert len(looks()) == 1


def test_files_that_are_missing_are_an_answer(images, tmp_path) -> None:
    for image in images[:100]:
        image.path.unlink()
    found = [one for batch in read(images, tmp_path / "s.lkv", Drive()) for one in batch]
    assert [bool(one.sha256) for one in found] == [False] * 100 + [True] * 100


def test_files_are_looked_at_without_being_read(images, monkeypatch) -> None:
    monkeypatch.setattr(identity, "sha256_of", lambda _: pytest.fail("it was read"))
    os.utime(images[150].path, ns=(1, 1))
    images[3].path.unlink()
    looked = list(identity.look(range(200), images, Drive(), CancelToken()))
    assert [row for one in looked for row in one.touched] == [150]
    assert sum(one.count for one in looked) == 200


def test_looking_at_a_silent_drive_ends(gate, images, monkeypatch) -> None:
    monkeypatch.setattr(identity, "READ_SECONDS", 0.01)
    monkeypatch.setattr(identity, "touched", lambda _: gate.wait(60))
    with pytest.raises(DriveError):
        list(identity.look(range(200), images, Drive(), CancelToken()))
