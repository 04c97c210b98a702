"""Images with the probabilities that Keras gave, to hold the app to: `<model>.golden.npz`.

Written from Keras alone: this module never opens the ONNX file. The images are code-made and CC BY
ones, as the bytes of encoded files, so that the app's own decoding is part of what is compared.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from leukview.imaging.decode import decode
from leukview.imaging.preprocess import resize
from training.models.efficientnet_b3 import unit_range


def code_made() -> list[bytes]:
    """Six encoded images: blank, gradient, noise, a disc on black, grey, and a tall one."""
    rng = np.random.default_rng(7)
    row, column = np.mgrid[:200, :260].astype(np.float32)
    disc = np.zeros((240, 240, 3), np.uint8)
    cv2.circle(disc, (118, 124), 70, (150, 60, 120), -1)
    slope = np.stack([row, column / 2, 255 - row], -1).astype(np.uint8)
    images: list[NDArray[np.uint8]] = [
        np.full((64, 64, 3), 90, np.uint8),
        slope,
        rng.integers(0, 256, (300, 300, 3), dtype=np.uint8),
        disc,
        slope[..., 0],
        np.ascontiguousarray(slope[:, :40]),
    ]
    return [cv2.imencode(".png", image)[1].tobytes() for image in images]


def write(path: Path, classifier: keras.Model, temperature: float, samples: list[Path]) -> None:
    """Write images (encoded bytes) and Keras' probabilities (N, C).

    Args:
        path: of the `.npz`.
        classifier: fitted, 300 pixels.
        temperature: of the contract.
        samples: image files whose licence lets them be shipped.
    """
    encoded = code_made() + [sample.read_bytes() for sample in samples]
    network = keras.Model(classifier.input, classifier.get_layer("logits").output)
    side = classifier.input_shape[1]
    pixels = np.stack([resize(decode(e)[0], side, side, "crop_and_resize") for e in encoded])
    logits = network.predict(
        np.asarray(keras.ops.convert_to_numpy(unit_range(pixels))), batch_size=4, verbose=0
    )
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits / temperature, axis=-1))
    # One flat array and lengths: an object array would need pickle to read.
    flat = np.frombuffer(b"".join(encoded), np.uint8)
    lengths = np.array([len(e) for e in encoded])
    np.savez_compressed(path, bytes=flat, lengths=lengths, probabilities=probabilities)
