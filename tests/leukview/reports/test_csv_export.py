from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from pathlib import Path

import pytest

from leukview.domain.errors import OutputError
from leukview.reports import csv_export


def test_the_lines_are_written_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "Prüfung α.csv"
    assert csv_export.write(path, ["a,b\r\n", "é,2\r\n"]) == 2
    assert path.read_bytes() == "a,b\r\né,2\r\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_failure_in_the_middle_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def lines():
        yield "new\r\n"
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        csv_export.write(path, lines())
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_full_disk_is_said_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left.*unchanged"):
        csv_export.write(path, ["new\r\n"])
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="choose another folder"):
        csv_export.write(tmp_path / "nowhere" / "out.csv", ["x\r\n"])


@pytest.mark.skipif(sys.platform == "win32", reason="rights and links are POSIX's here")
def test_rights_and_a_symbolic_link_survive(tmp_path: Path) -> None:
    real = tmp_path / "real.csv"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    csv_export.write(link, ["new\r\n"])
    assert link.is_symlink()
    assert real.read_bytes() == b"new\r\n"
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no such device here")
def test_a_device_is_refused_and_left_alone() -> None:
    with pytest.raises(OutputError, match="not a file"):
        csv_export.write(Path("/dev/null"), ["x\r\n"])
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("links", [True, False])
def test_a_name_that_somebody_took_meanwhile_is_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", _no_links)
    path = tmp_path / "out.csv"

    def lines():
        yield "mine\r\n"
        path.write_text("theirs")

    with pytest.raises(OutputError, match="left as it is"):
        csv_export.write(path, lines(), replace=False)
    assert path.read_text() == "theirs"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    path.unlink()
    assert csv_export.write(path, ["mine\r\n"], replace=False) == 1
    assert path.read_bytes() == b"mine\r\n"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def _no_links(_self: Path, _target: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_many_writers_of_one_table_leave_one_complete_table(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    tables = {f"{n}" * 20_000 for n in range(8)}

    def one(text: str) -> None:
        with contextlib.suppress(OutputError):
            csv_export.write(path, [text], replace=int(text[0]) % 2 == 0)

    threads = [threading.Thread(target=one, args=(text,)) for text in tables]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in tables
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
