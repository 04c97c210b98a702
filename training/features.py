"""Features of a frozen trunk, computed once for several changed copies of every image.

A head fitted on pooled features costs seconds, and upper blocks fitted on feature maps of the lower
ones cost minutes, so cross-validation is cheap even on two CPU cores.
The trunk's batch-norm statistics are measured again on the split's norm rows, which no fold tests.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from leukview.domain.errors import UsageError
from leukview.domain.progress import Progress
from leukview.imaging.decode import sha256_of
from training.config import Config
from training.data import prepare
from training.data.augment import Augmentation, augment, blank_bar
from training.data.catalogue import ImageSet
from training.data.pipeline import in_unit_range
from training.models import efficientnet_b3, initial

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]
BATCH = 32  # images that a GPU takes at once
_PARTS: WeakKeyDictionary[keras.Model, dict[str, keras.Model]] = WeakKeyDictionary()


class Trunk:
    """A frozen classifier's features of full-size images, uint8 to float32.

    Args:
        classifier: whose weights are taken as they are now.
        cut: the block whose input is wanted; "" for the pooled embedding.
    """

    def __init__(self, classifier: keras.Model, cut: str = "") -> None:
        self._network = _part(classifier, cut)
        self.shape = tuple(self._network.output_shape[1:])
        # onnxruntime runs this trunk 4 times as fast as Keras on a CPU (12 against 3 images/s,
        # measured on two cores), one image at a time; other backends cannot convert, and a GPU
        # wants many at once.
        convertible = keras.backend.backend() == "tensorflow"
        self._session = _session(self._network) if convertible else None
        self._batch = 1 if convertible else BATCH

    def __call__(self, images: Iterable[NDArray[np.uint8]]) -> Floats:
        """(n, *shape) of n images (300, 300, 3)."""
        rows = iter(images)
        batches = iter(lambda: list(itertools.islice(rows, self._batch)), [])
        out = [self._features(np.stack(batch)) for batch in batches]
        return np.concatenate(out) if out else np.empty((0, *self.shape), np.float32)

    def _features(self, pixels: NDArray[np.uint8]) -> Floats:
        if self._session is not None:
            return np.asarray(self._session.run(["features"], {"pixels": pixels})[0])
        # Of one length always: jax compiles anew for each.
        filled = np.concatenate([pixels, np.repeat(pixels[-1:], self._batch - len(pixels), axis=0)])
        found = self._network.predict_on_batch(in_unit_range(filled))
        return np.asarray(found, np.float32)[: len(pixels)]


def _part(classifier: keras.Model, cut: str) -> keras.Model:
    """From images to what `cut` takes, or to the embedding; one for each classifier.

    The layers are the classifier's own, so that it follows its weights; every network that is made
    anew is compiled anew, a minute on jax.
    """
    parts = _PARTS.setdefault(classifier, {})
    if cut not in parts:
        pooled = classifier.get_layer("embedding").output
        whole = keras.Model(classifier.input, pooled)
        parts[cut] = efficientnet_b3.lower(classifier, cut) if cut else whole
    return parts[cut]


def _session(network: keras.Model) -> Any:
    import onnxruntime
    import tensorflow as tf
    import tf2onnx

    def serve(pixels: Any) -> dict[str, Any]:
        return {"features": network(efficientnet_b3.unit_range(pixels), training=False)}

    side = network.input_shape[1]
    signature = [tf.TensorSpec((None, side, side, 3), tf.uint8, name="pixels")]
    model, _ = tf2onnx.convert.from_function(tf.function(serve), signature, opset=18)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


@dataclass(frozen=True)
class Store:
    """The files of one set's features in the cache.

    Attributes:
        cache: folder.
        about: the set.
        key: of all that the features depend on, see `key_of`; it stands in the file names, so that
            a head never meets the features of another trunk.
        copies: changed copies beside the plain images.
        config: name of the config, for messages.
    """

    cache: Path
    about: ImageSet
    key: str
    copies: int
    config: str

    @property
    def trunk(self) -> Path:
        """The trunk with the batch norm that was measured."""
        return self._path("trunk.weights.h5")

    def part(self, name: str) -> Path:
        """One copy of all images: `copy0` (plain), `copy1` ..., `blanked`."""
        return self._path(f"{name}.npy")

    @property
    def parts(self) -> list[str]:
        """Names of all parts; sets with a scale bar have one without it."""
        return [f"copy{k}" for k in range(1 + self.copies)] + ["blanked"] * self.about.scale_bar

    @property
    def complete(self) -> bool:
        """Whether all is there."""
        return self.trunk.is_file() and all(self.part(name).is_file() for name in self.parts)

    def read(self) -> dict[str, Halves]:
        """Each part (N, ...), memory-mapped.

        Raises:
            UsageError: some are missing.
        """
        missing = [name for name in self.parts if not self.part(name).is_file()]
        if missing:
            raise UsageError(
                f"{self.part(missing[0])} is missing: features come before a fit. Nothing was done."
                f" Run `python -m training features {self.about.asked} --config {self.config}`,"
                " then `train`, with the same folders."
            )
        return {name: np.load(self.part(name), mmap_mode="r") for name in self.parts}

    def _path(self, end: str) -> Path:
        return self.cache / f"{self.about.name}.{self.key}.{end}"


def key_of(config: Config, start: Path | None, norm: NDArray[np.int64]) -> str:
    """Twelve hex digits of what features depend on.

    That is the network and its initial weights, cut, changes, seed, norm rows, and stain
    normalisation, if any, whose reference is measured on the norm rows.

    Args:
        config: of the fit.
        start: file of the initial weights, None for random ones.
        norm: rows that the batch norm was measured on.
    """
    weights = sha256_of(start) if start else config.network
    said: list[Any] = [
        weights,
        config.cut,
        config.seed,
        msgspec.to_builtins(config.augmentation),
        norm.tolist(),
    ]
    # Networks share files of weights and read them differently.
    if config.network != "efficientnet-b3":
        said.append(config.network)
    # Only then: what was computed before there was one is still what it says.
    if config.stain_normalisation != "none":
        said.append(config.stain_normalisation)
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]


def computed(
    store: Store, config: Config, norm: NDArray[np.int64], *, runs: Path, lite: Path
) -> Iterator[Progress]:
    """Compute what a store lacks, by the trunk that a config starts from.

    Args:
        store: of the config's features.
        config: names the initial weights and the changes.
        norm: rows that the batch norm is measured on.
        runs: folder of the runs, for `run:` names.
        lite: the grown weights.

    Raises:
        UsageError, FileNotFoundError: see `initial.classifier`.
    """
    if store.complete:
        return
    pixels = prepare.cached(store.cache, store.about)
    model = initial.classifier(config, store.about, runs, lite, np.asarray(pixels[norm]))
    yield from extract(store, pixels, model, config, norm)
    keras.backend.clear_session()


def extract(
    store: Store,
    pixels: NDArray[np.uint8],
    classifier: keras.Model,
    config: Config,
    norm: NDArray[np.int64],
) -> Iterator[Progress]:
    """Write the features of the plain images and of changed copies, and the trunk they came from.

    Each copy is kept as it is done, so an interrupted run goes on where it was.
    """
    efficientnet_b3.remeasure_batch_norm(classifier, np.asarray(pixels[norm]))
    classifier.get_layer("trunk").save_weights(store.trunk)
    trunk, how, parts = Trunk(classifier, config.cut), config.augmentation, store.parts
    for number, part in enumerate(parts):
        if store.part(part).exists():
            continue
        rng = np.random.default_rng([config.seed, number])
        draft = store.part(f"{part}.draft")
        # Half precision: the maps below block 5 are 69 kB an image, 166 MB a copy of pbc.
        rows = np.lib.format.open_memmap(draft, "w+", np.float16, (len(pixels), *trunk.shape))
        for i, image in enumerate(pixels):
            rows[i] = trunk([_copy(image, part, how, rng)])[0]
            if i % 16 == 15:
                yield Progress(number * len(pixels) + i + 1, len(parts) * len(pixels), part)
        rows.flush()
        del rows  # Windows does not rename a file that is mapped
        draft.replace(store.part(part))
    yield Progress(1, 1, store.about.name)


def _copy(
    image: NDArray[np.uint8], part: str, how: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    if part == "copy0":
        return np.asarray(image)
    if part == "blanked":
        return blank_bar(np.asarray(image))
    return augment(np.asarray(image), how, rng)
