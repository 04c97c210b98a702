"""The app's own reading, session and answers, held to what Keras gave before a model goes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from leukview.contract import WeightsAs
from leukview.imaging.decode import decode
from leukview.imaging.preprocess import resize
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import ModelFile, load

# Largest difference of a probability. With weights rounded to float16 cnmc-b3 moves one by 0.0038
# at most on the 48 sample images, all4-b3 and pbc8-b3 by 0.0015; all say the same class of each.
TOLERANCE: dict[WeightsAs, float] = {"float32": 1e-3, "float16": 5e-3}


def largest_difference(model: ModelFile, golden: Path) -> float:
    """Between the app's probabilities and those of a golden file, over its images and classes."""
    with np.load(golden) as found:
        flat, ends = found["bytes"].tobytes(), np.cumsum(found["lengths"])
        expected = found["probabilities"]
    classifier, c = Classifier(model, "cpu"), model.contract
    encoded = [flat[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    pixels = [resize(decode(data)[0], c.height, c.width, c.resize) for data in encoded]
    got = np.concatenate([classifier.run(p[None]).probabilities for p in pixels])
    return float(np.abs(got - expected).max())


def check(model: Path, golden: Path) -> None:
    """Refuse a model file that does not answer as Keras did.

    Raises:
        ValueError: a probability differs by more than `TOLERANCE`.
    """
    opened = load(model)
    weights_as, found = opened.contract.weights_as, largest_difference(opened, golden)
    if not found <= TOLERANCE[weights_as]:  # not a number is refused too
        remedy = "Report it." if weights_as == "float32" else "Store them as float32."
        raise ValueError(
            f"With its weights stored as {weights_as} the model file answers {found:.4f} apart from"
            f" Keras; {TOLERANCE[weights_as]:g} is allowed. Nothing was exported. {remedy}"
        )
