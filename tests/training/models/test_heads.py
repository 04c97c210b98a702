"""Heads by name, and the slopes that the activation maps are written out from."""

from __future__ import annotations

from types import ModuleType

import msgspec
import numpy as np
import pytest

from training.models.heads import Head, Parts, parts_of

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("table2", Parts(0, 0.5, "")),
        ("table7", Parts(256, 0.45, "relu")),
        ("stock", Parts(0, 0.2, "")),
        ("table2-dropout0.3", Parts(0, 0.3, "")),
        ("table7-units64-dropout0-elu", Parts(64, 0.0, "elu")),
        ("table7-tanh", Parts(256, 0.45, "tanh")),
    ],
)
def test_a_head_says_its_numbers_in_its_name(name: str, parts: Parts) -> None:
    assert parts_of(name) == parts
    assert msgspec.convert(name, Head) == name


@pytest.mark.parametrize(
    "name", ["table8", "table7-units0", "table2-units64", "table7-dropout1", ""]
)
def test_a_name_that_stands_for_no_head_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no head"):
        parts_of(name)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, Head)


@pytest.mark.parametrize("head", ["table7-units5", "table7-units5-elu", "table7-units5-tanh"])
def test_the_written_out_gradient_is_that_of_the_logits_for_every_activation(
    head: str, keras: ModuleType
) -> None:
    import tensorflow as tf

    from training.export import _head_gradient
    from training.models.heads import add_head

    keras.utils.set_random_seed(0)
    embedding = keras.Input((7,), name="embedding")
    model = keras.Model(embedding, add_head(head, embedding, 3))
    norm = model.get_layer("head_norm")
    norm.set_weights([1 + np.arange(7) / 7, np.ones(7), np.zeros(7), 0.5 + np.arange(7) / 3])
    x = tf.constant(np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32))
    dense, logits = (model.get_layer(name).output for name in ("head_dense", "logits"))
    network = keras.Model(embedding, [dense, logits])
    hidden = network(x, training=False)[0]
    assert hidden.shape == (4, 5)
    found = np.asarray(_head_gradient(model, hidden))
    for c in range(3):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logit = network(x, training=False)[1][:, c]
        slope = np.asarray(tape.gradient(logit, x))
        np.testing.assert_allclose(found[..., c], slope, atol=1e-5)
