"""Open a model file, and refuse what the app cannot use with a sentence that says why."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import onnxruntime as ort

from leukview import resources
from leukview.contract import OUTPUTS, ModelContract
from leukview.domain.errors import ContractError, ModelFileError, UsageError

MAX_BYTES = 500 * 1024 * 1024
INPUT = "pixels"
SHORT = {"all4": "all4-b3.onnx", "cnmc": "cnmc-b3.onnx", "pbc8": "pbc8-b3.onnx"}
_NOTHING = "Nothing was classified."
_METADATA_PROPS = 14  # field of ModelProto in onnx.proto; its entries have key = 1, value = 2


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file whose contract and graph agree.

    Attributes:
        path: where it was read from.
        sha256: of its bytes.
        data: its bytes; sessions are made from them, so that a file that changes later is harmless.
        contract: what it promises.
    """

    path: Path
    sha256: str
    data: bytes
    contract: ModelContract


def shipped() -> list[Path]:
    """The models that come with the app, by name; empty when there are none."""
    return sorted(resources.path("models").glob("*.onnx"))


def resolve(name: str) -> Path:
    """The file that `all4`, `cnmc`, `pbc8`, a shipped model's full name, or a path stands for.

    Raises:
        UsageError: there is no such file.
    """
    models = resources.path("models")
    for path in (models / SHORT.get(name, ""), models / f"{name}.onnx", Path(name)):
        if path.is_file():
            return path
    raise UsageError(
        f"There is no model {name!r}: neither one that comes with LeukView"
        f" ({', '.join(SHORT)}), nor a file. {_NOTHING} `leukview models` lists what there is."
    )


def load(path: Path) -> ModelFile:
    """Read a model file and check its graph against its contract.

    Raises:
        ModelFileError: missing, too large, not ONNX, or its weights lie in other files.
        ContractError: no contract, another version, or the graph is not what it promises.
    """
    data = _read(path)
    session = _open(path, data)
    contract = ModelContract.from_metadata(session.get_modelmeta().custom_metadata_map)
    _check_input(session.get_inputs(), contract)
    promised = _check_outputs(session.get_outputs(), contract)
    _check_answer(session, contract, promised)
    return ModelFile(path, hashlib.sha256(data).hexdigest(), data, contract)


def peek(path: Path) -> ModelContract:
    """The contract alone, without reading the weights: for lists of models.

    An ONNX file is a protobuf message; the fields before the metadata are stepped over.

    Raises:
        ModelFileError: it cannot be read or is not ONNX.
        ContractError: no contract, another version, or it contradicts itself.
    """
    metadata: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            for field, value in _fields(file, wanted=_METADATA_PROPS):
                if field == _METADATA_PROPS:
                    entry = dict(_fields(io.BytesIO(value), wanted=None))
                    metadata[entry.get(1, b"").decode()] = entry.get(2, b"").decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ModelFileError(
            f"The model file {path.name} cannot be read as ONNX. {_NOTHING} Copy or export it"
            " again."
        ) from error
    return ModelContract.from_metadata(metadata)


def _fields(file: IO[bytes], *, wanted: int | None) -> Iterator[tuple[int, bytes]]:
    """Length-delimited fields of a protobuf message; of others than `wanted` the bytes are b""."""
    while True:
        first = file.read(1)
        if not first:
            return
        file.seek(-1, io.SEEK_CUR)
        field, kind = divmod(_varint(file), 8)
        if kind == 0:
            _varint(file)
        elif kind == 2:
            size = _varint(file)
            if wanted is None or field == wanted:
                value = file.read(size)
                if len(value) < size:
                    raise EOFError
                yield field, value
            else:
                file.seek(size, io.SEEK_CUR)
        elif kind in (1, 5):
            file.seek(8 if kind == 1 else 4, io.SEEK_CUR)
        else:
            raise EOFError


def _varint(file: IO[bytes]) -> int:
    value = 0
    for place in range(10):
        byte = file.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 0x80:
            return value
    raise EOFError


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelFileError(
                f"The model file {path.name} has {size / 2**20:,.0f} MB; at most"
                f" {MAX_BYTES // 2**20} MB are read. {_NOTHING} Choose a model that LeukView's"
                " training exported."
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"The model file {path.name} cannot be read ({error.strerror or error})."
            f" {_NOTHING} Check the path and its permissions."
        ) from error


def _open(path: Path, data: bytes) -> ort.InferenceSession:
    """A session without optimisation, for reading names, shapes and metadata only.

    Made from bytes, onnxruntime looks for weights in other files from the current folder on. Sent
    to a folder that cannot exist it finds none, so a model file cannot make the app read anything
    else, and a hash of its bytes is a hash of all its weights.
    """
    options = ort.SessionOptions()
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", f"{os.devnull}/none"
    )
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a family of classes without a common base
        if "external" in str(error).lower():
            reason = "keeps its weights in other files, which LeukView does not open"
        elif not data:
            reason = "is empty (0 bytes)"
        else:
            reason = "is not ONNX, is damaged, or needs a newer onnxruntime"
        raise ModelFileError(
            f"The model file {path.name} {reason}. {_NOTHING} Copy or export it again."
        ) from error


def _check_input(inputs: Sequence[Any], contract: ModelContract) -> None:
    wanted = [contract.height, contract.width, 3]
    if len(inputs) != 1 or inputs[0].name != INPUT:
        names = ", ".join(node.name for node in inputs)
        raise _broken(f"its graph wants the inputs ({names}), not {INPUT!r} alone")
    shape = list(inputs[0].shape)
    if inputs[0].type != "tensor(uint8)" or len(shape) != 4 or shape[1:] != wanted:
        raise _broken(
            f"its graph takes {inputs[0].type} {shape}, the contract promises tensor(uint8)"
            f" [N, {contract.height}, {contract.width}, 3]"
        )
    if isinstance(shape[0], int):
        raise _broken(f"its graph takes only batches of {shape[0]}")


def _check_outputs(outputs: Sequence[Any], contract: ModelContract) -> dict[str, list[int]]:
    """The promised outputs with their sides after the batch axis."""
    classes = len(contract.classes)
    promised: dict[str, list[int]] = {
        "probabilities": [classes],
        "logits": [classes],
        "embedding": [contract.embedding],
        "unfamiliarity": [],
    }
    if contract.cam is not None:
        promised["cam"] = [classes, *contract.cam]
    found = {node.name: node for node in outputs}
    missing = [name for name in (*OUTPUTS, *promised) if name not in found]
    if missing:
        raise _broken(f"its graph lacks the output {missing[0]!r}")
    for name, wanted in promised.items():
        shape = list(found[name].shape)
        if found[name].type != "tensor(float)" or not _fits(shape[1:], wanted):
            raise _broken(
                f"its output {name!r} is {found[name].type} {shape}, the contract promises"
                f" tensor(float) {['N', *wanted]}"
            )
    return promised


def _fits(shape: Sequence[object], wanted: Sequence[int]) -> bool:
    """Sides that the graph leaves open have no number and fit until it is run."""
    return len(shape) == len(wanted) and all(
        side == w for side, w in zip(shape, wanted, strict=True) if isinstance(side, int)
    )


def _check_answer(
    session: ort.InferenceSession, contract: ModelContract, promised: Mapping[str, list[int]]
) -> None:
    """Where the graph leaves sides open, one run on a blank image tells."""
    nodes = {node.name: node for node in session.get_outputs()}
    if all(isinstance(side, int) for name in promised for side in nodes[name].shape[1:]):
        return
    blank = np.zeros((1, contract.height, contract.width, 3), np.uint8)
    try:
        answers = session.run(list(promised), {INPUT: blank})
    except Exception as error:  # onnxruntime raises a family of classes without a common base
        raise _broken("its graph cannot be run on a blank image") from error
    for (name, wanted), answer in zip(promised.items(), answers, strict=True):
        if list(answer.shape) != [1, *wanted]:
            raise _broken(
                f"its output {name!r} came out as {list(answer.shape)} for one image, the contract"
                f" promises {[1, *wanted]}"
            )


def _broken(why: str) -> ContractError:
    return ContractError(
        f"The model file contradicts its own contract: {why}. {_NOTHING} Export the model again."
    )
