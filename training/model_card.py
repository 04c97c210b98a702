"""The card beside each model file, from its contract and the names of network and recipe."""

from __future__ import annotations

from collections.abc import Sequence

from leukview.contract import Figure, ModelContract
from training.config import CONFIGS
from training.evaluate import CALIBRATION, UNCALIBRATED
from training.models.registry import Network

SHOWN = (
    "accuracy",
    "accuracy, worst fold",
    "accuracy, best fold",
    "balanced accuracy",
    "macro F1",
    "ROC-AUC",
    UNCALIBRATED,
    CALIBRATION,
)


def figure_table(figures: Sequence[Figure], names: Sequence[str]) -> list[str]:
    """Markdown lines: a row per figure, a column per protocol, n and groups in the header."""
    protocols = list(dict.fromkeys(f.protocol for f in figures if f.name in names))
    heads = []
    for protocol in protocols:
        one = next(f for f in figures if f.protocol == protocol)
        groups = f", {one.groups} groups" if one.groups else ""
        heads.append(f"{protocol} (n = {one.n}{groups})")
    lines = ["| figure | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for name in names:
        values = {f.protocol: f.value for f in figures if f.name == name}
        if values:
            cells = [f"{values[p]:.4f}" if p in values else "" for p in protocols]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def card(
    contract: ModelContract,
    network: Network,
    *,
    initialised: str,
    recipe: str,
    weak: Sequence[str] = (),
) -> str:
    """The card as Markdown.

    Args:
        contract: of the model.
        network: its record.
        initialised: where the weights started ("ImageNet EfficientNet-Lite2 (grown)").
        recipe: name of the config.
        weak: lines of `weak_groups`.
    """
    what = _what(contract, network, initialised, recipe)
    parts = (what, _figures(contract), weak, _marks(contract))
    return "\n".join([*(line for part in parts for line in part), *_images(contract)])


def _what(contract: ModelContract, network: Network, initialised: str, recipe: str) -> list[str]:
    name = network.title.removesuffix(" (proposed)")
    ours = (CONFIGS / f"{recipe}.toml").is_file()
    stored = {
        "float32": "Weights are stored as float32.",
        "float16": "Weights are stored as float16, which halves the file, and computed with as"
        " float32. The figures below were measured before they were rounded.",
    }
    return [
        f"# {contract.title}",
        "",
        "**Research use only. Not for diagnosis.**",
        "",
        contract.notice,
        "",
        f"- Classes: {', '.join(f'{c.name} (`{c.id}`)' for c in contract.classes)}.",
        f"- Unit: one image shows one {contract.unit.value}.",
        f"- Network: {name} at {contract.height} x {contract.width} pixels. {network.citation}."
        f" {stored[contract.weights_as]}",
        f"- Initialised from: {initialised}. Recipe:"
        f" `{f'training/configs/{recipe}.toml' if ours else recipe}`.",
        f"- Protocol: {contract.protocol}",
        "",
    ]


def _figures(contract: ModelContract) -> list[str]:
    recalls = [f"recall {name}" for name in contract.class_ids]
    paper = (
        " `paper` is the random 70/30 split of the paper: it puts images of one subject or smear on"
        " both sides and flatters; never read it without the other column."
    )
    return [
        "## Figures",
        "",
        *figure_table(contract.figures, [*SHOWN, *recalls]),
        "",
        "The weights in the file were refitted on all rows by the same recipe, so these figures are"
        " cross-validated estimates for the recipe, not a test of this very file."
        + paper
        * any(f.protocol == "paper" for f in contract.figures),
        "",
    ]


def _marks(contract: ModelContract) -> list[str]:
    review = contract.review
    foreign = [f for f in contract.figures if f.name == "unfamiliarity AUROC"]
    warnings = [
        f"- The mark is no help, {f.protocol}: these images score as its own do."
        for f in foreign
        if f.value < 0.5
    ]
    if not foreign:
        warnings = ["- No foreign images were there to test it on. It may miss them."]
    return [
        "## Review and unfamiliar images",
        "",
        f"- Temperature {contract.temperature:.3f}, fitted on the pooled out-of-fold rows.",
        f"- Images below confidence {review.confidence:.2f} need review. What that is worth was"
        " counted fold by fold, each at the threshold that the other folds choose:"
        f" {review.coverage:.0%} of images lay above it, and {review.error:.1%} of these"
        f" {review.n} were wrong (95 % upper bound {review.upper:.1%}, as if images were"
        " independent; errors cluster in looks and subjects, so read it as a lower estimate).",
        f"- Unfamiliar above {contract.unfamiliar_above:.2f} (99th percentile of held-out images)."
        " A mark, not a proof: see the figures named `unfamiliarity AUROC`.",
        *[f"- Unfamiliarity, {f.protocol}: AUROC {f.value:.3f} (n = {f.n})." for f in foreign],
        *warnings,
        *[
            f"- 1 - largest probability, {f.protocol}: AUROC {f.value:.3f} (n = {f.n})."
            for f in contract.figures
            if f.name == "1 - confidence AUROC"
        ],
        "",
    ]


def _images(contract: ModelContract) -> list[str]:
    return [
        "## Training images",
        "",
        *[
            f"- {s.name}: {s.images} images. {s.citation}. Licence: {s.licence}."
            f" List of images: SHA-256 `{s.sha256}`."
            for s in contract.data
        ],
        "",
    ]
