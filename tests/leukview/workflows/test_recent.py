"""Which folders of before are there, on drives that may be dead."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from leukview.domain.progress import CancelToken
from leukview.imaging.drive import Drive
from leukview.workflows import recent
from leukview.workflows.recent import look_for


def asked(paths: list[Path]) -> dict[Path, Drive]:
    return {path: Drive() for path in paths}


def test_folders_that_are_gone_or_are_none_are_missing(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    paths = [tmp_path / name for name in ("there", "gone", "file")] + [tmp_path / "file" / "inside"]
    found = dict(look_for(asked(paths), CancelToken()))
    assert [found[path] for path in paths] == [False, True, True, True]


@pytest.mark.parametrize(("error", "missing"), [(PermissionError, False), (OSError, True)])
def test_what_may_not_be_looked_at_is_there_and_what_cannot_is_not(
    monkeypatch: pytest.MonkeyPatch, error: type[OSError], missing: bool
) -> None:
    class Refused(type(Path())):  # type: ignore[misc]
        def stat(self, **_: object) -> None:
            raise error(107, "Transport endpoint is not connected")

    found = look_for(asked([Refused("x")]), CancelToken())
    assert [answer for _, answer in found] == [missing]


def test_a_dead_drive_says_nothing_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, really = threading.Event(), recent._is_missing

    def is_missing(path: Path) -> bool:
        if path.name == "dead":
            gate.wait(60)
        return really(path)

    monkeypatch.setattr(recent, "_is_missing", is_missing)
    monkeypatch.setattr(recent, "ANSWER_SECONDS", 0.5)
    drives = asked([tmp_path / "dead", tmp_path / "gone"])
    for _ in range(2):
        assert list(look_for(drives, CancelToken())) == [(tmp_path / "gone", True)]
    held = [one for one in threading.enumerate() if one.name == "leukview-look"]
    gate.set()
    for thread in held:
        thread.join()
    assert len(held) == 1
