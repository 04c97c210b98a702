"""The figures of a comparison, in one quiet style, as PNG and as SVG with real text.

Colours are those of Okabe & Ito (2008), which differ for colour-blind readers; marks and line
styles differ too, so that a figure can be read in grey.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from sklearn import metrics as sk

from training import published
from training.calibrate import Bin
from training.data.catalogue import ImageSet
from training.data.written import EXTERNAL
from training.evaluate import Predictions, cross_name
from training.outcomes import Outcome, chosen, positive_class
from training.runs import PAPER
from training.tables import PRINTED

BLACK, ORANGE, GREEN, BLUE, RED = "#000000", "#E69F00", "#009E73", "#0072B2", "#D55E00"
CLASS_COLOURS = (BLUE, RED, GREEN, "#CC79A7", ORANGE, "#56B4E9", BLACK, "#F0E442")
CLASS_LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1, 1.5)))
SCARCE = 10  # images; the share of fewer that are right says little, and is drawn grey
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it looks the same everywhere
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "savefig.dpi": 200,
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and translated
    "svg.hashsalt": "leukview",  # the same figure gives the same file
}


@dataclass(frozen=True)
class Mark:
    """How a protocol is drawn."""

    shape: str
    colour: str
    filled: bool
    offset: float  # of its mark from the middle of a row, in rows; the first stands highest


def marks_of(about: ImageSet) -> dict[str, Mark]:
    """How each protocol is drawn, in the order of the legend."""
    return {
        PRINTED: Mark("D", BLACK, False, -0.24),
        PAPER: Mark("o", ORANGE, True, -0.08),
        cross_name(about): Mark("s", BLUE, True, 0.08),
        EXTERNAL: Mark("^", GREEN, True, 0.24),
    }


def save(figure: Figure, path: Path, title: str) -> None:
    """Write `path`.png and `path`.svg; `title` is what a screen reader says of the SVG."""
    with mpl.rc_context(STYLE):
        figure.savefig(path.with_suffix(".png"), metadata={"Software": None, "Title": title})
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None, "Title": title})


def panels(count: int, height: float, width: float = 3.3) -> tuple[Figure, Any]:
    """A figure with panels side by side and their axes; sizes in inches."""
    figure = Figure(figsize=(width * count + 0.4, height), layout="constrained")
    return figure, np.atleast_1d(figure.subplots(1, count))


def curves(parts: Mapping[str, NDArray[np.float64]], about: ImageSet, kind: str) -> Figure:
    """Figures 5 and 6: accuracy or loss by epoch, while fitting and on what chooses.

    Args:
        parts: by name of the part (`paper`, `cross0` ...), columns epoch, fitting, choosing.
        about: the set.
        kind: "accuracy" or "loss".
    """
    sides = {
        PAPER: {n: v for n, v in parts.items() if n == PAPER},
        cross_name(about): {n: v for n, v in parts.items() if n != PAPER},
    }
    with mpl.rc_context(STYLE):
        figure, axes = panels(2, 2.8)
        for ax, (protocol, found) in zip(axes, sides.items(), strict=True):
            width = 1.4 if len(found) == 1 else 0.8
            for curve in found.values():
                epochs = curve[:, 0] + 1
                ax.plot(epochs, curve[:, 1], color=BLUE, ls="--", lw=width)
                ax.plot(epochs, curve[:, 2], color=RED, marker="o", ms=2 * width, lw=width)
            folds = f", {len(found)} folds" if protocol != PAPER else ""
            ax.set_title(f"{protocol}{folds}")
            ax.set_xlabel("epoch")
            ax.grid(axis="y")
            ax.xaxis.get_major_locator().set_params(integer=True)
        if about.name == published.BINARY:
            _printed_curve(axes[0], kind)
        if kind == "accuracy":
            low = min(float(np.nanmin(curve[:, 1:])) for curve in parts.values())
            for ax in axes:
                ax.set_ylim(max(0, min(0.5, low - 0.05)), 1.01)
        else:
            top = max(ax.get_ylim()[1] for ax in axes)
            for ax in axes:
                ax.set_ylim(0, top)
        axes[0].set_ylabel(kind)
        lines = [
            Line2D([], [], color=BLUE, ls="--", label="images fitted on"),
            Line2D([], [], color=RED, marker="o", ms=2.5, label="images that choose"),
        ]
        if about.name == published.BINARY:
            lines.append(_handle(marks_of(about)[PRINTED], f"{PRINTED} (both)"))
        figure.legend(handles=lines, loc="outside lower center", ncols=3)
    return figure


def _printed_curve(ax: Any, kind: str) -> None:
    rows = published.FIGURE_5 if kind == "accuracy" else published.FIGURE_6
    for epoch, *values in rows:
        ax.plot([epoch] * 2, np.array(values) / 100, "D", mfc="none", mec=BLACK, ms=4)


def confusion(matrices: Mapping[str, NDArray[np.int64]], about: ImageSet) -> Figure:
    """Figure 7: counts, rows true, columns said; grey by the share of the row."""
    names = [c.name for c in about.classes]
    with mpl.rc_context(STYLE):
        figure, axes = panels(len(matrices), 2.7, 2.7 if len(names) < 3 else 3.2)
        for ax, (protocol, counts) in zip(axes, matrices.items(), strict=True):
            share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            ax.imshow(share, cmap="Greys", vmin=0, vmax=1.25)
            for row, column in np.ndindex(counts.shape):
                text = f"{counts[row, column]:,}\n{share[row, column]:.1%}"
                colour = "white" if share[row, column] > 0.6 else "black"
                ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
            ax.set_title(f"{protocol}, {counts.sum():,} images")
            ax.set_xticks(range(len(names)), names)
            ax.set_yticks(range(len(names)), names)
            ax.set_xlabel("said")
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
        axes[0].set_ylabel("true")
    return figure


def dots(outcomes: Sequence[Outcome], about: ImageSet, names: Sequence[str]) -> Figure:
    """Figures 8 and 9: systems in rows, a panel each figure, a mark each protocol."""
    with mpl.rc_context(STYLE):
        figure, axes = panels(len(names), 0.8 + 0.34 * len(_titles(outcomes)), 2.2)
        for ax, name in zip(axes, names, strict=True):
            _dots(ax, outcomes, about, name)
            ax.set_title(name)
            if ax is not axes[0]:
                ax.set_yticklabels([])
        _same_range(axes)
        _legend(figure, [(outcomes, about)])
    return figure


def detection(found: Sequence[tuple[ImageSet, Sequence[Outcome]]]) -> Figure:
    """Figure 10: what the paper calls detection rate, its precision, a panel each set."""
    with mpl.rc_context(STYLE):
        rows = max(len(_titles(outcomes)) for _, outcomes in found)
        figure, axes = panels(len(found), 0.8 + 0.34 * rows, 4.6)
        for ax, (about, outcomes) in zip(axes, found, strict=True):
            _dots(ax, outcomes, about, "precision")
            ax.set_title(f"precision, {about.name} ({len(about.classes)} classes)")
        _same_range(axes)
        _legend(figure, [(outcomes, about) for about, outcomes in found])
    return figure


def _titles(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {one.system: one.title for one in outcomes}


def _same_range(axes: Any) -> None:
    """From the tenth below the smallest value to 1: dots, unlike bars, need no zero."""
    low = min((float(np.min(line.get_xdata())) for ax in axes for line in ax.lines), default=0.0)
    for ax in axes:
        ax.set_xlim(max(0.0, np.floor((low - 0.02) * 10) / 10), 1)


def _dots(ax: Any, outcomes: Sequence[Outcome], about: ImageSet, name: str) -> None:
    titles, marks = _titles(outcomes), marks_of(about)
    _, reported = published.TABLES.get(about.name, ("", {}))
    for place, system in enumerate(titles):
        printed = reported[system].values.get(name) if system in reported else None
        if printed is not None:
            _mark(ax, marks[PRINTED], printed / 100, place)
        mine = [one for one in outcomes if one.system == system and one.protocol in marks]
        for one in mine:
            if one.values and not np.isnan(one.values[name]):
                _mark(ax, marks[one.protocol], one.values[name], place, one.ranges.get(name))
        if mine and all(one.untrained for one in mine):
            across = ax.get_yaxis_transform()
            words = {"va": "center_baseline", "fontsize": 8, "color": "#666666"}
            ax.text(0.02, place, "not trained", transform=across, **words)
    ax.set_yticks(range(len(titles)), list(titles.values()))
    ax.set_ylim(len(titles) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=3)  # narrow panels: more would run into each other
    ax.grid(axis="x")


def _mark(
    ax: Any, mark: Mark, value: float, place: int, ends: tuple[float, float] | None = None
) -> None:
    y = place + mark.offset
    if ends:
        ax.plot(ends, [y, y], color=mark.colour, lw=1, zorder=2)
    face = mark.colour if mark.filled else "white"
    ax.plot(
        value, y, mark.shape, mfc=face, mec=mark.colour, ms=4.2, mew=0.9, zorder=3, clip_on=False
    )


def _handle(mark: Mark, label: str) -> Line2D:
    face = mark.colour if mark.filled else "white"
    words: dict[str, Any] = {"mfc": face, "mec": mark.colour, "ms": 4.2, "mew": 0.9}
    return Line2D([], [], ls="", marker=mark.shape, label=label, **words)


def _legend(figure: Figure, found: Sequence[tuple[Sequence[Outcome], ImageSet]]) -> None:
    handles = {}
    for outcomes, about in found:
        shown = {one.protocol for one in outcomes}
        for protocol, mark in marks_of(about).items():
            if protocol in shown or (protocol == PRINTED and about.name in published.TABLES):
                handles[protocol] = _handle(mark, protocol)
    figure.legend(handles=list(handles.values()), loc="outside lower center", ncols=4)


def ranked(found: Predictions, about: ImageSet) -> Figure:
    """ROC and precision-recall curves of one system, each class against the rest.

    Of two classes only the positive one is drawn.
    """
    positive = positive_class(about)
    numbers = list(range(len(about.classes))) if positive is None else [positive]
    looks = [
        {"color": CLASS_COLOURS[n % len(CLASS_COLOURS)], "ls": CLASS_LINES[k % len(CLASS_LINES)]}
        for k, n in enumerate(numbers)
    ]
    with mpl.rc_context(STYLE):
        figure, axes = panels(4, 2.9, 2.5)
        for place, protocol in enumerate((PAPER, cross_name(about))):
            roc, pr, rows = axes[place], axes[2 + place], chosen(found, protocol)
            for number, look in zip(numbers, looks, strict=True):
                truth, p = rows.truth == number, rows.probabilities[:, number]
                if not 0 < truth.sum() < len(truth):
                    continue
                one_less, recall, _ = sk.roc_curve(truth, p)
                roc.plot(one_less, recall, **look)
                precision, recall, _ = sk.precision_recall_curve(truth, p)
                pr.plot(recall, precision, **look)
            roc.plot([0, 1], [0, 1], color="#999999", lw=0.6)
            roc.set(title=f"ROC, {protocol}", xlabel="1 - specificity", ylabel="recall")
            pr.set(title=f"precision, {protocol}", xlabel="recall", ylabel="precision")
        for ax in axes:
            ax.set(xlim=(0, 1.01), ylim=(0, 1.01), aspect="equal", xticks=(0, 0.5, 1))
            ax.grid()
        pairs = zip(numbers, looks, strict=True)
        handles = [Line2D([], [], label=about.classes[n].name, **look) for n, look in pairs]
        figure.legend(handles=handles, loc="outside lower center", ncols=6)
    return figure


def reliability(before: Sequence[Bin], after: Sequence[Bin], titles: tuple[str, str]) -> Figure:
    """Share of right images by confidence, and how many images that rests on, a column each.

    Args:
        before: bins at temperature 1.
        after: bins at the fitted temperature.
        titles: of the two columns.
    """
    marks = (Mark("o", ORANGE, False, 0.0), Mark("s", BLUE, True, 0.0))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.8, 4.4), layout="constrained")
        upper, lower = figure.subplots(2, 2, sharex=True, height_ratios=(3, 1))
        most = max(one.count for one in (*before, *after))
        for column, (bins, mark) in enumerate(zip((before, after), marks, strict=True)):
            ax, below = upper[column], lower[column]
            ax.plot([0, 1], [0, 1], color="#999999", lw=0.6)
            for one in bins:
                colour = mark.colour if one.count >= SCARCE else "#BBBBBB"
                face = colour if mark.filled else "white"
                words = {"mfc": face, "mec": colour, "ms": 4.2, "clip_on": False}
                ax.plot(one.confidence, one.right, mark.shape, **words)
            ax.set(title=titles[column], xlim=(0, 1), ylim=(0, 1))
            ax.grid()
            middles = [(one.low + one.high) / 2 for one in bins]
            widths = [0.9 * (one.high - one.low) for one in bins]
            below.bar(middles, [one.count for one in bins], widths, color=mark.colour)
            for middle, one in zip(middles, bins, strict=True):
                words = {"ha": "center", "va": "bottom", "rotation": 90, "fontsize": 6}
                below.text(middle, one.count + 0.04 * most, f"{one.count:,}", **words)
            below.set(xlabel="largest probability", ylim=(0, 1.5 * most))
        upper[0].set_ylabel("share that is right")
        grey = Line2D([], [], ls="", marker="o", color="#BBBBBB", ms=4.2)
        grey.set_label(f"fewer than {SCARCE} images")
        figure.legend(handles=[grey], loc="outside lower right")
        lower[0].set_ylabel("images")
    return figure
