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
from leukview.inference import model_file
from training import calibrate, evaluate, export, golden, model_card, replacing, unfamiliar
from training.config import Config
from training.data.catalogue import SETS, ImageSet, load
from training.data.prepare import hash_of, image_pixels
from training.data.splits import NORM
from training.evaluate import Predictions
from training.experiment import SEEN, Experiment, fresh, held_out_distances
from training.features import Trunk
from training.models import initial
from training.train import head_logits
from training.unfamiliar import Familiarity

RELEASE = "0.3"
FOREIGN_IMAGES = 20  # of each foreign group, evenly spaced in natural order
Floats = NDArray[np.float64]


class UnfamiliarityError(ValueError):
    """A known foreign set looks more familiar than the model's own images."""


def protocol_words(about: ImageSet, config: Config) -> str:
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
    chooses = any(stage.chooses for stage in config.stages)
    by = "the next fold" if about.folds > 3 else "a random tenth of the fit rows"
    choice = f"{by} chose the checkpoint" if chooses else "no checkpoint was chosen"
    return (
        f"{cross}; `paper`: random 70/30, images of one subject or smear on both sides; {choice}."
        f" The first batch-norm statistics came from {NORM} images without their classes, which are"
        " never tested. The weights in the file were refitted on all rows, to the last step."
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
    exp: Experiment, model: keras.Model, found: Predictions, temperature: float, data: Path
) -> tuple[Familiarity, list[Figure]]:
    """Fit the unfamiliarity score and measure it on known foreign images.

    Foreign images are seen by the shipped weights alone, familiar ones by the fold that did not fit
    them; the AUROCs join the two.

    Raises:
        UnfamiliarityError: a foreign group scores below chance.
    """
    trunk = Trunk(model)
    rows = np.arange(len(exp.items))
    if exp.config.fits_trunk or exp.material.features is None:
        # As many as each fold kept: the median distance still grows with their number.
        rows = np.random.default_rng(exp.config.seed).permutation(rows)[:SEEN]
        embeddings = trunk(exp.material.pixels[row] for row in rows)
    else:
        embeddings = exp.material.features[0].astype(np.float32)
    fitted, held = unfamiliar.fit(embeddings, exp.material.y[rows], held_out_distances(exp))
    mine = found.protocol == evaluate.cross_name(exp.about)
    doubt = 1 - found.probabilities[mine].max(axis=1)
    out = []
    known = {about.name for about in initial.earlier_sets(exp.config.init, exp.run.folder.parent)}
    for name, paths in foreign_groups(data, exp.about).items():
        seen = trunk(image_pixels(path) for path in paths)
        logits = head_logits(model, seen).astype(np.float64)
        foreign_doubt = 1 - calibrate.softmax(logits, temperature).max(axis=1)
        for word, value in (
            ("unfamiliarity AUROC", unfamiliar.auroc(held, fitted.score(seen))),
            ("1 - confidence AUROC", unfamiliar.auroc(doubt, foreign_doubt)),
        ):
            protocol = f"held-out folds against {name}"
            protocol += " (the initial trunk was fitted on it)" if name in known else ""
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


def _training_set(about: ImageSet, data: Path) -> TrainingSet:
    items = load(data / about.name, about)
    return TrainingSet(
        name=about.name,
        images=len(items),
        sha256=hash_of(items),
        licence=about.licence,
        citation=about.citation,
    )


def notice_of(about: ImageSet, earlier: tuple[ImageSet, ...], *, unknown: bool) -> str:
    """What a user must know; a trunk takes the terms of its images along.

    Args:
        about: what the model was fitted on.
        earlier: what its trunk had been fitted on.
        unknown: whether that began with a file that does not say what it has seen.
    """
    closed = [one.name for one in earlier if not one.open_terms]
    parts = [about.notice]
    if unknown:
        parts.insert(0, "Its initial weights came from a file whose training images are unknown.")
    if closed:
        trunk = (
            f"the trunk was first fitted on {' and '.join(closed)}, whose terms are not verified"
        )
        parts.insert(0, f"Weights for research: {trunk}.")
    return " ".join(parts)


def contract_of(
    exp: Experiment, measured: Measured, shapes: export.Shapes, data: Path
) -> ModelContract:
    """The contract of a fitted model; `data` is the folder that holds the sets."""
    about = exp.about
    runs = exp.run.folder.parent
    earlier = initial.earlier_sets(exp.config.init, runs)
    cells = (
        ClassEntry(
            id=c.id, name=c.name, key=c.key, role=c.role, malignant=c.malignant, aliases=c.aliases
        )
        for c in about.classes
    )
    return ModelContract(
        model=evaluate.MODELS[about.name],
        title=f"{about.title} {RELEASE}",
        created=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        height=shapes.side,
        width=shapes.side,
        resize="crop_and_resize",
        smallest_side=about.sides[0],
        largest_side=about.sides[1],
        unit=about.unit,
        classes=tuple(cells),
        temperature=measured.temperature,
        review=measured.review,
        unfamiliar_above=round(measured.unfamiliar_above, 4),
        embedding=shapes.embedding,
        cam=shapes.cam,
        data=tuple(_training_set(one, data) for one in (about, *earlier)),
        protocol=protocol_words(about, exp.config),
        figures=measured.figures,
        notice=notice_of(
            about, earlier, unknown=initial.from_unknown_images(exp.config.init, runs)
        ),
    )


def publish(exp: Experiment, data: Path, readme: Path) -> ModelContract:
    """Write model, golden file and card into the resources, the predictions, and the README.

    All are written elsewhere first and put in place together at the end, the model before the
    others: what fails leaves every earlier file as it was, see `replacing`.

    Raises:
        UnfamiliarityError, ValueError: see `familiarity`, `export.to_onnx`, `readme_with_figures`.
        OutputError: a file cannot be written or replaced.
    """
    export.check_backend()
    table = evaluate.results_path(exp.about)
    stem = resources.path("models", evaluate.MODELS[exp.about.name])
    places = {end: stem.with_suffix(end) for end in (".onnx", ".golden.npz", ".md")}
    places |= {".csv": table, ".readme": readme}
    # Not below resources, which a wheel takes whole; git does not see the folder.
    with replacing.draft_folder(table.parent) as folder:
        drafts = {end: folder / f"draft{end}" for end in places}
        contract = _write(exp, data, drafts)
        others = [path for path in stem.parent.glob("*.onnx") if path != places[".onnx"]]
        shipped = [contract, *(model_file.load(path).contract for path in others)]
        text = readme_with_figures(readme, sorted(shipped, key=lambda one: one.model))
        drafts[".readme"].write_text(text, encoding="utf-8", newline="\n")
        replacing.replace_all({places[end]: drafts[end] for end in places}, folder)
    return contract


def _write(exp: Experiment, data: Path, drafts: dict[str, Path]) -> ModelContract:
    """Write predictions, model, golden file and card, each under its suffix in `drafts`."""
    about = exp.about
    temperature = evaluate.write_predictions(exp, drafts[".csv"])
    found = evaluate.read_predictions(drafts[".csv"], about)
    model = fresh(exp)
    model.load_weights(exp.run.weights)
    fitted, foreign = familiarity(exp, model, found, temperature, data)
    measured = Measured(
        temperature=temperature,
        review=evaluate.review_threshold_of(found, about),
        unfamiliar_above=fitted.threshold,
        figures=(*evaluate.figures_of(found, about), *foreign),
    )
    contract = contract_of(exp, measured, export.shapes(model), data)
    serving = export.make_serving(model, fitted, temperature)
    export.to_onnx(serving, contract, drafts[".onnx"])
    samples = [image.path for image in scan([resources.path("samples")]).images][::4]
    golden.write(drafts[".golden.npz"], model, temperature, samples)
    start = initial.words(exp.config, exp.run.folder.parent)
    text = model_card.card(contract, initialised=start, recipe=exp.config.name)
    drafts[".md"].write_text(text, encoding="utf-8", newline="\n")
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


def readme_with_figures(readme: Path, contracts: list[ModelContract]) -> str:
    """The README's text with the figures between its markers.

    Raises:
        ValueError: the markers are missing.
    """
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(
            f"{readme} lacks the markers {BEGIN} and {END}. Nothing was published. Put them where"
            " the figures belong, then export again."
        )
    return before + readme_figures(contracts) + after
