from __future__ import annotations

import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from leukview.domain.classes import CellClass, Role
from leukview.domain.errors import SessionError
from leukview.domain.records import ImageFile, ImageResult, ModelIdentity, Suggestion
from leukview.session import schema
from leukview.session import store as store_module
from leukview.session.events import GENESIS, Head, first_altered
from leukview.session.store import open_store, open_to_read
from leukview.session.verify import verify

CLASSES = tuple(
    CellClass(id=i, name=i, key="", role=Role.LEUKOCYTE, malignant=False) for i in ("hem", "all")
)


def result(name: str, sha256: str, *, error: str = "") -> ImageResult:
    said = Suggestion(
        class_id="all",
        confidence=0.75,
        probabilities=(0.25, 0.75),
        unfamiliarity=1.5,
        unfamiliar=False,
        needs_review=True,
    )
    return ImageResult(
        image=ImageFile(path=Path(name), name=name, folder="f", bytes=7, modified_ns=11),
        sha256=sha256,
        suggestion=None if error else said,
        error=error,
        notes=() if error else ("grey repeated to three channels",),
        model=ModelIdentity(model_id="toy", sha256="m" * 64, device="cpu"),
    )


def test_events_come_back_in_order_and_chained(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    saved: list[int] = []
    store.on_saved = lambda seq, at: saved.append(seq)
    assert [store.append("decide", {"n": n, "name": "Prüfung"}) for n in range(5)] == [
        1,
        2,
        3,
        4,
        5,
    ]
    store.flush()
    store.close()
    assert saved == [1, 2, 3, 4, 5]
    again = open_store(tmp_path / "s.lkv")
    events = list(again.events())
    assert [e.payload["n"] for e in events] == [0, 1, 2, 3, 4]
    assert first_altered(events) is None
    assert again.append("decide", {}) == 6
    again.close()


def test_the_head_counts_what_is_queued_and_is_what_the_disk_will_say(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    assert store.head() == Head(0, GENESIS)
    store.append("decide", {"n": 1})
    connection = store._connection
    assert connection is not None
    store.flush()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    store.append("decide", {"big": "x" * 100_000})
    with pytest.raises(SessionError):
        store.flush()
    queued = store.head()
    assert (queued.events, store.unsaved) == (2, 1)
    connection.execute("PRAGMA max_page_count = 100000")
    store.retry()
    store.flush()
    assert store.head() == queued
    assert list(store.events())[-1].hash == queued.sha256
    looking = open_store(tmp_path / "s.lkv")
    assert looking.read_only
    assert looking.head() == queued
    store.close()


def test_a_session_is_read_without_a_trace_and_takes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    store.append("decide", {"n": 1})
    store.put_results([result("a.png", "a" * 64)], CLASSES)
    store.close()
    reading = open_to_read(tmp_path / "s.lkv")
    writing = open_store(tmp_path / "s.lkv")
    assert not writing.read_only  # who only reads keeps nobody from writing
    writing.close()
    assert [e.seq for e in reading.events()] == [1]
    assert [(m.model_id, m.class_ids) for m in reading.models()] == [("toy", ("hem", "all"))]
    with pytest.raises(SessionError, match="reading only"):
        reading.append("decide", {})


@pytest.mark.parametrize("content", [None, b"", b"not a database, but long enough to be one" * 99])
def test_what_is_no_session_is_not_opened_for_reading(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "s.lkv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SessionError, match=r"s\.lkv"):
        open_to_read(path)
    assert path.exists() == (content is not None)


def test_the_disk_is_asked_to_keep_each_commit(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    connection = store._connection
    assert connection is not None
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_a_network_drive_gets_no_shared_memory_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "is_remote", lambda folder: True)
    store = open_store(tmp_path / "s.lkv")
    store.append("decide", {})
    assert len(list(store.events())) == 1
    assert store._connection is not None
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert "network drive" in store.notice
    store.close()
    assert not (tmp_path / "s.lkv-wal").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights")
def test_only_the_owner_may_read_a_session(tmp_path: Path) -> None:
    store = open_store(tmp_path / "new" / "s.lkv")
    store.append("decide", {})
    store.flush()
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "new").iterdir()}
    store.close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert {mode & 0o077 for mode in modes.values()} == {0}


def test_a_second_opener_may_look_but_not_write(tmp_path: Path) -> None:
    first = open_store(tmp_path / "s.lkv")
    first.append("decide", {"n": 1})
    first.flush()
    second = open_store(tmp_path / "s.lkv")
    assert second.read_only
    assert "another LeukView window" in second.notice
    assert [e.payload for e in second.events()] == [{"n": 1}]
    with pytest.raises(SessionError, match="only be looked at"):
        second.append("decide", {})
    second.close()
    first.close()
    third = open_store(tmp_path / "s.lkv")
    assert not third.read_only
    third.close()


def test_suggestions_come_back_for_their_model_only_and_errors_are_tried_again(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path / "s.lkv")
    store.put_results([result("a/1.png", "1" * 64), result("2.png", "", error="broken")], CLASSES)
    (said,) = store.results("m" * 64)
    assert said.sha256 == "1" * 64
    assert said.suggestion == result("x", "1").suggestion
    assert said.notes == ("grey repeated to three channels",)
    assert said.device == "cpu"
    assert list(store.results("other")) == []
    assert [(k.name, k.bytes, k.modified_ns) for k in store.known_images()] == [("a/1.png", 7, 11)]
    assert list(store.events()) == []
    store.close()


def test_hashes_of_files_are_kept_without_a_suggestion(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    image = result("a/1.png", "1" * 64).image
    store.put_images([(image, "1" * 64)])
    store.put_images([])
    assert [(k.name, k.sha256) for k in store.known_images()] == [("a/1.png", "1" * 64)]
    store.close()


def test_suggestions_for_some_hashes_only(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    store.put_results([result(f"{n}.png", str(n) * 64) for n in range(5)], CLASSES)
    wanted = ["1" * 64, "3" * 64, "9" * 64]
    assert sorted(k.sha256 for k in store.results("m" * 64, wanted)) == wanted[:2]
    assert list(store.results("m" * 64, [])) == []
    store.close()


def test_small_texts_are_kept(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    assert store.meta("folder") is None
    store.set_meta("folder", "a")
    store.set_meta("folder", "b")
    assert store.meta("folder") == "b"
    store.close()


def test_events_cannot_be_changed_and_a_forged_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.lkv"
    store = open_store(path)
    for n in range(4):
        store.append("decide", {"n": n})
    store.close()
    connection = sqlite3.connect(path)
    for statement in ("UPDATE event SET at = 'x'", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.execute("DROP TRIGGER event_never_changes")
    connection.execute("UPDATE event SET payload = '{\"n\":9}' WHERE seq = 3")
    connection.commit()
    connection.close()
    store = open_store(path)
    assert verify(store) == 3
    store.close()


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (
            [f"PRAGMA application_id = {schema.APPLICATION_ID}", "PRAGMA user_version = 99"],
            "newer LeukView",
        ),
        (["CREATE TABLE x (y)"], "another program"),
    ],
)
def test_a_newer_or_foreign_file_is_refused_untouched(
    tmp_path: Path, statements: list[str], words: str
) -> None:
    path = tmp_path / "s.lkv"
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SessionError, match=words):
        open_store(path)
    assert path.read_bytes() == before


def test_damage_and_a_folder_in_the_way_are_sentences(tmp_path: Path) -> None:
    path = tmp_path / "s.lkv"
    path.write_bytes(b"no database at all, but long enough to look like one" * 100)
    with pytest.raises(SessionError, match="cannot be opened"):
        open_store(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionError, match="cannot be opened"):
        open_store(tmp_path / "file" / "s.lkv")
