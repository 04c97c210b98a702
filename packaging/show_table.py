"""Prints the main columns of a table that `leukview classify` wrote. Called by packaging/run."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from leukview.domain import table


def main(path: Path) -> None:
    """Print one line an image: name, suggestion, its confidence, and what to look at."""
    shown = Table("Image", "Suggestion", "Confidence", "Remark", title=path.stem)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in table.parse(lines):
            confidence = "" if row.confidence is None else f"{row.confidence:.3f}"
            said = row.error or row.suggestion
            remark = "unfamiliar" if row.unfamiliar else "review" if row.needs_review else ""
            shown.add_row(row.image, said, confidence, remark)
    Console(soft_wrap=False).print(shown)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
