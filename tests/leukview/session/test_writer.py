from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from leukview.domain.errors import SessionError
from leukview.domain.records import ImageFile
from leukview.session.store import SessionStore, open_store
from leukview.session.verify import verify

CHILD = """
import sys
from pathlib import Path
from leukview.session.store import open_store

store = open_store(Path(sys.argv[1]))
store.on_saved = lambda seq, at: print(seq, flush=True)
n = 0
while True:
    n += 1
    store.append("decide", {"n": n})
    if n % 7 == 0:
        store.flush()
"""


def image(n: int) -> ImageFile:
    return ImageFile(path=Path(f"{n}.png"), name=f"{n}.png", folder="f", bytes=7, modified_ns=11)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and rights are POSIX's")
def test_a_killed_writer_loses_no_acknowledged_event(tmp_path: Path) -> None:
    path = tmp_path / "s.lkv"
    for lines in (1, 40, 150):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(lines)]
        os.kill(child.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in child.stdout.read().split("\n")[:-1]]
        child.wait()
        child.stdout.close()
        store = open_store(path)
        assert not store.read_only  # the lock died with its owner
        there = {event.seq for event in store.events()}
        assert set(acknowledged) <= there
        assert verify(store) is None
        store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def fill(store: SessionStore) -> None:
    """Let the disk be full: not one page more."""
    assert store._connection is not None
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_told_blocks_new_events_and_can_be_retried(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    saved: list[int] = []
    failed: list[Exception] = []
    store.on_saved = lambda seq, at: saved.append(seq)
    store.on_failed = failed.append
    store.append("decide", {"n": 1})
    store.flush()
    fill(store)
    store.append("decide", {"big": "x" * 100_000})
    with pytest.raises(SessionError, match="NOT saved"):
        store.flush()
    with pytest.raises(SessionError, match="NOT saved"):
        store.append("decide", {"n": 3})
    assert store.unsaved == 1
    assert [e.seq for e in store.events()] == [1]
    assert store._connection is not None
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.retry()
    store.flush()
    assert store.append("decide", {"n": 3}) == 3
    store.close()
    assert saved == [1, 2, 3]
    assert isinstance(failed[0], SessionError)
    assert len(failed) == 1


def test_what_a_model_said_is_no_action_and_all_is_well_when_it_is_written(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    saved: list[int] = []
    failed: list[str] = []
    store.on_saved = lambda seq, at: saved.append(seq)
    store.on_failed = lambda error: failed.append(str(error))
    fill(store)
    store.put_images([(image(n), f"{n:064}") for n in range(2000)])
    with pytest.raises(SessionError, match="All your actions so far are saved"):
        store.flush()
    assert str(store.failure) == failed[0]
    assert store.unsaved == 0
    assert store._connection is not None
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.retry()
    store.flush()
    assert store.failure is None
    assert len(list(store.known_images())) == 2000
    store.close()
    assert (saved, len(failed)) == ([0], 1)


def test_closing_says_what_could_not_be_saved(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    fill(store)
    store.append("decide", {"big": "x" * 100_000})
    with pytest.raises(SessionError, match="1 of the last actions"):
        store.close()
    store.close()
    with pytest.raises(SessionError, match="closed"):
        store.append("decide", {})


@pytest.mark.parametrize("again", [SessionStore.close, SessionStore.retry])
def test_nobody_waits_for_a_session_that_was_closed_with_unsaved_actions(
    tmp_path: Path, again: Callable[[SessionStore], None]
) -> None:
    store = open_store(tmp_path / "s.lkv")
    fill(store)
    store.append("decide", {"big": "x" * 100_000})
    with pytest.raises(SessionError, match="1 of the last actions"):
        store.close()
    again(store)
    read: list[int] = []
    reader = threading.Thread(target=lambda: read.append(len(list(store.events()))), daemon=True)
    reader.start()
    reader.join(30)
    assert read == [0]


def test_a_listener_that_fails_does_not_stop_the_writer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(tmp_path / "s.lkv")

    def broken(seq: int, at: str) -> None:
        raise ValueError(seq)

    store.on_saved = broken
    store.append("decide", {})
    store.append("decide", {})
    store.flush()
    assert len(list(store.events())) == 2
    store.close()
    assert "a listener of the session failed" in caplog.text
