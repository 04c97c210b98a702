"""The folder of one run: what was fitted, from what, and what came of each part.

`runs/<set>-<config>/` holds `run.json`, one `<part>.npz` of test logits per fold and protocol, and
`final.weights.h5`. A part that is there is not fitted again, so a killed run goes on where it was.
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.config import Config
from training.data.catalogue import ImageSet

# Names of parts: a fold is "cross0", "cross1" ...
CROSS, PAPER, FINAL = "cross", "paper", "final"
FINAL_WEIGHTS = "final.weights.h5"


class Run:
    """One experiment's folder, made when missing."""

    def __init__(self, folder: Path, about: ImageSet, config: Config, *, data_hash: str) -> None:
        self.folder = folder / f"{about.name}-{config.name}"
        self.folder.mkdir(parents=True, exist_ok=True)
        said = {
            "config": msgspec.to_builtins(config),
            "set": about.name,
            "images_sha256": data_hash,
        }
        path = self.folder / "run.json"
        if path.exists():
            before = json.loads(path.read_text("utf-8"))
            # As a config: a key that came later does not make another run of an earlier one.
            same = msgspec.convert(before["config"], Config) == config
            rest = ("set", "images_sha256")
            if not same or any(before[name] != said[name] for name in rest):
                raise ValueError(
                    f"{self.folder} holds a run of another config or other images. Nothing was"
                    " fitted. Rename the folder or the config."
                )
        else:
            packages = ("keras", "numpy", "scikit-learn", "opencv-python-headless")
            said["versions"] = {name: version(name) for name in packages}
            said["python"] = platform.python_version()
            _write(path, json.dumps(said, indent=2).encode())

    @property
    def weights(self) -> Path:
        return self.folder / FINAL_WEIGHTS

    def has(self, part: str) -> bool:
        return (self.folder / f"{part}.npz").exists()

    def save(self, part: str, **arrays: NDArray[np.generic]) -> None:
        """Keep a part's arrays, completely or not at all."""
        draft = self.folder / f"{part}.draft.npz"
        np.savez(draft, **arrays)  # type: ignore[arg-type]  # numpy's stub takes no mapping
        draft.replace(self.folder / f"{part}.npz")

    def load(self, part: str) -> dict[str, NDArray[np.generic]]:
        with np.load(self.folder / f"{part}.npz") as found:
            return dict(found)


def _write(path: Path, data: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(data)
    draft.replace(path)
