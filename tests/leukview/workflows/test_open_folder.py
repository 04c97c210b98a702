import logging

import msgspec
import pytest

from leukview.domain.errors import ModelFileError, UsageError
from leukview.domain.progress import CancelToken
from leukview.workflows import open_folder as module
from leukview.workflows.open_folder import choose_model, open_folder


@pytest.fixture
def ship(monkeypatch):
    return lambda *paths: monkeypatch.setattr(module, "shipped", lambda: list(paths))


def test_a_folder_of_images_is_opened(image_folder):
    assert len(open_folder([image_folder()]).images) == 6


def test_a_folder_without_images_says_what_is_there(tmp_path):
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(UsageError, match=r"no images in .* 1 other file\..*\.png"):
        open_folder([tmp_path])
    with pytest.raises(UsageError, match=r"no images in 'x\.txt'\. Nothing was read"):
        open_folder([tmp_path / "x.txt"])
    with pytest.raises(UsageError, match="Folders inside were not looked into"):
        open_folder([tmp_path], recursive=False)
    with pytest.raises(UsageError, match="No folder was given"):
        open_folder([])


def test_the_most_familiar_model_is_chosen_and_the_reason_said(
    image_folder, toy_contract, write_toy_model, tmp_path, ship
):
    near = msgspec.structs.replace(toy_contract, model="near", title="Near 1")
    far = msgspec.structs.replace(toy_contract, model="far", title="Far 1")
    ship(
        write_toy_model(tmp_path / "a.onnx", far, offset=5.0),
        write_toy_model(tmp_path / "b.onnx", near),
    )
    images = open_folder([image_folder({f"{k}.png": k for k in range(50)})]).images
    choice = choose_model(images)
    assert choice.model.contract.model == "near"
    assert choice.reason == "32 of 32 sampled images are familiar to it (Far 1: 0)."


def test_when_none_knows_the_images_this_is_said(
    image_folder, toy_contract, write_toy_model, tmp_path, ship
):
    less = msgspec.structs.replace(toy_contract, model="less")
    ship(
        write_toy_model(tmp_path / "a.onnx", toy_contract, offset=9.0),
        write_toy_model(tmp_path / "b.onnx", less, offset=5.0),
    )
    choice = choose_model(open_folder([image_folder()]).images)
    assert choice.model.contract.model == "less"
    assert "Most of them are unlike anything it has learnt" in choice.reason


def test_the_only_model_is_taken_without_looking(toy_model, ship):
    ship(toy_model)
    assert "only model" in choose_model([]).reason


def test_a_damaged_model_is_passed_over(toy_model, tmp_path, ship, caplog):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"bad")
    ship(bad, toy_model)
    with caplog.at_level(logging.WARNING):
        assert choose_model([]).model.path == toy_model
    assert "bad.onnx" in caplog.text
    ship(bad)
    with pytest.raises(ModelFileError, match=r"bad\.onnx"):
        choose_model([])
    ship()
    with pytest.raises(ModelFileError, match="No model comes with"):
        choose_model([])


def test_unreadable_samples_and_a_stop_still_give_a_model(
    image_folder, toy_model, toy_field_model, ship
):
    ship(toy_model, toy_field_model)
    folder = image_folder({"1.png": 1})
    images = open_folder([folder]).images
    token = CancelToken()
    token.cancel()
    assert choose_model(images, cancel=token).model.path == toy_model
    (folder / "1.png").write_bytes(b"x")
    assert "None of the sampled images" in choose_model(images).reason
