"""From a finished run to model, golden file and card: among those that ship, or in any folder."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from leukview import resources
from leukview.contract import (
    ClassEntry,
    Figure,
    ModelContract,
    ReviewThreshold,
    TrainingSet,
    WeightsAs,
)
from leukview.domain.errors import OutputError, UsageError
from leukview.imaging.scan import scan
from leukview.inference import model_file
from training import (
    evaluate,
    export,
    golden,
    model_card,
    parity,
    reliability,
    replacing,
    weak_groups,
)
from training.config import Config
from training.data.catalogue import ImageSet, load
from training.data.prepare import hash_of
from training.data.splits import Split
from training.experiment import Experiment, fresh
from training.foreign import familiarity
from training.models import initial
from training.models.registry import record_of

RELEASE = "0.4"
SHIPS = ("efficientnet-b3", "efficientnet-b3-levels")  # networks of the models that ship


def protocol_words(about: ImageSet, config: Config, split: Split) -> str:
    """How fit, choice and test were kept apart, for contract and card."""
    if about.group:
        cross = (
            f"`grouped`: {split.folds} folds, no {about.group_word} on both sides, each fold tested"
            " once"
        )
    else:
        cross = (
            f"`random`: {split.folds} folds, near duplicates together; no patient is known, so"
            " subjects may stand on both sides"
        )
    chooses = any(stage.chooses for stage in config.stages)
    by = "the next fold" if split.folds > 3 else "a random tenth of the fit rows"
    choice = f"{by} chose the checkpoint" if chooses else "no checkpoint was chosen"
    singles = {
        "paper": "`paper`: random 70/30, images of one subject or smear on both sides; ",
        "paper526": "`paper526`: the same with 526 images that choose; ",
    }
    others = "".join(singles.get(name, "") for name in split.singles)
    apart = "which are never tested" if (split.cross < 0).any() else "some of which are tested too"
    return (
        f"{cross}; {others}{choice}."
        f" The first batch-norm statistics came from {len(split.norm)} images without their"
        f" classes, {apart}. The weights in the file were refitted on all rows, to the last step."
    )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What calibration and evaluation say of one model."""

    temperature: float
    review: ReviewThreshold
    unfamiliar_above: float
    figures: tuple[Figure, ...]


def model_id(about: ImageSet, config: Config) -> str:
    """What the model of a run is called: ours have names, others are called by set and network."""
    ours = evaluate.MODELS.get(about.name)
    if ours and config.network in SHIPS:
        return ours
    return f"{about.name}-{config.network}"


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
    exp: Experiment, measured: Measured, shapes: export.Shapes, data: Path, weights_as: WeightsAs
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
        model=model_id(about, exp.config),
        title=about.title if about.place else f"{about.title} {RELEASE}",
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
        protocol=protocol_words(about, exp.config, exp.split),
        figures=measured.figures,
        notice=notice_of(
            about, earlier, unknown=initial.from_unknown_images(exp.config.init, runs)
        ),
        weights_as=weights_as,
    )


def publish(exp: Experiment, data: Path, readme: Path) -> ModelContract:
    """Write model, golden file and card into the resources, the predictions, and the README.

    All are written elsewhere first and put in place together at the end, the model before the
    others: what fails leaves every earlier file as it was, see `replacing`.

    Raises:
        UnfamiliarityError, ValueError: see `familiarity`, `export.to_onnx`, `parity.check`,
            `readme_with_figures`.
        UsageError: the network is none that ships, or there is no fit on all rows.
        OutputError: a file cannot be written or replaced.
    """
    export.check_backend()
    name = model_id(exp.about, exp.config)
    if name not in evaluate.MODELS.values():
        raise UsageError(
            f"{name} is none of the models that ship ({', '.join(evaluate.MODELS.values())})."
            " Nothing was exported. Write it elsewhere: give --out FOLDER."
        )
    table = evaluate.results_path(exp.about)
    places = _places(resources.path("models"), name)
    places |= {".csv": table, ".readme": readme}
    # Not below resources, which a wheel takes whole; git does not see the folder.
    with replacing.draft_folder(table.parent) as folder:
        drafts = {end: folder / f"draft{end}" for end in places}
        contract = _write(exp, data, drafts, "float32")
        models = resources.path("models").glob("*.onnx")
        others = [path for path in models if path != places[".onnx"]]
        shipped = [contract, *(model_file.load(path).contract for path in others)]
        text = readme_with_figures(readme, sorted(shipped, key=lambda one: one.model))
        drafts[".readme"].write_text(text, encoding="utf-8", newline="\n")
        replacing.replace_all({places[end]: drafts[end] for end in places}, folder)
    _draw(exp.about, contract.temperature, table)
    return contract


def publish_to(
    out: Path, exp: Experiment, data: Path, weights_as: WeightsAs = "float32"
) -> ModelContract:
    """Write model, golden file and card into a folder, of any set and network.

    The predictions go where `evaluate` writes those of a set of one's own: into the run.

    Raises:
        UsageError: there is a model of that name, or the run lacks out-of-fold rows or the fit on
            all rows.
        UnfamiliarityError, ValueError: see `familiarity`, `export.to_onnx`, `parity.check`.
        OutputError: a file cannot be written.
    """
    export.check_backend()
    places = _places(out, model_id(exp.about, exp.config))
    there = [path for path in places.values() if path.exists()]
    if there:
        raise UsageError(f"{there[0]} exists. It was left as it is. Choose another --out.")
    if exp.split.folds < 2:
        raise UsageError(
            f"{exp.about.name} has no folds, and only rows that no fit has seen can say when a"
            " suggestion needs review. Nothing was exported. Name `grouped` (or `random`) among its"
            " `protocols`, prepare it anew and train."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or error
        raise OutputError(
            f"{out} cannot be made ({why}). Nothing was exported. Choose another --out."
        ) from error
    with replacing.draft_folder(out) as folder:
        drafts = {end: folder / f"draft{end}" for end in places}
        table = exp.run.folder / "predictions.csv"
        contract = _write(exp, data, drafts | {".csv": table}, weights_as)
        replacing.replace_all({places[end]: drafts[end] for end in places}, folder)
    _draw(exp.about, contract.temperature, table)
    return contract


def _draw(about: ImageSet, temperature: float, table: Path) -> None:
    reliability.write(evaluate.read_predictions(table, about), about, temperature, table)


def _places(folder: Path, name: str) -> dict[str, Path]:
    """Where model, golden file and card belong, by suffix; an id may hold dots."""
    return {end: folder / f"{name}{end}" for end in (".onnx", ".golden.npz", ".md")}


def _write(
    exp: Experiment, data: Path, drafts: dict[str, Path], weights_as: WeightsAs
) -> ModelContract:
    """Write predictions, model, golden file and card, each under its suffix in `drafts`."""
    about = exp.about
    if not exp.run.weights.is_file():
        raise UsageError(
            f"{exp.run.folder} lacks {exp.run.weights.name}, the fit on all rows. Nothing was"
            " exported. Run `python -m training train` with the same config and folders, without"
            " --only or with --only final."
        )
    temperature = evaluate.write_predictions(exp, drafts[".csv"])
    found = evaluate.read_predictions(drafts[".csv"], about)
    model = fresh(exp)
    model.load_weights(exp.run.weights)
    fitted, foreign = familiarity(exp, model, found, temperature, data)
    measured = Measured(
        temperature=temperature,
        review=evaluate.review_threshold_of(found, about),
        unfamiliar_above=fitted.threshold,
        figures=(*evaluate.figures_of(found, about, temperature), *foreign),
    )
    contract = contract_of(exp, measured, export.shapes(model), data, weights_as)
    serving = export.make_serving(model, fitted, temperature)
    export.to_onnx(serving, contract, drafts[".onnx"])
    samples = [image.path for image in scan([resources.path("samples")]).images][::4]
    golden.write(drafts[".golden.npz"], model, temperature, samples)
    parity.check(drafts[".onnx"], drafts[".golden.npz"])
    start = initial.words(exp.config, exp.run.folder.parent)
    text = model_card.card(
        contract,
        record_of(exp.config.network),
        initialised=start,
        recipe=exp.config.name,
        weak=weak_groups.lines(weak_groups.of(found, about), about.group_word),
    )
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
