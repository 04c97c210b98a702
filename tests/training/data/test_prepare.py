"""The cache that is trained from; its resize, the app's, against TensorFlow's own."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leukview.domain.errors import UsageError
from leukview.imaging.preprocess import resize
from training.data import prepare
from training.data.catalogue import SETS

SIZES = [(224, 224), (450, 450), (363, 360), (31, 200), (299, 301), (1200, 900), (1, 5)]


@pytest.mark.training
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_resize_is_tensorflows_crop_and_resize_to_the_rounding(size: tuple[int, int]) -> None:
    tf = pytest.importorskip("tensorflow", reason="needs the extra [train]")
    rng = np.random.default_rng(sum(size))
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    box = np.array([[0, 0, 1, 1]], np.float32)
    exact = tf.image.crop_and_resize(pixels[None].astype(np.float32), box, [0], (300, 300))[0]
    exact = exact.numpy()
    # Where float32 rounds its last coordinate over the edge, TensorFlow fills the line with zeros.
    rows, columns = exact.any(axis=(1, 2)), exact.any(axis=(0, 2))
    assert rows[:-1].all()
    assert columns[:-1].all()
    apart = np.abs(resize(pixels, 300, 300, "crop_and_resize") - exact)[rows][:, columns]
    # Half a grey level is the rounding to uint8; the float32 coordinates add the rest.
    assert apart.max() <= 0.5 + 0.05


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three images of cnmc, whose split is written already."""
    folder = tmp_path / "data" / "cnmc"
    folder.mkdir(parents=True)
    lines = ["file,class,subject_group"]
    for number in range(3):
        pixels = np.full((40, 40, 3), 60 * number, np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{('hem', 'all')[number % 2]},s{number}")
    (folder / "images.csv").write_text("\n".join(lines))
    monkeypatch.setattr(prepare, "SPLITS", tmp_path)
    (tmp_path / "cnmc.csv").touch()
    return tmp_path / "data"


def prepared(data: Path) -> Path:
    cache = data.parent / "cache"
    list(prepare.prepare(data, cache, SETS["cnmc"]))
    return cache


def test_the_cache_holds_every_image_in_the_order_of_the_table(data: Path) -> None:
    pixels = prepare.cached(prepared(data), SETS["cnmc"])
    assert pixels.shape == (3, 300, 300, 3)
    assert [int(image.max()) for image in pixels] == [0, 60, 120]


def test_the_cache_is_not_mapped_any_more_when_it_gets_its_name(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to rename a file that is mapped."""
    opened: list[weakref.ref[Any]] = []
    mapped: list[bool] = []
    open_memmap, rename = np.lib.format.open_memmap, os.replace

    def noted(*args: Any) -> Any:
        out = open_memmap(*args)
        opened.append(weakref.ref(out))
        return out

    def replace(source: Path, target: Path) -> None:
        mapped.append(opened[0]() is not None)
        rename(source, target)

    monkeypatch.setattr(np.lib.format, "open_memmap", noted)
    monkeypatch.setattr(os, "replace", replace)
    prepared(data)
    assert mapped == [False]


def test_a_cache_that_a_fit_is_using_is_left_and_said_so(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = prepare.pixels_path(prepared(data), SETS["cnmc"])
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UsageError, match=r"a fit is using it. The earlier one is as it was"):
        prepared(data)
    assert path.read_bytes() == before


def test_what_was_computed_of_other_pixels_goes_and_of_the_same_stays(data: Path) -> None:
    cache = prepared(data)
    derived = [cache / f"cnmc.{end}" for end in ("pixels-160.npy", f"{'a1' * 6}.copy0.npy")]
    others = [cache / name for name in ("cnmc.split.csv", "cnmc-2.pixels-160.npy")]
    for path in (*derived, *others):
        path.touch()
    prepared(data)
    assert all(path.exists() for path in derived)
    Image.fromarray(np.full((40, 40, 3), 7, np.uint8)).save(data / "cnmc" / "0.png")
    prepared(data)
    assert not any(path.exists() for path in derived)
    assert all(path.exists() for path in others)
