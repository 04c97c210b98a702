"""Small sets as a person would have them: images of noise in folders, and the TOML beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

CLASSES = """
[[classes]]
id = "normal"
name = "Normal"
malignant = false
aliases = ["healthy"]

[[classes]]
id = "blast"
name = "Blast"
malignant = true
"""


def noise(seed: int, side: int = 24) -> np.ndarray:
    """Coarse noise: its detail survives a resize."""
    small = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)


def save(path: Path, pixels: np.ndarray) -> str:
    """Write an image, return the hash of its bytes."""
    data = cv2.imencode(path.suffix, pixels)[1].tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def images(tmp_path: Path) -> Callable[[Sequence[str]], dict[str, str]]:
    """Write different images at these paths below `images`; gives their hashes."""

    def write(names: Sequence[str]) -> dict[str, str]:
        return {name: save(tmp_path / "images" / name, noise(k)) for k, name in enumerate(names)}

    return write


@pytest.fixture
def described(tmp_path: Path) -> Callable[..., Path]:
    """Write `set.toml`; words become its keys, `classes` the tables after them."""

    def write(classes: str = CLASSES, **words: object) -> Path:
        said: Mapping[str, object] = {
            "name": "mine",
            "kind": "folders",
            "path": "images",
            "unit": "cell",
        } | words
        lines = [f"{key} = {_toml(value)}" for key, value in said.items() if value is not None]
        toml = tmp_path / "set.toml"
        toml.write_text("\n".join(lines) + "\n" + classes, encoding="utf-8")
        return toml

    return write


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return "'" + str(value) + "'"
