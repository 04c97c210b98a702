from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from leukview.domain.errors import OutputError, SessionError
from leukview.domain.records import ImageFile
from leukview.session import bundle, index
from leukview.session.index import find, find_or_create
from leukview.session.lock import WriterLock
from leukview.session.store import SessionStore, open_to_read
from leukview.session.verify import check


def images_of(folder: Path, numbers: range = range(6)) -> tuple[ImageFile, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for n in numbers:
        path = folder / f"{n}.png"
        path.write_text(f"image {n}")
        out.append(ImageFile(path=path, name=path.name, folder=folder.name, bytes=7, modified_ns=1))
    return tuple(out)


class Place:
    """One computer: a data folder, and a folder of the same images."""

    def __init__(self, base: Path) -> None:
        self.data, self.folder = base / "data", base / "Bilder ü"
        self.images = images_of(self.folder)

    def open(self) -> SessionStore:
        made = find_or_create(self.images, self.folder, self.data)
        assert made is not None
        hashes = [index.sha256_of(image.path) for image in self.images]
        made[0].put_images(list(zip(self.images, hashes, strict=True)))
        return made[0]

    def decide(self, *numbers: int) -> Path:
        store = self.open()
        for n in numbers:
            store.append("decide", {"n": n})
        store.close()
        return store.path

    def find(self) -> Path:
        path = find(self.images, self.folder, self.data)
        assert path is not None
        return path

    def said(self) -> list[int]:
        return [event.payload["n"] for event in open_to_read(self.find()).events()]


@pytest.fixture
def here(tmp_path: Path) -> Place:
    return Place(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return Place(tmp_path / "there")


def test_a_session_goes_to_another_computer_as_one_file(
    here: Place, there: Place, tmp_path: Path
) -> None:
    session = here.decide(1, 2, 3)
    out = tmp_path / "x.leukview"
    head = bundle.export(session, out)
    assert head == check(session).head == check(out).head
    if sys.platform != "win32":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
    made = bundle.import_(out, there.data)
    assert (made.how, made.head) == ("new", head)
    assert there.find() == made.path
    assert there.decide(4) == made.path  # the window opens it, and goes on
    assert there.said() == [1, 2, 3, 4]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "there", "x.leukview"]


def test_a_session_is_exported_while_it_is_written(here: Place, tmp_path: Path) -> None:
    store = here.open()
    store.append("decide", {"n": 1})
    store.flush()
    head = bundle.export(store.path, tmp_path / "x.leukview")
    assert head == store.head()
    store.append("decide", {"n": 2})
    store.close()
    assert check(here.find(), head).fault == ""
    assert check(here.find()).head.events == 2


def test_the_file_says_nothing_of_the_folders_of_the_person(here: Place, tmp_path: Path) -> None:
    store = here.open()
    kept = {"model": "own-1", "sha256": "a", "path": "/home/Dr. Muster/own.onnx", "classes": []}
    store.set_meta("last model", json.dumps(kept))
    store.close()
    bundle.export(store.path, tmp_path / "x.leukview")
    assert b"Muster" not in (tmp_path / "x.leukview").read_bytes()
    assert "own-1" in (open_to_read(tmp_path / "x.leukview").meta("last model") or "")


def test_an_existing_file_stays_unless_it_is_to_be_replaced(here: Place, tmp_path: Path) -> None:
    session = here.decide(1)
    out = tmp_path / "x.leukview"
    out.write_text("mine")
    with pytest.raises(OutputError, match="left as it is"):
        bundle.export(session, out)
    assert out.read_text() == "mine"
    bundle.export(session, out, force=True)
    assert check(out).head.events == 1


def test_a_failed_export_leaves_nothing_behind(
    here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = here.decide(1)
    out = tmp_path / "out" / "x.leukview"
    out.parent.mkdir()

    def refuse(_path: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(
        bundle, "_copy", lambda source, part: (part.write_text("half"), refuse(part))
    )
    with pytest.raises(OutputError, match="disk full"):
        bundle.export(session, out)
    assert list(out.parent.iterdir()) == []


def test_the_longer_of_two_logs_stays_where_one_begins_as_the_other(
    here: Place, there: Place, tmp_path: Path
) -> None:
    session = here.decide(1, 2)
    bundle.export(session, tmp_path / "two.leukview")
    bundle.import_(tmp_path / "two.leukview", there.data)
    here.decide(3)
    bundle.export(session, tmp_path / "three.leukview")
    made = bundle.import_(tmp_path / "three.leukview", there.data)
    assert (made.how, there.said()) == ("longer", [1, 2, 3])
    assert made.path == there.find()
    back = bundle.import_(tmp_path / "two.leukview", there.data)
    assert (back.how, there.said()) == ("known", [1, 2, 3])
    assert len(list((there.data / "sessions").glob("*.lkv"))) == 1
    there.decide(4)
    assert check(there.find()).fault == ""


def test_decisions_made_apart_are_refused_and_both_stay(
    here: Place, there: Place, tmp_path: Path
) -> None:
    bundle.export(here.decide(1, 2), tmp_path / "x.leukview")
    there.decide(7)
    with pytest.raises(SessionError, match="other decisions"):
        bundle.import_(tmp_path / "x.leukview", there.data)
    assert there.said() == [7]


def test_a_session_that_is_open_is_not_continued(here: Place, there: Place, tmp_path: Path) -> None:
    bundle.export(here.decide(1), tmp_path / "x.leukview")
    store = there.open()
    with pytest.raises(SessionError, match="open in a LeukView window"):
        bundle.import_(tmp_path / "x.leukview", there.data)
    store.close()
    assert there.said() == []
    assert bundle.import_(tmp_path / "x.leukview", there.data).how == "longer"
    assert there.said() == [1]


def test_an_altered_file_is_not_imported(here: Place, there: Place, tmp_path: Path) -> None:
    out = tmp_path / "x.leukview"
    bundle.export(here.decide(1, 2), out)
    with contextlib.closing(sqlite3.connect(out, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_never_changes")
        connection.execute("UPDATE event SET payload = '{}' WHERE seq = 2")
    with pytest.raises(SessionError, match="Event 2 "):
        bundle.import_(out, there.data)
    with contextlib.closing(sqlite3.connect(out, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SessionError, match="newer LeukView"):
        bundle.import_(out, there.data)
    assert find(there.images, there.folder, there.data) is None


def test_what_is_deleted_is_nowhere_any_more(here: Place) -> None:
    store = here.open()
    store.append("decide", {"comment": "Geheimnis"})
    store.close()
    store.path.with_name(store.path.name + ".backup").write_text("Geheimnis")
    other = images_of(here.folder.with_name("other"), range(100, 106))
    kept = find_or_create(other, other[0].path.parent, here.data)
    assert kept is not None
    kept[0].close()
    sha256 = index.sha256_of(here.images[0].path)
    bundle.delete(store.path, here.data)
    left = [path for path in here.data.rglob("*") if path.is_file()]
    assert not [path for path in left if path.name.startswith(store.path.name)]
    for path in left:
        data = path.read_bytes()
        assert b"Geheimnis" not in data
        assert sha256.encode() not in data
        assert store.path.stem.encode() not in data
    assert find(here.images, here.folder, here.data) is None
    assert find(other, other[0].path.parent, here.data) == kept[0].path


def test_its_content_is_overwritten_before_the_file_goes(here: Place) -> None:
    store = here.open()
    store.append("decide", {"comment": "Geheimnis"})
    store.close()
    assert b"Geheimnis" in store.path.read_bytes()
    bundle._overwrite(store.path)
    assert b"Geheimnis" not in store.path.read_bytes()


def test_an_open_session_is_not_deleted(here: Place) -> None:
    store = here.open()
    store.append("decide", {"n": 1})
    store.flush()
    with pytest.raises(SessionError, match="open in a LeukView window"):
        bundle.delete(store.path, here.data)
    store.close()
    assert here.said() == [1]


def test_a_refused_deletion_frees_the_session_again(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = here.decide(1)

    def refuse(_path: Path) -> None:
        raise OSError("rights")

    monkeypatch.setattr(bundle, "_overwrite", refuse)
    with pytest.raises(SessionError, match="not deleted completely"):
        bundle.delete(session, here.data)
    lock = WriterLock.acquire(session.with_name(session.name + ".lock"))
    assert lock is not None
    lock.release()
    assert here.said() == [1]
