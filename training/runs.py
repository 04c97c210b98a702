"""The folder of one run: what was fitted, from what, and what came of each part.

`runs/<set>-<config>/` holds `run.json`, one `<part>.npz` of test logits per fold and protocol, and
`final.weights.h5`. A part that is there is not fitted again, so a killed run goes on where it was.
`run.json` says for each part how long it took and by which revision of the checkout it was fitted.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.config import Config
from training.data.catalogue import ImageSet
from training.revision import revision

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
            said["versions"] = _versions()
            said["python"] = platform.python_version()
            said |= revision()
            _write(path, json.dumps(said, indent=2).encode())

    @contextmanager
    def timed(self, part: str, clock: Callable[[], float] = time.perf_counter) -> Iterator[None]:
        """Write down what is fitted inside: seconds, added to those of an earlier attempt.

        An attempt that ends by a signal that Python does not see is not counted.

        Args:
            part: its name.
            clock: seconds; another one in tests.
        """
        begun, path = clock(), self.folder / "run.json"
        try:
            yield
        finally:
            said = json.loads(path.read_text("utf-8"))
            parts = said.setdefault("parts", {})
            before = parts.get(part, {}).get("seconds", 0.0)
            parts[part] = {"seconds": round(before + clock() - begun, 1), **revision()}
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


def _versions() -> dict[str, str]:
    """Of what a fit depends on; of the backends those that are installed."""
    packages = ["keras", "numpy", "scikit-learn", "opencv-python-headless"]
    out = {name: version(name) for name in packages}
    for name in ("tensorflow", "jax", "torch"):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            continue
    return out


def _write(path: Path, data: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(data)
    draft.replace(path)
