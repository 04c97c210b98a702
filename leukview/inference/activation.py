"""Class activation maps: where in an image the places lie that spoke for a class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukview.inference import providers
from leukview.inference.model_file import INPUT, ModelFile

_OUTPUT = "cam"


class Activations:
    """The optional output `cam` of one model, on the CPU: it is asked for single images."""

    def __init__(self, model: ModelFile) -> None:
        """Open the model, which has to promise the output in its contract."""
        self.model = model
        self._session, _ = providers.open_session(model.data, "cpu", require=False)

    def of(self, pixels: NDArray[np.uint8], number: int) -> NDArray[np.float32]:
        """The map of one class.

        Args:
            pixels: uint8 (height, width, 3), RGB, of the contract's size.
            number: of the class.

        Returns:
            float32 (h, w) of the contract's `cam`, 0 to 1: what speaks against the class is 0, the
            most is 1. All 0 where nothing speaks for it.
        """
        maps = self._session.run([_OUTPUT], {INPUT: pixels[None]})[0]
        found = np.maximum(np.nan_to_num(maps[0, number]), 0)
        most = float(found.max())
        return np.asarray(found / most if most > 0 else found, np.float32)
