"""One experiment as one TOML file; numbers carry their unit in the key or in a comment."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from leukview.domain.errors import UsageError
from training.data.augment import Augmentation
from training.models.heads import Head
from training.models.registry import INITS, record_of

CONFIGS = Path(__file__).parent / "configs"
Said = TypeVar("Said", bound=msgspec.Struct)


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stretch of fitting.

    Attributes:
        kind: `head` fits the head on pooled features of the frozen trunk, `linear` a head of one
            layer by logistic regression (see `linear`); `upper` fits head and the
            blocks from `frozen_below` on, on feature maps of the blocks below; `full` fits images.
        side: of the images in pixels, for `full`.
        view: `whole` reduces images to `side`; `part` cuts a random square of `side` out of the
            full-size image, so that cells keep the size in pixels that inference shows.
        steps: number of batches; epochs: passes over the fit part. One of them is 0.
        batch: images a step.
        optimizer: by its Keras name.
        learning_rate: at the start.
        schedule: `cosine` falls to 1 % over the stage; `paper` divides by ten after `drop_after`
            epochs and halves when the validation loss stalls; `constant`.
        drop_after: epochs.
        loss: `mse` (the paper's Table 3), `crossentropy` or `tversky`; see `losses`.
        label_smoothing: share, for `crossentropy`.
        weight_decay: per step, AdamW only.
        balanced: weigh classes by their inverse frequency.
        checks: into how many epochs a stage in steps is cut (one more where they do not divide);
            each ends with a checkpoint and, with two or more, asks the choose part.
        strength: of the fit against the penalty, scikit-learn's C, for `linear`.
        frozen_below: name of the first trunk block that is fitted ("block4a"), "" for all.
        patience: checks, or epochs, without a better one after which the stage ends; 0 for never.
            Only where there is a choose part, so never in the refit on all rows.
        ema: share of the running average of the weights that a step leaves (0.99), which is judged
            and kept instead of the weights; 0 for none.
        mixed: compute in half precision where there is a GPU, for `full`; weights stay float32.
    """

    kind: Literal["head", "linear", "upper", "full"]
    side: int = 300
    view: Literal["whole", "part"] = "whole"
    steps: int = 0
    epochs: int = 0
    checks: Annotated[int, msgspec.Meta(ge=1)] = 10
    batch: int = 40
    optimizer: Literal["adamax", "adamw", "adam"] = "adamax"
    learning_rate: float = 1e-3
    schedule: Literal["cosine", "paper", "constant"] = "constant"
    drop_after: int = 5
    loss: Literal["mse", "crossentropy", "tversky"] = "crossentropy"
    label_smoothing: float = 0.0
    weight_decay: float = 0.0
    balanced: bool = False
    strength: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    frozen_below: str = ""
    patience: Annotated[int, msgspec.Meta(ge=0)] = 0
    ema: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    mixed: bool = False

    def __post_init__(self) -> None:
        if self.mixed and self.kind != "full":
            raise ValueError("mixed precision is for full stages: maps and features are computed")
        if self.kind == "linear":
            if self.steps or self.epochs:
                raise ValueError("a linear stage has neither steps nor epochs")
            return
        if (self.steps > 0) == (self.epochs > 0):
            raise ValueError("a stage has either steps or epochs")
        if self.kind == "upper" and not self.frozen_below:
            raise ValueError("an upper stage names the first block that is fitted: frozen_below")

    @property
    def of_head(self) -> bool:
        """Whether the head alone is fitted, on pooled features."""
        return self.kind in ("head", "linear")

    @property
    def chooses(self) -> bool:
        """Whether there are several states to choose between."""
        return self.kind != "linear" and (self.epochs > 0 or self.checks > 1)


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An experiment: network, head, initialisation, augmentation, stages in order.

    `network` is a name in `models.registry`; `init` is `imagenet`, `lite` or `random` where the
    network has it, or what `models.initial` knows. With `test_flips` the test images are seen
    flipped too, and figures of the mean of the four stand beside the plain ones. With
    `stain_normalisation` the network brings each image to the stain of the set's norm rows, see
    `models.stain`.
    """

    name: str
    network: str = "efficientnet-b3"
    head: Head = "table7"
    init: str = "lite"
    seed: int = 0
    feature_copies: int = 2  # changed copies of each image for stages on features
    blanked_copy: bool = False  # and one without its scale bar, for sets that have one
    augmentation: Augmentation = Augmentation()
    stain_normalisation: Literal["none", "reinhard"] = "none"
    test_flips: bool = False
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        record = record_of(self.network)
        if self.init in INITS and self.init not in record.inits:
            raise ValueError(f"{record.title} has no initial weights {self.init!r}")
        if not record.blocks and any(s.frozen_below for s in self.stages):
            raise ValueError(f"{record.title} has no blocks to begin at: frozen_below")
        cuts = {
            s.frozen_below if s.kind == "upper" else "" for s in self.stages if s.kind != "full"
        }
        if len(cuts) > 1:
            raise ValueError("stages on features of one trunk have to begin at the same place")
        if self.test_flips and (self.cut or not self.fits_trunk):
            raise ValueError("test_flips needs a full stage: features are of images as they are")

    @property
    def on_features(self) -> bool:
        """Whether a stage is fitted on features that are computed beforehand."""
        return any(stage.kind != "full" for stage in self.stages)

    @property
    def fits_trunk(self) -> bool:
        """Whether the trunk changes, so that each fold has another one."""
        return any(stage.kind in ("upper", "full") for stage in self.stages)

    @property
    def cut(self) -> str:
        """The block whose input the features are; "" for pooled ones."""
        return next((s.frozen_below for s in self.stages if s.kind == "upper"), "")


def for_network(config: Config, network: str, init: str = "") -> Config:
    """The same recipe for another network: what a baseline of the paper is compared by.

    Head and loss are the system's own, since they belong to what is compared. Initial weights that
    the network cannot have become `imagenet`, or `random` where there are none of these either.

    Args:
        config: the recipe.
        network: by name.
        init: initial weights; "" for those of the recipe.

    Raises:
        UsageError: no such network, or the recipe does not fit it.
    """
    record = record_of(network)
    wanted = init or config.init
    if not init and wanted in INITS and wanted not in record.inits:
        wanted = record.inits[0]
    try:
        return msgspec.structs.replace(
            config,
            name=f"{config.name}-{network}",
            network=network,
            head=record.head,
            init=wanted,
            stages=tuple(msgspec.structs.replace(s, loss=record.loss) for s in config.stages),
        )
    except ValueError as error:
        raise UsageError(f"{config.name} cannot be used for {network}: {error}.") from error


def known() -> list[str]:
    """Names of the configs that come with the package; others name several, to be compared."""
    names = sorted(path.stem for path in CONFIGS.glob("*.toml"))
    return [name for name in names if not name.startswith(("compare", "ablate"))]


def read(name: str, kind: type[Said], what: str, names: Iterable[str]) -> Said:
    """A TOML file of this package by its name, or any by its path.

    Args:
        name: of a file in `configs`, or a path that ends in .toml.
        kind: what it holds.
        what: what people call it.
        names: to tell where there is none of this one.

    Raises:
        UsageError: no such file, or it says what it may not say.
    """
    path = Path(name) if name.endswith(".toml") else CONFIGS / f"{name}.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except FileNotFoundError as error:
        raise UsageError(f"No {what} {name!r}. Known: {', '.join(names)}.") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(f"{path} cannot be used: {error}. Nothing was fitted.") from error


def load(name: str) -> Config:
    """A config by name (`best`) or path.

    Raises:
        UsageError: no such file, or it says what it may not say.
    """
    return read(name, Config, "config", known())
