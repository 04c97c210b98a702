"""The things that pass between the layers: images, suggestions, decisions.

A *suggestion* is what the model says, a *decision* what a person says. They are different types and
are kept in different tables; nothing that a model does ever makes or changes a decision.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from pathlib import Path


def two_digits(value: float) -> str:
    """A probability for people, in the window and on a terminal: cut, not rounded; "" for NaN.

    Rounded, 0.928 would stand as 0.93 beside "review below 0.93", and yet need review; and what is
    not certain would stand as 1.00.
    """
    if math.isnan(value):
        return ""
    # float32 holds 0.93 a little above or below it.
    hundredths = math.floor(value * 100 + 1e-4)
    return f"{(hundredths if value >= 1 else min(hundredths, 99)) / 100:.2f}"


class DecisionState(enum.StrEnum):
    """Where a person stands with one image."""

    UNDECIDED = "undecided"
    AGREED = "agreed"
    CHANGED = "changed"
    UNSURE = "unsure"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFile:
    """One file that may be an image: where it is, before it is read.

    Attributes:
        path: absolute, for opening.
        name: POSIX path relative to the opened folder; what people and tables see.
        folder: name of the opened folder.
        bytes: size of the file when it was found.
        modified_ns: modification time when it was found, nanoseconds since the epoch.
    """

    path: Path
    name: str
    folder: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a model says about one image.

    Attributes:
        class_id: the class with the largest probability.
        confidence: that probability, calibrated, 0 to 1.
        probabilities: one per class in the contract's order; they sum to 1.
        unfamiliarity: distance from what the model has learnt, in robust standard deviations.
        unfamiliar: whether that is beyond the contract's threshold.
        needs_review: confidence below the contract's review threshold, or unfamiliar.
    """

    class_id: str
    confidence: float
    probabilities: tuple[float, ...]
    unfamiliarity: float
    unfamiliar: bool
    needs_review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """Which model spoke: id, SHA-256 of its file, and the device it ran on ("cpu", "cuda:0")."""

    model_id: str
    sha256: str
    device: str

    @property
    def hash8(self) -> str:
        return self.sha256[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """What came of one image: a suggestion, or the reason why there is none.

    Attributes:
        image: the file.
        sha256: of its bytes; "" when it could not be read at all.
        suggestion: None exactly when `error` is not empty.
        error: a sentence for people; "" when all went well.
        notes: conversions on the way, as words ("grey repeated to three channels").
        true_class: class id that the folder names stand for, or "".
        model: which model spoke.
    """

    image: ImageFile
    sha256: str
    suggestion: Suggestion | None
    error: str = ""
    notes: tuple[str, ...] = ()
    true_class: str = ""
    model: ModelIdentity

    def __post_init__(self) -> None:
        if (self.suggestion is None) == (self.error == ""):
            raise ValueError("a result has either a suggestion or an error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person said about one image.

    Attributes:
        state: never UNDECIDED; clearing a decision is the absence of one. AGREED and CHANGED are
            against `suggestion`.
        class_id: the class decided for; "" for UNSURE and EXCLUDED.
        reason: why it was excluded, or "".
        reviewer: the asserted (not authenticated) name of the person.
        decided_at: UTC, `2026-11-22T18:05:09Z`.
        suggestion_seen: whether the suggestion was on the screen.
        suggestion: the class id that the model had suggested then, or "".
        queue: name of the queue in which it was decided.
    """

    state: DecisionState
    class_id: str = ""
    reason: str = ""
    reviewer: str = ""
    decided_at: str = ""
    suggestion_seen: bool = True
    suggestion: str = ""
    queue: str = ""

    @property
    def called(self) -> str:
        """What the image was called, for comparing two readers: a class id, unsure or excluded."""
        return self.class_id or self.state.value
