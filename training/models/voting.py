"""Majority voting over CNNs, after Ghaderzadeh et al. 2022 (Table 8: 98.50 %).

"Automated detection model in classification of B-lymphoblast cells from normal B-lymphoid
precursors in blood smear microscopic images based on the majority voting technique", Sci. Program.
2022:4801671, doi 10.1155/2022/4801671. Its algorithm 1 works on images of 300 x 300 pixels and
names pretrained DenseNet121, Inception v3, Inception-ResNet-v2, ResNet-50, ResNet101, Xception
(printed as one word), SqueezeNet and AlexNet. The members here are the five of these with
ImageNet weights in Keras that are no second size of another, an odd number, so that two classes
never tie. Each member has a head of its own. While fitting, every image teaches one member, drawn
at random: the expected gradient is that of members fitted apart, as in the paper, in steps of a
fifth. Otherwise each member gives its vote to one class, and `logits = log(mean vote)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras import layers, ops

from training.models import application, heads
from training.models.classifier import CAFFE, SIDE, SIGNED, TORCH, PixelRange, assemble
from training.models.heads import Head

AS_IS = PixelRange((1.0,) * 3, (0.0,) * 3)  # each member has its own range inside the trunk


@dataclass(frozen=True)
class Member:
    """A network of `keras.applications`, its preprocessing, and the channels of its features."""

    name: str
    pixel_range: PixelRange
    width: int
    bgr: bool = False


MEMBERS = (
    Member("DenseNet121", TORCH, 1024),
    Member("InceptionV3", SIGNED, 2048),
    Member("InceptionResNetV2", SIGNED, 1536),
    Member("ResNet50", CAFFE, 2048, bgr=True),
    Member("Xception", SIGNED, 2048),
)


def body(member: Member, side: int) -> keras.Model:
    """A member without its top, under its own name."""
    network = application.body(member.name, side, bgr=member.bgr)
    return keras.Model(network.input, network.output, name=member.name.lower())


def _largest(x: Any) -> Any:
    """One where the last axis has its largest value, shared where several are equal, else zero.

    Not by `argmax`: Keras' own comes out with an operation that tf2onnx does not know.
    """
    top = ops.cast(ops.equal(x, ops.max(x, axis=-1, keepdims=True)), "float32")
    return top / ops.sum(top, axis=-1, keepdims=True)


@keras.saving.register_keras_serializable("leukview")
class Vote(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Members' probabilities, each (N, C), to the logarithm of the mean vote (N, C).

    A member's vote is for its most probable class. A small share of the mean probability decides
    where classes have equal votes and never against a majority: of M members, 1 / 2M of it weighs
    less than one vote does.
    """

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, members: list[Any], training: bool = False) -> Any:
        """While fitting, the logarithm of one member's probabilities, drawn for each image."""
        said = ops.stack(members, axis=1)
        if training:
            draws = keras.random.uniform(ops.shape(said)[:2], seed=self.seed_generator)
            mean = ops.sum(said * ops.expand_dims(_largest(draws), -1), axis=1)
        else:
            share = 1 / (2 * len(members))
            mean = ops.mean((1 - share) * _largest(said) + share * said, axis=1)
        return ops.log(ops.maximum(mean, 1e-7))

    def compute_output_shape(self, shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """(N, C)."""
        return shapes[0]


def load_trunk(weights: Path | None, side: int = SIDE) -> keras.Model:
    """The trunk (N, side, side, 3) to the members' features side by side (N, 8704)."""
    image = keras.Input((side, side, 3))
    pooled = []
    for member in MEMBERS:
        name, (scale, offset) = member.name.lower(), vars(member.pixel_range).values()
        x = layers.Rescaling(list(scale), list(offset), name=f"{name}_range")(image)
        x = body(member, side)(x)
        pooled.append(layers.GlobalAveragePooling2D(name=f"{name}_pool")(x))
    trunk = keras.Model(image, layers.Concatenate(name="side_by_side")(pooled), name="trunk")
    if weights is not None:
        trunk.load_weights(weights)
    return trunk


def add_head(head: Head, embedding: Any, class_count: int) -> Any:
    """Probabilities (N, C) of the members' features (N, 8704): a head each, then the vote."""
    said, start = [], 0
    for member in MEMBERS:
        own = embedding[:, start : start + member.width]
        said.append(heads.add_head(head, own, class_count, f"{member.name.lower()}_"))
        start += member.width
    x = Vote(name="logits", dtype="float32")(said)
    return layers.Softmax(name="probabilities", dtype="float32")(x)


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities; side >= 75."""
    return assemble("voting", load_trunk(weights, side), AS_IS, head, class_count, add_head)


def fetch(path: Path) -> None:
    """Write each member's ImageNet weights, as one file; needs the internet."""
    trunk = load_trunk(None)
    for member in MEMBERS:
        found = getattr(keras.applications, member.name)(include_top=False, weights="imagenet")
        trunk.get_layer(member.name.lower()).set_weights(found.get_weights())
    trunk.save_weights(path)
