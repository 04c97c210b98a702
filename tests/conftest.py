"""Fixtures shared by all tests: models made in code, folders of images made in code."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from leukview.contract import METADATA_KEY, ClassEntry, Figure, ModelContract, ReviewThreshold
from leukview.domain.classes import Role, Unit

SIDE = 16
EMBEDDING = 3
FolderFactory = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the sessions and settings of the person who runs it."""
    monkeypatch.setenv("LEUKVIEW_DATA", str(tmp_path / "leukview-data"))


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """A test that leaves one of our threads behind fails."""
    before = set(threading.enumerate())
    yield
    left = [
        thread.name
        for thread in set(threading.enumerate()) - before
        if thread.name.startswith("leukview")
    ]
    assert not left, f"threads left running: {left}"


def toy_entry(class_id: str, name: str, key: str, *, malignant: bool, alias: str) -> ClassEntry:
    return ClassEntry(
        id=class_id,
        name=name,
        key=key,
        role=Role.LEUKOCYTE,
        malignant=malignant,
        aliases=(alias,),
    )


@pytest.fixture(scope="session")
def toy_contract() -> ModelContract:
    """Two classes: dark images are `hem`, bright ones `all`."""
    return ModelContract(
        model="toy-2",
        title="Toy 2",
        created="2026-11-22T18:05:09Z",
        height=SIDE,
        width=SIDE,
        resize="crop_and_resize",
        smallest_side=8,
        largest_side=600,
        unit=Unit.CELL,
        classes=(
            toy_entry("hem", "Normal", "1", malignant=False, alias="healthy"),
            toy_entry("all", "ALL blast", "2", malignant=True, alias="blast"),
        ),
        temperature=0.5,
        review=ReviewThreshold(confidence=0.9, error=0.02, upper=0.05, coverage=0.8, n=100),
        unfamiliar_above=2.0,
        embedding=EMBEDDING,
        figures=(Figure(name="accuracy", value=0.9, protocol="made up", n=100, groups=4),),
        notice="A toy for tests.",
    )


@pytest.fixture(scope="session")
def toy_field_contract() -> ModelContract:
    """Four classes of fields, from dark to bright."""
    return ModelContract(
        model="toy-4",
        title="Toy 4",
        created="2026-11-22T18:05:09Z",
        height=SIDE,
        width=SIDE,
        resize="crop_and_resize",
        smallest_side=8,
        largest_side=600,
        unit=Unit.FIELD,
        classes=(
            toy_entry("benign", "Benign", "1", malignant=False, alias="normal"),
            toy_entry("early", "Early", "2", malignant=True, alias="earlyprec"),
            toy_entry("pre", "Pre", "3", malignant=True, alias="preb"),
            toy_entry("pro", "Pro", "4", malignant=True, alias="prob"),
        ),
        temperature=1.0,
        review=ReviewThreshold(confidence=0.6, error=0.02, upper=0.05, coverage=0.8, n=100),
        unfamiliar_above=2.0,
        embedding=EMBEDDING,
    )


def make_toy_model(path: Path, contract: ModelContract, *, offset: float = 0.0) -> Path:
    """Write a model of a few nodes whose answers follow from the mean brightness.

    With b = mean / 127.5 - 1 in [-1, 1] and centres spread evenly over [-1, 1]:
    logits_c = -(b - centre_c)^2 * (C - 1); embedding = mean of R, G, B over 255;
    unfamiliarity = |mean of R - mean of B| / 255 * 10 + `offset`, so a grey image is familiar.
    """
    count = len(contract.classes)
    centres = np.linspace(-1, 1, count, dtype=np.float32)[None]
    constants = {
        "planes": np.array([1, 2], np.int64),
        "last": np.array([1], np.int64),
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "three": np.array([3], np.int64),
        "white": np.float32(255),
        "half": np.float32(0.5),
        "centres": centres,
        "steep": np.float32(-(count - 1)),
        "temperature": np.float32(contract.temperature),
        "ten": np.float32(10),
        "offset": np.float32(offset),
    }
    node = helper.make_node
    nodes = [
        node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        node("Div", ["floats", "white"], ["scaled"]),
        node("ReduceMean", ["scaled", "planes"], ["embedding"], keepdims=0),
        node("ReduceMean", ["embedding", "last"], ["mean"], keepdims=1),
        node("Div", ["mean", "half"], ["doubled"]),
        node("Sub", ["doubled", "one_float"], ["b"]),
        node("Sub", ["b", "centres"], ["away"]),
        node("Mul", ["away", "away"], ["squared"]),
        node("Mul", ["squared", "steep"], ["logits"]),
        node("Div", ["logits", "temperature"], ["cooled"]),
        node("Softmax", ["cooled"], ["probabilities"], axis=1),
        node("Slice", ["embedding", "zero", "one", "last"], ["red"]),
        node("Slice", ["embedding", "two", "three", "last"], ["blue"]),
        node("Sub", ["red", "blue"], ["difference"]),
        node("Abs", ["difference"], ["distance"]),
        node("Mul", ["distance", "ten"], ["scored"]),
        node("Add", ["scored", "offset"], ["column"]),
        node("Squeeze", ["column", "last"], ["unfamiliarity"]),
    ]
    constants["one_float"] = np.float32(1)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "toy",
        [value("pixels", TensorProto.UINT8, ["n", contract.height, contract.width, 3])],
        [
            value("probabilities", TensorProto.FLOAT, ["n", count]),
            value("logits", TensorProto.FLOAT, ["n", count]),
            value("embedding", TensorProto.FLOAT, ["n", EMBEDDING]),
            value("unfamiliarity", TensorProto.FLOAT, ["n"]),
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory, toy_contract: ModelContract) -> Path:
    """A 16x16 model of two cell classes: dark = hem, bright = all."""
    return make_toy_model(tmp_path_factory.mktemp("model") / "toy-2.onnx", toy_contract)


@pytest.fixture(scope="session")
def toy_field_model(
    tmp_path_factory: pytest.TempPathFactory, toy_field_contract: ModelContract
) -> Path:
    """A 16x16 model of four field classes, from dark (benign) to bright (pro)."""
    return make_toy_model(tmp_path_factory.mktemp("model") / "toy-4.onnx", toy_field_contract)


@pytest.fixture(scope="session")
def write_toy_model() -> Callable[..., Path]:
    """`write_toy_model(path, contract, offset=0.0)` for tests that need another toy."""
    return make_toy_model


@pytest.fixture
def image_folder(tmp_path: Path) -> FolderFactory:
    """Factory: `image_folder({"a/1.png": 20, "b/2.png": (200, 200, 180)}, name="slides")`.

    A value is a grey level or an RGB colour; the file's ending chooses its format. Without values
    three dark (`d1.png`...) and three bright (`e1.png`...) images are written. No two files are
    equal, unless their colour and their size are.
    """

    def make(
        files: Mapping[str, int | tuple[int, int, int]] | None = None,
        *,
        name: str = "slides",
        size: tuple[int, int] = (24, 20),
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        if files is None:
            files = {f"d{k}.png": 20 + k for k in (1, 2, 3)}
            files |= {f"e{k}.png": 230 + k for k in (1, 2, 3)}
        for where, colour in files.items():
            path = folder / where
            path.parent.mkdir(parents=True, exist_ok=True)
            rgb = (colour,) * 3 if isinstance(colour, int) else colour
            Image.new("RGB", size, rgb).save(path)
        return folder

    return make


@pytest.fixture(scope="session")
def shared() -> Path:
    """Texts and images beside the checkout; absent on most machines, present in CI."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("../shared has to be present in CI")
        pytest.skip("needs ../shared, which this machine does not have")
    return folder
