"""The table as Parquet: typed columns; model and head of the log in the file's metadata."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, BinaryIO

from leukview.domain.errors import UsageError
from leukview.domain.table import PROBABILITY, Cell, Row, columns, values
from leukview.reports.about import NOTICE, About

_GROUP = 10_000  # rows written at once; each takes 1 kB
_NUMBERS = ("confidence", "unfamiliarity")
_TRUTHS = ("needs_review", "unfamiliar", "suggestion_seen", "flag", "excluded", "name_escaped")
_MOMENT = "decided_at"


def check() -> None:
    """Refuse before anything is read or written.

    Raises:
        UsageError: the library that writes Parquet is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401  # 100 MB that most people do not need
    except ImportError as error:
        raise UsageError(
            "Parquet needs the library pyarrow, which is not installed. Nothing was written."
            " Install it with `python -m pip install pyarrow` in LeukView's environment, or choose"
            " another format."
        ) from error


def write(file: BinaryIO, rows: Iterable[Row], class_ids: Sequence[str], about: About) -> int:
    """Write the rows; `decided_at` is a moment, empty cells are null where they are no text.

    Returns:
        How many rows were written.

    Raises:
        UsageError: pyarrow is not installed.
        OSError: the disk refuses.
    """
    check()
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [(name, _type(pa, name)) for name in columns(class_ids)], metadata=_metadata(about)
    )
    count, left = 0, iter(rows)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(islice(left, _GROUP)):
            lines = [_typed(values(row, class_ids), schema.names) for row in group]
            turned = zip(*lines, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(turned, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            count += len(group)
    return count


def _type(pa: Any, name: str) -> Any:  # noqa: ANN401  # pyarrow ships no types
    if name in _NUMBERS or name.startswith(PROBABILITY):
        return pa.float64()
    if name in _TRUTHS:
        return pa.bool_()
    if name == "log_events":
        return pa.int64()
    return pa.timestamp("ms", tz="UTC") if name == _MOMENT else pa.string()


def _typed(line: list[Cell], names: Sequence[str]) -> list[Cell | datetime]:
    out: list[Cell | datetime] = list(line)
    at = names.index(_MOMENT)
    out[at] = _moment(str(line[at]))
    return out


def _moment(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text else None


def _metadata(about: About) -> dict[str, str]:
    return {
        "leukview.model": about.model,
        "leukview.model_sha256": about.model_sha256,
        "leukview.log_events": str(about.log_events),
        "leukview.log_head": about.log_head,
        "leukview.exported_at": about.exported_at,
        "leukview.version": about.app_version,
        "leukview.deidentified": "true" if about.deidentified else "false",
        "leukview.notice": NOTICE,
    }
