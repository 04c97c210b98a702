"""Every figure that a shipped contract, card or README names, computed again from its table.

And the app's own decode, resize and session against the probabilities that Keras gave.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leukview import resources
from leukview.contract import ModelContract
from leukview.imaging.decode import decode
from leukview.imaging.preprocess import resize
from leukview.inference.classifier import Classifier
from leukview.inference.model_file import load
from training.data.catalogue import SETS, ImageSet

NAMES = {"all4-b3": "all4", "cnmc-b3": "cnmc", "pbc8-b3": "pbc"}
SHIPPED = sorted(resources.path("models").glob("*.onnx"))
README = Path(__file__).parents[2] / "README.md"


def about(path: Path) -> ImageSet:
    return SETS[NAMES[path.stem]]


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def shipped(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


@pytest.fixture
def contract(shipped: Path) -> ModelContract:
    return load(shipped).contract


def recomputed(path: Path, temperature: float) -> dict[tuple[str, str], tuple[float, int, int]]:
    from training import evaluate

    found = evaluate.read_predictions(evaluate.results_path(about(path)), about(path))
    return {
        (f.protocol, f.name): (f.value, f.n, f.groups)
        for f in evaluate.figures_of(found, about(path), temperature)
    }


def test_three_models_are_shipped() -> None:
    assert [path.stem for path in SHIPPED] == sorted(NAMES)
    assert all(path.stat().st_size < 50e6 for path in SHIPPED)


def test_the_contract_names_only_figures_of_its_table(
    shipped: Path, contract: ModelContract
) -> None:
    from training.evaluate import UNCALIBRATED

    table = recomputed(shipped, contract.temperature)
    named = {
        (f.protocol, f.name): (f.value, f.n, f.groups)
        for f in contract.figures
        if "AUROC" not in f.name
    }
    # Models that were exported before there was one do not name it.
    older = {key for key in table if key[1] == UNCALIBRATED}
    assert named.keys() | older == table.keys()
    for key, (value, n, groups) in named.items():
        assert value == pytest.approx(table[key][0], abs=1e-4), key
        assert (n, groups) == table[key][1:], key
    assert {"paper"} < {protocol for protocol, _ in named}


def test_the_review_threshold_is_that_of_the_table(shipped: Path, contract: ModelContract) -> None:
    from training import evaluate

    found = evaluate.read_predictions(evaluate.results_path(about(shipped)), about(shipped))
    again = evaluate.review_threshold_of(found, about(shipped))
    assert contract.review.confidence == pytest.approx(again.confidence, abs=0.011)
    assert contract.review.error == pytest.approx(again.error, abs=0.002)


def test_card_and_readme_are_written_from_the_contract(
    shipped: Path, contract: ModelContract
) -> None:
    from training import model_card

    card = shipped.with_suffix(".md").read_text(encoding="utf-8")
    figures = model_card.figure_table(contract.figures, model_card.SHOWN)
    for line in figures[2:]:
        assert line.split("|")[1].strip() in card
    accuracy = next(f for f in contract.figures if f.name == "accuracy")
    assert f"{accuracy.value:.4f}" in card
    assert f"{accuracy.value:.4f}" in README.read_text(encoding="utf-8")
    assert "Not for diagnosis" in card


def test_a_card_names_the_looks_and_subjects_that_its_model_fails_on(shipped: Path) -> None:
    from training import evaluate, weak_groups

    one = about(shipped)
    found = evaluate.read_predictions(evaluate.results_path(one), one)
    said = "\n".join(weak_groups.lines(weak_groups.of(found, one), one.group_word))
    card = shipped.with_suffix(".md").read_text(encoding="utf-8")
    assert said in card
    assert ("## Where it fails" in card) == bool(said)
    if one.name == "all4":
        assert "- pre-0 (Pre): 0 of 122 right" in card


def test_foreign_images_score_above_chance(contract: ModelContract) -> None:
    scores = [f for f in contract.figures if f.name == "unfamiliarity AUROC"]
    assert len(scores) == 5
    assert all(f.value >= 0.5 and f.n > 0 for f in scores)


def test_the_app_gives_the_probabilities_that_keras_gave(shipped: Path) -> None:
    with np.load(shipped.with_suffix(".golden.npz")) as golden:
        flat, lengths = golden["bytes"].tobytes(), golden["lengths"]
        expected = golden["probabilities"]
    ends = np.cumsum(lengths)
    encoded = [flat[end - n : end] for end, n in zip(ends, lengths, strict=True)]
    classifier = Classifier(load(shipped), "cpu")
    c = classifier.contract
    pixels = [resize(decode(data)[0], c.height, c.width, c.resize) for data in encoded]
    out = np.concatenate([classifier.run(p[None]).probabilities for p in pixels])
    assert len(encoded) >= 15
    np.testing.assert_allclose(out, expected, atol=1e-3)


def test_the_set_behind_a_model_is_the_one_of_the_catalogue(
    shipped: Path, contract: ModelContract
) -> None:
    assert contract.class_ids == about(shipped).class_ids
    assert contract.unit == about(shipped).unit
    assert contract.data[0].name == about(shipped).name
