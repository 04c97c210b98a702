"""Maps of several levels as one embedding, and what each place adds to a logit."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
SIDES, CHANNELS = (12, 7, 5, 3), (2, 3, 4, 5)


def some_levels() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = zip(SIDES, CHANNELS, strict=True)
    return [rng.normal(1, 2, (2, s, s, c)).astype(np.float32) for s, c in sizes]


def test_the_embedding_is_mean_and_deviation_level_by_level(keras: ModuleType) -> None:
    from training.models.levels import LevelStatistics

    found = np.asarray(LevelStatistics()(some_levels()))
    expected = [f(maps, axis=(1, 2)) for maps in some_levels() for f in (np.mean, np.std)]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), atol=1e-5)


def test_a_blank_level_has_no_deviation_and_a_finite_slope(keras: ModuleType) -> None:
    from training.models.levels import LevelStatistics

    blank = np.full((1, 4, 4, 2), 3.0, np.float32)
    found = np.asarray(LevelStatistics()([blank]))[0]
    np.testing.assert_allclose(found, [3, 3, 0, 0], atol=2e-3)


def test_the_mean_of_an_activation_map_is_the_logit_without_its_bias(keras: ModuleType) -> None:
    from training.models.levels import LevelStatistics, activation_maps, grid

    kernel = np.random.default_rng(1).normal(size=(1, 2 * sum(CHANNELS), 3)).astype(np.float32)
    maps = np.asarray(activation_maps(some_levels(), kernel))
    assert grid(some_levels()) == 5
    assert maps.shape == (2, 25, 3)
    embedding = np.asarray(LevelStatistics()(some_levels()))
    np.testing.assert_allclose(maps.mean(axis=1), embedding @ kernel[0], rtol=1e-4, atol=1e-4)


def test_a_bright_spot_shows_where_it_is(keras: ModuleType) -> None:
    from training.models.levels import activation_maps

    early, late = np.zeros((1, 10, 10, 1), np.float32), np.zeros((1, 5, 5, 1), np.float32)
    early[0, 2, 7] = 4.0
    kernel = np.ones((1, 6, 1), np.float32)
    maps = np.asarray(activation_maps([early, late, late[:, :3, :3]], kernel))
    assert np.unravel_index(maps[0, :, 0].argmax(), (5, 5)) == (1, 3)


@pytest.mark.parametrize(("rows", "size"), [(5, 12), (5, 5), (5, 3), (19, 150)])
def test_a_grid_by_area_keeps_the_mean(keras: ModuleType, rows: int, size: int) -> None:
    from training.models.levels import area

    shares = area(rows, size)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(shares.sum(axis=0), rows / size, rtol=1e-5)


def test_a_shorter_stretch_repeats_what_it_lies_in(keras: ModuleType) -> None:
    from training.models.levels import area

    np.testing.assert_allclose(area(4, 2), [[1, 0], [1, 0], [0, 1], [0, 1]])


def test_b3_is_read_at_the_ends_of_its_blocks_1_to_5(keras: ModuleType) -> None:
    from training.models.registry import NETWORKS, record_of

    model = NETWORKS["efficientnet-b3-levels"]("table2", 2)
    ends = [tensor.shape[1:] for tensor in model.get_layer("embedding").input]
    # Widths of B3's blocks by compound scaling (Tan & Le 2019), at 300 pixels.
    assert ends == [(150, 150, 24), (75, 75, 32), (38, 38, 48), (19, 19, 96), (19, 19, 136)]
    width = model.get_layer("embedding").output.shape[-1]
    assert width == record_of("efficientnet-b3-levels").width == 2 * (24 + 32 + 48 + 96 + 136)


def test_features_of_levels_are_not_taken_for_those_behind_the_last_block(
    keras: ModuleType, tmp_path: Path
) -> None:
    from training.config import Config, Stage
    from training.features import key_of

    start, norm = tmp_path / "same.weights.h5", np.arange(32)
    start.write_bytes(b"weights")
    keys = {
        key_of(
            Config(name="x", network=network, init="lite", stages=(Stage(kind="linear"),)),
            start,
            norm,
        )
        for network in ("efficientnet-b3", "efficientnet-b3-levels")
    }
    assert len(keys) == 2
