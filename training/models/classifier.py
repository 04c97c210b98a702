"""What every classifier is made of, whatever its network, and what is done with all of them.

`image` (N, S, S, 3) 0..1, `pixel_range`, `trunk`, `embedding` (N, D), the head's layers, `logits`,
`probabilities` (N, C): training, evaluation and export find these layers by name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from training.data.splits import NORM_LEAST
from training.models import heads, stain
from training.models.heads import Head
from training.models.levels import LevelStatistics
from training.models.stain import Stain

SIDE = 300  # pixels, the paper's input
STAIN = "stain"  # name of what `pixel_range` does before its two numbers, in exported graphs


@dataclass(frozen=True)
class PixelRange:
    """`y = x * scale + offset` per RGB channel: from 0..1 to what the pretrained trunk expects."""

    scale: tuple[float, ...]
    offset: tuple[float, ...]


# The preprocessing of Keras' pretrained networks (keras.applications.imagenet_utils), on 0..1.
SIGNED = PixelRange((2.0,) * 3, (-1.0,) * 3)  # mode "tf": -1..1
CAFFE = PixelRange((255.0,) * 3, (-123.68, -116.779, -103.939))  # mode "caffe"; then `to_bgr`
TORCH = PixelRange(  # mode "torch": ImageNet's mean and deviation per channel
    (1 / 0.229, 1 / 0.224, 1 / 0.225), (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225)
)


def to_bgr(x: Any) -> Any:
    """Channels the other way round, as networks want them whose weights came from Caffe."""
    return ops.take(x, [2, 1, 0], axis=-1)


@keras.saving.register_keras_serializable("leukview")
class ToRange(layers.Rescaling):  # type: ignore[misc]  # keras ships no types
    """From 0..1 to the numbers that the trunk takes, brought to one stain before where one is set.

    It is configuration, set after building (see `normalise_stain`), and travels into the export.
    """

    def __init__(self, *args: Any, stain: dict[str, Any] | None = None, **words: Any) -> None:
        super().__init__(*args, **words)
        self.stain: Stain | None = Stain(**stain) if stain else None

    def call(self, image: Any) -> Any:
        """(N, H, W, 3) to the same shape."""
        if self.stain is not None:
            # A name of its own: `shipped` reads scale and offset back from the nodes of the file.
            with keras.name_scope(STAIN):
                image = stain.normalised(image, self.stain)
        return super().call(image)

    def get_config(self) -> dict[str, Any]:
        """As Keras wants it."""
        return {**super().get_config(), "stain": self.stain and asdict(self.stain)}


def trunk_of(image: Any, maps: Any, weights: Path | None) -> keras.Model:
    """The trunk from `image` to `maps`, with the weights of a file where one is given."""
    trunk = keras.Model(image, maps, name="trunk")
    if weights is not None:
        trunk.load_weights(weights)
    return trunk


def assemble(
    network: str,
    trunk: keras.Model,
    pixel_range: PixelRange,
    head: Head,
    class_count: int,
    finish: Callable[[Head, Any, int], Any] = heads.add_head,
) -> keras.Model:
    """(N, S, S, 3) float 0..1 to (N, C) probabilities.

    Args:
        network: its name in the registry; the model is called `<network>_<head>`, see
            `registry.at_side`.
        trunk: named "trunk", to feature maps (N, h, w, D), which are averaged, to maps of several
            levels [(N, h, w, c), ...], see `levels`, or to (N, D).
        pixel_range: from 0..1 to the numbers that the trunk takes.
        head: by name.
        class_count: C.
        finish: adds the head.
    """
    image = keras.Input(trunk.input_shape[1:], name="image")
    scale, offset = list(pixel_range.scale), list(pixel_range.offset)
    # float32 even under a mixed policy: half precision has no sum over the pixels of an image.
    x = trunk(ToRange(scale, offset, name="pixel_range", dtype="float32")(image))
    x = _pooling(x)(name="embedding", dtype="float32")(x)
    return keras.Model(image, finish(head, x, class_count), name=f"{network}_{head}")


def _pooling(maps: Any) -> Any:
    """The kind of layer that makes (N, D) of a trunk's output."""
    if isinstance(maps, list):
        return LevelStatistics
    return layers.GlobalAveragePooling2D if len(maps.shape) == 4 else layers.Identity


def copy(source: keras.Model, target: keras.Model) -> keras.Model:
    """`target`, of another input side, with the weights, pixel range and stain of `source`."""
    # These are configuration, not weights: without them the trunk sees other numbers.
    for key in ("scale", "offset", "stain"):
        value = getattr(source.get_layer("pixel_range"), key)
        setattr(target.get_layer("pixel_range"), key, value)
    target.set_weights(source.get_weights())
    return target


def lower(classifier: keras.Model, block: str) -> keras.Model:
    """Images 0..1 to the feature maps that `block` ("block5a") takes; layers are shared."""
    trunk = classifier.get_layer("trunk")
    maps = keras.Model(trunk.input, entrance(trunk, block))
    x = classifier.get_layer("pixel_range")(classifier.input)
    return keras.Model(classifier.input, maps(x))


def upper(classifier: keras.Model, block: str) -> keras.Model:
    """Feature maps that `block` takes to embedding and probabilities; layers are shared."""
    trunk, pool = classifier.get_layer("trunk"), classifier.get_layer("embedding")
    start = entrance(trunk, block)
    maps = keras.Input(start.shape[1:], name="maps")
    embedding = pool(keras.Model(start, trunk.output)(maps))
    head = keras.Model(pool.output, classifier.output)
    return keras.Model(maps, [embedding, head(embedding)])


def nodes(model: keras.Model) -> Iterator[Any]:
    """Each call of a layer in the model's own graph, in no order that may be relied upon."""
    for depth in model._nodes_by_depth.values():
        yield from depth


def entrance(trunk: keras.Model, block: str) -> Any:
    """The tensor that a block takes, in the trunk's own graph.

    A layer's `input` does not serve: models cut out of others share their layers, each with nodes
    of its own.

    Raises:
        ValueError: no layer's name begins with `block`, or the trunk itself begins there.
    """
    order = [layer.name for layer in trunk.layers]
    first = next((name for name in order if name.startswith(block)), None)
    if first is None or order.index(first) == 0:
        raise ValueError(f"the trunk has no block {block!r} to begin at")
    return next(node for node in nodes(trunk) if node.operation.name == first).input_tensors[0]


def unit_range(pixels: Any) -> Any:
    """Min-max of each image (uint8, N, H, W, 3) to 0..1, jointly over its channels.

    A blank image becomes 0: the span of integers is never between 0 and 1.
    """
    x = ops.cast(pixels, "float32")
    low = ops.min(x, axis=(1, 2, 3), keepdims=True)
    high = ops.max(x, axis=(1, 2, 3), keepdims=True)
    return (x - low) / ops.maximum(high - low, 1.0)


def check_enough(pixels: np.ndarray) -> None:
    """Refuse to measure batch norm on fewer than 32 images.

    Raises:
        ValueError: they are fewer.
    """
    if len(pixels) < NORM_LEAST:
        raise ValueError(
            f"{len(pixels)} images are too few to measure batch norm: {NORM_LEAST} or more are"
            f" needed. Nothing was fitted. A set of {4 * NORM_LEAST} images or more gets them when"
            " its split is drawn; in a split of your own, give them -1 in the column `cross_fold`."
        )


def normalise_stain(classifier: keras.Model, pixels: np.ndarray, batch: int = 16) -> None:
    """Have a classifier bring every image to the stain of some (uint8, N, H, W, 3).

    Raises:
        ValueError: there are none, or they are black.
    """
    starts = range(0, len(pixels), batch)
    found = stain.reference(unit_range(pixels[start : start + batch]) for start in starts)
    classifier.get_layer("pixel_range").stain = found


def remeasure_batch_norm(classifier: keras.Model, pixels: np.ndarray, batch: int = 16) -> None:
    """Average the trunk's batch statistics over one pass of `pixels` (uint8, N, side, side, 3).

    The grown weights come from a network with other activations; a linear probe on them went from
    0.888 to 0.975 by this alone. A trunk without batch norm is left as it is.

    Raises:
        ValueError: fewer than 32 images, too few for statistics.
    """
    check_enough(pixels)
    trunk, front = classifier.get_layer("trunk"), classifier.get_layer("pixel_range")
    every = trunk._flatten_layers(include_self=False)  # an ensemble's members are models inside
    norms = [layer for layer in every if isinstance(layer, layers.BatchNormalization)]
    if not norms:
        return
    before = [norm.momentum for norm in norms]
    for step, start in enumerate(range(0, len(pixels), batch)):
        for norm in norms:
            norm.momentum = step / (step + 1)
        with _no_gradients():
            trunk(front(unit_range(pixels[start : start + batch])), training=True)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum  # for the training that follows


def _no_gradients() -> AbstractContextManager[None]:
    """On torch what is called keeps what gradients need: 8 GB of a GPU for 16 images of B3."""
    if keras.backend.backend() != "torch":
        return nullcontext()
    none: AbstractContextManager[None] = importlib.import_module("torch").no_grad()
    return none
