"""The linear head: logistic regression, folded into one dense layer."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


def drawn(class_count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    y = np.arange(90) % class_count
    x = rng.normal(size=(90, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 1, -2, 0]
    x[:, 1] += 8 * y
    return x, y


@pytest.mark.parametrize("class_count", [2, 4])
def test_the_layer_gives_the_probabilities_of_scikit_learn_on_scaled_features(
    class_count: int,
) -> None:
    from training.linear import logistic

    x, y = drawn(class_count)
    kernel, bias = logistic(x, y, class_count, 0.3, balanced=True)
    logits = x @ kernel + bias
    got = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    said = LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000)
    expected = make_pipeline(StandardScaler(), said).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_all_copies_are_fitted_and_no_row_of_the_test_part(keras: ModuleType) -> None:
    from training.config import Stage
    from training.data.splits import Parts
    from training.linear import fit_linear, logistic
    from training.train import Material

    x, y = drawn(3)
    other = x + 1
    other[75:] = 1e6  # a test row would show
    material = Material(
        features=[x, other], pixels=np.empty((90, 1, 1, 3), np.uint8), y=y, class_count=3
    )
    part = Parts(fit=np.arange(60), choose=np.arange(60, 75), test=np.arange(75, 90))
    image = keras.Input((5,), name="embedding")
    head = keras.Model(
        image, keras.layers.Dense(3, name="logits")(keras.layers.Dropout(0.5)(image))
    )
    fit_linear(head, material, part, Stage(kind="linear", strength=2.0))
    both, twice = np.concatenate([x[:75], other[:75]]), np.tile(y[:75], 2)
    kernel, bias = logistic(both, twice, 3, 2.0, balanced=False)
    np.testing.assert_array_equal(head.get_layer("logits").get_weights()[0], kernel)
    np.testing.assert_array_equal(head.get_layer("logits").get_weights()[1], bias)


def test_a_head_of_several_layers_is_refused(keras: ModuleType) -> None:
    from training.config import Stage
    from training.data.splits import Parts
    from training.linear import fit_linear
    from training.train import Material

    x, y = drawn(3)
    material = Material(features=[x], pixels=np.empty((90, 1, 1, 3), np.uint8), y=y, class_count=3)
    rows = np.arange(90)
    image = keras.Input((5,), name="embedding")
    hidden = keras.layers.Dense(4, name="head_dense")(image)
    head = keras.Model(image, keras.layers.Dense(3, name="logits")(hidden))
    with pytest.raises(ValueError, match="one dense layer"):
        fit_linear(head, material, Parts(fit=rows, choose=rows, test=rows), Stage(kind="linear"))


def test_a_class_without_images_is_said() -> None:
    from training.linear import logistic

    x, y = drawn(3)
    with pytest.raises(ValueError, match="only 2 of 3 classes"):
        logistic(x[y < 2], y[y < 2], 3, 1.0, balanced=False)


def test_a_linear_stage_has_no_steps_and_chooses_nothing() -> None:
    from training.config import Stage

    assert not Stage(kind="linear").chooses
    with pytest.raises(ValueError, match="neither steps nor epochs"):
        Stage(kind="linear", epochs=3)
