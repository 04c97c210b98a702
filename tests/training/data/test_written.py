"""Splits that people write by hand: what is checked, and what they are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leukview.domain.errors import UsageError
from training.data import splits, written
from training.data.catalogue import SETS, ImageSet, Item, Place

ITEMS = [
    Item(
        file=f"{i}.png",
        class_id="all" if i % 2 else "hem",
        group=f"g{i % 8}",
        sha256=f"{i:064x}",
        twin_of="2.png" if i == 10 else "",
    )
    for i in range(24)
]
FOLDS = [str(i % 8 // 2 % 2) for i in range(24)]  # groups 0, 1, 4, 5 in fold 0


@pytest.fixture
def about(tmp_path: Path) -> ImageSet:
    place = Place(images=tmp_path, home=tmp_path, split=tmp_path / "hand.csv")
    return replace(SETS["cnmc"], name="mine", place=place, group="group", group_word="patient")


@pytest.fixture
def hand(tmp_path: Path) -> Path:
    return tmp_path / "hand.csv"


def lines_of(column: str, values: list[str]) -> list[str]:
    rows = [f"{item.file},{value}" for item, value in zip(ITEMS, values, strict=True)]
    return [f"file,{column}", *rows]


def test_file_and_fold_are_enough_in_any_order(hand: Path, about: ImageSet) -> None:
    head, *rows = lines_of("cross_fold", FOLDS)
    hand.write_text("\n".join([head, *rows[::-1]]) + "\n", encoding="utf-8-sig")
    split = written.read(hand, ITEMS, about)
    assert split.folds == 2
    assert split.cross.tolist() == [int(fold) for fold in FOLDS]
    for number in range(2):
        parts = split.fold(number)
        assert len(parts.test) == 12
        assert len(parts.fit) + len(parts.choose) == 12
        assert len(parts.choose)
        assert (
            {2, 10} <= set(parts.test) or {2, 10} <= set(parts.fit) or {2, 10} <= set(parts.choose)
        )
    assert split.singles == ()
    assert len(split.norm)  # without any of its own, some of all


def test_parts_may_be_words_and_none_is_left_out(hand: Path, about: ImageSet) -> None:
    values = [["fit", "Fit", "choose", "test", "fit", "2", "0", "none"][i % 8] for i in range(24)]
    hand.write_text("\n".join(lines_of("paper_part", values)))
    split = written.read(hand, ITEMS, about)
    assert split.folds == 0
    assert split.singles == ("paper",)
    assert split.single("paper").choose.tolist() == [2, 10, 18]
    assert not np.isin([7, 15, 23], split.single("paper").fit).any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: [*x[:-1]], r"no line for 1 images .*23\.png.*Add them"),
        (lambda x: [*x, x[1]], r"line 26: 0\.png stands on line 2 already.*Remove one"),
        (lambda x: [*x, "ghost.png,1"], r"line 26: 'ghost\.png' is no image.*Remove the line"),
        (lambda x: [*x[:-1], "23.png"], r"line 25 does not have 2 cells"),
        (lambda x: [*x[:-1], "23.png,one"], r"line 25: the fold 'one' is no number"),
        (lambda x: [*x[:-1], "23.png,"], r"line 25: the fold is empty"),
        (lambda x: [*x[:-1], "23.png,7"], r"line 25: folds are numbered from 0 without gaps"),
        (lambda x: ["file,fold", *x[1:]], r"line 1: no column `file`, or none with parts"),
        (lambda x: ["file,old_part", *x[1:]], r"line 1: unknown columns old_part"),
        (
            lambda x: [*x[:-1], f"23.png,{1 - int(FOLDS[23])}"],
            r"line 25: 23\.png and 7\.png \(line 9\) belong together \(patient g7\)",
        ),
    ],
)
def test_what_cannot_be_a_split_is_refused_with_file_line_and_remedy(
    hand: Path, about: ImageSet, change: object, said: str
) -> None:
    hand.write_text("\n".join(change(lines_of("cross_fold", FOLDS))))  # type: ignore[operator]
    with pytest.raises(UsageError, match=said) as told:
        written.read(hand, ITEMS, about)
    assert str(hand) in str(told.value)
    assert "Nothing was fitted" in str(told.value)


def test_near_duplicates_of_two_groups_may_not_stand_in_two_folds(
    hand: Path, about: ImageSet
) -> None:
    items = [replace(item, twin_of="1.png" if item.file == "6.png" else "") for item in ITEMS]
    hand.write_text("\n".join(lines_of("cross_fold", FOLDS)))
    with pytest.raises(UsageError, match=r"line 8: 6\.png and 1\.png \(line 3\).*near duplicate"):
        written.read(hand, items, about)


def test_near_duplicates_may_not_stand_on_two_sides_of_the_papers_split(
    hand: Path, about: ImageSet
) -> None:
    values = ["fit"] * 10 + ["test"] * 10 + ["choose"] * 4
    hand.write_text("\n".join(lines_of("paper_part", values)))
    with pytest.raises(UsageError, match=r"line 12: 10\.png and 2\.png .*`paper_part`"):
        written.read(hand, ITEMS, about)
    values[10] = "fit"
    hand.write_text("\n".join(lines_of("paper_part", values)))
    assert len(written.read(hand, ITEMS, about).single("paper").test) == 9


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["fit"] * 23 + ["testing"], r"line 25: the part 'testing' is unknown"),
        (["fit"] * 23 + ["test"], r"no image has the part `choose` in paper"),
        (["fit"] * 24, r"tests no image"),
    ],
)
def test_unknown_and_empty_parts_are_refused(
    hand: Path, about: ImageSet, values: list[str], said: str
) -> None:
    hand.write_text("\n".join(lines_of("paper_part", values)))
    with pytest.raises(UsageError, match=said):
        written.read(hand, ITEMS, about)


def test_rows_choose_for_the_folds_that_are_named(hand: Path, about: ImageSet) -> None:
    chosen = {0: "1", 4: "1", 3: "0"}
    values = [f"{fold},{chosen.get(i, '')}" for i, fold in enumerate(FOLDS)]
    hand.write_text("\n".join(lines_of("cross_fold,choose_for", values)))
    split = written.read(hand, ITEMS, about)
    assert split.fold(0).choose.tolist() == [3]
    assert split.fold(1).choose.tolist() == [0, 4]


@pytest.mark.parametrize(
    ("row", "text", "said"),
    [
        (0, "0", r"line 2: a row cannot choose for fold 0"),
        (0, "5", r"line 2: choose_for names '5'"),
        (10, "0", r"line 12: 10\.png and 2\.png .*`choose_for`"),
    ],
)
def test_rows_that_cannot_choose_are_refused(
    hand: Path, about: ImageSet, row: int, text: str, said: str
) -> None:
    values = [f"{fold},{text if i == row else ''}" for i, fold in enumerate(FOLDS)]
    hand.write_text("\n".join(lines_of("cross_fold,choose_for", values)))
    with pytest.raises(UsageError, match=said):
        written.read(hand, ITEMS, about)


@pytest.mark.parametrize(
    ("column", "value"), [("sha256", "f" * 64), ("class", "hem"), ("group", "g1")]
)
def test_a_split_of_images_that_have_changed_since_is_refused(
    hand: Path, about: ImageSet, column: str, value: str
) -> None:
    has = [{"sha256": x.sha256, "class": x.class_id, "group": x.group}[column] for x in ITEMS]
    has[23] = value
    values = [f"{fold},{text}" for fold, text in zip(FOLDS, has, strict=True)]
    rows = lines_of(f"cross_fold,{column}", values)
    hand.write_text("\n".join(rows))
    with pytest.raises(UsageError, match=rf"line 25: 23\.png had {column} '{value}'"):
        written.read(hand, ITEMS, about)


def test_a_missing_split_names_the_command(hand: Path, about: ImageSet) -> None:
    with pytest.raises(UsageError, match=r"hand\.csv is missing.*training prepare"):
        written.read(hand, ITEMS, about)


@pytest.mark.parametrize("tested", [range(100, 160), range(10, 160)])
def test_batch_norm_is_measured_on_rows_that_are_never_tested_where_there_are_enough(
    tested: range,
) -> None:
    part = np.zeros(160, dtype=np.int64)
    part[list(tested)] = 2
    cross = np.zeros(160, dtype=np.int64)
    split = splits.Split(cross=cross, paper=cross - 1, folds=0, also={"external": part})
    assert np.isin(split.norm, tested).any() == (len(tested) > 160 - splits.NORM_LEAST)
    assert splits.NORM_LEAST <= len(split.norm) <= splits.NORM


def test_groups_may_not_stand_on_both_sides_of_an_external_test(
    hand: Path, about: ImageSet
) -> None:
    values = [
        ("fit", "fit", "fit", "choose", "choose", "choose", "test", "test")[i % 8]
        for i in range(24)
    ]
    values[22] = values[23] = "none"
    hand.write_text("\n".join(lines_of("external_part", values)))
    items = [replace(item, twin_of="") for item in ITEMS]
    assert len(written.read(hand, items, about).single("external").test) == 4
    values[0] = "choose"
    hand.write_text("\n".join(lines_of("external_part", values)))
    assert len(written.read(hand, items, about).single("external").choose) == 10
    values[8] = "test"
    hand.write_text("\n".join(lines_of("external_part", values)))
    with pytest.raises(
        UsageError, match=r"line 10: 8\.png and 0\.png .*patient g0.*`external_part`"
    ):
        written.read(hand, items, about)
