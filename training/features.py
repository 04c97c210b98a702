"""Pooled features of a frozen trunk, computed once for several changed copies of every image.

A head fitted on them costs seconds, so cross-validation over heads is cheap even on two CPU cores.
The trunk's batch-norm statistics are measured again on the split's norm rows, which no fold tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from training.data.augment import Augmentation, augment, blank_bar
from training.data.catalogue import ImageSet
from training.models import efficientnet_b3

Floats = NDArray[np.float32]


class Trunk:
    """A frozen classifier's pooled features: uint8 (n, 300, 300, 3) to float32 (n, 1536)."""

    def __init__(self, classifier: keras.Model) -> None:
        self._network = keras.Model(classifier.input, classifier.get_layer("embedding").output)
        # onnxruntime runs this trunk 4 times as fast as Keras on a CPU (12 against 3 images/s,
        # measured on two cores); other backends than TensorFlow cannot convert and predict plainly.
        self._session = _session(self._network) if keras.backend.backend() == "tensorflow" else None

    def __call__(self, images: Iterable[NDArray[np.uint8]]) -> Floats:
        """(n, 1536) of n images (300, 300, 3)."""
        rows = [self._one(np.asarray(image)[None]) for image in images]
        return np.concatenate(rows) if rows else np.empty((0, efficientnet_b3.WIDTH), np.float32)

    def _one(self, pixels: NDArray[np.uint8]) -> Floats:
        if self._session is not None:
            return np.asarray(self._session.run(["embedding"], {"pixels": pixels})[0])
        x = efficientnet_b3.unit_range(pixels)
        return np.asarray(keras.ops.convert_to_numpy(self._network(x, training=False)))


def _session(network: keras.Model) -> Any:
    import onnxruntime
    import tensorflow as tf
    import tf2onnx

    def serve(pixels: Any) -> dict[str, Any]:
        return {"embedding": network(efficientnet_b3.unit_range(pixels), training=False)}

    side = network.input_shape[1]
    signature = [tf.TensorSpec((None, side, side, 3), tf.uint8, name="pixels")]
    model, _ = tf2onnx.convert.from_function(tf.function(serve), signature, opset=18)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def path(cache: Path, about: ImageSet) -> Path:
    """Where the set's features lie."""
    return cache / f"{about.name}.features.npz"


def weights_path(cache: Path, about: ImageSet) -> Path:
    """Where the trunk with the measured batch norm lies."""
    return cache / f"{about.name}.trunk.weights.h5"


def read(cache: Path, about: ImageSet, init: str) -> Floats:
    """Features (1 + copies, N, 1536), the plain images first.

    Raises:
        UsageError: they are missing, or came from a trunk of another `init`.
    """
    file = path(cache, about)
    if not file.is_file():
        raise UsageError(f"{file} is missing. Run `python -m training features` first.")
    with np.load(file) as found:
        if str(found["init"]) != init:
            raise UsageError(
                f"{file} came from the trunk {found['init']}, not {init}. Nothing was fitted."
                " Give another --cache, or move the file away and run"
                " `python -m training features` again."
            )
        return np.asarray(found["features"])


def extract(
    cache: Path,
    about: ImageSet,
    pixels: NDArray[np.uint8],
    classifier: keras.Model,
    how: Augmentation,
    *,
    norm: NDArray[np.int64],
    copies: int,
    seed: int,
    init: str,
) -> Iterator[Progress]:
    """Write `path(cache, about)`: `features` (1 + copies, N, 1536), the plain images first.

    `init` names the trunk, for those who read the file. Sets with a scale bar get `blanked`
    (N, 1536) too: the plain images with the bar mirrored away.
    Each copy is kept as it is done, so an interrupted run goes on where it was.
    """
    efficientnet_b3.remeasure_batch_norm(classifier, np.asarray(pixels[norm]))
    classifier.get_layer("trunk").save_weights(weights_path(cache, about))
    trunk = Trunk(classifier)
    parts = [f"copy{k}" for k in range(1 + copies)] + ["blanked"] * about.scale_bar
    for number, part in enumerate(parts):
        done = cache / f"{about.name}.{part}.npy"
        if done.exists():
            continue
        rng = np.random.default_rng([seed, number])
        rows = np.empty((len(pixels), efficientnet_b3.WIDTH), np.float32)
        for i, image in enumerate(pixels):
            rows[i] = trunk([_copy(image, part, how, rng)])[0]
            if i % 16 == 15:
                yield Progress(number * len(pixels) + i + 1, len(parts) * len(pixels), part)
        np.save(done, rows)
    found = {part: np.load(cache / f"{about.name}.{part}.npy") for part in parts}
    blanked = {"blanked": found.pop("blanked")} if about.scale_bar else {}
    features = np.stack(list(found.values()))
    np.savez(path(cache, about), features=features, init=np.array(init), **blanked)
    yield Progress(1, 1, about.name)


def _copy(
    image: NDArray[np.uint8], part: str, how: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    if part == "copy0":
        return np.asarray(image)
    if part == "blanked":
        return blank_bar(np.asarray(image))
    return augment(np.asarray(image), how, rng)
