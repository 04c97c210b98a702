"""The exported graph against Keras, for both heads, at a small side so that it stays quick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest
from msgspec.structs import replace as structs_replace

from leukview.contract import METADATA_KEY, ModelContract

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
SIDE, GRID, CLASSES = 64, 2, 2


@dataclass(frozen=True)
class Exported:
    head: str
    classifier: Any
    temperature: float
    session: onnxruntime.InferenceSession
    pixels: np.ndarray
    out: dict[str, np.ndarray]


@pytest.fixture(scope="module", params=["table7", "table2"])
def exported(
    request: pytest.FixtureRequest,
    keras: ModuleType,
    tmp_path_factory: pytest.TempPathFactory,
    toy_contract: ModelContract,
) -> Exported:
    import msgspec

    from training import export, unfamiliar
    from training.models import efficientnet_b3

    keras.utils.set_random_seed(0)
    model = efficientnet_b3.build(request.param, CLASSES, side=SIDE)
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    pixels[2] = 7
    embed = np.random.default_rng(1).normal(size=(60, efficientnet_b3.WIDTH)).astype(np.float32)
    rows = np.arange(60)
    known = unfamiliar.held_out(embed[::2], rows[::2] % 3, embed[1::2], components=8)
    familiarity, _ = unfamiliar.fit(embed, rows % 2, known, components=8)
    contract = msgspec.structs.replace(
        toy_contract,
        height=SIDE,
        width=SIDE,
        temperature=1.7,
        embedding=efficientnet_b3.WIDTH,
        cam=(GRID, GRID),
    )
    path = tmp_path_factory.mktemp("export") / "small.onnx"
    export.to_onnx(export.make_serving(model, familiarity, 1.7), contract, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    out = dict(zip(names, session.run(names, {"pixels": pixels}), strict=True))
    return Exported(request.param, model, 1.7, session, pixels, out)


def test_probabilities_are_those_of_keras(exported: Exported) -> None:
    import keras

    from training.models.efficientnet_b3 import unit_range

    x = unit_range(exported.pixels)
    network = keras.Model(exported.classifier.input, exported.classifier.get_layer("logits").output)
    logits = np.asarray(network(x, training=False))
    expected = np.exp(logits / exported.temperature)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(exported.out["logits"], logits, atol=1e-4)
    np.testing.assert_allclose(exported.out["probabilities"], expected, atol=1e-4)


def test_one_input_and_the_contract_are_in_the_file(exported: Exported) -> None:
    assert [i.name for i in exported.session.get_inputs()] == ["pixels"]
    metadata = exported.session.get_modelmeta().custom_metadata_map
    assert ModelContract.from_metadata({METADATA_KEY: metadata[METADATA_KEY]}).temperature == 1.7


def test_activation_maps_are_the_gradients_of_the_logits(exported: Exported) -> None:
    import keras
    import tensorflow as tf

    from training.models.efficientnet_b3 import unit_range

    model = exported.classifier
    pool = model.get_layer("embedding")
    network = keras.Model(model.input, [pool.input, pool.output])
    maps, embedding = network(unit_range(exported.pixels), training=False)
    head = keras.Model(pool.output, model.get_layer("logits").output)
    for c in range(CLASSES):
        with tf.GradientTape() as tape:
            tape.watch(embedding)
            logit = head(embedding, training=False)[:, c]
        slope = np.asarray(tape.gradient(logit, embedding))
        cam = np.maximum((np.asarray(maps) * slope[:, None, None]).sum(axis=-1), 0)
        np.testing.assert_allclose(exported.out["cam"][:, c], cam, atol=1e-3)


def test_a_blank_image_gives_finite_numbers(exported: Exported) -> None:
    assert all(np.isfinite(values[2]).all() for values in exported.out.values())


def test_unfamiliarity_depends_on_the_embedding(exported: Exported) -> None:
    assert len(set(exported.out["unfamiliarity"].round(6).tolist())) == 3


def test_a_graph_with_another_input_is_refused() -> None:
    import onnx
    from onnx import TensorProto, helper

    from training.export import check

    value = helper.make_tensor_value_info("extra", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["extra"], ["y"])], "g", [value], [out])
    model = helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])
    with pytest.raises(ValueError, match="only 'pixels'"):
        check(model)


def halved(path: Path, contract: ModelContract) -> tuple[Any, np.ndarray, np.ndarray]:
    """A file of one product by a large weight that two nodes share; its weight and its input."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from training import export

    rng = np.random.default_rng(0)
    weight = rng.normal(size=(64, 64)).astype(np.float32)
    beyond = np.full((64, 64), 70000, np.float32)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["x"], to=TensorProto.FLOAT),
            helper.make_node("MatMul", ["x", "weight"], ["first"]),
            helper.make_node("MatMul", ["first", "weight"], ["second"]),
            helper.make_node("Div", ["second", "beyond"], ["third"]),
            helper.make_node("Mul", ["third", "scale"], ["y"]),
        ],
        "g",
        [value("pixels", TensorProto.UINT8, [64, 64])],
        [value("y", TensorProto.FLOAT, [64, 64])],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(beyond, "beyond"),
            numpy_helper.from_array(np.float32(0.1), "scale"),
        ],
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    export.write(model, structs_replace(contract, weights_as="float16"), path)
    return onnx.load(str(path)), weight, rng.integers(0, 256, (64, 64), dtype=np.uint8)


def test_halves_are_stored_only_where_they_can_hold_the_weights(
    tmp_path: Path, toy_contract: ModelContract
) -> None:
    from onnx import TensorProto, numpy_helper

    model, weight, _ = halved(tmp_path / "half.onnx", toy_contract)
    stored = {i.name: i for i in model.graph.initializer}
    kinds = {name: one.data_type for name, one in stored.items()}
    assert kinds == {
        "weight__float16": TensorProto.FLOAT16,
        "beyond": TensorProto.FLOAT,
        "scale": TensorProto.FLOAT,
    }
    found = numpy_helper.to_array(stored["weight__float16"])
    np.testing.assert_array_equal(found, weight.astype(np.float16))


def test_the_longest_bias_of_b3_keeps_all_its_digits() -> None:
    from training.export import HALVED_FROM

    expanded = 6 * 384  # channels of its last block inside (Tan & Le 2019, scaled)
    assert expanded < HALVED_FROM


def test_onnxruntime_folds_halves_when_it_opens_the_file_and_computes_with_float32(
    tmp_path: Path, toy_contract: ModelContract
) -> None:
    import onnx

    path = tmp_path / "half.onnx"
    _, weight, pixels = halved(path, toy_contract)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # that what it writes is for this machine is known
    options.optimized_model_filepath = str(tmp_path / "opened.onnx")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    casts = [
        node.input[0]
        for node in onnx.load(str(tmp_path / "opened.onnx")).graph.node
        if node.op_type == "Cast"
    ]
    assert casts == ["pixels"]
    rounded = weight.astype(np.float16).astype(np.float32)
    expected = pixels.astype(np.float32) @ rounded @ rounded / np.float32(70000) * np.float32(0.1)
    np.testing.assert_allclose(session.run(None, {"pixels": pixels})[0], expected, atol=1e-6)
