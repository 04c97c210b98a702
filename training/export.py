"""A fitted classifier as the one ONNX file that the app reads.

The graph takes uint8 images and gives probabilities, logits, embedding, unfamiliarity and, where
the network has them, class activation maps; everything else that the app must know travels as the
contract in its metadata. Conversion needs the TensorFlow backend; weights fitted on another one can
be loaded there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras import ops

from leukview.contract import METADATA_KEY, ModelContract
from training.models import levels
from training.models.classifier import unit_range
from training.unfamiliar import Familiarity

OPSET = 18  # the newest that tf2onnx 1.17 writes
# Numbers in a tensor from which on it is halved. Biases, scales (2304 at most in a B3) and the
# temperature are smaller: of pbc8-b3's 10.9 million numbers 0.13 million keep all their digits.
HALVED_FROM = 4096
Serving = Callable[[Any], dict[str, Any]]
# Of each activation that a head may have, from its value.
SLOPES: dict[str, Callable[[Any], Any]] = {
    "relu": lambda y: ops.cast(y > 0, "float32"),
    "elu": lambda y: ops.where(y > 0, ops.ones_like(y), y + 1),
    "tanh": lambda y: 1 - y * y,
}


@dataclass(frozen=True)
class Shapes:
    """What a classifier's graph takes and gives, for the contract.

    Attributes:
        side: of the input, pixels.
        embedding: D.
        cam: rows and columns of the activation maps; None where the network has no maps that a
            single dense head reads: a transformer's class token, an ensemble's votes.
    """

    side: int
    embedding: int
    cam: tuple[int, int] | None


def shapes(classifier: keras.Model) -> Shapes:
    """Of the graph that `make_serving` makes."""
    pool = classifier.get_layer("embedding")
    side, embedding = classifier.input.shape[1], pool.output.shape[-1]
    if isinstance(pool.input, list):
        rows = levels.grid(pool.input)
        return Shapes(side=side, embedding=embedding, cam=(rows, rows))
    maps = pool.input.shape[1:-1]
    cam = (maps[0], maps[1]) if len(maps) == 2 else None
    return Shapes(side=side, embedding=embedding, cam=cam)


def _head_gradient(classifier: keras.Model, hidden: Any | None) -> Any:
    """D logit_c / d embedding_k, (N or 1, D, C), written out; `hidden` is (N, units), activated.

    W1 stands on the left, so that it shares the Dense layer's initializer in the file.
    """
    w2 = classifier.get_layer("logits").kernel
    if hidden is None:
        return ops.expand_dims(w2, 0)
    norm = classifier.get_layer("head_norm")
    slope = norm.gamma / ops.sqrt(norm.moving_variance + norm.epsilon)
    dense = classifier.get_layer("head_dense")
    active = ops.expand_dims(SLOPES[dense.activation.__name__](hidden), -1)
    through = ops.matmul(dense.kernel, active * ops.expand_dims(w2, 0))
    return through * ops.reshape(slope, (1, -1, 1))


def _activation_maps(classifier: keras.Model, features: Any, hidden: Any | None) -> Any:
    """(N, C, h, w) of feature maps (N, h, w, D), or of several levels of them."""
    gradient = _head_gradient(classifier, hidden)
    if isinstance(features, list):
        rows = columns = levels.grid(features)
        each = levels.activation_maps(features, gradient)
    else:
        _, rows, columns, width = classifier.get_layer("embedding").input.shape
        each = ops.matmul(ops.reshape(features, (-1, rows * columns, width)), gradient)
    maps = ops.transpose(ops.relu(each), (0, 2, 1))
    return ops.reshape(maps, (-1, gradient.shape[-1], rows, columns))


def make_serving(classifier: keras.Model, familiarity: Familiarity, temperature: float) -> Serving:
    """The function that is exported: uint8 (N, H, W, 3) RGB to the four or five named outputs.

    `cam`, for networks with maps, is Grad-CAM (Selvaraju et al. 2017) without its division by the
    number of places, in logit units, after ReLU; for heads `table2` and `stock` it is the classic
    map (Zhou et al. 2016).
    """
    pool, logits_layer = classifier.get_layer("embedding"), classifier.get_layer("logits")
    hidden = [layer.output for layer in classifier.layers if layer.name == "head_dense"]
    network = keras.Model(classifier.input, [pool.input, pool.output, logits_layer.output, *hidden])
    with_maps = shapes(classifier).cam is not None

    def serve(pixels: Any) -> dict[str, Any]:
        features, embedding, logits, *active = network(unit_range(pixels), training=False)
        projected = ops.matmul(embedding, familiarity.projection)
        offsets = ops.expand_dims(projected, 1) - familiarity.centres[None]
        nearest = ops.min(ops.sum(offsets * offsets, axis=-1), axis=-1)
        distance = 0.5 * ops.log(nearest + 1e-12)
        out = {
            "probabilities": ops.softmax(logits / temperature, axis=-1),
            "logits": logits,
            "embedding": embedding,
            "unfamiliarity": ops.abs(distance - familiarity.typical) / familiarity.spread,
        }
        if with_maps:
            out["cam"] = _activation_maps(classifier, features, active[0] if active else None)
        return out

    return serve


def to_onnx(serve: Serving, contract: ModelContract, path: Path) -> None:
    """Convert, attach the contract, check, and write completely or not at all.

    Raises:
        ValueError: wrong backend, or the graph is not what the contract promises.
    """
    write(graph_of(serve, contract), contract, path)


def graph_of(serve: Serving, contract: ModelContract) -> Any:
    """The ONNX model of a serving function, with named outputs and axes, without the contract.

    Raises:
        ValueError: wrong backend, or the graph is not what the contract promises.
    """
    check_backend()
    import onnx
    import tensorflow as tf
    import tf2onnx

    shape = (None, contract.height, contract.width, 3)
    signature = [tf.TensorSpec(shape, tf.uint8, name="pixels")]
    model, _ = tf2onnx.convert.from_function(tf.function(serve), signature, opset=OPSET)
    c = len(contract.classes)
    promised: dict[str, tuple[int, ...]] = {
        "probabilities": (c,),
        "logits": (c,),
        "embedding": (contract.embedding,),
        **({"cam": (c, *contract.cam)} if contract.cam else {}),
        "unfamiliarity": (),
    }
    if {value.name for value in model.graph.output} != set(promised):
        raise ValueError(f"outputs {[v.name for v in model.graph.output]}, not {list(promised)}")
    del model.graph.output[:]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *dims])
        for name, dims in promised.items()
    )
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    model.graph.name = contract.model
    return model


def write(model: Any, contract: ModelContract, path: Path) -> None:
    """Attach the contract, store the weights as it says, check, and write completely or not at all.

    Args:
        model: of `graph_of`, changed in place.
        contract: of it.
        path: of the file.

    Raises:
        ValueError: the graph cannot be what the app reads.
    """
    import onnx

    if contract.weights_as == "float16":
        halve_weights(model)
    onnx.helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    check(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_bytes(model.SerializeToString())
    draft.replace(path)


def halve_weights(model: Any) -> None:
    """Store large weights as float16, each followed by a Cast to float32; the rest is as it was.

    onnxruntime folds these casts when it opens the file, so the session computes what it did, with
    rounded weights. `convert_float_to_float16` of onnxruntime (and of onnxconverter-common) is not
    used: with every operator kept in float32 it still rounds what goes out, and it writes the cast
    of a weight that two nodes share twice, which the checker refuses.

    Args:
        model: an ONNX model, changed in place. Weights beyond 65504 stay as they are.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    graph, casts = model.graph, []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or math.prod(tensor.dims) < HALVED_FROM:
            continue
        values = numpy_helper.to_array(tensor)
        if np.abs(values).max() > np.finfo(np.float16).max:
            continue
        # The cast takes the weight's name, so the nodes that use it need no change.
        stored = f"{tensor.name}__float16"
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def check_backend() -> None:
    """Raise ValueError where the conversion cannot work."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError("Export needs KERAS_BACKEND=tensorflow. Nothing was written.")


def check(model: Any) -> None:
    """Refuse a graph with other inputs, with loops, or that the ONNX checker does not accept."""
    import onnx

    inputs = [value.name for value in model.graph.input]
    if inputs != ["pixels"]:
        raise ValueError(f"the graph asks for {inputs}, only 'pixels' is allowed")
    slow = {node.op_type for node in model.graph.node} & {"Loop", "Scan", "If"}
    if slow:
        raise ValueError(f"the graph contains {sorted(slow)}")
    onnx.checker.check_model(model, full_check=True)
