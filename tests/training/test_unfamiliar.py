from __future__ import annotations

import numpy as np
import pytest

from training import unfamiliar


def cloud(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    x = rng.normal(0, 1, (n, 40)) + np.where(y[:, None], 3, -3)
    return x.astype(np.float32), y


def fitted() -> tuple[unfamiliar.Familiarity, np.ndarray]:
    x, y = cloud()
    fold = np.arange(len(y)) // 2 % 3
    known = [
        unfamiliar.held_out(x[fold != k], y[fold != k], x[fold == k], components=16)
        for k in range(3)
    ]
    return unfamiliar.fit(x, y, np.concatenate(known), components=16)


def test_one_in_a_hundred_held_out_images_lies_above_the_threshold() -> None:
    found, held = fitted()
    assert np.mean(held > found.threshold) == pytest.approx(0.01, abs=0.01)


def test_far_images_are_unfamiliar() -> None:
    found, held = fitted()
    far = np.random.default_rng(1).normal(0, 30, (50, 40)).astype(np.float32)
    assert unfamiliar.auroc(held, found.score(far)) > 0.99


def test_images_unusually_near_a_centre_are_unfamiliar_too() -> None:
    found, held = fitted()
    near = np.repeat([[3.0], [-3.0]], 40, axis=1).astype(np.float32)
    assert unfamiliar.auroc(held, found.score(near)) > 0.9


def test_too_few_images_are_refused() -> None:
    x, y = cloud(20)
    with pytest.raises(ValueError, match="too few"):
        unfamiliar.held_out(x, y, x, components=16)


def test_few_images_get_fewer_directions_instead_of_a_refusal() -> None:
    assert [unfamiliar.directions_for(n) for n in (2000, 256, 116, 3)] == [128, 128, 58, 1]
    x, y = cloud(20)
    assert len(unfamiliar.held_out(x, y, x, unfamiliar.directions_for(len(x)))) == 20
