"""Counts by hand for small layers, and the published ones of whole networks."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import pytest

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


def cost(keras: ModuleType, shape: tuple[int, ...], *layers: Any) -> int:
    from training.models.describe import multiply_adds

    x = image = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return multiply_adds(keras.Model(image, x))


def test_a_convolution_costs_its_kernel_at_every_place(keras: ModuleType) -> None:
    layers = keras.layers
    assert cost(keras, (8, 8, 3), layers.Conv2D(4, 3)) == 6 * 6 * 3 * 3 * 3 * 4
    assert cost(keras, (8, 8, 3), layers.Conv2D(4, 3, 2, "same")) == 4 * 4 * 3 * 3 * 3 * 4
    assert cost(keras, (8, 8, 4), layers.Conv2D(6, 3, groups=2)) == 6 * 6 * 3 * 3 * 2 * 6
    assert cost(keras, (10, 2), layers.Conv1D(3, 5)) == 6 * 5 * 2 * 3


def test_a_depthwise_convolution_sees_one_channel_at_a_time(keras: ModuleType) -> None:
    layers = keras.layers
    assert cost(keras, (8, 8, 5), layers.DepthwiseConv2D(3)) == 6 * 6 * 3 * 3 * 5
    separable = 6 * 6 * (3 * 3 * 5 + 5 * 7)
    assert cost(keras, (8, 8, 5), layers.SeparableConv2D(7, 3)) == separable


def test_a_dense_layer_costs_its_kernel_for_every_token(keras: ModuleType) -> None:
    layers = keras.layers
    assert cost(keras, (6,), layers.Dense(4)) == 24
    assert cost(keras, (5, 6), layers.Dense(4)) == 120


def test_attention_costs_its_projections_and_its_two_products(keras: ModuleType) -> None:
    from training.models.describe import multiply_adds

    x = keras.Input((5, 8))
    model = keras.Model(x, keras.layers.MultiHeadAttention(2, 4)(x, x))
    assert multiply_adds(model) == 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8


def test_norms_and_pooling_are_free_and_models_inside_count(keras: ModuleType) -> None:
    layers = keras.layers
    inner, image = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    inside = keras.Model(inner, layers.Conv2D(4, 3)(inner))
    x = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(inside(image)))
    from training.models.describe import multiply_adds

    model = keras.Model(image, layers.Dense(2)(x))
    assert multiply_adds(model) == 6 * 6 * 27 * 4 + 4 * 2


def test_a_layer_that_cannot_be_counted_is_not_passed_over(keras: ModuleType) -> None:
    with pytest.raises(ValueError, match="LSTM"):
        cost(keras, (5, 8), keras.layers.LSTM(3))


@pytest.mark.parametrize(
    ("network", "trainable", "giga"),
    [
        # Without the dense layers of their own tops: VGG19's cost 0.12 of its 19.6.
        ("vgg19", 20_024_384, 19.51),
        ("resnet50", 23_534_592, 3.86),
        ("xception", 20_806_952, 4.55),
        ("efficientnet-b0", 4_007_548, 0.386),
    ],
)
def test_real_networks_have_their_published_size_and_cost_and_can_be_cut_at_every_block(
    keras: ModuleType, network: str, trainable: int, giga: float
) -> None:
    from training.models.classifier import entrance, upper
    from training.models.describe import multiply_adds
    from training.models.registry import record_of

    record = record_of(network)
    model = record("stock", 2, None, 224)
    counted = sum(math.prod(w.shape) for w in model.trainable_weights)
    assert counted == trainable + 2 * record.width + 2
    assert multiply_adds(model) / 1e9 == pytest.approx(giga, rel=0.01)
    for block in record.blocks:
        assert entrance(model.get_layer("trunk"), block) is not None
    # It would not be built if another path led round the cut.
    assert upper(model, record.blocks[-1]).output[0].shape == (None, record.width)


def test_a_network_is_described_with_its_own_head_and_side(keras: ModuleType) -> None:
    from training.models.describe import describe

    one = describe("tversky-cnn")
    kernels = 9 * (3 * 16 + 16 * 32 + 32 * 64 + 64 * 128 + 128 * 256)
    norms = 16 + 32 + 64 + 128 + 256
    assert (one.head, one.side) == ("table2", 300)
    assert one.trainable == kernels + 2 * norms + 2 * 256 + 2
    assert one.parameters == one.trainable + 2 * norms
    sides = (300, 150, 75, 37, 18)
    widths = (3, 16, 32, 64, 128, 256)
    maps = sum(s * s * 9 * a * b for s, a, b in zip(sides, widths[:-1], widths[1:], strict=True))
    assert one.multiply_adds == maps + 2 * 256
    assert one.remark == ""


def test_the_remark_tells_the_papers_count_from_the_real_one(keras: ModuleType) -> None:
    from training.models.describe import Description
    from training.models.registry import record_of

    def remark(network: str, trainable: int) -> str:
        return Description(
            network=record_of(network),
            head="table7",
            class_count=2,
            side=300,
            parameters=trainable + 5,
            trainable=trainable,
            multiply_adds=1_780_000_000,
        ).remark

    assert remark("efficientnet-b3", 11_093_290) == "the same"
    off = "not this network: 38.60 times as many"
    assert remark("efficientnet-b0", 4_351_934) == off
    assert remark("vit-b16", 10) == ""
