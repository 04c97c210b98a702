"""A shipped model as the start of a fit: its trunk comes back from the ONNX file."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import onnxruntime
import pytest

from leukview import resources
from leukview.domain.errors import UsageError
from leukview.imaging.decode import read
from leukview.imaging.preprocess import resize
from training.config import Config, Stage
from training.data.catalogue import SETS

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
NONE = np.empty((0, 300, 300, 3), np.uint8)


def config(init: str) -> Config:
    return Config(name="x", head="table2", init=init, stages=(Stage(kind="full", steps=1),))


def samples(side: int) -> np.ndarray:
    """32 images (32, side, side, 3) of the samples."""
    paths = sorted(resources.path("samples", "pbc").rglob("*.jpg"))
    paths += sorted(resources.path("samples", "cnmc").rglob("*.png"))
    return np.stack([resize(read(path).pixels, side, side, "area") for path in paths[:32]])


def test_the_trunk_of_a_shipped_model_gives_its_embeddings_with_batch_norm_to_be_fitted(
    keras: ModuleType,
) -> None:
    from training.models import efficientnet_b3, registry, shipped

    images, path = samples(64), resources.path("models", "pbc8-b3.onnx")
    model = efficientnet_b3.build("table2", 2, None, side=64)
    shipped.fill(model, shipped.read(path), images)
    x = model.get_layer("pixel_range")(efficientnet_b3.unit_range(images))
    trunk = model.get_layer("trunk")
    # With the statistics of just these images, a fit's first step is where inference is.
    for name in ("stem_bn", "block4b_bn", "block6a_project_bn"):
        maps = keras.Model(trunk.input, efficientnet_b3.entrance(trunk, name))(x, training=False)
        norm = trunk.get_layer(name)
        still = np.asarray(norm(maps, training=False))
        moving = np.asarray(norm(maps, training=True))
        np.testing.assert_allclose(moving, still, atol=1e-3 * np.abs(still).max())

    whole = registry.at_side(model, 300)
    embed = keras.Model(whole.input, whole.get_layer("embedding").output)
    one = samples(300)[:1]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (expected,) = session.run(["embedding"], {"pixels": one})
    got = np.asarray(embed(efficientnet_b3.unit_range(one), training=False))
    np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


def test_a_model_that_has_seen_the_set_or_its_start_is_refused(tmp_path: Path) -> None:
    from training.models import initial

    for name in ("pbc", "all4"):  # pbc8-b3 was fitted on pbc, from a trunk that all4 fitted
        with pytest.raises(UsageError, match=f"fitted on {name}.*Nothing was fitted"):
            initial.classifier(config("model:pbc8-b3"), SETS[name], tmp_path, tmp_path, NONE)


def test_a_model_that_is_not_there_is_refused_with_the_names_of_those_that_are(
    tmp_path: Path,
) -> None:
    from training.models import initial

    with pytest.raises(FileNotFoundError, match=r"pbc9-b3.*Known: all4-b3, cnmc-b3, pbc8-b3"):
        initial.classifier(config("model:pbc9-b3"), SETS["cnmc"], tmp_path, tmp_path, NONE)


def test_the_words_name_the_model_and_the_sets_that_it_has_seen(tmp_path: Path) -> None:
    from training.models import initial

    assert initial.words(config("model:pbc8-b3"), tmp_path) == "the trunk of pbc8-b3 (PBC8-B3 0.2)"
    earlier = initial.earlier_sets("model:pbc8-b3", tmp_path)
    assert [about.name for about in earlier] == ["pbc", "all4"]


def test_a_file_that_is_no_efficientnet_is_refused(toy_model: Path) -> None:
    from training.models import shipped

    with pytest.raises(UsageError, match="Nothing was fitted"):
        shipped.read(toy_model)


def test_a_trunk_that_ends_earlier_is_refused_and_said_where(keras: ModuleType) -> None:
    from training.models import registry, shipped

    found, images = shipped.read(resources.path("models", "cnmc-b3.onnx")), samples(32)
    whole = registry.NETWORKS["efficientnet-b3"]("table2", 2, None, 32)
    with pytest.raises(UsageError, match=r"last of them block5\w+, are not .*top_conv.*`network`"):
        shipped.fill(whole, found, images)
    same = registry.NETWORKS["efficientnet-b3-levels"]("table2", 2, None, 32)
    shipped.fill(same, found, images)
    kernel = np.asarray(same.get_layer("trunk").get_layer("stem_conv").kernel)
    expected = found.convolutions["stem_conv"].kernel
    np.testing.assert_array_equal(kernel.transpose(3, 2, 0, 1), expected)
