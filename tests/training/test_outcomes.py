"""Rows of the tables: intervals or folds, what counts as trained, what stands beside what."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from training.data.catalogue import SETS

CNMC, ALL4 = SETS["cnmc"], SETS["all4"]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty draws of a bootstrap tell what a thousand tell, in a twentieth of the time."""
    from training import outcomes as work

    monkeypatch.setattr(work, "bootstrap", partial(work.bootstrap, draws=50))


def fitted(epochs: float = 20.0) -> Any:
    from training.comparison import Fitted

    return Fitted(side=160, epochs=epochs, images=1000, init="random weights")


def predictions(about: Any, per_class: int, wrong: float = 0.2, images: int = 10) -> Any:
    """`per_class` groups of each class under `paper` and in folds; `wrong` of the images are."""
    from training.evaluate import Predictions

    classes = len(about.class_ids)
    group = np.repeat(np.arange(classes * per_class), images)
    truth = group % classes
    said = np.where(np.arange(len(truth)) % 10 < 10 * wrong, (truth + 1) % classes, truth)
    p = np.full((len(truth), classes), 0.4 / (classes - 1))
    p[np.arange(len(truth)), said] = 0.6
    fold = group // classes % about.folds
    two = [np.full(len(truth), -1), fold]
    return Predictions(
        protocol=np.repeat(["paper", "grouped"], len(truth)),
        sha256=np.tile([f"{i:064x}" for i in range(len(truth))], 2),
        group=np.tile([f"g{g:03}" for g in group], 2),
        fold=np.concatenate(two),
        truth=np.tile(truth, 2),
        probabilities=np.tile(p, (2, 1)),
    )


def outcomes(found: Any, about: Any, epochs: float = 20.0, system: str = "vgg19") -> list[Any]:
    from training.outcomes import outcomes_of

    how = {"paper": fitted(epochs), "grouped": fitted(epochs)}
    return outcomes_of(found, about, system, f"The {system}", how)


def test_with_ten_groups_a_class_there_is_an_interval_and_with_nine_there_are_folds() -> None:
    _, many = outcomes(predictions(CNMC, 10), CNMC)
    assert many.kind == "interval"
    assert many.groups == {"hem": 10, "all": 10}
    low, high = many.ranges["accuracy"]
    assert low <= many.values["accuracy"] == 0.8 <= high
    paper, few = outcomes(predictions(CNMC, 9), CNMC)
    assert (few.kind, paper.kind) == ("folds", "none")
    assert len(few.folds) == CNMC.folds
    each = [fold["F1"] for fold in few.folds]
    assert few.ranges["F1"] == (min(each), max(each))


def test_a_row_under_five_epochs_is_not_trained_whatever_its_figures() -> None:
    for one in outcomes(predictions(CNMC, 10, wrong=0.0), CNMC, epochs=4.9):
        assert "4.9 epochs" in one.untrained
        assert (one.values, one.ranges, one.folds) == ({}, {}, ())


@pytest.mark.parametrize(("about", "groups"), [(CNMC, 12), (CNMC, 5), (ALL4, 3)])
def test_a_row_that_chance_may_explain_is_not_trained(about: Any, groups: int) -> None:
    chance = 1 - 1 / len(about.class_ids)
    found = predictions(about, groups, wrong=round(chance, 1))
    assert {bool(one.untrained) for one in outcomes(found, about)} == {True}
    assert "chance is" in outcomes(found, about)[1].untrained
    better = predictions(about, groups, wrong=0.2)
    assert {one.untrained for one in outcomes(better, about)} == {""}


def test_a_floor_at_chance_stays_a_floor() -> None:
    from training.outcomes import outcomes_of

    found = predictions(CNMC, 3, wrong=0.5)
    for one in outcomes_of(found, CNMC, "majority class", "Majority class", None):
        assert one.values["accuracy"] == 0.5
        assert not one.untrained


def test_the_positive_class_is_the_malignant_one_of_two() -> None:
    from training.outcomes import positive_class

    assert positive_class(CNMC) == CNMC.class_ids.index("all")
    assert positive_class(ALL4) is None


def test_systems_are_tested_by_groups_in_the_folds_and_by_images_under_paper() -> None:
    from training.outcomes import against_all

    best, other = predictions(CNMC, 10, wrong=0.0), predictions(CNMC, 10, wrong=0.2)
    worse, same = against_all(best, {"other": other, "same": best}, CNMC)
    assert worse.paired is not None
    assert worse.mcnemar is not None
    assert worse.paired.difference == pytest.approx(-0.2)
    assert (worse.paired.groups, worse.mcnemar.first, worse.mcnemar.second) == (20, 0, 40)
    assert worse.holm == pytest.approx(min(1, 2 * worse.paired.p))
    assert same.paired is not None
    assert same.paired.p == 1.0


def test_systems_that_were_tested_on_other_images_are_not_compared() -> None:
    from training.outcomes import against_all

    one = predictions(CNMC, 3)
    other = replace(one, sha256=one.sha256[::-1])
    with pytest.raises(ValueError, match="other images"):
        against_all(one, {"other": other}, CNMC)


def test_paper_is_never_shown_without_the_folds() -> None:
    from training.tables import figures_table, table_8

    both = outcomes(predictions(CNMC, 9), CNMC, system="vit-b16")
    for table in (
        lambda rows: figures_table(CNMC, rows, ("accuracy",)),
        lambda r: table_8(CNMC, r),
    ):
        assert table(both).rows
        assert table(both[1:]).rows
        with pytest.raises(ValueError, match="never shown alone"):
            table(both[:1])


def test_each_row_says_how_it_was_fitted_and_stands_below_the_papers_own() -> None:
    from training.tables import FIRST, figures_table

    grid = figures_table(CNMC, outcomes(predictions(CNMC, 9), CNMC), FIRST)
    lines = [dict(zip(grid.header, row, strict=True)) for row in grid.rows]
    assert [line["protocol"] for line in lines] == ["as printed", "paper", "grouped"]
    assert [line["accuracy"] for line in lines[:2]] == ["0.9133", "0.800"]
    assert lines[0]["F1"] == "0.9184 [2]"
    for line in lines[1:]:
        how = ("side, pixels", "epochs", "images seen", "initial weights", "groups")
        assert [line[name] for name in how] == [
            "160",
            "20",
            "1,000",
            "random weights",
            "9 hem, 9 all",
        ]
    low, high = outcomes(predictions(CNMC, 9), CNMC)[1].ranges["accuracy"]
    assert lines[2]["accuracy"] == f"0.800 ({low:.3f}–{high:.3f})"
    assert lines[2]["in brackets"] == "lowest and highest of 5 folds"


def test_a_row_that_was_not_trained_shows_no_figure_anywhere() -> None:
    from training.tables import FIRST, UNTRAINED, figures_table, long_table, table_8

    rows = outcomes(predictions(CNMC, 9), CNMC, epochs=2, system="vit-b16")
    for cells in (*figures_table(CNMC, rows, FIRST).rows, *table_8(CNMC, rows).rows):
        assert UNTRAINED in cells
        assert "0.800" not in " ".join(cells)
    assert {line[-3] for line in long_table(CNMC, rows)} == {UNTRAINED}


def test_a_table_is_the_same_as_markdown_and_as_csv() -> None:
    from training.tables import Grid

    grid = Grid(("a", "b"), (("1 | 2", "3, 4"),))
    assert grid.markdown() == ["| a | b |", "| --- | --- |", "| 1 \\| 2 | 3, 4 |"]
    assert grid.csv() == 'a,b\n1 | 2,"3, 4"\n'


def test_counts_that_table_7_gives_to_other_networks_are_marked() -> None:
    from training.models.registry import record_of
    from training.tables import table_7

    rows = {}
    for name, trainable in (("efficientnet-b3", 11_093_290), ("vgg19", 20_000_000), ("vit-b16", 1)):
        one = SimpleNamespace(
            network=record_of(name),
            head="table7",
            side=300,
            parameters=trainable,
            trainable=trainable,
            multiply_adds=10**9,
            remark="the same" if name == "efficientnet-b3" else "",
        )
        rows[name] = table_7([one]).rows[0]
    assert rows["efficientnet-b3"][-2:] == ("11,093,290", "the same")
    assert rows["vgg19"][-2] == "45,716,545 [3]"
    assert rows["vit-b16"][-2] == "–"
