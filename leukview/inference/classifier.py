"""A model and the device it runs on: arrays in, suggestions out."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.contract import OUTPUTS
from leukview.domain.errors import DeviceError
from leukview.domain.records import ModelIdentity, Suggestion
from leukview.inference import providers
from leukview.inference.model_file import INPUT, ModelFile

log = logging.getLogger(__name__)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the graph gives for N images and C classes.

    Attributes:
        probabilities: float32 (N, C), each row sums to 1.
        logits: float32 (N, C), before the temperature.
        embedding: float32 (N, D).
        unfamiliarity: float32 (N,), robust standard deviations.
    """

    probabilities: Floats
    logits: Floats
    embedding: Floats
    unfamiliarity: Floats


class Classifier:
    """One model on one device.

    Attributes:
        model: the file.
        contract: what it promises.
        device: what it really runs on; changes once if a GPU's memory does not suffice.
        identity: which model speaks, for results.
    """

    def __init__(
        self, model: ModelFile, device: str = "auto", *, require_gpu: bool = False
    ) -> None:
        """Open the model.

        Raises:
            UsageError: no such device name.
            DeviceError: a GPU is required and not usable.
        """
        self.model = model
        self.contract = model.contract
        self._require_gpu = require_gpu
        self._session, self.device = providers.open_session(model.data, device, require=require_gpu)

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(
            model_id=self.contract.model, sha256=self.model.sha256, device=self.device.name
        )

    @property
    def batch_size(self) -> int:
        """Images at a time that suit the device; more than 4 is slower on the CPU."""
        return 4 if self.device.name == "cpu" else 32

    def run(self, pixels: NDArray[np.uint8]) -> Outputs:
        """Run the model.

        Args:
            pixels: uint8 (N, height, width, 3), RGB, of the contract's size; N may be 0.

        Raises:
            DeviceError: the GPU failed and was required.
        """
        try:
            return self._run(pixels)
        except Exception as error:  # onnxruntime raises classes without a common base
            if self.device.name == "cpu":
                raise
            return self._recover(pixels, error)

    def suggest(self, outputs: Outputs) -> list[Suggestion]:
        """One suggestion per image, by the contract's thresholds."""
        ids = self.contract.class_ids
        suggestions: list[Suggestion] = []
        for row, distance in zip(outputs.probabilities, outputs.unfamiliarity, strict=True):
            best = int(row.argmax())
            unfamiliar = bool(distance > self.contract.unfamiliar_above)
            suggestions.append(
                Suggestion(
                    class_id=ids[best],
                    confidence=float(row[best]),
                    probabilities=tuple(float(value) for value in row),
                    unfamiliarity=float(distance),
                    unfamiliar=unfamiliar,
                    needs_review=unfamiliar or float(row[best]) < self.contract.review.confidence,
                )
            )
        return suggestions

    def _run(self, pixels: NDArray[np.uint8]) -> Outputs:
        return Outputs(*self._session.run(list(OUTPUTS), {INPUT: pixels}))

    def _recover(self, pixels: NDArray[np.uint8], error: Exception) -> Outputs:
        """Out of memory: try halves; whatever else, or a single image: go on on the CPU."""
        count = len(pixels)
        if count > 1 and "memory" in str(error).lower():
            log.info("The GPU's memory does not hold %d images; trying halves.", count)
            halves = [self.run(pixels[: count // 2]), self.run(pixels[count // 2 :])]
            return Outputs(
                *(np.concatenate([getattr(half, name) for half in halves]) for name in OUTPUTS)
            )
        lines = str(error).strip().splitlines() or [type(error).__name__]
        if self._require_gpu:
            raise DeviceError(
                f"The GPU was required and failed during the run ({lines[0][:200]})."
                " The images from here on were not classified."
                " Free its memory, use a smaller --batch-size, or leave out --require-gpu."
            ) from error
        log.warning("The GPU failed (%s); going on on the CPU.", lines[0][:200])
        self._session, cpu = providers.open_session(self.model.data, "cpu")
        self.device = providers.Device(
            self.device.asked,
            cpu.name,
            cpu.label,
            True,
            f"The GPU failed during the run ({lines[0][:200]}).",
        )
        return self._run(pixels)
