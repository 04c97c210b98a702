"""Two prepared sets joined: one to fit and choose on, all of the other to test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leukview.domain.errors import UsageError
from training.data import external, listing, near, written
from training.data.catalogue import SETS, Item, load
from training.data.prepare import cached

CNMC = replace(SETS["cnmc"], name="one")
OTHER = replace(SETS["cnmc"], name="two", classes=SETS["all4"].classes)
MAP = {"benign": "hem", "early": "all", "pre": "all", "pro": ""}


@pytest.fixture(autouse=True)
def small_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "SIDE", 64)


def side(about: object, seed: int, count: int, groups: int = 4) -> external.Side:
    """Images of noise, classes in turn, groups in each class."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)
    ids = about.class_ids  # type: ignore[attr-defined]
    items = [
        Item(
            file=f"{i}.png",
            class_id=ids[i % len(ids)],
            group=f"{ids[i % len(ids)]}{i // len(ids) % groups}",
            sha256=f"{seed:02}{i:062}",
        )
        for i in range(count)
    ]
    return external.Side(about=about, items=items, pixels=pixels)  # type: ignore[arg-type]


def join(cache: Path, one: external.Side, two: external.Side, mapping: dict[str, str]) -> object:
    joined = external.joined_set(one.about, two.about, cache)
    list(external.prepare(joined, one, two, mapping, seed=0))
    return joined


def test_all_of_the_other_set_is_tested_and_none_of_it_is_seen_before(tmp_path: Path) -> None:
    one, two = side(CNMC, 1, 40), side(CNMC, 2, 20)
    two = replace(two, about=replace(CNMC, name="two"))
    about = external.joined_set(one.about, two.about, tmp_path)
    join(tmp_path, one, two, {})
    items = load(tmp_path, about)
    split = written.split_of(tmp_path / "one-on-two.split.csv", items, about)
    parts = split.single("external")
    assert parts.test.tolist() == list(range(40, 60))
    assert sorted([*parts.fit, *parts.choose, *split.norm]) == list(range(40))
    assert len(parts.choose)
    assert len(split.norm)
    groups = np.array([item.group for item in items])
    assert not set(groups[parts.fit]) & set(groups[parts.choose])
    assert (split.folds, split.singles) == (0, ("external",))
    pixels = cached(tmp_path, about)
    np.testing.assert_array_equal(pixels, np.concatenate([one.pixels, two.pixels]))


def test_what_repeats_an_image_of_the_first_set_is_in_no_part_and_counted(tmp_path: Path) -> None:
    one, two = side(CNMC, 1, 40), side(replace(CNMC, name="two"), 2, 20)
    two.pixels[3] = np.clip(one.pixels[7].astype(int) + 4, 0, 255)  # nearly
    items = [replace(item, twin_of="3.png") if item.file == "5.png" else item for item in two.items]
    items[9] = replace(items[9], sha256=one.items[0].sha256)  # by its bytes
    join(tmp_path, one, replace(two, items=items), {})
    about = external.joined_set(one.about, two.about, tmp_path)
    rows = load(tmp_path, about)
    parts = written.split_of(tmp_path / "one-on-two.split.csv", rows, about).single("external")
    assert sorted(set(range(40, 60)) - set(parts.test.tolist())) == [43, 45, 49]
    assert not set(near.clusters(rows)[parts.test]) & set(near.clusters(rows)[:40])
    assert listing.facts(tmp_path, "one-on-two").left_out == {external.REPEATS: 3}


def test_classes_are_told_apart_by_the_map_and_those_without_a_counterpart_are_counted(
    tmp_path: Path,
) -> None:
    one, two = side(CNMC, 1, 40), side(OTHER, 2, 40)
    join(tmp_path, one, two, MAP)
    about = external.joined_set(one.about, two.about, tmp_path)
    assert about.classes == CNMC.classes
    rows = [item for item in load(tmp_path, about) if item.file.startswith("two/")]
    assert [item.class_id for item in rows] == ["hem", "all", "all"] * 10
    assert listing.facts(tmp_path, "one-on-two").left_out == {external.NOT_MAPPED: 10}
    pixels = cached(tmp_path, about)[40:]
    np.testing.assert_array_equal(pixels, two.pixels[np.arange(40) % 4 != 3])


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, r"'benign' is none of the latter.*`\[map\]`"),
        ({**MAP, "ghost": "all"}, r"`\[map\]` has ghost = 'all'"),
        ({**MAP, "pro": "ghost"}, r"`\[map\]` has pro = 'ghost'"),
        (dict.fromkeys(MAP, ""), "No image of two is left"),
    ],
    ids=["none", "of no class", "to no class", "to nothing"],
)
def test_classes_that_do_not_fit_together_are_refused(
    tmp_path: Path, mapping: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        join(tmp_path, side(CNMC, 1, 40), side(OTHER, 2, 40), mapping)
    assert not list(tmp_path.glob("*.csv"))


def test_a_set_is_not_tested_on_itself(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be tested on itself"):
        external.joined_set(CNMC, CNMC, tmp_path)


def test_a_split_that_is_there_is_used_again(tmp_path: Path) -> None:
    one, two = side(CNMC, 1, 40), side(replace(CNMC, name="two"), 2, 20)
    join(tmp_path, one, two, {})
    before = (tmp_path / "one-on-two.split.csv").read_bytes()
    join(tmp_path, one, two, {})
    assert (tmp_path / "one-on-two.split.csv").read_bytes() == before
    changed = replace(two, items=[replace(two.items[0], sha256="f" * 64), *two.items[1:]])
    with pytest.raises(UsageError, match=r"two/0\.png had sha256"):
        join(tmp_path, one, changed, {})
