"""The table of a review, written to a file."""

from __future__ import annotations

from pathlib import Path

from leukview import __version__
from leukview.domain.errors import OutputError
from leukview.domain.records import ModelIdentity
from leukview.domain.table import csv_lines
from leukview.reports import csv_export
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.review import Review
from leukview.workflows.table_rows import rows_of


def identity_of(choice: ModelChoice | None, device: str) -> ModelIdentity:
    """Which model the table names; without one its columns stay empty."""
    if choice is None:
        return ModelIdentity(model_id="", sha256="", device="")
    model = choice.model
    return ModelIdentity(model_id=model.contract.model, sha256=model.sha256, device=device)


def export_csv(
    review: Review, path: Path, *, identity: ModelIdentity, bom: bool = True, force: bool = False
) -> int:
    """Write suggestions and decisions of all images as CSV, completely or not at all.

    Args:
        review: of the folder.
        path: of the file.
        identity: of the model whose suggestions stand in the review.
        bom: mark UTF-8 for Excel.
        force: replace a file that is there.

    Returns:
        How many images were written.

    Raises:
        OutputError: the file exists and `force` is false, or it cannot be written.
    """
    if path.exists() and not force:
        raise OutputError(
            f"{path} exists and was left as it is. Nothing was exported. Choose another name."
        )
    review.read_rest()
    rows = rows_of(review, identity, __version__)
    ids = [c.id for c in review.classes]
    return csv_export.write(path, csv_lines(rows, ids, bom=bom), replace=force) - 1
