"""The table of a review, written to a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from leukview import __version__
from leukview.domain.errors import OutputError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ModelIdentity
from leukview.domain.table import Row, csv_lines
from leukview.reports import csv_export
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.table_rows import Snapshot, rows_of


def identity_of(choice: ModelChoice | None, device: str) -> ModelIdentity:
    """Which model the table names; without one its columns stay empty."""
    if choice is None:
        return ModelIdentity(model_id="", sha256="", device="")
    model = choice.model
    return ModelIdentity(model_id=model.contract.model, sha256=model.sha256, device=device)


def export_csv(
    kept: Snapshot,
    path: Path,
    *,
    identity: ModelIdentity,
    bom: bool = True,
    force: bool = False,
    cancel: CancelToken | None = None,
) -> int:
    """Write suggestions and decisions of all images as CSV, completely or not at all.

    Args:
        kept: of the review of the folder.
        path: of the file.
        identity: of the model whose suggestions stand in it.
        bom: mark UTF-8 for Excel.
        force: replace a file that is there.
        cancel: asked before each row.

    Returns:
        How many images were written.

    Raises:
        OutputError: the file exists and `force` is false, it cannot be written, or was cancelled.
    """
    if path.exists() and not force:
        raise OutputError(
            f"{path} exists and was left as it is. Nothing was exported. Choose another name."
        )
    rows = _until(rows_of(kept, identity, __version__), path, cancel)
    ids = [c.id for c in kept.classes]
    return csv_export.write(path, csv_lines(rows, ids, bom=bom), replace=force) - 1


def _until(rows: Iterable[Row], path: Path, cancel: CancelToken | None) -> Iterator[Row]:
    for row in rows:
        if cancel and cancel.cancelled:
            raise OutputError(f"{path} was not written, because it was stopped. Export again.")
        yield row
