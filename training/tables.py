"""The tables of a comparison, as Markdown and as CSV from the same cells.

Each stands beside the paper's own figures, and `paper` never without the cross-validation.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training import published
from training.data.catalogue import ImageSet
from training.data.protocols import PAPER526
from training.data.written import EXTERNAL
from training.evaluate import BLANKED, FLIPPED, cross_name
from training.outcomes import BALANCED, Against, Outcome
from training.runs import PAPER

if TYPE_CHECKING:  # it imports Keras
    from training.models.describe import Description

# As the paper's Tables 5 and 6, then what else is to be known.
FIRST = ("accuracy", "precision", "recall", "F1")
SECOND = ("specificity", BALANCED, "weighted F1", "ROC-AUC", "average precision", "Cohen's kappa")
PRINTED = "as printed"
UNTRAINED = "not trained"
NOTHING = "–"


@dataclass(frozen=True)
class Grid:
    """A table: a header of strings and rows of as many."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> list[str]:
        """Lines of a Markdown table."""
        lines = [self.header, ("---",) * len(self.header), *self.rows]
        return [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
        ]

    def csv(self) -> str:
        """The same as CSV, RFC 4180 but for its line ends."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([self.header, *self.rows])
        return out.getvalue()


def check_protocols(outcomes: Iterable[Outcome], about: ImageSet) -> None:
    """Refuse to show a random split alone.

    Raises:
        ValueError: a system has figures under `paper` and none of the cross-validation.
    """
    found: dict[str, set[str]] = {}
    for one in outcomes:
        found.setdefault(one.system, set()).add(one.protocol)
    for system, protocols in found.items():
        if protocols & {PAPER, PAPER526} and cross_name(about) not in protocols:
            raise ValueError(
                f"{system} has figures under `{PAPER}` and none under `{cross_name(about)}`. The"
                " first flatters and is never shown alone. Nothing was written."
            )


def protocols_of(about: ImageSet) -> tuple[str, ...]:
    """The protocols that a table shows, in order."""
    cross = cross_name(about)
    return (PAPER, PAPER526, cross, f"{cross} {BLANKED}", f"{cross} {FLIPPED}", EXTERNAL)


def figures_table(about: ImageSet, outcomes: Sequence[Outcome], names: Sequence[str]) -> Grid:
    """Rows of systems and protocols with the figures `names`; the paper's own where it has them.

    Raises:
        ValueError: see `check_protocols`.
    """
    check_protocols(outcomes, about)
    _, reported = published.TABLES.get(about.name, ("", {}))
    rows, blank = list[tuple[str, ...]](), (NOTHING, NOTHING)
    for system in dict.fromkeys(one.system for one in outcomes):
        mine = {one.protocol: one for one in outcomes if one.system == system}
        title = next(iter(mine.values())).title
        row = reported.get(system)
        if row and set(names) & set(row.values):
            cells = [_printed(row, name) for name in names]
            rows.append((title, PRINTED, *blank, *cells, NOTHING, "300", "20", NOTHING, "ImageNet"))
        rows += [_row(mine[p], names) for p in protocols_of(about) if p in mine]
    header = ("system", "protocol", "images", "groups", *names)
    return Grid(
        (*header, "in brackets", "side, pixels", "epochs", "images seen", "initial weights"),
        tuple(rows),
    )


def _printed(row: published.Reported, name: str) -> str:
    return f"{row.values[name] / 100:.4f}{row.mark(name)}" if name in row.values else NOTHING


def _row(one: Outcome, names: Sequence[str]) -> tuple[str, ...]:
    if one.untrained:
        cells = [UNTRAINED, *[NOTHING] * (len(names) - 1)]
    else:
        cells = [figure(one, name) for name in names]
    how = [NOTHING, NOTHING, NOTHING, "none: a floor"]
    if one.fitted:
        f = one.fitted
        how = [str(f.side), f"{f.epochs:.3g}", f"{f.images:,}", f.init]
    return (one.title, one.protocol, f"{one.n:,}", groups_words(one), *cells, kind_words(one), *how)


def figure(one: Outcome, name: str) -> str:
    """A value with its range, "0.921 (0.860–0.950)"."""
    value = one.values[name]
    if math.isnan(value):
        return NOTHING
    if name not in one.ranges:
        return f"{value:.3f}"
    low, high = one.ranges[name]
    return f"{value:.3f} ({low:.3f}–{high:.3f})"


def groups_words(one: Outcome) -> str:
    """Groups of each class, "15 hem, 34 all"."""
    return ", ".join(f"{n} {name}" for name, n in one.groups.items()) or "not known"


def kind_words(one: Outcome) -> str:
    """What stands in brackets."""
    if one.untrained:
        return one.untrained
    folds = f"lowest and highest of {len(one.folds)} folds"
    words = {"interval": "95 % interval, drawn over groups", "folds": folds, "none": NOTHING}
    return words[one.kind]


def folds_table(outcomes: Iterable[Outcome]) -> Grid | None:
    """Balanced accuracy fold by fold, where no interval can be given; None if there is none."""
    with_folds = [one for one in outcomes if one.kind == "folds"]
    if not with_folds:
        return None
    most = max(len(one.folds) for one in with_folds)
    rows = [
        (
            one.title,
            one.protocol,
            groups_words(one),
            *[f"{fold[BALANCED]:.3f}" for fold in one.folds],
            *[NOTHING] * (most - len(one.folds)),
        )
        for one in with_folds
    ]
    return Grid(("system", "protocol", "groups", *[f"fold {k}" for k in range(most)]), tuple(rows))


def against_table(found: Sequence[Against], reference: str) -> Grid:
    """Each system against the reference."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        paired: tuple[str, ...] = (NOTHING,) * 4
        if one.paired and one.holm is not None:
            paired = (
                f"{one.paired.difference:+.3f}",
                str(one.paired.groups),
                p_words(one.paired.p),
                p_words(one.holm),
            )
        images: tuple[str, ...] = (NOTHING,) * 2
        if one.mcnemar:
            images = (f"{one.mcnemar.first} : {one.mcnemar.second}", p_words(one.mcnemar.p))
        rows.append((one.title, *paired, *images))
    header = (
        f"against {reference}",
        "difference of balanced accuracy, grouped",
        "groups",
        "p, permutation over groups",
        "p for all comparisons (Holm)",
        "only this right : only that right, paper",
        "p, McNemar",
    )
    return Grid(header, tuple(rows))


def p_words(p: float) -> str:
    """Three digits, or that it is smaller than what they show."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def table_7(found: Iterable[Description]) -> Grid:
    """Trainable parameters and cost, beside the paper's Table 7."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        printed = one.network.table7
        says = NOTHING if printed is None else f"{printed:,}"
        if printed not in (None, one.trainable):
            says += " [3]"
        rows.append(
            (
                one.network.title,
                one.head,
                str(one.side),
                f"{one.parameters:,}",
                f"{one.trainable:,}",
                f"{one.multiply_adds / 1e9:.2f}",
                says,
                one.remark or NOTHING,
            )
        )
    header = ("network", "head", "side, pixels", "parameters", "trainable", "multiply-adds, 10^9")
    return Grid((*header, f"trainable, {PRINTED}", "remark"), tuple(rows))


def table_8(about: ImageSet, outcomes: Sequence[Outcome]) -> Grid:
    """Accuracy beside what Table 8 of the paper prints for earlier work.

    Raises:
        ValueError: see `check_protocols`.
    """
    check_protocols(outcomes, about)
    rows: list[tuple[str, ...]] = []
    for system, (reference, year, accuracy) in published.TABLE_8.items():
        mine = {one.protocol: one for one in outcomes if one.system == system}
        if not mine:
            continue
        shown = [mine.get(protocol) for protocol in (PAPER, cross_name(about))]
        cells = [NOTHING if one is None else _accuracy(one) for one in shown]
        last = next(one for one in reversed(shown) if one is not None)
        how = _row(last, ())[-4:]
        mark = " [1]" if system == published.PROPOSED else ""
        printed = f"{accuracy / 100:.4f}{mark}"
        rows.append((reference, str(year), last.title, printed, *cells, groups_words(last), *how))
    header = ("reference", "year", "system", PRINTED, PAPER, cross_name(about), "groups")
    return Grid((*header, "side, pixels", "epochs", "images seen", "initial weights"), tuple(rows))


def _accuracy(one: Outcome) -> str:
    return UNTRAINED if one.untrained else figure(one, "accuracy")


def long_table(about: ImageSet, outcomes: Iterable[Outcome]) -> list[tuple[str, ...]]:
    """Every figure as a line, for whoever computes on: set, system, protocol, figure, where, value.

    "Where" is `all`, `low` and `high` of the range, or `fold 0` ...
    """
    out: list[tuple[str, ...]] = []
    for one in outcomes:
        start = (about.name, one.system, one.protocol, str(one.n), groups_words(one))
        if one.untrained:
            out.append((*start, UNTRAINED, one.untrained, ""))
        for name, value in one.values.items():
            places = {"all": value}
            places |= dict(zip(("low", "high"), one.ranges.get(name, ()), strict=False))
            places |= {f"fold {k}": fold[name] for k, fold in enumerate(one.folds)}
            out += [(*start, name, where, f"{v:.6f}") for where, v in places.items()]
    return out
