"""What a review holds, as rows of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leukview.domain.classes import CellClass
from leukview.domain.records import Decision, ImageFile, ImageResult, ModelIdentity, Suggestion
from leukview.domain.table import Row, decided, row_of
from leukview.workflows.review import Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The columns of a review at one moment, for another thread; see `Columns` for each."""

    images: tuple[ImageFile, ...]
    classes: tuple[CellClass, ...]
    sha256: tuple[str, ...]
    suggested: NDArray[np.int16]
    true_class: NDArray[np.int16]
    confidence: NDArray[np.float32]
    unfamiliarity: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    unfamiliar: NDArray[np.bool_]
    needs_review: NDArray[np.bool_]
    errors: dict[int, str]
    notes: dict[int, tuple[str, ...]]
    devices: dict[int, str]
    decisions: tuple[Decision | None, ...]
    flagged: NDArray[np.bool_]
    comments: dict[int, str]
    record_state: str
    slide: str
    patient: str


def snapshot(review: Review) -> Snapshot:
    """Copies of what the table shows; in the thread that changes the review.

    Decisions are known by the bytes of the files: what `Review.to_read` names has to be read first.
    """
    return Snapshot(
        images=tuple(review.images),
        classes=review.classes,
        sha256=tuple(review.sha256),
        suggested=review.suggested.copy(),
        true_class=review.true_class.copy(),
        confidence=review.confidence.copy(),
        unfamiliarity=review.unfamiliarity.copy(),
        probabilities=review.probabilities.copy(),
        unfamiliar=review.unfamiliar.copy(),
        needs_review=review.needs_review.copy(),
        errors=dict(review.errors),
        notes=dict(review.notes),
        devices=dict(review.devices),
        decisions=tuple(review.decisions_of(review.final())),
        flagged=review.flagged.copy(),
        comments=dict(review.comments),
        record_state=review.record.state.value,
        slide=review.slide,
        patient=review.patient,
    )


def rows_of(
    kept: Snapshot,
    identity: ModelIdentity,
    app_version: str,
    only: Sequence[int] | None = None,
) -> Iterator[Row]:
    """One table row per image, in order; `only` of these images where they are given."""
    ids = [c.id for c in kept.classes]
    for row in range(len(kept.decisions)) if only is None else only:
        decision = kept.decisions[row]
        if kept.suggested[row] >= 0 or row in kept.errors:
            made = row_of(_result(kept, row, identity), ids, app_version=app_version)
        else:
            made = _waiting(kept, row, identity, app_version)
        remarked = replace(
            made,
            slide=kept.slide,
            patient=kept.patient,
            flag=bool(kept.flagged[row]),
            comment=kept.comments.get(row, ""),
            record_state=kept.record_state,
        )
        yield decided(remarked, decision)


def _result(kept: Snapshot, row: int, identity: ModelIdentity) -> ImageResult:
    truth = int(kept.true_class[row])
    said = None
    if row not in kept.errors:
        said = Suggestion(
            class_id=kept.classes[int(kept.suggested[row])].id,
            confidence=float(kept.confidence[row]),
            probabilities=tuple(float(p) for p in kept.probabilities[row]),
            unfamiliarity=float(kept.unfamiliarity[row]),
            unfamiliar=bool(kept.unfamiliar[row]),
            needs_review=bool(kept.needs_review[row]),
        )
    device = kept.devices.get(row, identity.device)
    return ImageResult(
        image=kept.images[row],
        sha256=kept.sha256[row],
        suggestion=said,
        error=kept.errors.get(row, ""),
        notes=kept.notes.get(row, ()),
        true_class=kept.classes[truth].id if truth >= 0 else "",
        model=ModelIdentity(model_id=identity.model_id, sha256=identity.sha256, device=device),
    )


def _waiting(kept: Snapshot, row: int, identity: ModelIdentity, app_version: str) -> Row:
    return Row(
        image=kept.images[row].name,
        folder=kept.images[row].folder,
        sha256=kept.sha256[row],
        probabilities={},
        note="not classified yet",
        model=identity.model_id,
        model_sha256=identity.sha256,
        app_version=app_version,
    )
