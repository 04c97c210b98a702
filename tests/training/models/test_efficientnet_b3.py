from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
SMALL = 64  # pixels: the counts do not depend on it


def trainable(model: object) -> int:
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)  # type: ignore[attr-defined]


def test_table7_has_the_papers_number_of_parameters(keras: ModuleType) -> None:
    from training.models import efficientnet_b3

    assert trainable(efficientnet_b3.build("table7", 2, side=SMALL)) == 11_093_290


def test_table2_has_the_parameters_of_its_layers(keras: ModuleType) -> None:
    from training.models import efficientnet_b3

    model = efficientnet_b3.build("table2", 5, side=SMALL)
    assert trainable(model) == 10_783_535 - 87_303 + 7_685
    # 7 fewer than Keras' own total: its Normalization and Rescaling hold 3 + 3 + 1 numbers.
    assert model.count_params() == 10_783_535 + 7_685 - 7


def test_min_max_is_joint_over_channels_and_blank_images_are_zero(keras: ModuleType) -> None:
    from training.models.efficientnet_b3 import unit_range

    images = np.full((2, 4, 4, 3), 9, np.uint8)
    images[1, ..., 0], images[1, 0, 0, 2] = 10, 59
    out = np.asarray(unit_range(images))
    assert not out[0].any()
    assert out[1].min() == 0
    assert out[1].max() == 1
    np.testing.assert_allclose(out[1, 1, 1], [1 / 50, 0, 0])


def test_measuring_batch_norm_wants_enough_images(keras: ModuleType) -> None:
    from training.models import efficientnet_b3

    with pytest.raises(ValueError, match="32 or more"):
        efficientnet_b3.remeasure_batch_norm(object(), np.zeros((3, SMALL, SMALL, 3), np.uint8))
