"""Every system of the paper: it can be built, fitted, cut, moved to another side, and exported."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest

from leukview.contract import ModelContract
from training.models.registry import RECORDS

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
NAMES = [record.name for record in RECORDS]
Small = Callable[[str], Any]


def pixels_for(model: Any, count: int = 3) -> np.ndarray:
    side = model.input.shape[1]
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_has_the_layers_that_training_and_export_look_for(
    small: Small, name: str
) -> None:
    from training.models import vit
    from training.models.registry import record_of

    model, record = small(name), record_of(name)
    for layer in ("image", "pixel_range", "trunk", "embedding", "logits", "probabilities"):
        assert model.get_layer(layer) is not None
    # Those that the thin bodies change: five levels of 8 channels, of each a mean and a deviation.
    thin = {"vit-b16": vit.SIZE.width, "efficientnet-b3-levels": 5 * 8 * 2}
    width = thin.get(name, record.width)
    assert model.get_layer("embedding").output.shape == (None, width)
    assert model.output.shape == (None, 3)
    assert model.name == f"{name}_{record.head}"


@pytest.mark.parametrize("name", NAMES)
def test_one_step_changes_trunk_and_head(small: Small, keras: ModuleType, name: str) -> None:
    from training import losses
    from training.models.classifier import unit_range
    from training.models.registry import record_of

    model = small(name)
    trunk = model.get_layer("trunk")
    mine = {id(w) for w in trunk.trainable_weights}
    head = [w for w in model.trainable_weights if id(w) not in mine]
    before = [[np.array(w) for w in part] for part in (trunk.trainable_weights, head)]
    model.compile("adamax", losses.of(record_of(name).loss), run_eagerly=True, jit_compile=False)
    x = np.asarray(unit_range(pixels_for(model, 6)))
    loss = model.train_on_batch(x, np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]])
    assert np.isfinite(loss)
    for old, part in zip(before, (trunk.trainable_weights, head), strict=True):
        assert any(not np.array_equal(a, np.array(b)) for a, b in zip(old, part, strict=True))


@dataclass(frozen=True)
class Converted:
    """A network as a graph of ONNX, converted once for all ways to store its weights."""

    graph: Any
    contract: ModelContract
    familiarity: Any

    def answers(self, path: Path, weights_as: str, pixels: np.ndarray) -> dict[str, np.ndarray]:
        from training import export

        graph = onnx.ModelProto()
        graph.CopyFrom(self.graph)
        contract = msgspec.structs.replace(self.contract, weights_as=weights_as)
        export.write(graph, contract, path)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        names = [o.name for o in session.get_outputs()]
        return dict(zip(names, session.run(names, {"pixels": pixels}), strict=True))


@pytest.fixture(scope="module")
def converted(
    small: Small, keras: ModuleType, toy_contract: ModelContract
) -> Callable[[str], Converted]:
    from training import export
    from training.unfamiliar import Familiarity

    def convert(name: str) -> Converted:
        said = export.shapes(small(name))
        rng = np.random.default_rng(1)
        familiarity = Familiarity(
            rng.normal(size=(said.embedding, 4)).astype(np.float32),
            rng.normal(size=(2, 4)).astype(np.float32),
            typical=1.0,
            spread=2.0,
            threshold=3.0,
        )
        third = msgspec.structs.replace(toy_contract.classes[0], id="c", name="Third", key="")
        contract = msgspec.structs.replace(
            toy_contract,
            classes=(*toy_contract.classes[:2], third),
            height=said.side,
            width=said.side,
            embedding=said.embedding,
            cam=said.cam,
        )
        serving = export.make_serving(small(name), familiarity, 1.7)
        return Converted(export.graph_of(serving, contract), contract, familiarity)

    return functools.cache(convert)


@pytest.mark.parametrize("name", NAMES)
def test_the_exported_graph_gives_what_keras_gives(
    small: Small,
    keras: ModuleType,
    name: str,
    converted: Callable[[str], Converted],
    tmp_path: Path,
) -> None:
    from training.models.classifier import unit_range

    model, made = small(name), converted(name)
    pixels = pixels_for(model)
    out = made.answers(tmp_path / "small.onnx", "float32", pixels)
    ends = [model.get_layer(layer).output for layer in ("embedding", "logits")]
    expected = keras.Model(model.input, ends)(unit_range(pixels), training=False)
    embedding, logits = (np.asarray(value) for value in expected)
    largest = max(1.0, float(np.abs(embedding).max()))
    np.testing.assert_allclose(out["embedding"], embedding, atol=1e-4 * largest)
    np.testing.assert_allclose(out["logits"], logits, atol=1e-4)
    power = np.exp(logits / 1.7)
    probabilities = power / power.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(out["probabilities"], probabilities, atol=1e-4)
    scores = made.familiarity.score(embedding)
    np.testing.assert_allclose(out["unfamiliarity"], scores, atol=1e-3)
    assert ("cam" in out) == (name not in ("vit-b16", "voting"))


@pytest.mark.parametrize("name", NAMES)
def test_with_weights_stored_as_halves_the_graph_answers_nearly_the_same(
    small: Small,
    name: str,
    converted: Callable[[str], Converted],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from leukview.inference.model_file import load
    from training import export, parity

    monkeypatch.setattr(export, "HALVED_FROM", 64)  # the thin bodies have small weights
    whole, half = tmp_path / "whole.onnx", tmp_path / "half.onnx"
    pixels, made = pixels_for(small(name)), converted(name)
    expected = made.answers(whole, "float32", pixels)
    got = made.answers(half, "float16", pixels)
    assert got.keys() == expected.keys()
    for output, values in expected.items():
        assert got[output].dtype == np.float32
        apart = np.abs(got[output] - values) / max(1.0, float(np.abs(values).max()))
        # A hidden unit next to zero may cross it, which takes its part out of a map as a whole.
        assert (apart.mean() if output == "cam" else apart.max()) < 1e-2, output
    away = np.abs(got["probabilities"] - expected["probabilities"]).max()
    assert 0 < away < parity.TOLERANCE["float16"]
    assert half.stat().st_size < whole.stat().st_size
    assert load(half).contract.weights_as == "float16"


@pytest.mark.parametrize("name", [r.name for r in RECORDS if r.blocks])
def test_a_network_cut_at_a_block_is_the_same_network(
    small: Small, keras: ModuleType, name: str
) -> None:
    from training.models.classifier import entrance, lower, unit_range, upper
    from training.models.registry import record_of

    model, blocks = small(name), record_of(name).blocks
    if name == "vit-b16":
        blocks = blocks[:2]  # the thinned one has no more
    for block in blocks:
        assert entrance(model.get_layer("trunk"), block) is not None
    x = unit_range(pixels_for(model))
    middle = blocks[len(blocks) // 2]
    embedding, probabilities = upper(model, middle)(lower(model, middle)(x, training=False))
    embed = keras.Model(model.input, model.get_layer("embedding").output)
    whole = np.asarray(embed(x, training=False))
    np.testing.assert_allclose(np.asarray(embedding), whole, rtol=1e-4, atol=1e-5)
    expected = np.asarray(model(x, training=False))
    np.testing.assert_allclose(np.asarray(probabilities), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["vit-b16", "voting", "tversky-cnn", "vgg19"])
def test_a_network_moves_to_another_side_with_its_weights(small: Small, name: str) -> None:
    from training.models.registry import at_side

    model = small(name)
    other = at_side(model, 48)
    assert other.input.shape == (None, 48, 48, 3)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert other.get_layer("pixel_range").offset == model.get_layer("pixel_range").offset
    assert np.isfinite(np.asarray(other(np.ones((1, 48, 48, 3), np.float32)))).all()


@pytest.mark.parametrize("name", ["voting", "efficientnet-b3"])
def test_a_head_alone_answers_as_in_its_classifier(keras: ModuleType, name: str) -> None:
    from training.models.registry import new_head, record_of

    head = new_head(name, "table7", 3)
    assert head.input.shape == (None, record_of(name).width)
    assert np.asarray(head(np.ones((2, record_of(name).width), np.float32))).shape == (2, 3)


def test_batch_norm_of_models_inside_is_measured_too(small: Small, keras: ModuleType) -> None:
    from training.models.classifier import remeasure_batch_norm

    model = small("voting")
    norm = next(
        layer
        for layer in model.get_layer("trunk").get_layer("xception").layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    norm.moving_mean.assign(np.full(norm.moving_mean.shape, 99.0, np.float32))
    remeasure_batch_norm(model, pixels_for(model, 32))
    assert np.asarray(norm.moving_mean).max() < 99
    assert norm.momentum == 0.99


def test_a_trunk_without_batch_norm_has_nothing_to_measure(small: Small) -> None:
    from training.models.classifier import remeasure_batch_norm

    model = small("vgg19")
    before = model.get_weights()
    remeasure_batch_norm(model, pixels_for(model, 32))
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_ranges_are_those_of_keras_own_preprocessing(keras: ModuleType) -> None:
    from training.models.classifier import CAFFE, SIGNED, TORCH, PixelRange, to_bgr

    x = np.random.default_rng(0).random((2, 4, 4, 3)).astype(np.float32)

    def ranged(one: PixelRange) -> np.ndarray:
        return x * np.array(one.scale, np.float32) + np.array(one.offset, np.float32)

    applications = keras.applications
    for got, expected in (
        (ranged(SIGNED), applications.xception.preprocess_input(255 * x)),
        (ranged(TORCH), applications.densenet.preprocess_input(255 * x)),
        (np.asarray(to_bgr(ranged(CAFFE))), applications.vgg19.preprocess_input(255 * x)),
        (np.asarray(to_bgr(ranged(CAFFE))), applications.resnet50.preprocess_input(255 * x)),
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_vgg19_sees_what_its_weights_expect(small: Small, keras: ModuleType) -> None:
    from training.models.classifier import unit_range

    model = small("vgg19")
    pixels = pixels_for(model)
    pixels[:, 0, 0, 0], pixels[:, 0, 0, 1] = 0, 255  # so that min-max changes nothing but the unit
    own = keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))
    own.set_weights(model.get_layer("trunk").get_weights())
    maps = own(keras.applications.vgg19.preprocess_input(pixels.astype(np.float32)))
    embed = keras.Model(model.input, model.get_layer("embedding").output)
    got = np.asarray(embed(unit_range(pixels), training=False))
    np.testing.assert_allclose(got, np.asarray(maps).mean(axis=(1, 2)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("channels", "width"), [(64, 3), (128, 5), (256, 5), (512, 5)])
def test_eca_looks_at_more_channels_where_there_are_more(
    keras: ModuleType, channels: int, width: int
) -> None:
    from training.models.eca_vgg16 import kernel_width

    assert kernel_width(channels) == width


def test_eca_scales_each_channel_by_its_neighbours(keras: ModuleType) -> None:
    from training.models.eca_vgg16 import attention

    image = keras.Input((2, 2, 64))
    model = keras.Model(image, attention(image, "eca"))
    model.get_layer("eca_conv").set_weights([np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1)])
    x = np.zeros((1, 2, 2, 64), np.float32)
    x[..., 4], x[..., 5] = 2.0, 8.0
    out = np.asarray(model(x))
    # The kernel looks at the channel before: 5 is scaled by what 4 says, 4 by what 3 says.
    np.testing.assert_allclose(out[..., 5], 8 / (1 + np.exp(-2.0)), rtol=1e-5)
    np.testing.assert_allclose(out[..., 4], 1.0, rtol=1e-5)


def test_positions_between_patches_are_interpolated(keras: ModuleType) -> None:
    from training.models.vit import between

    np.testing.assert_array_equal(between(3, 3), np.eye(9))
    wider = between(2, 4)
    np.testing.assert_allclose(wider.sum(axis=1), 1, rtol=1e-6)
    rising = np.array([0.0, 1.0, 0.0, 1.0])  # from left to right
    np.testing.assert_allclose((wider @ rising)[:4], [0, 0.25, 0.75, 1], rtol=1e-6)


def test_the_vote_goes_with_the_majority_against_a_louder_minority(keras: ModuleType) -> None:
    from training.models.voting import Vote

    members = [[[0.55, 0.45]], [[0.51, 0.49]], [[0.01, 0.99]]]
    out = np.exp(np.asarray(Vote()([np.array(m, np.float32) for m in members], training=False)))
    share = 1 / 6
    mean = (1 - share) * np.array([2 / 3, 1 / 3]) + share * np.mean(members, axis=0)[0]
    np.testing.assert_allclose(out, [mean], rtol=1e-5)
    assert out[0].argmax() == 0


def test_equal_votes_are_decided_by_the_mean_probability(keras: ModuleType) -> None:
    from training.models.voting import Vote

    members = [[[0.6, 0.4]], [[0.1, 0.9]]]
    out = np.asarray(Vote()([np.array(m, np.float32) for m in members], training=False))
    assert out[0].argmax() == 1


def test_while_fitting_every_image_teaches_one_member(keras: ModuleType) -> None:
    from training.models.voting import Vote

    keras.utils.set_random_seed(0)
    members = [np.full((200, 2), level, np.float32) for level in (0.2, 0.4, 0.8)]
    out = np.exp(np.asarray(Vote()(members, training=True)))[:, 0].round(3)
    shares = [float(np.mean(out == level)) for level in (0.2, 0.4, 0.8)]
    assert sum(shares) == pytest.approx(1)
    assert all(0.2 < share < 0.5 for share in shares)


def test_on_torch_batch_norm_is_measured_without_what_gradients_need(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch itself is not installed here; what stands for it counts the calls inside."""
    from training.models.classifier import remeasure_batch_norm

    inside: list[bool] = [False]
    seen: list[bool] = []

    @contextmanager
    def no_grad() -> Iterator[None]:
        inside[0] = True
        yield
        inside[0] = False

    class Noting(keras.layers.BatchNormalization):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            seen.append(inside[0])
            return super().call(inputs, training=training, mask=mask)

    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(no_grad=no_grad))
    image = keras.Input((8, 8, 3))
    stem = keras.Input((8, 8, 3))
    trunk = keras.Model(stem, Noting()(stem), name="trunk")
    front = keras.layers.Rescaling(2.0, -1.0, name="pixel_range")
    model = keras.Model(image, trunk(front(image)))
    seen.clear()
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    remeasure_batch_norm(model, np.random.default_rng(0).integers(0, 256, (32, 8, 8, 3), np.uint8))
    assert seen == [True, True]
