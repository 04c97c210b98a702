from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from training.config import Stage
from training.data.augment import Augmentation
from training.data.splits import Parts

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
WIDTH = 1536


def parts(n: int) -> Parts:
    rows = np.arange(n)
    return Parts(fit=rows[: n // 2], choose=rows[n // 2 : 3 * n // 4], test=rows[3 * n // 4 :])


def test_a_head_learns_classes_that_a_line_tells_apart(keras: ModuleType) -> None:
    from training.train import Material, fit_head, head_logits, new_head

    rng = np.random.default_rng(0)
    y = np.arange(160) % 2
    x = rng.normal(0, 1, (2, 160, WIDTH)).astype(np.float32)
    x[:, :, :64] += np.where(y, 2, -2)[:, None]
    material = Material(features=x, pixels=np.empty((0,), np.uint8), y=y, class_count=2)
    stage = Stage(kind="head", epochs=12, batch=16, optimizer="adamw", learning_rate=0.003)
    head = new_head("table2", 2)
    fit_head(head, material, parts(160), stage, 0)
    test = parts(160).test
    assert np.mean(head_logits(head, x[0][test]).argmax(axis=1) == y[test]) > 0.9


def test_a_full_stage_changes_only_the_blocks_that_are_not_frozen(
    keras: ModuleType, tmp_path: Path
) -> None:
    from training.models import efficientnet_b3
    from training.train import Material, fit_full

    rng = np.random.default_rng(0)
    y = np.arange(8) % 2
    pixels = rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    material = Material(features=None, pixels=pixels, y=y, class_count=2)
    model = efficientnet_b3.build("table7", 2, side=64)
    stage = Stage(kind="full", side=32, steps=1, batch=4, frozen_below="block7a", loss="mse")
    trunk = model.get_layer("trunk")
    low, high = (trunk.get_layer(name) for name in ("stem_conv", "top_conv"))
    before = [np.array(layer.get_weights()[0]) for layer in (low, high)]
    run = tmp_path / "run"
    fit_full(model, "table7", material, parts(8), stage, Augmentation(flip=True), seed=0, run=run)
    np.testing.assert_array_equal(low.get_weights()[0], before[0])
    assert np.abs(high.get_weights()[0] - before[1]).max() > 0
    assert (run / "curve.csv").read_text().startswith("epoch")


def test_balanced_weights_give_each_class_the_same_sum() -> None:
    pytest.importorskip("keras")
    from training.train import Material

    y = np.array([0, 0, 0, 1])
    material = Material(features=None, pixels=np.empty((0,), np.uint8), y=y, class_count=2)
    weights = material.weights(np.arange(4), balanced=True)
    assert weights[:3].sum() == pytest.approx(weights[3])
    assert weights.mean() == pytest.approx(1)
