"""What a model file promises about its input, its outputs and its figures.

The exporter writes this as one JSON text under the key ``leukview.contract`` in the ONNX
``metadata_props``; the app reads it back and refuses what it does not understand. Nothing about
pixels, classes or thresholds is written down anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Literal, Self

import msgspec

from leukview.domain.classes import CellClass, Role, Unit
from leukview.domain.errors import ContractError

METADATA_KEY = "leukview.contract"
CONTRACT_VERSION = 1
OUTPUTS = ("probabilities", "logits", "embedding", "unfamiliarity")  # "cam" is optional
SUM_TOLERANCE = 1e-3

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
WeightsAs = Literal["float32", "float16"]
Natural = Annotated[int, msgspec.Meta(gt=0)]


class ClassEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One class, in the order of the output axis."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,30}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    key: Annotated[str, msgspec.Meta(pattern="^[1-9]?$")]
    role: Role
    malignant: bool
    aliases: tuple[str, ...] = ()


class ReviewThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """Below `confidence` an image needs review.

    Its worth is counted on held-out folds, each at the threshold that the other folds choose:
    `coverage` is the share of images above it, `error` of these `n` were wrong, and `upper` is the
    Clopper-Pearson upper 95 % bound of that, as if images were independent.
    """

    confidence: Share
    error: Share
    upper: Share
    coverage: Share
    n: Count


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number with the protocol that gave it; groups 0 means that none are known."""

    name: str
    value: float
    protocol: str
    n: Count
    groups: Count


class TrainingSet(msgspec.Struct, frozen=True, kw_only=True):
    """One set of images that the model learnt from; `sha256` is that of its list of images."""

    name: str
    images: Natural
    sha256: str
    licence: str
    citation: str


class ModelContract(msgspec.Struct, frozen=True, kw_only=True):
    """What the file promises.

    Attributes:
        version: of this contract.
        model: id of the model ("cnmc-b3").
        title: for people ("C-NMC-B3 1.0").
        created: UTC time of the export.
        height, width: of the input `pixels`, uint8 (N, height, width, 3), RGB.
        resize: the rule that brings an image to that size (`imaging.preprocess`).
        smallest_side, largest_side: range of image sides seen in training, pixels.
        unit: what one image shows.
        classes: in the order of the output axis.
        temperature: T in probabilities = softmax(logits / T).
        review: when an image needs review.
        unfamiliar_above: threshold of the output `unfamiliarity`.
        embedding: width of the output `embedding`.
        cam: (h, w) of the optional output `cam`, or None.
        data: what it was trained on.
        protocol: how fit, choice and test were kept apart, in words.
        figures: measured, each with n and number of groups.
        notice: what a user must know before using it, in a sentence.
        weights_as: how the file stores the weights; it computes with float32 in any case.
    """

    version: int = CONTRACT_VERSION
    model: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9._-]{0,60}$")]
    title: str
    created: str
    height: Natural
    width: Natural
    resize: Literal["crop_and_resize", "area"]
    smallest_side: Natural
    largest_side: Natural
    unit: Unit
    classes: tuple[ClassEntry, ...]
    temperature: Positive
    review: ReviewThreshold
    unfamiliar_above: Positive
    embedding: Natural
    cam: tuple[Natural, Natural] | None = None
    data: tuple[TrainingSet, ...] = ()
    protocol: str = ""
    figures: tuple[Figure, ...] = ()
    notice: str = ""
    weights_as: WeightsAs = "float32"

    def __post_init__(self) -> None:
        for word, names in (
            ("ids", [c.id for c in self.classes]),
            ("names", [c.name for c in self.classes]),
            ("keys", [c.key for c in self.classes if c.key]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"two classes share one of the {word} {names}")
        if len(self.classes) < 2:
            raise ValueError("a model needs at least two classes")
        if self.smallest_side > self.largest_side:
            raise ValueError("the smallest image side is larger than the largest")

    @property
    def class_ids(self) -> tuple[str, ...]:
        return tuple(c.id for c in self.classes)

    @property
    def cell_classes(self) -> tuple[CellClass, ...]:
        """The classes as the rest of the app knows them."""
        return tuple(
            CellClass(
                id=c.id,
                name=c.name,
                key=c.key,
                role=c.role,
                malignant=c.malignant,
                aliases=c.aliases,
            )
            for c in self.classes
        )

    def to_json(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Read the contract out of an ONNX file's metadata.

        Raises:
            ContractError: it is absent, from a newer exporter, incomplete, or contradicts itself.
        """
        text = metadata.get(METADATA_KEY)
        if text is None:
            raise ContractError(
                "This ONNX file carries no LeukView contract, so its classes and its input are"
                " unknown. Nothing was classified. Use a model exported by `python -m training"
                " export`."
            )
        try:
            raw = json.loads(text)
            version = raw["version"]
        except (ValueError, TypeError, KeyError) as error:
            raise ContractError(
                "The contract inside this model file is damaged (it is no JSON with a version)."
                " Nothing was classified. Export or copy the model again."
            ) from error
        if version != CONTRACT_VERSION:
            newer = isinstance(version, int) and version > CONTRACT_VERSION
            raise ContractError(
                f"This model follows contract version {version}, this LeukView knows version"
                f" {CONTRACT_VERSION}. Nothing was classified. "
                + ("Install a newer LeukView." if newer else "Export the model again.")
            )
        try:
            return msgspec.convert(raw, cls)
        except (msgspec.ValidationError, ValueError) as error:
            raise ContractError(
                f"The contract inside this model file cannot hold: {error}."
                " Nothing was classified. Export the model again."
            ) from error
