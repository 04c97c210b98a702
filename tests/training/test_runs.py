from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from training.config import Config, Stage
from training.data.catalogue import SETS
from training.revision import revision
from training.runs import Run


def recipe(**changes: object) -> Config:
    said = {"name": "toy", "head": "table2", "stages": (Stage(kind="full", steps=1),)}
    return Config(**(said | changes))  # type: ignore[arg-type]


def test_a_run_is_found_again_by_its_config(tmp_path: Path) -> None:
    Run(tmp_path, SETS["cnmc"], recipe(), data_hash="a")
    assert not Run(tmp_path, SETS["cnmc"], recipe(), data_hash="a").has("cross0")


def test_a_key_that_came_later_does_not_make_it_another_run(tmp_path: Path) -> None:
    run = Run(tmp_path, SETS["cnmc"], recipe(), data_hash="a")
    path = run.folder / "run.json"
    said = json.loads(path.read_text("utf-8"))
    del said["config"]["stages"][0]["view"]
    path.write_text(json.dumps(said), "utf-8")
    run.save("cross0")
    assert Run(tmp_path, SETS["cnmc"], recipe(), data_hash="a").has("cross0")


@pytest.mark.parametrize(("changes", "images"), [({"seed": 1}, "a"), ({}, "b")])
def test_another_config_or_other_images_are_refused(
    changes: dict[str, object], images: str, tmp_path: Path
) -> None:
    Run(tmp_path, SETS["cnmc"], recipe(), data_hash="a")
    with pytest.raises(ValueError, match="Nothing was fitted"):
        Run(tmp_path, SETS["cnmc"], recipe(**changes), data_hash=images)


def test_each_part_says_how_long_it_took_and_an_attempt_that_broke_off_counts(
    tmp_path: Path,
) -> None:
    run = Run(tmp_path, SETS["cnmc"], recipe(), data_hash="a")
    times = iter((0.0, 3.0, 10.0, 14.0))
    with pytest.raises(KeyboardInterrupt), run.timed("cross0", lambda: next(times)):
        raise KeyboardInterrupt
    with run.timed("cross0", lambda: next(times)):
        pass
    said = json.loads((run.folder / "run.json").read_text("utf-8"))
    assert said["parts"]["cross0"]["seconds"] == 7
    assert {key: said[key] for key in ("revision", "dirty") if key in said} == revision()
    assert not Run(tmp_path, SETS["cnmc"], recipe(), data_hash="a").has("cross0")  # still its run


def test_a_revision_is_the_commit_and_whether_files_differ_from_it(tmp_path: Path) -> None:
    assert revision(tmp_path) == {}

    def git(*words: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *who, *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "a")
    commit = git("rev-parse", "HEAD")
    assert revision(tmp_path) == {"revision": commit, "dirty": False}
    (tmp_path / "a").write_text("2")
    assert revision(tmp_path) == {"revision": commit, "dirty": True}


def test_git_that_is_not_there_leaves_the_revision_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert revision(tmp_path) == {}
