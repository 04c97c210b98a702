from __future__ import annotations

import pytest

from leukview.domain.errors import UsageError
from leukview.domain.progress import CancelToken, Progress
from leukview.inference.model_file import load
from leukview.workflows import opened as module
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.opened import Batch, Opened, Opening, choice_for, run_model, use_model


def opened_by(opening: Opening) -> Opened | None:
    steps = list(opening.steps(CancelToken()))
    assert all(isinstance(step, Progress | Opened) for step in steps)
    return opening.take()


@pytest.fixture
def folder(image_folder):
    return image_folder({"hem/a.png": 20, "all/b.png": 240, "c.png": 120})


@pytest.fixture
def opened(folder, toy_model):
    made = opened_by(Opening([folder], model=str(toy_model), reviewer="R"))
    yield made
    made.close()


def test_a_folder_is_opened_with_its_session_and_model(opened, folder):
    assert opened.folder == folder
    assert [image.name for image in opened.review.images] == ["all/b.png", "c.png", "hem/a.png"]
    assert opened.choice.model.contract.model == "toy-2"
    assert opened.choice.reason == "You chose it."


def test_folder_names_say_the_true_class_before_any_run(opened):
    assert opened.review.true_class.tolist() == [1, -1, 0]


def test_a_run_gives_the_device_and_then_batches(opened):
    rows = opened.review.pending().tolist()
    steps = list(run_model(opened, opened.choice.model, rows, "cpu", CancelToken()))
    assert steps[0].name == "cpu"
    batches = [step for step in steps if isinstance(step, Batch)]
    assert [row for batch in batches for row in batch.rows] == rows
    for batch in batches:
        opened.review.add_results(batch.rows, batch.results)
    assert opened.review.suggested.tolist()[::2] == [1, 0]
    assert len(opened.classifiers) == 1


def test_another_model_brings_its_classes_and_keeps_decisions(opened, toy_field_model):
    opened.review.decide([0], "all")
    choice, refusal = choice_for(opened.scan.images, str(toy_field_model))
    assert refusal == ""
    use_model(opened, choice)
    assert [c.id for c in opened.review.classes] == ["benign", "early", "pre", "pro"]
    assert opened.review.decision(0).class_id == "all"


def test_an_unusable_model_is_a_sentence_not_an_error(tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"x")
    choice, refusal = choice_for([], str(bad))
    assert choice is None
    assert "bad.onnx" in refusal


def test_an_abandoned_opening_closes_its_session(folder, toy_model):
    opening = Opening([folder], model=str(toy_model), reviewer="R")
    list(opening.steps(CancelToken()))
    opening.abandon()
    assert opening.take() is None
    again = opened_by(Opening([folder], model=str(toy_model), reviewer="R"))
    assert not again.store.read_only
    again.close()


def test_an_opening_abandoned_early_opens_nothing(folder, toy_model):
    opening = Opening([folder], model=str(toy_model), reviewer="R")
    opening.abandon()
    assert opened_by(opening) is None


def test_a_missing_folder_is_said(tmp_path, toy_model):
    opening = Opening([tmp_path / "none"], model=str(toy_model), reviewer="R")
    with pytest.raises(UsageError):
        list(opening.steps(CancelToken()))


def test_the_folder_is_there_before_auto_has_looked_at_its_images(folder, monkeypatch):
    monkeypatch.setattr(module, "choose_model", lambda *_a, **_k: pytest.fail("it looked"))
    made = opened_by(Opening([folder], model="auto", reviewer="R"))
    assert made.choosing
    assert [image.name for image in made.review.images] == ["all/b.png", "c.png", "hem/a.png"]
    made.close()


def test_what_auto_chose_is_remembered_with_the_session(folder, toy_model, monkeypatch):
    asked = []

    def choose(images, *, cancel=None):
        asked.append(len(images))
        return ModelChoice(load(toy_model), "It is the most familiar.")

    monkeypatch.setattr(module, "choose_model", choose)
    monkeypatch.setattr(module, "resolve", lambda name: toy_model.with_stem(name))
    made = opened_by(Opening([folder], model="auto", reviewer="R"))
    assert (made.choosing, made.choice, asked) == (True, None, [])
    choice, _refusal = choice_for(made.scan.images, "auto")
    use_model(made, choice, remember=True)
    assert not made.choosing
    made.close()
    again = opened_by(Opening([folder], model="auto", reviewer="R"))
    assert not again.choosing
    assert again.choice.reason == "It is the most familiar."
    again.close()
    assert asked == [3]
    (folder / "c.png").unlink()
    grown = opened_by(Opening([folder], model="auto", reviewer="R"))
    assert grown.choosing
    grown.close()
