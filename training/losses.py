"""What a fit lowers, by the name that a config gives it."""

from __future__ import annotations

from typing import Any, Literal

import keras
from keras import ops

Loss = Literal["mse", "crossentropy", "tversky"]


def of(name: Loss, label_smoothing: float = 0.0) -> keras.losses.Loss:
    """The loss on softmax outputs (N, C).

    Args:
        name: `mse` (the paper's Table 3; the Brier score divided by C), `crossentropy`, `tversky`.
        label_smoothing: share, for `crossentropy`.
    """
    if name == "mse":
        return keras.losses.MeanSquaredError()
    if name == "tversky":
        return Tversky()
    return keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)


@keras.saving.register_keras_serializable("leukview")
class Tversky(keras.losses.Loss):  # type: ignore[misc]  # keras ships no types
    """1 - the Tversky index of a batch, averaged over the classes that it shows.

    TP / (TP + a FP + b FN) with soft counts over the images of a batch (Salehi et al. 2017, arXiv
    1706.05721). Of one image with a softmax output FP = FN = 1 - TP, so counted image by image, as
    `keras.losses.Tversky` does along an axis, a and b would only matter by their sum. The paper
    that Ansari et al. rest on found 0.3 and 0.7 best, and those are taken: a missed image costs
    more than a false alarm. Weights of images go into the counts.

    Args:
        false_positives: a.
        false_negatives: b.
    """

    def __init__(
        self, false_positives: float = 0.3, false_negatives: float = 0.7, name: str = "tversky"
    ) -> None:
        super().__init__(name=name)
        self.false_positives, self.false_negatives = false_positives, false_negatives

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss, a scalar, of one-hot classes and probabilities, both (N, C)."""
        said = ops.convert_to_tensor(y_pred)
        truth = ops.cast(y_true, said.dtype)
        weight = ops.ones_like(said[:, :1])
        if sample_weight is not None:
            weight = ops.reshape(ops.cast(sample_weight, said.dtype), (-1, 1))
        hits = ops.sum(weight * truth * said, axis=0)
        alarms = ops.sum(weight * (1 - truth) * said, axis=0)
        misses = ops.sum(weight * truth * (1 - said), axis=0)
        below = hits + self.false_positives * alarms + self.false_negatives * misses
        # A class without images in the batch has no hits to win; its alarms are others' misses.
        shown = ops.cast(ops.sum(weight * truth, axis=0) > 0, said.dtype)
        index = ops.sum(shown * hits / ops.maximum(below, 1e-7))
        return 1 - index / ops.maximum(ops.sum(shown), 1)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The same without weights, as Keras wants it."""
        return self(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """As Keras wants it."""
        return {
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
            "name": self.name,
        }
