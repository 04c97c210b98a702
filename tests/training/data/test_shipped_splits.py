"""The splits that the shipped figures rest on, as they lie in the repository."""

from __future__ import annotations

import csv
from collections import defaultdict

import pytest

from training.data.catalogue import SETS
from training.data.prepare import split_path


@pytest.mark.parametrize("name", sorted(SETS))
def test_no_group_stands_in_two_folds(name: str) -> None:
    about = SETS[name]
    folds: dict[str, set[str]] = defaultdict(set)
    with split_path(about).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        if row["cross_fold"] != "-1":
            folds[row["group"] or row["sha256"]].add(row["cross_fold"])
    assert {row["class"] for row in rows} == set(about.class_ids)
    assert all(len(found) == 1 for found in folds.values())
    assert {f for found in folds.values() for f in found} == {str(k) for k in range(about.folds)}
