"""Splits of described sets: nothing that belongs together is cut, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukview.domain.errors import UsageError
from training.data import near, protocols, written
from training.data.catalogue import SETS, ImageSet, Item, Place, labels
from training.data.splits import NORM, Parts, Split

IDS = ("hem", "all")
QUICK = settings(max_examples=25, deadline=None, derandomize=True)


def a_set(folder: Path, *wanted: str, grouped: bool = True) -> ImageSet:
    place = Place(images=folder, home=folder, split=folder / "split.csv", protocols=wanted)
    return replace(SETS["cnmc"], name="mine", group="group" if grouped else "", place=place)


@st.composite
def listings(draw: st.DrawFn) -> list[Item]:
    """Groups of one class or of both, some images that repeat another of their class.

    Every class has two groups at least that share nothing.
    """
    items: list[Item] = []
    count = draw(st.integers(2, 12))
    for group in range(count):
        kinds = draw(st.sampled_from([(0,), (1,), (0, 1)])) if group > 3 else (group % 2,)
        for kind in kinds:
            for _ in range(draw(st.integers(3, 12))):
                number = len(items)
                mine = [i.file for i in items if i.class_id == IDS[kind] and i.group == f"g{group}"]
                twin = draw(st.sampled_from(["", "", "", *mine[1:2]]))
                items.append(
                    Item(
                        file=f"{number}.png",
                        class_id=IDS[kind],
                        group=f"g{group}",
                        sha256=f"{number:064x}",
                        twin_of=twin,
                    )
                )
    if count < 4:  # two groups of each class
        items += [
            replace(
                item,
                group=f"h{item.group}",
                file=f"h{item.file}",
                sha256="f" + item.sha256[1:],
                twin_of="h" + item.twin_of if item.twin_of else "",
            )
            for item in items
        ]
    return items


def three_parts(parts: Parts, count: int) -> np.ndarray:
    """Side of each row; fails where a row has two."""
    side = np.full(count, -1)
    for number, rows in enumerate((parts.fit, parts.choose, parts.test)):
        assert (side[rows] == -1).all()
        side[rows] = number
    return side


def whole(side: np.ndarray, of: np.ndarray) -> bool:
    return all(len(set(side[(of == unit) & (side >= 0)].tolist())) <= 1 for unit in np.unique(of))


@QUICK
@given(items=listings(), seed=st.integers(0, 99))
def test_in_grouped_folds_no_group_is_tested_that_was_seen_and_each_row_is_tested_once(
    items: list[Item], seed: int
) -> None:
    about = a_set(Path("x"))
    split = protocols.draw(items, about, seed)
    units, clusters = near.units(items), near.clusters(items)
    y = np.array(labels(items, about))
    tested = []
    for number in range(split.folds):
        parts = split.fold(number, seed)
        side = three_parts(parts, len(items))
        assert whole(side, clusters)
        assert whole(np.where(side == 1, 0, side), units)  # fit and choose against test
        for rows in (parts.fit, parts.choose, parts.test):
            assert set(y[rows].tolist()) == {0, 1}
        tested += parts.test.tolist()
    assert sorted([*tested, *np.flatnonzero(split.cross < 0)]) == list(range(len(items)))
    assert 2 <= split.folds <= 5


@QUICK
@given(items=listings(), seed=st.integers(0, 99))
def test_no_near_duplicate_straddles_any_other_protocol_and_every_part_has_every_class(
    items: list[Item], seed: int
) -> None:
    about = a_set(Path("x"), "random", "paper", "paper526", grouped=False)
    split = protocols.draw(items, about, seed)
    clusters, y = near.clusters(items), np.array(labels(items, about))
    assert split.singles == ("paper", "paper526")
    sides = [three_parts(split.single(name), len(items)) for name in split.singles]
    for side in sides:
        assert ((side < 0) == (split.cross < 0)).all()
        for part in range(3):
            assert set(y[side == part].tolist()) == {0, 1}
    for side in (*sides, *(three_parts(split.fold(k), len(items)) for k in range(split.folds))):
        assert whole(side, clusters)


@settings(QUICK, max_examples=5)
@given(items=listings(), seed=st.integers(0, 99))
def test_the_same_seed_draws_the_same_split(items: list[Item], seed: int) -> None:
    one, two = (protocols.draw(items, a_set(Path("x")), seed) for _ in range(2))
    np.testing.assert_array_equal(one.cross, two.cross)
    np.testing.assert_array_equal(one.paper, two.paper)
    assert one.choosers is not None
    assert two.choosers is not None
    np.testing.assert_array_equal(one.choosers, two.choosers)


def some_items(hem: int, blasts: int, groups: int) -> list[Item]:
    kinds = ["hem"] * hem + ["all"] * blasts
    return [
        Item(file=f"{i}.png", class_id=kind, group=f"{kind}{i % groups}", sha256=f"{i:064x}")
        for i, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("groups", "folds"), [(2, 2), (3, 2), (4, 2), (5, 2), (6, 3), (8, 4), (10, 5), (40, 5)]
)
def test_the_folds_follow_from_the_groups_of_the_class_that_has_fewest(
    groups: int, folds: int
) -> None:
    items = some_items(200, 0, groups) + [
        replace(item, file=f"b{item.file}", class_id="all", sha256="f" + item.sha256[1:])
        for item in some_items(0, 400, 50)
    ]
    assert protocols.draw(items, a_set(Path("x")), 0).folds == folds


def test_with_more_than_three_folds_groups_choose_that_are_not_fitted_on() -> None:
    items = some_items(200, 200, 10)
    split = protocols.draw(items, a_set(Path("x")), 0)
    for number in range(5):
        assert whole(three_parts(split.fold(number), len(items)), near.units(items))


def test_one_group_in_a_class_refuses_grouped_with_the_way_out() -> None:
    items = some_items(20, 0, 4) + some_items(0, 20, 1)
    items = [replace(item, file=f"{i}.png", sha256=f"{i:064x}") for i, item in enumerate(items)]
    with pytest.raises(UsageError, match=r"of all are of one subject group.*`group = \"none\"`"):
        protocols.draw(items, a_set(Path("x")), 0)
    assert protocols.draw(items, a_set(Path("x"), "paper"), 0).folds == 0
    assert protocols.draw(items, a_set(Path("x"), grouped=False), 0).folds == 5


def test_groups_that_share_an_image_count_as_one() -> None:
    items = some_items(20, 20, 2)
    items[1] = replace(items[1], twin_of=items[0].file)
    with pytest.raises(UsageError, match="of hem are of one subject group"):
        protocols.draw(items, a_set(Path("x")), 0)


def test_the_papers_random_split_is_seventy_to_thirty_without_the_norm_rows() -> None:
    items = some_items(400, 800, 20)
    split = protocols.draw(items, a_set(Path("x")), 0)
    parts, kept = split.random(), len(items) - NORM
    assert len(split.norm) == NORM
    assert len(parts.test) == pytest.approx(0.3 * kept, abs=2)
    assert len(parts.choose) == pytest.approx(0.07 * kept, abs=2)
    assert len(parts.fit) == kept - len(parts.test) - len(parts.choose)


def test_the_other_split_of_the_paper_has_its_numbers_on_the_papers_set() -> None:
    items = some_items(3389, 7272, 100)
    split = protocols.draw(items, a_set(Path("x"), "paper526"), 0)
    parts = split.single("paper526")
    assert (len(parts.choose), len(parts.test)) == (526, 535)
    assert split.singles == ("paper526",)
    assert split.folds == 0


def test_a_drawn_split_is_written_once_and_read_back_as_it_was(tmp_path: Path) -> None:
    items = some_items(60, 60, 5)
    about = a_set(tmp_path, "grouped", "paper", "paper526")
    path = tmp_path / "split.csv"
    drawn = protocols.draw(items, about, 3)
    written.write(path, items, drawn)
    back = written.read(path, items, about)
    for one, two in zip(everything(drawn), everything(back), strict=True):
        np.testing.assert_array_equal(one, two)
    assert back.singles == drawn.singles == ("paper", "paper526")
    with pytest.raises(UsageError, match="drawn only once"):
        written.write(path, items, drawn)
    before = path.read_bytes()
    written.settle(path, items, about, seed=4)
    assert path.read_bytes() == before


def everything(split: Split) -> list[np.ndarray]:
    folds = [split.fold(number) for number in range(split.folds)]
    parts = [*folds, *(split.single(name) for name in split.singles)]
    return [split.norm, *(rows for p in parts for rows in (p.fit, p.choose, p.test))]


def test_three_images_that_repeat_one_another_cannot_be_split() -> None:
    items = [
        replace(item, twin_of="0.png" if item.class_id == "hem" else "3.png")
        for item in some_items(3, 3, 1)
    ]
    with pytest.raises(UsageError, match="Nothing was split"):
        protocols.draw(items, a_set(Path("x"), "paper", grouped=False), 0)


@pytest.mark.parametrize(("count", "wanted"), [(64, 32), (100, 32), (200, 40), (40, 8)])
def test_a_small_set_gives_batch_norm_enough_to_be_measured_on_if_it_can(
    count: int, wanted: int
) -> None:
    items = some_items(count, count, 5)
    assert len(protocols.draw(items, a_set(Path("x")), 0).norm) == wanted
