"""What a fit may start from: weights by name, or the trunk of a run on another set."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as replace_words

from leukview.domain.errors import UsageError
from training.config import Config, Stage
from training.data.catalogue import SETS, ImageSet, Place

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
LITE = Path("lite.weights.h5")
NONE = np.empty((0, 8, 8, 3), np.uint8)  # only a shipped model needs images


def config(init: str, name: str = "trunk") -> Config:
    return Config(name=name, head="table2", init=init, stages=(Stage(kind="full", steps=1),))


@pytest.fixture
def network(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A network of one layer in place of EfficientNet-B3."""
    from training.models import registry

    def build(_head: str, class_count: int, weights: Path | None) -> Any:
        stem = keras.Input((8, 8, 3))
        trunk = keras.Model(stem, keras.layers.Conv2D(4, 3)(stem), name="trunk")
        image = keras.Input((8, 8, 3))
        scale = 1.0 if weights is None else 2.0  # as a file's own normalisation
        x = keras.layers.Rescaling([scale], [0.5], name="pixel_range")(image)
        x = keras.layers.GlobalAveragePooling2D(name="embedding")(trunk(x))
        return keras.Model(image, keras.layers.Dense(class_count, name="logits")(x))

    monkeypatch.setitem(registry.NETWORKS, "efficientnet-b3", build)
    return build


def finished(runs: Path, name: str, about: str, recipe: Config, model: Any) -> None:
    from training.data.prepare import hash_of
    from training.runs import Run

    run = Run(runs, SETS[about], recipe, data_hash=hash_of([]))
    assert run.folder.name == name
    model.save_weights(run.weights)


def test_a_run_of_another_set_gives_its_trunk_and_its_pixel_range(
    network: Any, tmp_path: Path
) -> None:
    from training.models import initial

    lite = tmp_path / LITE
    lite.touch()
    donor = network("table2", 8, lite)
    finished(tmp_path, "pbc-trunk", "pbc", config("lite"), donor)
    got = initial.classifier(config("run:pbc-trunk"), SETS["cnmc"], tmp_path, lite, NONE)
    expected = donor.get_layer("trunk").get_weights()
    for one, other in zip(got.get_layer("trunk").get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert got.get_layer("pixel_range").scale == [2.0]
    assert got.get_layer("logits").units == 2


def test_a_run_that_has_seen_the_set_is_refused_however_far_back(
    network: Any, tmp_path: Path
) -> None:
    from training.models import initial

    finished(tmp_path, "all4-trunk", "all4", config("random"), network("table2", 4, None))
    second = config("run:all4-trunk", "second")
    finished(tmp_path, "pbc-second", "pbc", second, network("table2", 8, None))
    with pytest.raises(UsageError, match="has been fitted on all4"):
        initial.classifier(config("run:pbc-second"), SETS["all4"], tmp_path, LITE, NONE)


def test_an_unfinished_run_is_refused_with_the_command_that_finishes_it(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from training.models import initial

    with pytest.raises(UsageError, match="--only final"):
        initial.classifier(config("run:pbc-trunk"), SETS["cnmc"], tmp_path, LITE, NONE)


def test_the_card_tells_the_whole_way_of_the_weights(network: Any, tmp_path: Path) -> None:
    from training.models import initial

    finished(tmp_path, "all4-trunk", "all4", config("lite"), network("table2", 4, None))
    said = initial.words(config("run:all4-trunk"), tmp_path)
    assert said == "ImageNet EfficientNet-Lite2 (grown), then fitted on all4 (`trunk`)"


def test_the_words_of_a_file_admit_that_nobody_knows_what_it_has_seen(tmp_path: Path) -> None:
    from training.models import initial

    said = initial.words(config(str(tmp_path / "theirs.weights.h5")), tmp_path)
    assert said == "the file theirs.weights.h5, whose training images are unknown"
    assert initial.from_unknown_images("theirs.weights.h5", tmp_path)
    for known in ("lite", "imagenet", "random", "model:pbc8-b3"):
        assert not initial.from_unknown_images(known, tmp_path)


def own_set(home: Path, *sha256: str) -> ImageSet:
    """A listed set of one's own."""
    lines = [f"{n}.png,{('hem', 'all')[n % 2]},,,{value}" for n, value in enumerate(sha256)]
    (home / "mine.images.csv").write_text(
        "\n".join(["file,class,group,near_duplicate_of,sha256", *lines])
    )
    place = Place(images=home, home=home, split=home / "mine.split.csv")
    return replace(SETS["cnmc"], name="mine", group="", place=place)


@pytest.mark.parametrize("init", ["run:cnmc-trunk", "model:cnmc-b3"])
def test_images_that_a_start_was_fitted_on_are_known_under_another_name(
    init: str, network: Any, tmp_path: Path
) -> None:
    from training.data.prepare import split_path
    from training.models import initial

    finished(tmp_path, "cnmc-trunk", "cnmc", config("random"), network("table2", 2, None))
    with split_path(SETS["cnmc"]).open(newline="") as lines:
        known = next(csv.DictReader(lines))["sha256"]
    mine = own_set(tmp_path, "0" * 64, known)
    with pytest.raises(
        UsageError, match=r"fitted on cnmc, and 1 images of mine.*Nothing was fitted"
    ):
        initial.classifier(config(init), mine, tmp_path, LITE, NONE)
    other = own_set(tmp_path, "0" * 64, "1" * 64)
    assert initial.classifier(config("run:cnmc-trunk"), other, tmp_path, LITE, NONE)


def test_a_run_on_a_set_of_ones_own_is_no_start(network: Any, tmp_path: Path) -> None:
    from training.models import initial
    from training.runs import Run

    mine = own_set(tmp_path, "0" * 64)
    model = network("table2", 2, None)
    model.save_weights(Run(tmp_path, mine, config("random"), data_hash="").weights)
    with pytest.raises(UsageError, match=r"fitted on mine, and which images.*Nothing was fitted"):
        initial.classifier(config("run:mine-trunk"), SETS["cnmc"], tmp_path, LITE, NONE)


def test_a_run_of_another_network_is_refused_before_its_weights_are_read(
    network: Any, tmp_path: Path
) -> None:
    from training.models import initial

    finished(tmp_path, "pbc-trunk", "pbc", config("random"), network("table2", 8, None))
    other = replace_words(config("run:pbc-trunk", "mine"), network="vgg19")
    with pytest.raises(UsageError, match=r"run of efficientnet-b3, and mine fits vgg19\. Nothing"):
        initial.classifier(other, SETS["cnmc"], tmp_path, LITE, NONE)


def test_random_weights_are_those_of_the_seed(network: Any, tmp_path: Path) -> None:
    from training.models import initial

    def drawn() -> Any:
        model = initial.classifier(config("random"), SETS["cnmc"], tmp_path, LITE, NONE)
        return model.get_weights()

    for one, other in zip(drawn(), drawn(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_head_on_the_trunk_of_a_run_is_that_of_the_seed_of_the_fit(
    network: Any, tmp_path: Path
) -> None:
    from training.models import initial

    finished(tmp_path, "pbc-trunk", "pbc", config("random"), network("table2", 8, None))
    one, same, other = (
        initial.classifier(
            replace_words(config("run:pbc-trunk"), seed=seed), SETS["cnmc"], tmp_path, LITE, NONE
        )
        .get_layer("logits")
        .kernel.numpy()
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
