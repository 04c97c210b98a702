"""From a finished run to the shipped files: model, golden file, card, and the README's figures."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from leukview import resources
from leukview.contract import (
    ClassEntry,
    Figure,
    ModelContract,
    ReviewThreshold,
    TrainingSet,
)
from leukview.imaging.scan import scan
from training import calibrate, evaluate, export, golden, model_card, unfamiliar
from training.data.catalogue import SETS, ImageSet
from training.data.prepare import hash_of, image_pixels
from training.experiment import Experiment, fresh, held_out_distances
from training.features import Trunk
from training.models import initial
from training.models.efficientnet_b3 import SIDE, WIDTH
from training.train import head_logits
from training.unfamiliar import Familiarity

RELEASE = "0.1"
FOREIGN_IMAGES = 20  # of each foreign group, evenly spaced in natural order
Floats = NDArray[np.float64]


class UnfamiliarityError(ValueError):
    """A known foreign set looks more familiar than the model's own images."""


def protocol_words(about: ImageSet) -> str:
    """How fit, choice and test were kept apart, for contract and card."""
    if about.group:
        cross = (
            f"`grouped`: {about.folds} folds, no {about.group_word} on both sides, each fold tested"
            " once"
        )
    else:
        cross = (
            f"`random`: {about.folds} folds, near duplicates together; no patient is known, so"
            " subjects may stand on both sides"
        )
    return (
        f"{cross}; `paper`: random 70/30, images of one subject or smear on both sides. Three parts"
        " each: fit, choose, test. The weights in the file were refitted on all rows."
    )


def foreign_groups(data: Path, about: ImageSet) -> dict[str, list[Path]]:
    """Images that the model of `about` should call unfamiliar, by group."""
    groups = {f.name: f for f in sorted((data / "unfamiliar").iterdir()) if f.is_dir()}
    groups |= {name: data / name for name in SETS if name != about.name}
    out: dict[str, list[Path]] = {}
    for name, folder in groups.items():
        found = [image.path for image in scan([folder]).images]
        step = max(1, len(found) // FOREIGN_IMAGES)
        out[name] = found[::step][:FOREIGN_IMAGES]
    return out


def familiarity(
    exp: Experiment, model: keras.Model, temperature: float, data: Path
) -> tuple[Familiarity, list[Figure]]:
    """Fit the unfamiliarity score and measure it on known foreign images.

    Raises:
        UnfamiliarityError: a foreign group scores below chance.
    """
    trunk = Trunk(model)
    if exp.config.has("full") or exp.material.features is None:
        embeddings = trunk(exp.material.pixels)
    else:
        embeddings = exp.material.features[0]
    fitted, held = unfamiliar.fit(embeddings, exp.material.y, held_out_distances(exp))
    found = evaluate.read_predictions(evaluate.results_path(exp.about), exp.about)
    mine = found.protocol == evaluate.cross_name(exp.about)
    doubt = 1 - found.probabilities[mine].max(axis=1)
    out = []
    for name, paths in foreign_groups(data, exp.about).items():
        seen = trunk(image_pixels(path) for path in paths)
        logits = head_logits(model, seen).astype(np.float64)
        foreign_doubt = 1 - calibrate.softmax(logits, temperature).max(axis=1)
        for word, value in (
            ("unfamiliarity AUROC", unfamiliar.auroc(held, fitted.score(seen))),
            ("1 - confidence AUROC", unfamiliar.auroc(doubt, foreign_doubt)),
        ):
            protocol = f"held-out folds against {name}"
            out.append(
                Figure(name=word, value=round(value, 4), protocol=protocol, n=len(paths), groups=0)
            )
    low = [f for f in out if f.name == "unfamiliarity AUROC" and f.value < 0.5]
    if low:
        raise UnfamiliarityError(
            f"{[(f.protocol, f.value) for f in low]}: these foreign images look more familiar"
            " than the model's own. Nothing was exported. Choose another score in"
            " training/unfamiliar.py."
        )
    return fitted, out


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What calibration and evaluation say of one model."""

    temperature: float
    review: ReviewThreshold
    unfamiliar_above: float
    figures: tuple[Figure, ...]


def contract_of(exp: Experiment, measured: Measured) -> ModelContract:
    """The contract of a fitted model."""
    about = exp.about
    cells = (
        ClassEntry(
            id=c.id, name=c.name, key=c.key, role=c.role, malignant=c.malignant, aliases=c.aliases
        )
        for c in about.classes
    )
    grid = -(-SIDE // 32)
    return ModelContract(
        model=evaluate.MODELS[about.name],
        title=f"{about.title} {RELEASE}",
        created=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        height=SIDE,
        width=SIDE,
        resize="crop_and_resize",
        smallest_side=about.sides[0],
        largest_side=about.sides[1],
        unit=about.unit,
        classes=tuple(cells),
        temperature=measured.temperature,
        review=measured.review,
        unfamiliar_above=round(measured.unfamiliar_above, 4),
        embedding=WIDTH,
        cam=(grid, grid),
        data=(
            TrainingSet(
                name=about.name,
                images=len(exp.items),
                sha256=hash_of(exp.items),
                licence=about.licence,
                citation=about.citation,
            ),
        ),
        protocol=protocol_words(about),
        figures=measured.figures,
        notice=about.notice,
    )


def publish(exp: Experiment, data: Path) -> ModelContract:
    """Write model, golden file and card into the resources.

    Raises:
        UnfamiliarityError, ValueError: see `familiarity` and `export.to_onnx`.
    """
    about = exp.about
    temperature = evaluate.write_predictions(exp, evaluate.results_path(about))
    found = evaluate.read_predictions(evaluate.results_path(about), about)
    model = fresh(exp)
    model.load_weights(exp.run.weights)
    fitted, foreign = familiarity(exp, model, temperature, data)
    measured = Measured(
        temperature=temperature,
        review=evaluate.review_threshold_of(found, about),
        unfamiliar_above=fitted.threshold,
        figures=(*evaluate.figures_of(found, about), *foreign),
    )
    contract = contract_of(exp, measured)
    stem = resources.path("models", contract.model)
    export.to_onnx(
        export.make_serving(model, fitted, temperature), contract, stem.with_suffix(".onnx")
    )
    samples = [image.path for image in scan([resources.path("samples")]).images][::4]
    golden.write(stem.with_suffix(".golden.npz"), model, temperature, samples)
    text = model_card.card(
        contract,
        initialised=initial.words(exp.config.init, exp.run.folder.parent),
        recipe=exp.config.name,
    )
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
    return contract


BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def readme_figures(contracts: list[ModelContract]) -> str:
    """The README's section between its markers."""
    lines = [BEGIN, ""]
    for contract in contracts:
        lines += [f"### {contract.title} (`{contract.model}`)", "", contract.notice, ""]
        shown = [f for f in contract.figures if "AUROC" not in f.name]
        names = ("accuracy", "accuracy, worst fold", "balanced accuracy", "ROC-AUC")
        recalls = tuple(f"recall {name}" for name in contract.class_ids)
        lines += [*model_card.figure_table(shown, (*names, *recalls)), ""]
    return "\n".join([*lines, END])


def update_readme(readme: Path, contracts: list[ModelContract]) -> None:
    """Put the figures between the markers.

    Raises:
        ValueError: the markers are missing.
    """
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme} lacks the markers {BEGIN} and {END}. It was left as it is.")
    readme.write_text(before + readme_figures(contracts) + after, encoding="utf-8")
