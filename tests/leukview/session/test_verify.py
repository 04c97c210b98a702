from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukview.domain.errors import SessionError
from leukview.session.events import GENESIS, Head, chained
from leukview.session.store import open_store
from leukview.session.verify import check

COUNT = 6
FIELDS = ("at", "kind", "payload", "hash")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Head]:
    """A closed session of six events, and its head."""
    path = tmp_path_factory.mktemp("session") / "s.lkv"
    store = open_store(path)
    for n in range(COUNT):
        store.append("decide", {"n": n, "name": "Prüfung"})
    store.flush()
    head = store.head()
    store.close()
    return path, head


@contextlib.contextmanager
def tampered(written: tuple[Path, Head]):
    """A copy of the session, open to somebody who knows how to take the triggers away."""
    path = written[0].with_name("tampered.lkv")
    shutil.copy(written[0], path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("DROP TRIGGER event_never_changes")
        connection.execute("DROP TRIGGER event_never_goes")
        yield path, connection
    path.unlink()


def test_a_log_that_nobody_touched_holds_and_names_its_head(written: tuple[Path, Head]) -> None:
    found = check(written[0], written[1])
    assert (found.head, found.fault) == (written[1], "")
    assert found.head.events == COUNT


@given(
    seq=st.integers(1, COUNT),
    field=st.sampled_from(FIELDS),
    at=st.integers(0, 10_000),
    flip=st.integers(1, 255),
)
@settings(max_examples=80, deadline=None)
def test_any_byte_of_any_event_that_is_altered_names_the_event(
    written: tuple[Path, Head], seq: int, field: str, at: int, flip: int
) -> None:
    with tampered(written) as (path, connection):
        query = f"SELECT CAST({field} AS BLOB) FROM event WHERE seq = ?"
        data = bytearray(connection.execute(query, (seq,)).fetchone()[0])
        data[at % len(data)] ^= flip
        connection.execute(
            f"UPDATE event SET {field} = CAST(? AS TEXT) WHERE seq = ?", (bytes(data), seq)
        )
        assert check(path).fault.startswith(f"Event {seq} (")


@given(pair=st.permutations(range(1, COUNT + 1)).map(lambda order: sorted(order[:2])))
@settings(max_examples=20, deadline=None)
def test_two_events_that_change_places_name_the_first_of_them(
    written: tuple[Path, Head], pair: list[int]
) -> None:
    one, other = pair
    with tampered(written) as (path, connection):
        for old, new in ((one, 99), (other, one), (99, other)):
            connection.execute("UPDATE event SET seq = ? WHERE seq = ?", (new, old))
        assert check(path).fault.startswith(f"Event {one} (")


@pytest.mark.parametrize("seq", range(1, COUNT))
def test_an_event_that_was_removed_is_named(written: tuple[Path, Head], seq: int) -> None:
    with tampered(written) as (path, connection):
        connection.execute("DELETE FROM event WHERE seq = ?", (seq,))
        assert check(path).fault.startswith(f"Event {seq} is missing. The next one that is there")
        connection.execute("UPDATE event SET seq = seq - 1 WHERE seq > ?", (seq,))
        assert check(path).fault.startswith(f"Event {seq} (")  # also where the gap was closed


@pytest.mark.parametrize("left", range(COUNT))
def test_a_cut_tail_is_found_against_an_export_only(written: tuple[Path, Head], left: int) -> None:
    with tampered(written) as (path, connection):
        connection.execute("DELETE FROM event WHERE seq > ?", (left,))
        assert check(path).fault == ""
        assert f"first that is missing is event {left + 1}." in check(path, written[1]).fault


def test_a_log_that_was_written_anew_is_found_against_an_export_only(
    written: tuple[Path, Head],
) -> None:
    with tampered(written) as (path, connection):
        rows = connection.execute("SELECT seq, at, kind, payload FROM event ORDER BY seq")
        previous = GENESIS
        for seq, at, kind, text in rows.fetchall():
            text = text.replace('"n":2', '"n":7')
            previous = chained(previous, seq, at, kind, text)
            connection.execute(
                "UPDATE event SET payload = ?, hash = ? WHERE seq = ?", (text, previous, seq)
            )
        assert check(path).fault == ""
        assert "another history" in check(path, written[1]).fault


def test_events_added_since_the_export_are_no_fault(written: tuple[Path, Head]) -> None:
    with tampered(written) as (path, connection):
        connection.close()
        store = open_store(path)
        store.append("decide", {})
        store.close()
        found = check(path, written[1])
        assert (found.head.events, found.fault) == (COUNT + 1, "")
        assert check(path, Head(0, GENESIS)).fault == ""
        assert check(path, Head(0, "a" * 64)).fault


def test_an_event_put_before_the_first_is_named(written: tuple[Path, Head]) -> None:
    with tampered(written) as (path, connection):
        connection.execute("INSERT INTO event VALUES (0, 'then', 'decide', '{}', 'x')")
        assert check(path).fault == "Event 0 (then, decide) stands where event 1 has to be."


def test_what_is_no_session_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.lkv").write_bytes(b"something else" * 500)
    with pytest.raises(SessionError, match=r"x\.lkv"):
        check(tmp_path / "x.lkv")
