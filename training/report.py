"""A comparison as one Markdown text with its tables and figures, beside the paper's own numbers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from training import figures, published, tables
from training.comparison import Comparison
from training.data.catalogue import ImageSet
from training.evaluate import Predictions, cross_name
from training.floors import FLOORS
from training.metrics import EQUATION_5, EQUATION_6
from training.outcomes import chosen
from training.runs import PAPER
from training.tables import FIRST, PRINTED, SECOND, Grid
from training.uncertainty import MIN_GROUPS

if TYPE_CHECKING:  # they import Keras
    from training.compare import Result
    from training.models.describe import Description

LONG = ("set", "system", "protocol", "images", "groups", "figure", "where", "value")


class Report:
    """Collects lines, and writes tables and figures beside them.

    Args:
        folder: to write to, made when missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.lines = folder, list[str]()
        folder.mkdir(parents=True, exist_ok=True)

    def say(self, *lines: str) -> None:
        """Add paragraphs."""
        for line in lines:
            self.lines += [line, ""]

    def table(self, name: str, title: str, grid: Grid) -> None:
        """Add a table and write it as CSV."""
        (self.folder / f"{name}.csv").write_text(grid.csv(), "utf-8", newline="")
        self.say(f"**{title}** ([CSV]({name}.csv))")
        self.lines += [*grid.markdown(), ""]

    def figure(self, name: str, title: str, drawn: Figure) -> None:
        """Add a figure and write it as PNG and SVG."""
        figures.save(drawn, self.folder / name, title)
        self.say(f"![{title}]({name}.png)", f"{title} ([SVG]({name}.svg))")


def write(
    folder: Path,
    comparison: Comparison,
    results: Sequence[Result],
    descriptions: Sequence[Description],
    minutes: float | None = None,
) -> Path:
    """Write `report.md`, its tables as CSV and its figures as PNG and SVG.

    Args:
        folder: to write to.
        comparison: what was compared.
        results: of its sets.
        descriptions: of its networks, for Table 7.
        minutes: the budget it was scaled to.

    Returns:
        The path of `report.md`.

    Raises:
        ValueError: figures of a random split would stand alone; nothing is written.
    """
    for result in results:
        tables.check_protocols(result.outcomes, result.about)
    report = Report(folder)
    _what(report, comparison, minutes)
    for result in results:
        _set(report, result, comparison.against)
    _networks(report, results, descriptions)
    report.say("## Contradictions of the paper, as marked above")
    report.lines += [f"- [{number}] {text}" for number, text in published.CONTRADICTIONS.items()]
    with (folder / "figures.csv").open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(LONG)
        for result in results:
            lines.writerows(tables.long_table(result.about, result.outcomes))
    path = folder / "report.md"
    path.write_text("\n".join(report.lines) + "\n", "utf-8", newline="")
    return path


def _what(report: Report, comparison: Comparison, minutes: float | None) -> None:
    report.say(
        f"# Comparison `{comparison.name}`",
        "**Research use only. Not for diagnosis.**",
        f"The systems of {published.CITATION}, fitted and tested anew by"
        f" `python -m training compare`, beside the paper's own numbers (`{PRINTED}`).",
        f"Recipe `{Path(comparison.recipe).stem}`"
        + (
            ", as it stands."
            if minutes is None
            else f", scaled to {minutes:g} minutes on the machine that fitted: epochs first, then"
            " smaller images. What was chosen stands in each row."
        ),
        "`paper` is the random 70/30 split of the paper. `grouped` keeps whole subjects (or smears)"
        " on one side of each fold, and is what a figure should be believed by; where no groups are"
        " known, the folds are called `random`. `external` is fitted on one set and tested on"
        " another. They differ because cells of one subject share stain, light and clone: under"
        " `paper` a system may know the subject and be right, under `grouped` it has never seen"
        " it. So `paper` is never shown alone.",
        f"In brackets stands a 95 % interval from a bootstrap over groups where every class has"
        f" {MIN_GROUPS} groups or more; with fewer it would be far too narrow, and the lowest and"
        " highest fold stand there instead. A row with fewer than five epochs, or whose balanced"
        f" accuracy chance may explain, says `{tables.UNTRAINED}` and is no result. Nor is a"
        " difference between rows with other initial weights one between networks.",
        "Equations 5 and 6 of the paper are the predictive values; that of equation 5 is the"
        " precision.",
        "Floors, which a network has to beat: "
        + "; ".join(f"{FLOORS[f].title.lower()} (sees {FLOORS[f].sees})" for f in comparison.floors)
        + ".",
    )


def _set(report: Report, result: Result, against: str) -> None:
    about, outcomes = result.about, result.outcomes
    name = published.TABLES.get(about.name, (f"Table of {about.name}",))[0]
    file = name.lower().replace(" ", "-")
    report.say(f"## {name}: {about.name}, {len(about.classes)} classes", differ(result, against))
    report.table(file, name, tables.figures_table(about, outcomes, FIRST))
    further = (*SECOND, EQUATION_5, EQUATION_6)
    title = f"{name}, further figures"
    report.table(f"{file}-further", title, tables.figures_table(about, outcomes, further))
    if about.name == published.BINARY:
        report.say(
            "As printed: 0.986 and 0.970 for equations 5 and 6 [6]; definitions of false positive"
            " and false negative as usual, not as printed [5]; split by subject [7]."
        )
    folds = tables.folds_table(outcomes)
    if folds:
        report.table(f"{file}-folds", f"{name}, balanced accuracy fold by fold", folds)
    if result.against:
        title = next(one.title for one in outcomes if one.system == against)
        report.table(f"{file}-tests", f"{name}, tests", tables.against_table(result.against, title))
        report.say(
            "McNemar's test takes images for independent, which those of one subject or smear are"
            " not; it stands here because `paper` is read like that, and shows too small a p."
        )
    _set_figures(report, result, against)


def differ(result: Result, against: str) -> str:
    """By how much the protocols differ, with numbers."""
    cross = cross_name(result.about)
    mine = {one.protocol: one for one in result.outcomes if one.system == against}
    both = [mine.get(PAPER), mine.get(cross)]
    found = [one.values["accuracy"] for one in both if one and one.values]
    if len(found) < 2:
        return "The system that all are tested against has no figures here: see its row."
    title = mine[PAPER].title
    why = f"no {result.about.group_word} is on both sides" if result.about.group else "at random"
    return (
        f"{title}: accuracy {found[0]:.3f} under `{PAPER}`, {found[1]:.3f} under `{cross}`"
        f" ({why}). The difference of {found[0] - found[1]:+.3f} is what the random split adds."
    )


def _set_figures(report: Report, result: Result, against: str) -> None:
    about, outcomes = result.about, result.outcomes
    mine = [one for one in outcomes if one.system == against]
    title = mine[0].title
    if result.curves:
        for number, kind, columns in ((5, "accuracy", [0, 1, 3]), (6, "loss", [0, 2, 4])):
            parts = {name: curve[:, columns] for name, curve in result.curves.items()}
            drawn = figures.curves(parts, about, kind)
            words = f"Figure {number}, {about.name}: {kind} of {title} by epoch"
            report.figure(f"figure-{number}-{about.name}", words, drawn)
    if not any(one.untrained for one in mine):
        found = result.predictions[against]
        words = f"Figure 7, {about.name}: confusion matrix of {title}"
        report.figure(
            f"figure-7-{about.name}", words, figures.confusion(matrices(found, about), about)
        )
        words = f"ROC and precision-recall curves, {about.name}: {title}"
        report.figure(f"figure-curves-{about.name}", words, figures.ranked(found, about))
    printed = {published.BINARY: "8", published.MULTI_CLASS: "9"}.get(about.name)
    words = f"Figure {printed or 'of all systems'}, {about.name}: accuracy, precision, recall, F1"
    name = f"figure-{printed}" if printed else f"figure-systems-{about.name}"
    report.figure(name, words, figures.dots(outcomes, about, FIRST))


def matrices(found: Predictions, about: ImageSet) -> dict[str, NDArray[np.int64]]:
    """Confusion matrices (C, C) by protocol, rows true; the paper's own first where it has one."""
    out: dict[str, NDArray[np.int64]] = {}
    if about.name == published.BINARY:
        out[PRINTED] = np.array(published.FIGURE_7)
    for protocol in tables.protocols_of(about):
        rows = chosen(found, protocol)
        if len(rows.truth):
            said = rows.probabilities.argmax(axis=1)
            labels = range(len(about.classes))
            out[protocol] = confusion_matrix(rows.truth, said, labels=labels)
    return out


def _networks(
    report: Report, results: Sequence[Result], descriptions: Sequence[Description]
) -> None:
    report.say("## Table 7: size and cost")
    report.table("table-7", "Table 7", tables.table_7(descriptions))
    report.say("Counts marked [3] are of other networks than those named. Of heads see [4].")
    for result in results:
        if result.about.name != published.BINARY:
            continue
        grid = tables.table_8(result.about, result.outcomes)
        if grid.rows:
            report.say("## Table 8: earlier work")
            report.table("table-8", "Table 8", grid)
            report.say(
                "What is printed was reported by the authors of each system, on images, splits and"
                " tasks of their own; the systems were built anew here as far as their texts say:"
            )
            report.lines += [
                *(f"- {d.network.title}: {d.network.citation}." for d in descriptions),
                "",
            ]
    report.say("## Figure 10: detection rate")
    found = [(result.about, result.outcomes) for result in results]
    words = "Figure 10: what the paper calls detection rate, its precision"
    report.figure("figure-10", words, figures.detection(found))
