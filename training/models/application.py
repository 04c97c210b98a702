"""Networks just as `keras.applications` has them: the trunk, and where its weights come from."""

from __future__ import annotations

from pathlib import Path

import keras

from training.models.classifier import to_bgr


def body(name: str, side: int, *, bgr: bool = False) -> keras.Model:
    """A network without its top and with random weights, (N, side, side, 3) to (N, h, w, D).

    Args:
        name: in `keras.applications`.
        side: of the input in pixels.
        bgr: the weights came from Caffe, so the network turns RGB round before anything else.
    """
    image = keras.Input((side, side, 3))
    return getattr(keras.applications, name)(
        include_top=False, weights=None, input_tensor=to_bgr(image) if bgr else image
    )


def load(name: str, weights: Path | None, side: int, *, bgr: bool = False) -> keras.Model:
    """A network as `trunk`; `weights` is a file of Keras weights without the top, or None."""
    network = body(name, side, bgr=bgr)
    if weights is not None:
        network.load_weights(weights)
    return keras.Model(network.input, network.output, name="trunk")


def fetch(name: str, path: Path) -> None:
    """Write Keras' ImageNet weights without the top; needs the internet."""
    getattr(keras.applications, name)(include_top=False, weights="imagenet").save_weights(path)
