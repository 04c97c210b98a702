"""The card beside each model file, written from its contract and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from leukview.contract import Figure, ModelContract

SHOWN = (
    "accuracy",
    "accuracy, worst fold",
    "accuracy, best fold",
    "balanced accuracy",
    "macro F1",
    "ROC-AUC",
    "expected calibration error",
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


def card(contract: ModelContract, *, initialised: str, recipe: str) -> str:
    """The card as Markdown.

    Args:
        contract: of the model.
        initialised: where the weights started ("ImageNet EfficientNet-Lite2 (grown)").
        recipe: name of the config.
    """
    parts = (_what(contract, initialised, recipe), _figures(contract), _marks(contract))
    return "\n".join([*(line for part in parts for line in part), *_images(contract)])


def _what(contract: ModelContract, initialised: str, recipe: str) -> list[str]:
    return [
        f"# {contract.title}",
        "",
        "**Research use only. Not for diagnosis.**",
        "",
        contract.notice,
        "",
        f"- Classes: {', '.join(f'{c.name} (`{c.id}`)' for c in contract.classes)}.",
        f"- Unit: one image shows one {contract.unit.value}.",
        f"- Network: EfficientNet-B3 at {contract.height} x {contract.width} pixels, after"
        " Batool & Byun 2023, IEEE Access 11, doi 10.1109/ACCESS.2023.3266511.",
        f"- Initialised from: {initialised}. Recipe: `training/configs/{recipe}.toml`.",
        f"- Protocol: {contract.protocol}",
        "",
    ]


def _figures(contract: ModelContract) -> list[str]:
    recalls = [f"recall {name}" for name in contract.class_ids]
    return [
        "## Figures",
        "",
        *figure_table(contract.figures, [*SHOWN, *recalls]),
        "",
        "The weights in the file were refitted on all rows by the same recipe, so these figures are"
        " cross-validated estimates for the recipe, not a test of this very file. `paper` is the"
        " random 70/30 split of the paper: it puts images of one subject or smear on both sides and"
        " flatters; never read it without the other column.",
        "",
    ]


def _marks(contract: ModelContract) -> list[str]:
    review = contract.review
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
        *[
            f"- Unfamiliarity, {f.protocol}: AUROC {f.value:.3f} (n = {f.n})."
            for f in contract.figures
            if f.name == "unfamiliarity AUROC"
        ],
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
