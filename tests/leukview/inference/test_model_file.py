import hashlib
import json
from dataclasses import replace

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from leukview.contract import METADATA_KEY
from leukview.domain.errors import ContractError, ModelFileError, UsageError
from leukview.inference import model_file
from leukview.inference.model_file import load, peek, resolve, shipped


def changed(toy_model, tmp_path, change):
    model = onnx.load(toy_model)
    change(model)
    path = tmp_path / "changed.onnx"
    onnx.save(model, path)
    return path


def with_contract(text):
    def change(model):
        helper.set_model_props(model, {METADATA_KEY: text} if text is not None else {})

    return change


def test_a_contract_is_read_without_its_weights(toy_model, toy_field_model):
    for path in (toy_model, toy_field_model):
        assert peek(path) == load(path).contract


@pytest.mark.parametrize("content", [b"", b"no model", b"\x3a\xff\xff\xff\xff\x0f", b"\xff" * 40])
def test_peeking_into_what_is_no_model_is_refused_with_a_sentence(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"\."):
        peek(path)


def test_peeking_into_a_model_that_was_cut_short_is_refused(toy_model, tmp_path):
    path = tmp_path / "cut.onnx"
    path.write_bytes(toy_model.read_bytes()[:-7])
    with pytest.raises(ModelFileError):
        peek(path)


def test_a_good_file_is_read_with_its_hash_and_contract(toy_model, toy_contract):
    model = load(toy_model)
    assert model.contract == toy_contract
    assert model.sha256 == hashlib.sha256(toy_model.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"no onnx at all", "is not ONNX"), (b"\x89PNG\r\n\x1a\n" * 9, "not ONNX")],
)
def test_what_is_no_onnx_is_refused(tmp_path, content, words):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=words):
        load(path)


def test_a_missing_or_huge_file_is_refused(tmp_path, toy_model, monkeypatch):
    with pytest.raises(ModelFileError, match=r"gone\.onnx cannot be read"):
        load(tmp_path / "gone.onnx")
    monkeypatch.setattr(model_file, "MAX_BYTES", 10)
    with pytest.raises(ModelFileError, match="at most"):
        load(toy_model)


def test_no_contract_and_other_versions_are_refused(toy_model, toy_contract, tmp_path):
    with pytest.raises(ContractError, match="carries no LeukView contract"):
        load(changed(toy_model, tmp_path, with_contract(None)))
    for version, words in ((99, "Install a newer LeukView"), (0, "Export the model again")):
        raw = json.loads(toy_contract.to_json()) | {"version": version}
        with pytest.raises(ContractError, match=words):
            load(changed(toy_model, tmp_path, with_contract(json.dumps(raw))))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"height": 17}, "the contract promises tensor"),
        ({"embedding": 4}, "its output 'embedding'"),
        ({"cam": (2, 2)}, "lacks the output 'cam'"),
    ],
)
def test_a_graph_that_is_not_what_the_contract_says_is_refused(
    toy_model, toy_contract, tmp_path, values, words
):
    text = msgspec.structs.replace(toy_contract, **values).to_json()
    with pytest.raises(ContractError, match=words):
        load(changed(toy_model, tmp_path, with_contract(text)))


def test_a_third_class_in_the_contract_alone_is_refused(toy_model, toy_contract, tmp_path):
    first = toy_contract.classes[0]
    third = msgspec.structs.replace(first, id="other", name="Other", key="3")
    text = msgspec.structs.replace(toy_contract, classes=(*toy_contract.classes, third)).to_json()
    with pytest.raises(ContractError, match="its output 'probabilities'"):
        load(changed(toy_model, tmp_path, with_contract(text)))

    def open_sides(model):
        with_contract(text)(model)
        for output in model.graph.output:
            for side in list(output.type.tensor_type.shape.dim)[1:]:
                side.dim_param = "c_" + output.name
        # The graph's own constants give the number away unless they are computed.
        centres = next(i for i in model.graph.initializer if i.name == "centres")
        values = numpy_helper.to_array(centres)
        model.graph.initializer.remove(centres)
        shape = np.array(values.shape, np.int64)
        model.graph.initializer.append(numpy_helper.from_array(values.ravel(), "flat"))
        model.graph.initializer.append(numpy_helper.from_array(shape, "shape"))
        model.graph.node.insert(0, helper.make_node("Reshape", ["flat", "shape"], ["centres"]))

    with pytest.raises(ContractError, match="its output 'probabilities'"):
        load(changed(toy_model, tmp_path, open_sides))


def test_wrong_inputs_are_refused(toy_model, tmp_path):
    def rename(model):
        model.graph.input[0].name = "image"
        model.graph.node[0].input[0] = "image"

    def extra(model):
        model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))

    def fixed(model):
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1

    for change, words in ((rename, "wants the inputs"), (extra, "more"), (fixed, "batches of 1")):
        with pytest.raises(ContractError, match=words):
            load(changed(toy_model, tmp_path, change))


def test_weights_in_other_files_are_not_opened(toy_model, tmp_path, monkeypatch):
    """Not even from the current folder, where onnxruntime would look for them."""
    model = onnx.load(toy_model)
    model.graph.initializer.append(numpy_helper.from_array(np.zeros((64, 2), np.float32), "big"))
    model.graph.node.append(helper.make_node("Identity", ["big"], ["more"]))
    model.graph.output.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [64, 2]))
    path = tmp_path / "split.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=256)
    assert (tmp_path / "weights.bin").exists()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError, match="weights in other files"):
        load(path)


def test_names_stand_for_shipped_models_and_paths(toy_model, tmp_path, monkeypatch):
    folder = tmp_path / "res" / "models"
    folder.mkdir(parents=True)
    (folder / "cnmc-b3.onnx").write_bytes(b"x")
    monkeypatch.setattr(
        model_file.resources, "path", lambda *parts: tmp_path.joinpath("res", *parts)
    )
    assert shipped() == [folder / "cnmc-b3.onnx"]
    assert resolve("cnmc") == resolve("cnmc-b3") == folder / "cnmc-b3.onnx"
    assert resolve(str(toy_model)) == toy_model
    with pytest.raises(UsageError, match="There is no model 'all4'"):
        resolve("all4")


def test_a_loaded_model_no_longer_needs_its_file(toy_model):
    model = load(toy_model)
    assert replace(model, path=model.path).data == toy_model.read_bytes()
