"""Stain normalisation in the network: by hand, at its limits, in a run, in an exported file."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from leukview.contract import ModelContract
from leukview.domain.errors import UsageError
from training.config import Config, Stage
from training.data.catalogue import SETS

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
PLAIN = Config(name="x", head="table2", init="random", stages=(Stage(kind="full", steps=1),))
STAINED = msgspec.structs.replace(PLAIN, stain_normalisation="reinhard")


def grey(*levels: float) -> np.ndarray:
    """One image (1, 1, W, 3) of grey pixels."""
    return np.repeat(np.array(levels, np.float32)[None, None, :, None], 3, axis=3)


def stained(count: int = 2, side: int = 6) -> np.ndarray:
    """Images (N, side, side, 3) of mild colours, each with a stain of its own."""
    rng = np.random.default_rng(0)
    return rng.uniform(0.35, 0.55, (count, side, side, 3)).astype(np.float32)


def pixels(count: int = 40, side: int = 16) -> np.ndarray:
    """Purple cells on black ground, the cells of each image a little darker than the last."""
    rng = np.random.default_rng(1)
    out = np.zeros((count, side, side, 3), np.uint8)
    cells = rng.uniform(0.7, 1, (count, side - 4, side - 4, 3)) * np.array([150, 90, 170])
    out[:, 2:-2, 2:-2] = cells * np.linspace(1, 0.6, count)[:, None, None, None]
    return out


def test_light_and_contrast_of_grey_pixels_come_out_as_worked_by_hand(keras: ModuleType) -> None:
    from training.models import stain

    image = grey(0.16, 0.81)
    own = stain.reference([image])
    # A grey pixel's cones see it as it is, so l is sqrt(3) times the logarithm of its level.
    spread = np.sqrt(3) * np.log(0.81 / 0.16) / 2
    assert own.mean[0] == pytest.approx(np.sqrt(3) * np.log(np.sqrt(0.16 * 0.81)), abs=5e-3)
    assert own.deviation == pytest.approx([spread, stain.LEAST_SPREAD, stain.LEAST_SPREAD])
    # Half the spread of logarithms about 0.36, the geometric mean: a factor of (81 / 16)^(1/4).
    half = stain.Stain(own.mean, [own.deviation[0] / 2, *own.deviation[1:]])
    np.testing.assert_allclose(stain.normalised(image, half), grey(0.24, 0.54), atol=1e-4)
    # Two thirds of the light: every level falls by a third.
    dark = stain.Stain([own.mean[0] + np.sqrt(3) * np.log(2 / 3), *own.mean[1:]], own.deviation)
    np.testing.assert_allclose(stain.normalised(image, dark), grey(0.16 * 2 / 3, 0.54), atol=1e-4)


def test_images_of_different_stain_come_out_with_the_references(keras: ModuleType) -> None:
    from training.models import stain

    images = stained() * np.array([1.0, 0.7, 1.2], np.float32)
    images[1] = images[1] ** 1.3
    to = stain.Stain([-1.2, 0.05, 0.02], [0.1, 0.03, 0.04])
    for image in stain.normalised(images, to):
        found = stain.reference([np.asarray(image)[None]])
        assert found.mean == pytest.approx(to.mean, abs=1e-4)
        assert found.deviation == pytest.approx(to.deviation, abs=1e-4)
    ground = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    np.testing.assert_allclose(
        np.asarray(stain.normalised(ground, to))[:, 2:-2, 2:-2],
        stain.normalised(images, to),
        atol=1e-5,
    )


def test_a_reference_is_the_mean_of_the_images_and_not_of_their_pixels(keras: ModuleType) -> None:
    from training.models import stain

    one, other = grey(0.2, 0.4), grey(0.5, 0.7)
    each = [stain.reference([image]) for image in (one, other)]
    both = stain.reference([np.concatenate([one, other]), np.zeros_like(one)])
    assert both.mean == pytest.approx(np.mean([e.mean for e in each], axis=0), abs=1e-6)
    assert both.deviation == pytest.approx(np.mean([e.deviation for e in each], axis=0), abs=1e-6)
    for nothing in ([], [np.zeros((2, 3, 3, 3), np.float32)]):
        with pytest.raises(ValueError, match=r"all are black\. Nothing was fitted"):
            stain.reference(nothing)


CASES = ["black", "one colour", "one pixel", "one dark pixel", "one bright pixel", "white"]


@pytest.mark.parametrize("case", CASES)
def test_black_stays_black_and_no_image_gives_anything_but_colours(
    keras: ModuleType, case: str
) -> None:
    from training.models import stain

    image = np.zeros((1, 300, 300, 3), np.float32)
    if case in ("one colour", "one dark pixel"):
        image[:] = (0.6, 0.4, 0.7)
    if case == "white":
        image[:] = 1
    if case == "one pixel":
        image[0, 0, 0] = (0.6, 0.4, 0.7)
    if case == "one dark pixel":
        image[0, 0, 0] = (0, 0, 0.004)
    if case == "one bright pixel":
        image[:] = (0.02, 0.01, 0.03)
        image[0, 0, 0] = 1
    to = stain.Stain([-1.6, -0.4, 0.1], [0.7, 0.1, 0.02])  # about that of cells on black
    out = np.asarray(stain.normalised(image, to))
    assert np.isfinite(out).all()
    assert (out >= 0).all()
    assert (out <= 1).all()
    black = (image == 0).all(axis=-1)
    np.testing.assert_array_equal(out[black], 0)
    if case in ("one colour", "white"):
        (found,) = np.unique(out.reshape(-1, 3), axis=0)
        # Rounding of the mean over 90,000 pixels, 140 times the reference's spread over the least.
        assert stain.reference([found[None, None, None]]).mean == pytest.approx(to.mean, abs=2e-3)


def test_a_run_asks_for_it_and_measures_it_on_the_rows_of_the_batch_norm(
    small_network: None, tmp_path: Path
) -> None:
    from training.models import initial, registry, stain
    from training.models.classifier import lower, unit_range

    images = pixels()
    plain = initial.classifier(PLAIN, SETS["cnmc"], tmp_path, tmp_path, images)
    assert plain.get_layer("pixel_range").stain is None
    model = initial.classifier(STAINED, SETS["cnmc"], tmp_path, tmp_path, images)
    front = model.get_layer("pixel_range")
    assert front.stain == stain.reference([unit_range(images)])
    x = unit_range(images[:4])
    expected = stain.normalised(x, front.stain)
    np.testing.assert_allclose(front(x), expected, atol=1e-6)
    assert np.abs(np.asarray(front(x)) - np.asarray(x)).max() > 0.01
    # Whatever goes through `pixel_range` has it: lower blocks, other sides, the whole classifier.
    maps = model.get_layer("trunk").get_layer("block1a")(expected)
    np.testing.assert_allclose(lower(model, "block2a")(x, training=False), maps, atol=1e-5)
    assert registry.at_side(model, 24).get_layer("pixel_range").stain == front.stain
    plain.set_weights(model.get_weights())
    np.testing.assert_allclose(model(x, training=False), plain(expected, training=False), atol=1e-6)


def test_it_is_kept_with_the_layer_and_half_precision_leaves_it_alone(
    keras: ModuleType, small_network: None
) -> None:
    from training.models import registry, stain
    from training.models.classifier import SIGNED, ToRange

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = registry.NETWORKS["efficientnet-b3"]("table2", 2, None, 16)
    finally:
        keras.config.set_dtype_policy(before)
    assert half.get_layer("trunk").get_layer("block1a").compute_dtype == "float16"
    assert half.get_layer("pixel_range").compute_dtype == "float32"
    layer = ToRange(list(SIGNED.scale), list(SIGNED.offset), name="pixel_range")
    layer.stain = stain.reference([stained()])
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.stain == layer.stain
    np.testing.assert_array_equal(again(stained(3)), layer(stained(3)))


def test_features_of_another_stain_have_another_key_and_the_earlier_ones_keep_theirs(
    keras: ModuleType,
) -> None:
    from training.features import key_of

    norm = np.arange(32)
    assert key_of(STAINED, None, norm) != key_of(PLAIN, None, norm)
    assert key_of(PLAIN, None, norm) == "385538169d31"


def test_the_file_gives_what_keras_gives_and_its_range_can_be_read_back(
    small_network: None, keras: ModuleType, toy_contract: ModelContract, tmp_path: Path
) -> None:
    from training import export
    from training.features import Trunk
    from training.models import initial, shipped
    from training.models.classifier import unit_range
    from training.unfamiliar import Familiarity

    images = pixels()
    model = initial.classifier(STAINED, SETS["cnmc"], tmp_path, tmp_path, images)
    front = model.get_layer("pixel_range")
    front.scale, front.offset = [2.0, 3.0, 4.0], [-0.5, -0.25, 0.125]
    odd = np.concatenate([images[:3], np.zeros_like(images[:1]), np.full_like(images[:1], 90)])
    odd[2, 0] = 255
    ends = [model.get_layer(name).output for name in ("embedding", "logits")]
    embedding, logits = keras.Model(model.input, ends)(unit_range(odd), training=False)
    np.testing.assert_allclose(Trunk(model)(odd), embedding, atol=1e-4)

    contract = msgspec.structs.replace(toy_contract, height=16, width=16, embedding=6, cam=(12, 12))
    zeros = np.zeros((6, 2), np.float32), np.zeros((2, 2), np.float32)
    path, familiarity = tmp_path / "small.onnx", Familiarity(*zeros, 1.0, 1.0, 1.0)
    export.to_onnx(export.make_serving(model, familiarity, 1.0), contract, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (got,) = session.run(["logits"], {"pixels": odd})
    np.testing.assert_allclose(got, logits, atol=1e-4)
    # What a fit of another set takes of the file is scale and offset, not the stain's numbers.
    graph = onnx.load(str(path)).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    read = shipped._range(path, graph, values)
    assert read.scale == pytest.approx(front.scale)
    assert read.offset == pytest.approx(front.offset)
    # Without the offset's node a sum of the stain's may not be taken for it.
    last = max(n for n, node in enumerate(graph.node) if "/stain/" in node.output[0])
    del graph.node[last + 2 :]
    with pytest.raises(UsageError, match="does not say"):
        shipped._range(path, graph, values)
