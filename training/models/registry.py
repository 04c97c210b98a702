"""Every network that a config can name, by that name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.models import efficientnet_b3

Build = Callable[..., Any]
NETWORKS: dict[str, Build] = {"efficientnet-b3": efficientnet_b3.build}


def initial_weights(init: str, lite: Path) -> Path | None:
    """Weights file of a trunk for `init`.

    Args:
        init: `imagenet` (Keras fetches it: needs the internet once), `lite` (grown from ImageNet
            EfficientNet-Lite2), `random`, or the path of a file.
        lite: where the grown weights lie.

    Raises:
        FileNotFoundError: the file is not there; the message says how to make it.
    """
    if init == "random":
        return None
    if init == "imagenet":
        import keras

        model = keras.applications.EfficientNetB3(include_top=False, weights="imagenet")
        path = lite.with_name("efficientnetb3_imagenet_notop.weights.h5")
        model.save_weights(path)
        return path
    path = lite if init == "lite" else Path(init)
    if not path.is_file():
        raise FileNotFoundError(
            f"Initial weights {path} are missing. Nothing was fitted."
            " `python -m training weights` makes the grown ones."
        )
    return path
