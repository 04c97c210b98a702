"""How large each network is and what one image costs it, beside the paper's Table 7.

Multiply-adds are those of convolutions, dense layers and attention, counted from the shapes of each
call, as He et al. 2016 and Tan & Le 2019 count them; batch norm folds into the convolutions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import keras
from keras import layers

from training.models.classifier import nodes
from training.models.heads import Head
from training.models.registry import NETWORKS, Network
from training.models.vit import Tokens

# No products of weights with what an image brings.
FREE = (layers.BatchNormalization, layers.LayerNormalization, layers.Normalization, Tokens)


@dataclass(frozen=True, kw_only=True)
class Description:
    """One network with one head.

    Attributes:
        network: its record.
        head: by name.
        class_count: C of the head.
        side: of the input, pixels.
        parameters: all of them.
        trainable: those that a fit changes.
        multiply_adds: for one image.
    """

    network: Network
    head: Head
    class_count: int
    side: int
    parameters: int
    trainable: int
    multiply_adds: int

    @property
    def remark(self) -> str:
        """How Table 7's number stands to this one; "" where the paper gives none."""
        paper = self.network.table7
        if paper is None:
            return ""
        if paper == self.trainable:
            return "the same"
        return f"not this network: {paper / self.trainable:.2f} times as many"


def describe(
    network: str, class_count: int = 2, head: Head | None = None, side: int | None = None
) -> Description:
    """Build a network with random weights and count.

    Args:
        network: by name.
        class_count: 2 as in the paper's Table 7.
        head: the system's own by default.
        side: the system's own by default.
    """
    record: Network = NETWORKS[network]
    chosen, pixels = head or record.head, side or record.side
    model = record(chosen, class_count, None, pixels)
    return Description(
        network=record,
        head=chosen,
        class_count=class_count,
        side=pixels,
        parameters=model.count_params(),
        trainable=sum(prod(w.shape) for w in model.trainable_weights),
        multiply_adds=multiply_adds(model),
    )


def multiply_adds(model: keras.Model) -> int:
    """For one image, models inside included.

    Raises:
        ValueError: a layer has weights, and how it uses them is not known here.
    """
    total = 0
    for node in nodes(model):
        layer = node.operation
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
        elif isinstance(layer, layers.Layer) and layer.weights:
            total += _of(layer, node)
    return total


def _of(layer: Any, node: Any) -> int:
    taken, given = node.input_tensors[0].shape[1:], node.output_tensors[0].shape[1:]
    if isinstance(layer, FREE):
        return 0
    if isinstance(layer, layers.MultiHeadAttention):
        return _attention(layer, [t.shape[1:] for t in node.input_tensors])
    if isinstance(layer, layers.Dense):
        return int(prod(given) * taken[-1])
    places = prod(given[:-1])
    if isinstance(layer, layers.SeparableConv2D):
        return int(
            places * (prod(layer.depthwise_kernel.shape) + prod(layer.pointwise_kernel.shape))
        )
    if isinstance(layer, layers.Conv1D | layers.Conv2D | layers.DepthwiseConv2D):
        # A kernel's numbers are each used once a place: grouped ones hold in / groups already.
        return int(places * prod(layer.kernel.shape))
    if any(len(w.shape) > 1 for w in layer.weights):
        raise ValueError(f"what {type(layer).__name__} {layer.name!r} costs is not known here")
    return 0


def _attention(layer: Any, shapes: list[Any]) -> int:
    """Three projections, the two products with the attention matrix, the projection out."""
    (asked, width), (seen, from_width) = shapes[0], shapes[1]
    keys, values = layer.num_heads * layer.key_dim, layer.num_heads * layer.value_dim
    projections = asked * width * keys + seen * from_width * (keys + values)
    return int(projections + asked * seen * (keys + values) + asked * values * width)
