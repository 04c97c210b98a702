from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leukview.domain.errors import UsageError
from training.data import splits
from training.data.catalogue import SETS, Item, labels

GROUPED, UNGROUPED = SETS["cnmc"], SETS["pbc"]


def some_items(count: int = 400) -> list[Item]:
    return [
        Item(
            file=f"{i}.png",
            class_id="all" if i % 3 else "hem",
            group=f"{'A' if i % 3 else 'H'}{(i // 3) % 16}",
            sha256=f"{i:064x}",
        )
        for i in range(count)
    ]


def test_no_group_is_on_two_sides_of_a_grouped_fold() -> None:
    items = some_items()
    split = splits.make(items, GROUPED, np.arange(len(items)), 0)
    groups = np.array([item.group for item in items])
    for number in range(GROUPED.folds):
        parts = split.fold(number)
        fit, choose, test = (set(groups[p]) for p in (parts.fit, parts.choose, parts.test))
        assert not fit & test
        assert not choose & test
        assert not fit & choose


def test_each_image_is_tested_once_but_for_the_norm_rows() -> None:
    items = some_items()
    split = splits.make(items, GROUPED, np.arange(len(items)), 0)
    tested = np.concatenate([split.fold(k).test for k in range(GROUPED.folds)])
    assert len(tested) == len(set(tested.tolist()))
    assert sorted([*tested, *split.norm]) == list(range(len(items)))
    assert len(split.norm) == splits.NORM


def test_norm_rows_are_fitted_in_no_fold() -> None:
    items = some_items()
    split = splits.make(items, GROUPED, np.arange(len(items)), 0)
    for number in range(GROUPED.folds):
        parts = split.fold(number)
        assert not set(split.norm) & {*parts.fit, *parts.choose, *parts.test}


def test_with_three_folds_a_tenth_of_the_rest_chooses() -> None:
    cross = np.repeat([0, 1, 2], 100)
    parts = splits.Split(cross=cross, paper=cross * 0, folds=3).fold(1)
    assert len(parts.test) == 100
    assert len(parts.choose) == 20
    assert len(parts.fit) == 180
    assert set(cross[parts.choose]) == {0, 2}


def test_the_papers_split_is_seventy_to_thirty_and_stratified() -> None:
    items = some_items(600)
    y = np.array(labels(items, GROUPED))
    split = splits.make(items, GROUPED, np.arange(len(items)), 0)
    parts = split.random()
    assert len(parts.test) == pytest.approx(0.3 * (600 - splits.NORM), abs=1)
    assert y[parts.test].mean() == pytest.approx(y.mean(), abs=0.02)
    assert not set(parts.fit) & set(parts.test)


def test_near_duplicates_stay_together_where_no_group_is_known() -> None:
    names = UNGROUPED.class_ids
    items = [
        Item(file=f"{i}.jpg", class_id=names[i // 2 % 8], group="", sha256=f"{i:064x}")
        for i in range(480)
    ]
    clusters = np.arange(480) // 2
    split = splits.make(items, UNGROUPED, clusters, 0)
    np.testing.assert_array_equal(split.cross[::2], split.cross[1::2])


def test_twins_are_found_by_look_by_hash_and_by_table() -> None:
    rng = np.random.default_rng(0)
    thumbs = rng.integers(0, 256, (5, 32, 32), dtype=np.uint8)
    thumbs[1] = np.clip(thumbs[0].astype(int) + 3, 0, 255)
    shas = ["a", "b", "c", "c", "e"]
    twin = ["", "", "", "", "0.png"]
    items = [
        Item(file=f"{i}.png", class_id="all", group="", sha256=s, twin_of=t)
        for i, (s, t) in enumerate(zip(shas, twin, strict=True))
    ]
    found = splits.twins(thumbs, items)
    assert found[0] == found[1] == found[4]
    assert found[2] == found[3] != found[0]


def test_a_split_is_written_once_and_read_back(tmp_path: Path) -> None:
    items = some_items()
    split = splits.make(items, GROUPED, np.arange(len(items)), 0)
    path = tmp_path / "split.csv"
    splits.write(path, items, split)
    back = splits.read(path, items, GROUPED)
    np.testing.assert_array_equal(back.cross, split.cross)
    np.testing.assert_array_equal(back.paper, split.paper)
    with pytest.raises(UsageError, match="drawn only once"):
        splits.write(path, items, split)


def test_a_split_of_other_images_is_refused(tmp_path: Path) -> None:
    items = some_items()
    path = tmp_path / "split.csv"
    splits.write(path, items, splits.make(items, GROUPED, np.arange(len(items)), 0))
    with pytest.raises(UsageError, match="other images"):
        splits.read(path, items[::-1], GROUPED)
    with pytest.raises(UsageError, match="prepare"):
        splits.read(tmp_path / "none.csv", items, GROUPED)
