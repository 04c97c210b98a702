"""Near duplicates: what is joined, and what is not though it looks alike when it is small."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from leukview.imaging.decode import read
from leukview.imaging.preprocess import resize
from training.data import near
from training.data.catalogue import Item

SHARED = Path(__file__).parents[4] / "shared" / "data"


def blob(seed: int) -> np.ndarray:
    """A textured ellipse on black, like a segmented cell: none has quite another's outline."""
    rng = np.random.default_rng(seed)
    texture = cv2.resize(rng.integers(60, 220, (40, 40, 3), dtype=np.uint8), (300, 300))
    axes, turn = rng.integers(60, 90, 2).tolist(), int(rng.integers(0, 180))
    disc = cv2.ellipse(
        np.zeros((300, 300, 3), np.uint8), (150, 150), axes, turn, 0, 360, (1,) * 3, -1
    )
    return texture * disc


@pytest.mark.parametrize(
    "change",
    [
        lambda image: np.clip(image.astype(int) + 6, 0, 255).astype(np.uint8),
        lambda image: np.roll(image, (1, 1), (0, 1)),
        lambda image: cv2.imdecode(cv2.imencode(".jpg", image, [1, 60])[1], 1),
    ],
    ids=["lighter", "shifted", "jpeg"],
)
def test_a_small_change_leaves_a_near_duplicate(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    image = blob(1)
    pair = np.stack([near.detail(image), near.detail(change(image))])
    assert near.alike(pair) == [(0, 1)]


def test_other_cells_are_none() -> None:
    rows = np.stack([near.detail(blob(seed)) for seed in range(8)])
    assert near.alike(rows) == []


def test_flat_images_are_alike_to_nothing() -> None:
    flat = near.detail(np.full((50, 50, 3), 120, np.uint8))
    assert near.alike(np.stack([flat, flat])) == []


def test_blocks_of_rows_give_the_pairs_that_one_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.stack([near.detail(blob(seed)) for seed in (1, 2, 1, 3, 2, 1)])
    pairs = near.alike(rows)
    assert pairs == [(0, 2), (0, 5), (1, 4), (2, 5)]
    monkeypatch.setattr(near, "_ROWS", 2)
    assert near.alike(rows) == pairs
    assert near.alike(rows[:3], rows[3:]) == [(0, 2), (1, 1), (2, 2)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real sets beside the checkout")
def test_cells_of_different_subjects_that_look_alike_when_small_are_told_apart() -> None:
    folder = SHARED / "cnmc"
    with (folder / "images.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    pairs = [
        ("all/UID_4_17_1_all.png", "hem/UID_H10_31_1_hem.png", False),
        ("hem/UID_H13_10_1_hem.png", "hem/UID_H22_1_2_hem.png", False),
        ("hem/UID_H11_13_3_hem.png", "hem/UID_H15_1_2_hem.png", False),
        ("all/UID_38_5_8_all.png", "all/UID_38_6_1_all.png", True),
        ("all/UID_11_5_1_all.png", "all/UID_11_6_5_all.png", True),
    ]
    assert {name for pair in pairs for name in pair[:2]} <= {row["file"] for row in rows}
    for one, two, same in pairs:
        sized = (resize(read(folder / n).pixels, 300, 300, "crop_and_resize") for n in (one, two))
        details = np.stack([near.detail(image) for image in sized])
        assert near.alike(details) == [(0, 1)] * same


def test_groups_that_share_an_image_are_one_unit() -> None:
    rows = [("a", "1", ""), ("b", "2", "a"), ("c", "2", ""), ("d", "3", ""), ("e", "", "")]
    items = [Item(file=f, class_id="x", group=g, sha256=f, twin_of=twin) for f, g, twin in rows]
    assert near.clusters(items).tolist() == [0, 0, 2, 3, 4]
    assert near.units(items).tolist() == [0, 0, 0, 3, 4]
