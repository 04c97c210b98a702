"""Suggestions and what they are judged by: decisions, the audit sample's, or folder names.

What is hidden now is in none of them, so no figure can give it away.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import DecisionState
from leukview.measures import confusion, curves
from leukview.workflows.review import Review

_STATES = tuple(DecisionState)
_UNSURE = _STATES.index(DecisionState.UNSURE)
_ALWAYS = -1.0  # a confidence below every threshold


class Source(enum.IntEnum):
    """What suggestions are judged by, in the order of the switch."""

    DECIDED = 0
    AUDIT = 1
    TRUTH = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """Images that have both a suggestion and something to judge it by, (M,) each.

    Attributes:
        source: what they are judged by.
        rows: of the review.
        reference: class index that counts as right.
        suggested: class index that was suggested.
        confidence: of the suggestion, 0 to 1.
        kinds: how many classes there are.
    """

    source: Source
    rows: NDArray[np.int64]
    reference: NDArray[np.int64]
    suggested: NDArray[np.int64]
    confidence: NDArray[np.float64]
    kinds: int

    @property
    def count(self) -> int:
        return len(self.rows)

    def matrix(self) -> NDArray[np.int64]:
        """Rows: what counts as right; columns: suggestion; (C, C)."""
        return confusion.matrix(self.reference, self.suggested, self.kinds)

    def reliability(self) -> curves.Reliability:
        """How often each confidence was right."""
        return curves.reliability(self.confidence, self.reference == self.suggested)


def why_not(review: Review, source: Source) -> str:
    """Why suggestions cannot be judged by this, a sentence; "" where they can."""
    if source is Source.TRUTH and not (review.true_class >= 0).any():
        return "No folder name stands for a class of this model."
    if source is Source.AUDIT:
        audit = review.record.audit
        if audit is None:
            return "No audit sample is drawn in this reading."
        if audit.model != review.model_sha256:
            return "Another model is in use than when the sample was drawn."
    return ""


def judged(review: Review, source: Source) -> Judged:
    """The images that can be judged by this; none where `why_not` has a reason."""
    if why_not(review, source):
        return _judged(review, source, np.full(review.count, -1, np.int16))
    if source is Source.AUDIT:
        return _judged(review, source, _first_of_sample(review))
    reference = review.true_class if source is Source.TRUTH else review.decided
    return _judged(review, source, reference)


def _first_of_sample(review: Review) -> NDArray[np.int16]:
    """What was decided of each image of the audit sample before its suggestion was shown, (N,).

    Later decisions may follow the suggestion. Images are counted by their bytes, so of two rows
    that show the same one the other has -1.
    """
    audit, out = review.record.audit, np.full(review.count, -1, np.int16)
    if audit is None:
        return out
    said = review.first_said(review.record.reading)
    answered = (said.state > 0) & (said.state != _UNSURE)
    of = dict(zip(audit.images, np.where(answered, said.decided, -1).tolist(), strict=True))
    rows = review.one_each(review.rows_of(audit.images))
    out[rows] = [of[review.sha256[row]] for row in rows.tolist()]
    return out


def _judged(review: Review, source: Source, reference: NDArray[np.int16]) -> Judged:
    kinds = len(review.classes)
    both = (reference >= 0) & (reference < kinds) & (review.suggested >= 0) & ~review.hidden
    rows = np.flatnonzero(both)
    return Judged(
        source=source,
        rows=rows,
        reference=reference[rows].astype(np.int64),
        suggested=review.suggested[rows].astype(np.int64),
        confidence=review.confidence[rows].astype(np.float64),
        kinds=kinds,
    )


def class_curves(review: Review, found: Judged, index: int) -> curves.Curves:
    """ROC and precision-recall of one class against the rest, by its probability."""
    return curves.curves(review.probabilities[found.rows, index], found.reference == index)


def thresholds(review: Review, found: Judged) -> curves.Thresholds:
    """What any threshold would leave for review; what is unfamiliar needs it at each.

    So does what two models call differently. Hidden suggestions are left out.
    """
    known = (review.suggested >= 0) & ~review.hidden
    confidence = review.confidence.copy()
    confidence[review.unfamiliar | review.disagree] = _ALWAYS
    is_judged, wrong = (np.zeros(review.count, np.bool_) for _ in range(2))
    is_judged[found.rows] = True
    wrong[found.rows] = found.reference != found.suggested
    return curves.Thresholds(confidence[known], is_judged[known], wrong[known])
