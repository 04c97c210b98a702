"""The networks with thin bodies in their real frame; real bodies are built in `test_describe`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

CLASSES, SIDE = 3, 32
APPLICATIONS = {
    "efficientnet-b3": "EfficientNetB3",
    "efficientnet-b0": "EfficientNetB0",
    "vgg19": "VGG19",
    "xception": "Xception",
    "resnet50": "ResNet50",
}


def application(keras: ModuleType, starts: tuple[str, ...], width: int) -> Callable[..., Any]:
    """Stands for one of `keras.applications`: a convolution of 8 called as each of its blocks."""
    layers = keras.layers

    def make(
        include_top: bool, weights: None, input_tensor: Any = None, input_shape: Any = None
    ) -> Any:
        assert (include_top, weights) == (False, None)
        x = keras.Input(input_shape) if input_tensor is None else input_tensor
        (source,) = keras.utils.get_source_inputs(x)
        x = layers.ZeroPadding2D(1, name="stem_conv_pad")(x)
        x = layers.Conv2D(8, 3, strides=2, activation="relu", name="stem_conv")(x)
        for start in starts:
            x = layers.Conv2D(8, 3, padding="same", activation="relu", name=f"{start}_thin")(x)
        return keras.Model(source, layers.Conv2D(width, 1, name="top_conv")(x))

    return make


@pytest.fixture(scope="module")
def small(keras: ModuleType) -> Iterator[Callable[[str], Any]]:
    """A classifier of three classes by the network's name, with its own head; one for a module."""
    from training.models import eca_vgg16, registry, vit, voting

    def body(member: Any, side: int) -> Any:
        image = keras.Input((side, side, 3))
        maps = keras.layers.Conv2D(member.width, 3, strides=8, activation="relu")(image)
        maps = keras.layers.BatchNormalization()(maps)
        return keras.Model(image, maps, name=member.name.lower())

    built: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in built:
            keras.utils.set_random_seed(0)
            record = registry.record_of(name)
            built[name] = record(record.head, CLASSES, None, SIDE)
        return built[name]

    with pytest.MonkeyPatch.context() as patch:
        for name, real in APPLICATIONS.items():
            record = registry.record_of(name)
            first = ("block1a",) if name.startswith("efficientnet") else ()
            thin = application(keras, (*first, *record.blocks), record.width)
            patch.setattr(keras.applications, real, thin)
        size = vit.Size(width=16, blocks=2, heads=2, hidden=32, patch=8, grid=3)
        patch.setattr(vit, "SIZE", size)
        patch.setattr(voting, "body", body)
        patch.setattr(eca_vgg16, "BLOCKS", ((2, 8), (2, 8), (1, 64), (1, 128), (1, 512)))
        yield get
