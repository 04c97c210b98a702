"""An ablation as one Markdown text with its tables as CSV: what each part of a recipe is worth.

A variant is set beside the recipe fold by fold, on the same images. It is called better only where
it is so in every fold: with few groups, one fold of easy images makes a mean.
"""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.ablation import BASE, Ablation, differences, rows
from training.data.catalogue import ImageSet
from training.evaluate import cross_name
from training.outcomes import BALANCED
from training.runs import PAPER
from training.tables import NOTHING, Grid

if TYPE_CHECKING:  # it imports Keras
    from training.ablate import Row

LONG = ("variant", "protocol", "seed", "fold", "figure", "value", "the recipe's", "difference")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A variant less the recipe.

    Attributes:
        each: of every seed and fold.
        verdict: in words.
    """

    each: tuple[float, ...]
    verdict: str


def difference(row: Row, base: Row, figure: str = BALANCED) -> Difference:
    """Of one figure, paired by seed and fold."""
    each = tuple(row.each[place][figure] - base.each[place][figure] for place in row.each)
    return Difference(each=each, verdict=verdict(each))


def verdict(each: Sequence[float]) -> str:
    """What differences fold by fold allow to be said."""
    better = sum(d > 0 for d in each)
    if len(each) < 2:
        return NOTHING
    if better == len(each):
        return "better in every fold"
    if all(d < 0 for d in each):
        return "worse in every fold"
    return f"no clear difference (better in {better} of {len(each)})"


def summary(found: Sequence[Row]) -> Grid:
    """A row for each variant and protocol."""
    base = {row.protocol: row for row in found if row.variant == BASE}
    figures = list(next(iter(found[0].each.values())))
    lines = []
    for row in found:
        gap: tuple[str, str] = (NOTHING, NOTHING)
        if row.variant != BASE and row.protocol in base:
            against = difference(row, base[row.protocol])
            gap = (_with_range(against.each, "+.3f"), against.verdict)
        values = [_with_range([f[name] for f in row.each.values()], ".3f") for name in figures]
        groups = ", ".join(f"{n} {name}" for name, n in row.groups.items()) or "not known"
        how = (f"{row.images:,}", f"{row.minutes:.1f}")
        lines.append((row.variant, row.protocol, f"{row.n:,}", groups, *values, *gap, *how))
    header = ("variant", "protocol", "images", "groups", *figures, f"difference of {BALANCED}")
    return Grid((*header, "verdict", "images seen", "minutes"), tuple(lines))


def _with_range(values: Sequence[float], form: str) -> str:
    mean = f"{statistics.fmean(values):{form}}"
    return f"{mean} ({min(values):{form}} to {max(values):{form}})" if len(values) > 1 else mean


def folds(found: Sequence[Row]) -> Grid:
    """Balanced accuracy of each seed and fold, and its difference to the recipe's."""
    base = {row.protocol: row for row in found if row.variant == BASE}
    crossed = [row for row in found if row.protocol != PAPER]
    places = list(dict.fromkeys(place for row in crossed for place in row.each))
    lines = []
    for row in crossed:
        cells = []
        for place in places:
            value = row.each[place][BALANCED]
            beside = base[row.protocol].each[place][BALANCED] if row.protocol in base else value
            end = "" if row.variant == BASE else f" ({value - beside:+.3f})"
            cells.append(f"{value:.3f}{end}")
        lines.append((row.variant, row.protocol, *cells))
    several = len({seed for seed, _ in places}) > 1
    names = [f"fold {fold}" + (f", seed {seed}" if several else "") for seed, fold in places]
    return Grid(("variant", "protocol", *names), tuple(lines))


def long_table(found: Sequence[Row]) -> str:
    """Every figure of every fold as CSV, for whoever computes on."""
    base = {row.protocol: row for row in found if row.variant == BASE}
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(LONG)
    for row in found:
        for (seed, fold), values in row.each.items():
            for name, value in values.items():
                start = (row.variant, row.protocol, seed, "" if fold < 0 else fold, name)
                beside: tuple[str, ...] = ("", "")
                if row.protocol in base:
                    other = base[row.protocol].each[seed, fold][name]
                    beside = (f"{other:.6f}", f"{value - other:.6f}")
                lines.writerow([*start, f"{value:.6f}", *beside])
    return out.getvalue()


def write(
    folder: Path, asked: Ablation, about: ImageSet, found: Sequence[Row], counts: tuple[int, int]
) -> Path:
    """Write `ablation.md`, and as CSV the same table and every fold.

    Args:
        folder: to write to, made when missing.
        asked: the ablation.
        about: its set.
        found: what came of it.
        counts: of the folds that were fitted, and of all.

    Returns:
        The path of `ablation.md`.
    """
    table = summary(found)
    lines = [*_words(asked, about, counts), *table.markdown(), ""]
    lines += [f"**{BALANCED}, fold by fold** (in brackets: less the recipe's)", ""]
    lines += [*folds(found).markdown(), "", "**What each variant changes**", ""]
    wanted = rows(asked)
    lines += [
        f"- {name}: {'; '.join(differences(wanted[BASE], config))}"
        for name, config in wanted.items()
        if name != BASE
    ]
    texts = {
        "ablation.csv": table.csv(),
        "folds.csv": long_table(found),
        "ablation.md": "\n".join(lines) + "\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        draft = folder / f"{name}.draft"
        draft.write_text(text, "utf-8", newline="")
        draft.replace(folder / name)
    return folder / "ablation.md"


def _words(asked: Ablation, about: ImageSet, counts: tuple[int, int]) -> list[str]:
    fitted, there = counts
    cross, units = cross_name(about), fitted * len(asked.seeds)
    some = "" if fitted == there else f" **Only {fitted} of the {there} folds were fitted.**"
    seeds = "" if len(asked.seeds) == 1 else f" Each was fitted with {len(asked.seeds)} seeds."
    said = [
        f"# Ablation `{asked.name}`: {about.name}",
        "**Research use only. Not for diagnosis.**",
        f"The recipe `{Path(asked.recipe).stem}` with something changed in each row, fitted and"
        f" tested by `python -m training ablate {asked.name}`.{some}{seeds} Figures are means over"
        " folds, with the lowest and highest; a difference is that of the variant less the"
        " recipe, fold by fold on the same images. A variant that is not better in every fold is"
        f" not called better. Of {len(asked.variants)} variants that change nothing but the"
        f" random numbers, {len(asked.variants) / 2**units:.2g} would be called so by chance.",
    ]
    if PAPER in asked.protocols:
        kept = f"whole {about.group_word}s" if about.group else "near duplicates"
        said.append(
            f"`{cross}` keeps {kept} on one side of each fold, and is what a figure should be"
            f" believed by. `{PAPER}` is the random 70/30 split of the paper, one fit: images of"
            " one subject or smear are on both sides, so it flatters, and is never shown alone."
        )
    said.append(
        "Images seen are those of one fit, each as often as it was seen. Minutes are those of"
        " all its fits and tests on the machine that made them, without features, which rows may"
        " share; rows that differ in the test alone share their fits."
    )
    return [line for words in said for line in (words, "")]
