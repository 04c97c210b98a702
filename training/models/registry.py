"""The networks that a config can name, every system of the paper and ours, and how to build them.

Nothing here imports Keras until a network is built, so that configs and `--help` come at once.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from leukview.domain.errors import UsageError
from training.models import heads
from training.models.heads import Head

Init = Literal["imagenet", "lite", "random"]
INITS = get_args(Init)
TABLE_8 = "Table 8 of Batool & Byun 2023"
B3_STARTS = ("block2a", "block3a", "block4a", "block5a", "block6a", "block7a")


@dataclass(frozen=True, kw_only=True)
class Network:
    """A system of the paper, or ours.

    Attributes:
        name: in configs and tables.
        title: for people.
        citation: whose it is; what it says of itself stands in its module.
        module: under `training.models`, with `build` and, for `imagenet`, `fetch`.
        width: D, numbers of the embedding.
        side: of the input in pixels. The paper resizes to 300 for all, and so is it here.
        inits: the initial weights that it can have by name; a path and `run:` serve for all.
        imagenet: whose ImageNet weights `imagenet` are, where they are not its own.
        lite: whose ImageNet weights those of `lite` were grown from.
        lite_file: that file's name.
        blocks: where `frozen_below` may cut, from the bottom up; none where it cannot.
        head: of its own system; every head fits every network.
        loss: of its own system.
        table7: trainable parameters in Table 7 of the paper.
    """

    name: str
    title: str
    citation: str
    module: str
    width: int
    side: int = 300
    inits: tuple[Init, ...] = ("imagenet", "random")
    imagenet: str = ""
    lite: str = ""
    lite_file: str = ""
    blocks: tuple[str, ...] = ()
    head: Head = "table7"
    loss: Literal["mse", "crossentropy", "tversky"] = "mse"
    table7: int | None = None

    def __call__(
        self, head: Head, class_count: int, weights: Path | None = None, side: int | None = None
    ) -> Any:
        """A classifier, (N, side, side, 3) 0..1 to (N, C); see `classifier`."""
        return self._code().build(head, class_count, weights, side or self.side)

    def fetch(self, path: Path) -> None:
        """Write the ImageNet weights, completely or not at all; needs the internet.

        Raises:
            UsageError: they could not be fetched.
        """
        draft = path.with_name(f"draft.{path.name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._code().fetch(draft)
        except Exception as error:
            if type(error) is not Exception:  # Keras has no class of its own for a failed download
                raise
            others = ", ".join(f"`{init}`" for init in self.inits if init != "imagenet")
            raise UsageError(
                f"The ImageNet weights of {self.title} could not be fetched: {error}. Nothing was"
                f" fitted. Try again with the internet, or set `init` to {others} or to the path"
                " of a weights file."
            ) from error
        draft.replace(path)

    def add_head(self, head: Head, embedding: Any, class_count: int) -> Any:
        """Probabilities (N, C) of embeddings (N, D)."""
        return getattr(self._code(), "add_head", heads.add_head)(head, embedding, class_count)

    def words(self, init: str) -> str:
        """What `init` means for this network, for tables and cards."""
        if init == "imagenet":
            return f"ImageNet {self.imagenet or self.title}"
        if init == "lite":
            return f"ImageNet {self.lite} (grown)"
        return "random weights" if init == "random" else init

    def _code(self) -> Any:
        return importlib.import_module(f"training.models.{self.module}")


RECORDS = (
    Network(
        name="efficientnet-b3",
        title="EfficientNet-B3 (proposed)",
        citation="Batool & Byun 2023, doi 10.1109/ACCESS.2023.3266511",
        module="efficientnet_b3",
        width=1536,
        inits=("imagenet", "lite", "random"),
        imagenet="EfficientNet-B3",
        lite="EfficientNet-Lite2",
        lite_file="efficientnetb3_grown_from_lite2_notop.weights.h5",
        blocks=B3_STARTS,
        table7=11_093_290,
    ),
    Network(
        name="efficientnet-b3-levels",
        title="EfficientNet-B3, blocks 1 to 5",
        citation="Tan & Le 2019, arXiv 1905.11946; statistics of maps: arXiv 1703.06868",
        module="efficientnet_b3_levels",
        width=672,
        inits=("imagenet", "lite", "random"),
        imagenet="EfficientNet-B3",
        lite="EfficientNet-Lite2",
        lite_file="efficientnetb3_grown_from_lite2_notop.weights.h5",
        head="table2",
        loss="crossentropy",
    ),
    Network(
        name="efficientnet-b0",
        title="EfficientNet-B0",
        citation="Tan & Le 2019, arXiv 1905.11946",
        module="efficientnet_b0",
        width=1280,
        inits=("imagenet", "lite", "random"),
        lite="EfficientNet-Lite0",
        lite_file="efficientnetb0_grown_from_lite0_notop.weights.h5",
        blocks=B3_STARTS,
        table7=167_984_681,
    ),
    Network(
        name="vgg19",
        title="VGG19",
        citation="Simonyan & Zisserman 2015, arXiv 1409.1556",
        module="vgg19",
        width=512,
        blocks=("block2", "block3", "block4", "block5"),
        table7=45_716_545,
    ),
    Network(
        name="xception",
        title="Xception",
        citation="Chollet 2017, arXiv 1610.02357",
        module="xception",
        width=2048,
        blocks=tuple(f"block{n}_" for n in range(5, 14)),
        table7=22_518_453,
    ),
    Network(
        name="resnet50",
        title="ResNet50",
        citation="He et al. 2016, arXiv 1512.03385",
        module="resnet50",
        width=2048,
        blocks=("conv2_block1", "conv3_block1", "conv4_block1", "conv5_block1"),
        table7=31_925_240,
    ),
    Network(
        name="gao-b0",
        title="EfficientNet-B0 (Gao et al.)",
        citation=f"{TABLE_8}; its reference [62] is about another subject",
        module="gao_b0",
        width=1280,
        inits=("imagenet", "lite", "random"),
        imagenet="EfficientNet-B0",
        lite="EfficientNet-Lite0",
        lite_file="efficientnetb0_grown_from_lite0_notop.weights.h5",
        blocks=B3_STARTS,
        head="stock",
    ),
    Network(
        name="eca-vgg16",
        title="VGG16 with ECA modules",
        citation="Ullah et al. 2021, doi 10.3390/app112210662",
        module="eca_vgg16",
        width=512,
        imagenet="VGG16",
        blocks=("block2", "block3", "block4", "block5"),
        head="table2",
        loss="crossentropy",
    ),
    Network(
        name="vit-b16",
        title="Vision Transformer, ViT-B/16",
        citation="Cho et al. 2022, doi 10.1117/12.2611496",
        module="vit",
        width=768,
        imagenet="ViT-B/16 (ImageNet-21k first)",
        blocks=tuple(f"block{n}_" for n in range(1, 13)),
        head="stock",
        loss="crossentropy",
    ),
    Network(
        name="voting",
        title="Majority voting over five CNNs",
        citation="Ghaderzadeh et al. 2022, doi 10.1155/2022/4801671",
        module="voting",
        width=8704,
        imagenet="weights of each member",
        head="stock",
        loss="crossentropy",
    ),
    Network(
        name="tversky-cnn",
        title="Small CNN with Tversky loss",
        citation="Ansari et al. 2023, doi 10.3390/electronics12020322",
        module="tversky_cnn",
        width=256,
        inits=("random",),
        blocks=("block2", "block3", "block4", "block5"),
        head="table2",
        loss="tversky",
    ),
)
NETWORKS: dict[str, Any] = {record.name: record for record in RECORDS}


def record_of(name: str) -> Network:
    """A network's record.

    Raises:
        UsageError: there is none of that name.
    """
    for record in RECORDS:
        if record.name == name:
            return record
    raise UsageError(f"No network {name!r}. Known: {', '.join(r.name for r in RECORDS)}.")


def at_side(classifier: Any, side: int) -> Any:
    """The same classifier, weights copied, for another input side; it knows its network by name."""
    from training.models.classifier import copy

    network, head = classifier.name.rsplit("_", 1)
    class_count = classifier.get_layer("logits").output.shape[-1]
    return copy(classifier, NETWORKS[network](head, class_count, None, side))


def new_head(network: str, head: Head, class_count: int) -> Any:
    """A head alone, (N, D) embeddings to (N, C) probabilities; building it takes no trunk."""
    import keras

    record = record_of(network)
    embedding = keras.Input((record.width,), name="embedding")
    return keras.Model(embedding, record.add_head(head, embedding, class_count))


def initial_weights(init: str, lite: Path, network: str = "efficientnet-b3") -> Path | None:
    """Weights file of a trunk for `init`.

    Args:
        init: `imagenet` (fetched when it is not there yet: needs the internet once), `lite` (grown
            from an ImageNet EfficientNet-Lite), `random`, or the path of a file.
        lite: where B3's grown weights lie, whatever their name; those of others, and fetched ones,
            lie beside it.
        network: whose trunk.

    Raises:
        UsageError: this network has no such initial weights.
        FileNotFoundError: the file is not there; the message says how to make it.
    """
    record = record_of(network)
    if init in INITS and init not in record.inits:
        raise UsageError(
            f"{record.title} has no initial weights {init!r}. Nothing was fitted."
            f" Choose one of {', '.join(record.inits)}, or give the path of a weights file."
        )
    if init == "random":
        return None
    if init == "imagenet":
        path = lite.with_name(f"{network}_imagenet_notop.weights.h5")
        if not path.is_file():
            record.fetch(path)
        return path
    path = Path(init)
    if init == "lite":
        shares = record.lite_file == record_of("efficientnet-b3").lite_file
        path = lite if shares else lite.with_name(record.lite_file)
    if not path.is_file():
        raise FileNotFoundError(
            f"Initial weights {path} are missing. Nothing was fitted."
            " `python -m training weights` makes the grown ones."
        )
    return path
