"""The reliability diagram beside a table of predictions, before and after the temperature."""

from __future__ import annotations

from pathlib import Path

from training import figures
from training.calibrate import Bin, at_one, bins_of, calibration_error
from training.data.catalogue import ImageSet
from training.evaluate import Predictions, cross_name
from training.outcomes import chosen

TABLE_END = ".predictions.csv"


def path_beside(table: Path) -> Path:
    """Where the diagram of a table belongs, without an ending."""
    ours = table.name.endswith(TABLE_END)  # all of them lie in one folder
    return table.with_name(table.name.replace(TABLE_END, "-reliability") if ours else "reliability")


def rows_of(found: Predictions, about: ImageSet) -> tuple[str, Predictions]:
    """The rows that no fit has seen, with the name of their protocol: those of the folds.

    Where there are no folds (`external`) they are those of the first protocol.
    """
    there = list(dict.fromkeys(found.protocol.tolist()))
    protocol = cross_name(about) if cross_name(about) in there else there[0]
    return protocol, chosen(found, protocol)


def write(found: Predictions, about: ImageSet, temperature: float, table: Path) -> Path:
    """Draw the diagram beside the table, as PNG and SVG.

    Args:
        found: the table's rows.
        about: its set.
        temperature: that it was written with.
        table: its path.

    Returns:
        The path of the PNG.
    """
    protocol, rows = rows_of(found, about)
    path = path_beside(table)
    bins, titles = list[list[Bin]](), list[str]()
    words = ("before temperature", f"temperature {temperature:.3f}")
    sides = (at_one(rows.probabilities, temperature), rows.probabilities)
    for word, probabilities in zip(words, sides, strict=True):
        error = calibration_error(probabilities, rows.truth)
        bins.append(bins_of(probabilities, rows.truth))
        titles.append(f"{word}\ncalibration error {error:.4f}")
    drawn = figures.reliability(bins[0], bins[1], (titles[0], titles[1]))
    title = f"Reliability of {about.title}, {protocol}, {len(rows.truth):,} images"
    figures.save(drawn, path, title)
    return path.with_suffix(".png")
