"""What an ablation's file asks for: variants of a recipe, and which fits they need."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from leukview.domain.errors import UsageError
from training import config
from training.ablation import (
    BASE,
    Ablation,
    Variant,
    changed,
    differences,
    images_seen,
    load,
    plan,
    rows,
)

BEST = config.load("best")
SHIPPED = sorted(path.stem for path in config.CONFIGS.glob("ablate*.toml"))


def asked(*variants: Variant, recipe: str = "best", **words: object) -> Ablation:
    return Ablation(name="toy", on="cnmc", recipe=recipe, variants=variants, **words)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_ablation_can_be_planned_and_is_no_recipe(name: str) -> None:
    found = load(name)
    assert found.name == name
    assert name not in config.known()
    fits = plan(found)
    assert [fit.variant for fit in fits] == [BASE, *(v.name for v in found.variants)]
    wanted = rows(found)
    for variant in found.variants:
        assert differences(wanted[BASE], wanted[variant.name])


def test_the_shipped_ones_ask_for_every_part_of_the_recipe() -> None:
    names = {variant.name for variant in load("ablate-full").variants}
    assert names >= {
        "without the last steps at 300",
        "without label smoothing",
        "without class weights",
        "constant rate",
        "with EMA",
        "with stain normalisation",
        "test-time flips",
        "without the bar remedy",
    }


def test_a_variant_changes_config_augmentation_all_stages_one_or_leaves_one_out() -> None:
    variant = Variant(
        name="x",
        config={"head": "table2"},
        augmentation={"stain": 0.0},
        dropped=(0,),
        every_stage={"balanced": False},
        stage={"1": {"side": 160}},
    )
    found = changed(BEST, variant)
    _, first, second = BEST.stages
    assert found.stages == (
        structs.replace(first, balanced=False, side=160),
        structs.replace(second, balanced=False),
    )
    assert found.augmentation == structs.replace(BEST.augmentation, stain=0.0)
    assert (found.head, found.name, found.init) == ("table2", BEST.name, BEST.init)
    other = (config.Stage(kind="full", steps=3),)
    assert changed(BEST, Variant(name="y", stages=other)).stages == other
    assert differences(BEST, found) == [
        "stages: full at 160 pixels, 520 steps, then full at 300 pixels, 60 steps",
        "head: table7 → table2",
        "augmentation stain: 0.3 → 0.0",
    ]
    smooth = changed(BEST, Variant(name="z", every_stage={"label_smoothing": 0.0}))
    assert differences(BEST, smooth) == [
        "stage 1 label_smoothing: 0.05 → 0.0",
        "stage 2 label_smoothing: 0.05 → 0.0",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"every_stage": {"smoothing": 0.0}}, "smoothing"),
        ({"config": {"colour": 1}}, "colour"),
        ({"config": {"seed": 1}}, "does not change seed"),
        ({"config": {"network": "vgg"}}, "No network"),
        ({"augmentation": {"stain": 2.0}}, "<= 1"),
        ({"every_stage": {"mixed": True}}, "mixed precision"),
        ({"stage": {"3": {"side": 96}}}, "none of 0 to 2"),
        ({"stage": {"first": {"side": 96}}}, "none of 0 to 2"),
        ({"dropped": (7,)}, "none of 0 to 2"),
        ({"every_stage": {"ema": 0.0}}, "same as 'the recipe'"),
    ],
)
def test_a_variant_that_cannot_be_or_shows_nothing_is_refused_by_its_name(
    words: dict[str, object], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        plan(asked(Variant(name="odd one", **words)))  # type: ignore[arg-type]
    assert "'odd one'" in str(caught.value)
    assert "Nothing was fitted." in str(caught.value)


def test_rows_that_differ_in_the_test_alone_share_a_fit() -> None:
    flips = Variant(name="test-time flips", config={"test_flips": True})
    smooth = Variant(name="Without label smoothing!", every_stage={"label_smoothing": 0.0})
    base, mirrored, other = plan(asked(flips, smooth))
    assert base.config == mirrored.config
    assert base.config.test_flips
    assert (base.flipped, mirrored.flipped, other.flipped) == (False, True, False)
    assert base.config.name == "toy-the-recipe"
    assert other.config.name == "toy-without-label-smoothing"
    assert not other.config.test_flips


def test_the_recipes_own_run_is_taken_where_it_is_the_same_and_seeds_have_their_own() -> None:
    smooth = Variant(name="smooth", every_stage={"label_smoothing": 0.0})
    fits = plan(asked(smooth, seeds=(0, 3)))
    assert [fit.config.name for fit in fits] == [
        "best",
        "toy-smooth-seed0",
        "toy-the-recipe-seed3",
        "toy-smooth-seed3",
    ]
    assert [fit.config.seed for fit in fits] == [fit.seed for fit in fits] == [0, 0, 3, 3]
    assert fits[0].config == BEST


def test_images_seen_count_each_time_that_one_is_seen() -> None:
    # 20 epochs of a head on 3 copies of 100 images, then 520 and 60 steps of 16.
    assert images_seen(BEST, 100, [20, 20, 20], 3) == 20 * 3 * 100 + 16 * 580
    linear = (config.Stage(kind="linear"),)
    assert images_seen(structs.replace(BEST, stages=linear), 100, [20], 3) == 360
    assert images_seen(config.load("paper"), 100, [20], 1) == 2000


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ('protocols = ["paper"]', "never shown alone"),
        ('set = "all"', "names one set"),
        ("seeds = []", "one or more"),
        ("folds = [1, 1]", "each once"),
        ('colour = "red"', "colour"),
        ('[[variants]]\nname = "a!"', "one name"),
        ('[[variants]]\nname = "The recipe"', "one name"),
    ],
)
def test_an_ablation_that_cannot_be_is_refused(tmp_path: Path, top: str, says: str) -> None:
    path = tmp_path / "odd.toml"
    before, after = ("", top) if "[[" in top else (top, "")
    on = "" if top.startswith("set") else 'set = "cnmc"'
    lines = ['name = "odd"', on, 'recipe = "best"', before]
    path.write_text("\n".join([*lines, "[[variants]]", 'name = "a"', after]))
    with pytest.raises(UsageError, match=says):
        load(str(path))


def test_a_missing_ablation_names_the_known_ones() -> None:
    with pytest.raises(
        UsageError, match="ablate-features, ablate-full, ablate-levels, ablate-small"
    ):
        load("nonesuch")
