"""Features where a GPU computes them: several images at once, by one network for all parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
SIDE = 16


def test_off_tensorflow_images_are_taken_in_batches_of_one_length_by_one_network(
    small_network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from training import features
    from training.models import registry

    model = registry.NETWORKS["efficientnet-b3"]("table2", 4, None, SIDE)
    images = np.random.default_rng(0).integers(0, 256, (7, SIDE, SIDE, 3), dtype=np.uint8)
    expected = features.Trunk(model)(images)
    lengths: list[int] = []
    predict = keras.Model.predict_on_batch

    def noted(self: Any, x: Any) -> Any:
        lengths.append(len(x))
        return predict(self, x)

    monkeypatch.setattr(keras.Model, "predict_on_batch", noted)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(features, "BATCH", 4)
    trunk = features.Trunk(model)
    np.testing.assert_allclose(trunk(iter(images)), expected, atol=1e-5)
    assert lengths == [4, 4]
    assert trunk([]).shape == (0, *expected.shape[1:])
    # The next part of a run has other weights and the same network.
    model.set_weights([weight * 0.5 for weight in model.get_weights()])
    again = features.Trunk(model)
    assert again._network is trunk._network
    assert np.abs(again(images) - expected).max() > 1e-4
    assert features.Trunk(model, "block2a").shape != trunk.shape
