"""Which networks there are, what they may start from, and where weights come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leukview.domain.errors import UsageError
from training.models import registry

training = pytest.mark.training
quiet = pytest.mark.filterwarnings("ignore")
LITE = Path("efficientnetb3_grown_from_lite2_notop.weights.h5")


def test_every_system_of_the_paper_is_there() -> None:
    ours = ["efficientnet-b3-levels"]
    assert [name for name in registry.NETWORKS if name not in ours] == [
        "efficientnet-b3",
        "efficientnet-b0",
        "vgg19",
        "xception",
        "resnet50",
        "gao-b0",
        "eca-vgg16",
        "vit-b16",
        "voting",
        "tversky-cnn",
    ]
    paper = {r.name: r.table7 for r in registry.RECORDS if r.table7}
    assert paper == {
        "vgg19": 45_716_545,
        "xception": 22_518_453,
        "resnet50": 31_925_240,
        "efficientnet-b0": 167_984_681,
        "efficientnet-b3": 11_093_290,
    }


def test_reading_a_config_does_not_wait_for_keras() -> None:
    code = "import sys, training.config; print(sorted({'keras', 'tensorflow'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="resnet50"):
        registry.record_of("resnet")


def test_initial_weights_that_a_network_has_not_are_refused_with_those_it_has() -> None:
    with pytest.raises(UsageError, match="Choose one of imagenet, random"):
        registry.initial_weights("lite", LITE, "vgg19")


def test_the_grown_weights_of_b0_lie_beside_those_of_b3(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="b0_grown_from_lite0"):
        registry.initial_weights("lite", tmp_path / LITE, "efficientnet-b0")
    beside = tmp_path / "efficientnetb0_grown_from_lite0_notop.weights.h5"
    beside.touch()
    assert registry.initial_weights("lite", tmp_path / LITE, "efficientnet-b0") == beside


def test_both_readings_of_b3_take_its_weights_by_whatever_name(tmp_path: Path) -> None:
    mine = tmp_path / "mine.weights.h5"
    mine.touch()
    for network in ("efficientnet-b3", "efficientnet-b3-levels"):
        assert registry.initial_weights("lite", mine, network) == mine


def test_a_table_says_whose_weights_a_network_began_with() -> None:
    words = {name: registry.record_of(name).words for name in registry.NETWORKS}
    assert words["efficientnet-b3"]("lite") == "ImageNet EfficientNet-Lite2 (grown)"
    assert words["gao-b0"]("lite") == "ImageNet EfficientNet-Lite0 (grown)"
    assert words["eca-vgg16"]("imagenet") == "ImageNet VGG16"
    assert words["vgg19"]("imagenet") == "ImageNet VGG19"
    assert words["vit-b16"]("random") == "random weights"


class Asked:
    """Stands for one of `keras.applications`; notes down how it was called."""

    def __init__(self, make: Any) -> None:
        self.calls: list[dict[str, Any]] = []
        self._make = make

    def __call__(self, **words: Any) -> Any:
        self.calls.append(words)
        return self._make(words)


def convolution(keras: ModuleType) -> Any:
    def make(words: dict[str, Any]) -> Any:
        x = words.get("input_tensor")
        x = keras.Input((32, 32, 3)) if x is None else x
        (source,) = keras.utils.get_source_inputs(x)
        return keras.Model(source, keras.layers.Conv2D(4, 3, name="block1_conv1")(x))

    return make


@training
@quiet
@pytest.mark.parametrize(
    ("network", "application"),
    [("vgg19", "VGG19"), ("resnet50", "ResNet50"), ("xception", "Xception")],
)
def test_imagenet_weights_are_asked_of_keras_once_and_loaded(
    keras: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    network: str,
    application: str,
) -> None:
    asked = Asked(convolution(keras))
    monkeypatch.setattr(keras.applications, application, asked)
    path = registry.initial_weights("imagenet", tmp_path / LITE, network)
    assert path == tmp_path / f"{network}_imagenet_notop.weights.h5"
    assert asked.calls == [{"include_top": False, "weights": "imagenet"}]
    assert registry.initial_weights("imagenet", tmp_path / LITE, network) == path
    assert len(asked.calls) == 1
    one, two = (registry.NETWORKS[network]("stock", 2, path, 32) for _ in range(2))
    trunks = [model.get_layer("trunk").get_weights() for model in (one, two)]
    np.testing.assert_array_equal(trunks[0][0], trunks[1][0])
    assert [call["weights"] for call in asked.calls[1:]] == [None, None]


@training
@quiet
@pytest.mark.parametrize("network", ["efficientnet-b3", "efficientnet-b0", "gao-b0"])
def test_imagenet_weights_of_an_efficientnet_bring_its_whole_normalisation(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: str
) -> None:
    """With these weights alone Keras adds a second Rescaling, which no weights file holds."""
    deviation = np.array([0.229, 0.224, 0.225])
    mean = np.array([0.485, 0.456, 0.406])

    def make(words: dict[str, Any]) -> Any:
        image = keras.Input(words.get("input_shape", (None, None, 3)))
        x = keras.layers.Rescaling(1 / 255)(image)
        norm = keras.layers.Normalization()
        x = norm(x)
        if words["weights"] == "imagenet":
            norm.set_weights([mean, deviation, np.zeros((), np.int64)][: len(norm.get_weights())])
            norm.finalize_state()
            x = keras.layers.Rescaling(list(1 / np.sqrt(deviation)))(x)
        x = keras.layers.ZeroPadding2D(1, name="stem_conv_pad")(x)
        return keras.Model(image, keras.layers.Conv2D(4, 3)(x))

    asked = Asked(make)
    name = "EfficientNetB3" if network.endswith("b3") else "EfficientNetB0"
    monkeypatch.setattr(keras.applications, name, asked)
    path = registry.initial_weights("imagenet", tmp_path / LITE, network)
    assert asked.calls[0] == {"include_top": False, "weights": "imagenet"}
    front = registry.NETWORKS[network]("table2", 2, path, 32).get_layer("pixel_range")
    np.testing.assert_allclose(front.scale, 1 / deviation, rtol=1e-4)
    np.testing.assert_allclose(front.offset, -mean / deviation, rtol=1e-4)


@training
@quiet
def test_vgg16s_imagenet_weights_reach_the_convolutions_between_the_eca_modules(
    small: Any, keras: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from training.models import eca_vgg16

    x = image = keras.Input((32, 32, 3))
    for block, (convolutions, channels) in enumerate(eca_vgg16.BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            x = keras.layers.Conv2D(channels, 3, padding="same", name=name)(x)
        x = keras.layers.MaxPooling2D(2)(x)
    found = keras.Model(image, x)
    asked = Asked(lambda _words: found)
    monkeypatch.setattr(keras.applications, "VGG16", asked)
    path = registry.initial_weights("imagenet", tmp_path / LITE, "eca-vgg16")
    assert asked.calls == [{"include_top": False, "weights": "imagenet"}]
    trunk = registry.NETWORKS["eca-vgg16"]("table2", 2, path, 32).get_layer("trunk")
    for layer in found.layers:
        if layer.weights:
            expected = layer.get_weights()[0]
            np.testing.assert_array_equal(trunk.get_layer(layer.name).get_weights()[0], expected)


@training
@quiet
def test_each_member_of_the_vote_gets_its_own_imagenet_weights(
    small: Any, keras: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from training.models import voting

    asked = {}
    for level, member in enumerate(voting.MEMBERS):

        def make(_words: Any, member: Any = member, level: int = level) -> Any:
            thin = voting.body(member, 32)
            thin.set_weights([np.full_like(w, level + 1) for w in thin.get_weights()])
            return thin

        asked[member.name] = Asked(make)
        monkeypatch.setattr(keras.applications, member.name, asked[member.name])
    path = registry.initial_weights("imagenet", tmp_path / LITE, "voting")
    assert [a.calls for a in asked.values()] == [
        [{"include_top": False, "weights": "imagenet"}]
    ] * 5
    trunk = registry.NETWORKS["voting"]("stock", 2, path, 32).get_layer("trunk")
    first = [trunk.get_layer(m.name.lower()).get_weights()[0].max() for m in voting.MEMBERS]
    assert first == [1, 2, 3, 4, 5]


@training
@quiet
def test_the_authors_transformer_weights_land_where_they_belong(
    small: Any, keras: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from training.models import vit

    size, rng = vit.SIZE, np.random.default_rng(0)
    d, h, k, m = size.width, size.heads, size.width // size.heads, size.hidden
    shapes: dict[str, tuple[int, ...]] = {
        "cls": (1, 1, d),
        "embedding/kernel": (size.patch, size.patch, 3, d),
        "embedding/bias": (d,),
        "Transformer/posembed_input/pos_embedding": (1, 1 + size.grid**2, d),
        "Transformer/encoder_norm/scale": (d,),
        "Transformer/encoder_norm/bias": (d,),
        "head/kernel": (d, 1000),
    }
    for n in range(size.blocks):
        block = f"Transformer/encoderblock_{n}"
        attention = f"{block}/MultiHeadDotProductAttention_1"
        for part in ("query", "key", "value"):
            shapes |= {f"{attention}/{part}/kernel": (d, h, k), f"{attention}/{part}/bias": (h, k)}
        shapes |= {f"{attention}/out/kernel": (h, k, d), f"{attention}/out/bias": (d,)}
        for norm in ("LayerNorm_0", "LayerNorm_2"):
            shapes |= {f"{block}/{norm}/scale": (d,), f"{block}/{norm}/bias": (d,)}
        shapes |= {f"{block}/MlpBlock_3/Dense_0/kernel": (d, m)}
        shapes |= {f"{block}/MlpBlock_3/Dense_0/bias": (m,)}
        shapes |= {f"{block}/MlpBlock_3/Dense_1/kernel": (m, d)}
        shapes |= {f"{block}/MlpBlock_3/Dense_1/bias": (d,)}
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    np.savez(tmp_path / "theirs.npz", **arrays)
    asked = Asked(lambda _words: str(tmp_path / "theirs.npz"))
    monkeypatch.setattr(keras.utils, "get_file", asked)
    path = registry.initial_weights("imagenet", tmp_path / LITE, "vit-b16")
    assert asked.calls == [{"origin": vit.PUBLISHED}]
    trunk = registry.NETWORKS["vit-b16"]("stock", 2, path, 32).get_layer("trunk")
    second = "Transformer/encoderblock_1"
    layer = trunk.get_layer("block2_attention")
    for ours, theirs in (("query", "query"), ("key", "key"), ("value", "value"), ("output", "out")):
        got = np.asarray(getattr(layer, f"{ours}_dense").kernel)
        expected = arrays[f"{second}/MultiHeadDotProductAttention_1/{theirs}/kernel"]
        np.testing.assert_array_equal(got, expected)
    got = trunk.get_layer("block2_norm2").get_weights()[0]
    np.testing.assert_array_equal(got, arrays[f"{second}/LayerNorm_2/scale"])
    np.testing.assert_array_equal(trunk.get_layer("tokens").get_weights()[0], arrays["cls"])


@training
@quiet
def test_weights_that_cannot_be_fetched_are_told_in_a_sentence(
    keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(**_words: object) -> None:
        raise Exception("URL fetch failure")  # noqa: TRY002  # so does Keras

    monkeypatch.setattr(keras.applications, "VGG19", offline)
    with pytest.raises(UsageError, match=r"VGG19.*URL fetch failure.*Nothing was fitted.*`random`"):
        registry.initial_weights("imagenet", tmp_path / LITE, "vgg19")
    assert list(tmp_path.iterdir()) == []
