"""What a review holds, as rows of the table."""

from __future__ import annotations

from leukview.domain.records import ImageResult, ModelIdentity, Suggestion
from leukview.domain.table import Row, decided, row_of
from leukview.workflows.review import Review


def rows_of(review: Review, identity: ModelIdentity, app_version: str) -> list[Row]:
    """One table row per image, in order.

    Decisions are known by the bytes of the files: what `Review.to_read` names has to be read first.
    """
    ids = [c.id for c in review.classes]
    return [
        decided(
            row_of(_result(review, row, identity), ids, app_version=app_version)
            if review.suggested[row] >= 0 or row in review.errors
            else _waiting(review, row, identity, app_version),
            review.decision(row),
        )
        for row in range(review.count)
    ]


def _result(review: Review, row: int, identity: ModelIdentity) -> ImageResult:
    truth = int(review.true_class[row])
    said = None
    if row not in review.errors:
        said = Suggestion(
            class_id=review.classes[int(review.suggested[row])].id,
            confidence=float(review.confidence[row]),
            probabilities=tuple(float(p) for p in review.probabilities[row]),
            unfamiliarity=float(review.unfamiliarity[row]),
            unfamiliar=bool(review.unfamiliar[row]),
            needs_review=bool(review.needs_review[row]),
        )
    device = review.devices.get(row, identity.device)
    return ImageResult(
        image=review.images[row],
        sha256=review.sha256[row],
        suggestion=said,
        error=review.errors.get(row, ""),
        notes=review.notes.get(row, ()),
        true_class=review.classes[truth].id if truth >= 0 else "",
        model=ModelIdentity(model_id=identity.model_id, sha256=identity.sha256, device=device),
    )


def _waiting(review: Review, row: int, identity: ModelIdentity, app_version: str) -> Row:
    return Row(
        image=review.images[row].name,
        folder=review.images[row].folder,
        sha256=review.sha256[row],
        probabilities={},
        note="not classified yet",
        model=identity.model_id,
        model_sha256=identity.sha256,
        app_version=app_version,
    )
