"""Keras comes from a fixture, so that tests of plain numpy code do not pay for TensorFlow."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    with warnings.catch_warnings():
        # TensorFlow's own imports warn about their dependencies; that is not ours to mend.
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras", reason="needs the extra [train]")


@pytest.fixture
def small_network(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two convolutions in place of EfficientNet-B3, with the same layer names."""
    from training.models import classifier, registry

    def build(head: Any, class_count: int, _weights: Path | None, side: int = 16) -> Any:
        image = keras.Input((side, side, 3))
        x = keras.layers.Conv2D(4, 3, max(1, side // 32), name="block1a")(image)
        trunk = keras.Model(image, keras.layers.Conv2D(6, 3, name="block2a")(x), name="trunk")
        as_is = classifier.PixelRange((1.0,) * 3, (0.0,) * 3)
        return classifier.assemble("efficientnet-b3", trunk, as_is, head, class_count)

    monkeypatch.setitem(registry.NETWORKS, "efficientnet-b3", build)
