from __future__ import annotations

import numpy as np

from training.data.catalogue import SETS
from training.evaluate import Predictions
from training.weak_groups import Weak, lines, of

ABOUT = SETS["cnmc"]


def predictions(*rows: tuple[str, int, int, int], protocol: str = "grouped") -> Predictions:
    """Rows (group, truth, said, how many)."""
    group = [g for g, _, _, n in rows for _ in range(n)]
    truth = np.array([t for _, t, _, n in rows for _ in range(n)])
    said = np.array([s for _, _, s, n in rows for _ in range(n)])
    return Predictions(
        protocol=np.full(len(group), protocol),
        sha256=np.array([f"{i:064x}" for i in range(len(group))]),
        group=np.array(group),
        fold=np.zeros(len(group), np.int64),
        truth=truth,
        probabilities=np.eye(2)[said],
    )


def test_groups_below_four_fifths_are_named_with_what_they_are_called_the_worst_first() -> None:
    found = predictions(
        ("a", 1, 1, 15), ("a", 1, 0, 5),  # 0.75
        ("b", 0, 1, 20),
        ("c", 1, 1, 16), ("c", 1, 0, 4),  # 0.8: good enough
        ("d", 0, 1, 19),  # too few
    )  # fmt: skip
    hem, blast = (one.name for one in ABOUT.classes)
    assert of(found, ABOUT) == [
        Weak(group="b", classes=(hem,), right=0, n=20, instead=blast),
        Weak(group="a", classes=(blast,), right=15, n=20, instead=hem),
    ]
    said = "\n".join(lines(of(found, ABOUT), "subject group"))
    assert f"- b ({hem}): 0 of 20 right, the others mostly called {blast}." in said


def test_the_papers_split_and_sets_without_groups_name_none() -> None:
    found = predictions(("b", 0, 1, 30), protocol="paper")
    assert of(found, ABOUT) == []
    assert of(predictions(("b", 0, 1, 30), protocol="random"), SETS["pbc"]) == []
    assert lines([], "look") == []
