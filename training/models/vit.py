"""Vision Transformer, after Cho et al. 2022 (Table 8: 88.20 %).

"Image transformers for classifying acute lymphoblastic leukemia", Proc. SPIE 12033:633-639, doi
10.1117/12.2611496. Its text could not be looked up; chosen is the base size with patches of 16
pixels (ViT-B/16, Dosovitskiy et al. 2021, arXiv 2010.11929), pretrained as its authors published
it. Plain Keras layers: keras-hub 0.32 would bring tensorflow-text, tokenizers, sentencepiece and
kagglehub for one network. An image whose side is no multiple of the patch gets a border of zeros,
mid-grey after `pixel_range`; positions are kept for 14 x 14 patches and interpolated to what the
side gives, so the weights are the same at every side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training.models.classifier import SIDE, SIGNED, assemble, trunk_of
from training.models.heads import Head

# ImageNet-21k, then ImageNet at 224 pixels: the authors' own file (Apache-2.0, 346 MB).
PUBLISHED = "https://storage.googleapis.com/vit_models/imagenet21k+imagenet2012/ViT-B_16-224.npz"
EPSILON = 1e-6  # of the authors' layer norms


@dataclass(frozen=True)
class Size:
    """Attributes: token width, blocks, attention heads, hidden units of the MLP, patch, grid.

    `grid` is the number of patches along a side for which positions are kept.
    """

    width: int = 768
    blocks: int = 12
    heads: int = 12
    hidden: int = 3072
    patch: int = 16
    grid: int = 14


SIZE = Size()  # ViT-B/16


def between(old: int, new: int) -> NDArray[np.float32]:
    """(new * new, old * old): bilinear interpolation of a square grid, centres of cells aligned."""
    at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    # A tent of height one over each old cell is what "linear between neighbours" means.
    line = np.maximum(0.0, 1 - np.abs(at[:, None] - np.arange(old)))
    return np.kron(line, line).astype(np.float32)


@keras.saving.register_keras_serializable("leukview")
class Tokens(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Patches (N, T, D) with a class token in front and their positions added, (N, 1 + T, D)."""

    def __init__(self, grid: int, **words: Any) -> None:
        super().__init__(**words)
        self.grid = grid

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights and the interpolation for T patches, T a square number."""
        width, new = int(shape[2] or 0), round(int(shape[1] or 0) ** 0.5)
        self.between = between(self.grid, new) if new != self.grid else None
        self.token = self.add_weight((1, 1, width), initializer="zeros", name="token")
        self.positions = self.add_weight(
            (1, 1 + self.grid**2, width),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="positions",
        )

    def call(self, patches: Any) -> Any:
        """Add them."""
        first, rest = self.positions[:, :1], self.positions[:, 1:]
        if self.between is not None:
            rest = ops.matmul(self.between, rest)
        # Zeros of the batch's size: `repeat` with an unknown one becomes a loop in ONNX.
        token = ops.zeros_like(patches[:, :1]) + self.token + first
        return ops.concatenate([token, patches + rest], axis=1)

    def get_config(self) -> dict[str, Any]:
        """As Keras wants it."""
        return {**super().get_config(), "grid": self.grid}


def _block(x: Any, name: str) -> Any:
    """Attention and MLP, each behind a layer norm and beside a short cut."""
    y = layers.LayerNormalization(epsilon=EPSILON, name=f"{name}_norm1")(x)
    y = layers.MultiHeadAttention(
        SIZE.heads, SIZE.width // SIZE.heads, dropout=0.0, name=f"{name}_attention"
    )(y, y)
    x = layers.Add(name=f"{name}_add1")([x, y])
    y = layers.LayerNormalization(epsilon=EPSILON, name=f"{name}_norm2")(x)
    y = layers.Dense(SIZE.hidden, name=f"{name}_mlp1")(y)
    # By tanh, as the authors' weights were fitted; tf2onnx does not know the exact one's `Erfc`.
    y = ops.gelu(y, approximate=True)
    y = layers.Dropout(0.1, name=f"{name}_dropout1")(y)  # the authors' rate
    y = layers.Dense(SIZE.width, name=f"{name}_mlp2")(y)
    y = layers.Dropout(0.1, name=f"{name}_dropout2")(y)
    return layers.Add(name=f"{name}_add2")([x, y])


def load_trunk(weights: Path | None, side: int = SIDE) -> keras.Model:
    """The trunk (N, side, side, 3) to the class token (N, D)."""
    image = keras.Input((side, side, 3))
    border = -side % SIZE.patch
    x = layers.ZeroPadding2D(((border // 2, border - border // 2),) * 2, name="border")(image)
    x = layers.Conv2D(SIZE.width, SIZE.patch, strides=SIZE.patch, name="patches")(x)
    x = layers.Reshape((-1, SIZE.width), name="line")(x)
    x = layers.Dropout(0.1, name="dropout")(Tokens(SIZE.grid, name="tokens")(x))
    for number in range(SIZE.blocks):
        x = _block(x, f"block{number + 1}")
    x = layers.LayerNormalization(epsilon=EPSILON, name="norm")(x)
    return trunk_of(image, x[:, 0], weights)


def build(
    head: Head, class_count: int, weights: Path | None = None, side: int = SIDE
) -> keras.Model:
    """(N, side, side, 3) float 0..1 to (N, C) probabilities."""
    return assemble("vit-b16", load_trunk(weights, side), SIGNED, head, class_count)


def fill(trunk: keras.Model, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Put the authors' arrays into a trunk of the same size; their head is left out."""

    def put(layer: str, *names: str) -> None:
        trunk.get_layer(layer).set_weights([arrays[name] for name in names])

    def both(stem: str, first: str = "kernel") -> tuple[str, str]:
        return f"{stem}/{first}", f"{stem}/bias"

    put("patches", *both("embedding"))
    put("tokens", "cls", "Transformer/posembed_input/pos_embedding")
    put("norm", *both("Transformer/encoder_norm", "scale"))
    number = 0
    while f"Transformer/encoderblock_{number}/LayerNorm_0/scale" in arrays:
        theirs, ours = f"Transformer/encoderblock_{number}", f"block{number + 1}"
        attention = f"{theirs}/MultiHeadDotProductAttention_1"
        parts = (both(f"{attention}/{part}") for part in ("query", "key", "value", "out"))
        put(f"{ours}_norm1", *both(f"{theirs}/LayerNorm_0", "scale"))
        put(f"{ours}_attention", *(name for part in parts for name in part))
        put(f"{ours}_norm2", *both(f"{theirs}/LayerNorm_2", "scale"))
        put(f"{ours}_mlp1", *both(f"{theirs}/MlpBlock_3/Dense_0"))
        put(f"{ours}_mlp2", *both(f"{theirs}/MlpBlock_3/Dense_1"))
        number += 1


def fetch(path: Path) -> None:
    """Write the authors' ImageNet weights in the trunk's form; needs the internet."""
    trunk = load_trunk(None)
    with np.load(keras.utils.get_file(origin=PUBLISHED)) as arrays:
        fill(trunk, arrays)
    trunk.save_weights(path)
