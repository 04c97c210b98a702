from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.config import Config, Stage
from training.data.catalogue import SETS
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
