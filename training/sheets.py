"""Sheets of explained images: a row each image, a column each method, its curves at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from training import figures
from training.attribution import Map, Pixels

if TYPE_CHECKING:
    from training.explain import Explained, Explanation

# Smaller than other figures: an image stands in each cell.
STYLE = figures.STYLE | {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.5,
    "savefig.dpi": 150,
}
LINES: dict[str, tuple[str, Any]] = {
    "cam": (figures.BLUE, "-"),
    "occlusion": (figures.RED, (0, (5, 1.5))),
    "shap": (figures.GREEN, (0, (1.5, 1.2))),
    "random": ("#666666", (0, (5, 1.5, 1, 1.5))),
}
TITLES = {"cam": "class activation", "occlusion": "occlusion", "shap": "SHAP", "random": "random"}
SIGNED = "PuOr_r"  # orange speaks for the class, purple against it; safe for colour-blind readers
CURVE_TITLES = {"deletion": "deletion (low is good)", "insertion": "insertion (high is good)"}


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, completely or not at all."""
    draft = path.with_suffix(".draft")
    with mpl.rc_context(STYLE):
        figure.savefig(draft, format="png", metadata={"Software": None})
    draft.replace(path)


def sheet(work: Explanation, name: str, found: Sequence[Explained]) -> Figure:
    """A figure of the images of one class; for a class without images only its title."""
    methods = list(dict.fromkeys(method for one in found for method in one.maps))
    columns, rows = 1 + len(methods) + 2, max(1, len(found))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(1.75 * columns, 1.2 + 1.95 * rows), layout="constrained")
        title = f"{name}: what {work.model.contract.title} looks at\n"
        figure.suptitle(title, x=0.01, ha="left", fontsize=9)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, one in zip(grid, found, strict=False):
            _row(axes, work, one, methods)
        for ax, method in zip(grid[0][1:], methods, strict=False):
            ax.set_title(TITLES[method])
        for ax, title in zip(grid[0][-2:], CURVE_TITLES.values(), strict=True):
            ax.set_title(title)
        if found:
            bar = ScalarMappable(mpl.colors.Normalize(-1, 1), SIGNED)
            words: dict[str, Any] = {
                "location": "bottom",
                "ticks": [-1, 0, 1],
                "aspect": 30,
                "shrink": 0.6,
            }
            drawn = figure.colorbar(bar, ax=list(grid[-1][1:-2]), **words)
            drawn.ax.set_xticklabels(["against", "", "for the class"])
            handles = [
                Line2D([], [], color=LINES[m][0], ls=LINES[m][1], label=TITLES[m]) for m in methods
            ]
            figure.legend(handles=handles, loc="outside lower right", ncols=len(methods))
    return figure


def _row(axes: Any, work: Explanation, one: Explained, methods: Sequence[str]) -> None:
    image = np.asarray(work.pixels[one.row])
    for ax in axes[:-2]:
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
    axes[0].imshow(image)
    core = work.rule.core(image)
    if 0 < core.sum() < core.size:
        axes[0].contour(core, [0.5], colors="#56B4E9", linewidths=0.7)
    said = work.about.classes[one.said].name
    axes[0].set_title(f"image {one.row}\nsays {said}, {one.probability:.2f}")
    for ax, method in zip(axes[1:], methods, strict=False):
        ax.imshow(overlaid(image, one.maps[method]))
        if 0 < core.sum() < core.size:
            ax.contour(core, [0.5], colors="#333333", linewidths=0.5)
    for ax, curve in zip(axes[-2:], CURVE_TITLES, strict=True):
        for method in methods:
            values = one.curves[method, curve]
            colour, style = LINES[method]
            ax.plot(np.linspace(0, 1, len(values)), values, color=colour, ls=style, lw=1.1)
        ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="share of the image")
        ax.set_xticks([0, 1], ["0", "1"])
        ax.set_yticks([0, 1], ["0", "1"])
        ax.set_box_aspect(1)


def overlaid(image: Pixels, found: Map) -> Pixels:
    """A map over the grey, pale image; strongest where its size is at the 99th percentile."""
    top = max(float(np.quantile(np.abs(found), 0.99)), 1e-12)
    scaled = np.clip(found / top, -1, 1)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float64)
    pale = np.repeat(200 + grey * (50 / 255), 3, axis=2)
    colour = mpl.colormaps[SIGNED](scaled / 2 + 0.5)[..., :3] * 255
    cover = np.sqrt(np.abs(scaled))[..., None] * 0.85
    return np.asarray(np.rint(pale * (1 - cover) + colour * cover), dtype=np.uint8)
