"""How many images a model does not know, why, and which shipped model knows them."""

import io
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from PIL import Image

from leukview.domain.progress import CancelToken
from leukview.inference.model_file import load
from leukview.measures.appearance import Reason
from leukview.workflows import open_folder as opening
from leukview.workflows.open_folder import open_folder
from leukview.workflows.unfamiliar import evenly, explain, known, unlike

RED = (250, 20, 10)


@pytest.fixture
def ship(monkeypatch):
    return lambda *paths: monkeypatch.setattr(opening, "shipped", lambda: list(paths))


def columns(count: int, strange: int, hidden: int = 0) -> SimpleNamespace:
    at = np.arange(count)
    return SimpleNamespace(
        suggested=np.zeros(count, np.int16), unfamiliar=at < strange, hidden=at < hidden
    )


def keep_golden(model, colours, side: int = 20) -> None:
    """Lay images beside a model, as its export does."""
    files = []
    for colour in colours:
        kept = io.BytesIO()
        Image.new("RGB", (side, side), colour).save(kept, "PNG")
        files.append(np.frombuffer(kept.getvalue(), np.uint8))
    lengths = np.array([len(one) for one in files])
    np.savez(model.with_suffix(".golden.npz"), bytes=np.concatenate(files), lengths=lengths)


def test_a_fifth_of_twenty_images_has_to_be_said_and_less_has_not():
    assert unlike(columns(20, 4)).many
    assert not unlike(columns(20, 3)).many
    assert not unlike(columns(19, 19)).many
    assert not unlike(columns(0, 0)).many


def test_hidden_and_missing_suggestions_are_neither_counted_nor_looked_at():
    review = columns(30, 10, hidden=6)
    review.suggested[29] = -1
    found = unlike(review)
    assert (found.count, found.of, found.rows.tolist()) == (4, 23, [6, 7, 8, 9])


def test_another_model_is_asked_only_where_most_images_are_unfamiliar():
    assert unlike(columns(20, 11)).most
    assert not unlike(columns(20, 10)).most


def test_a_sample_is_spread_over_all_rows():
    assert evenly(np.arange(5)) == [0, 1, 2, 3, 4]
    assert evenly(np.arange(100, 200), 3) == [100, 150, 199]


def test_what_a_model_knows_are_its_familiar_golden_images(toy_contract, write_toy_model, tmp_path):
    path = write_toy_model(tmp_path / "a.onnx", toy_contract)
    assert known(load(path)).images == ()  # no such file
    keep_golden(path, [*((n, n, n) for n in (50, 60, 70, 80)), RED])
    found = known(load(path))
    assert len(found.images) == 4
    assert (found.smallest, found.largest) == (8, 600)


def test_a_damaged_golden_file_only_means_that_less_can_be_said(
    toy_contract, write_toy_model, tmp_path
):
    path = write_toy_model(tmp_path / "a.onnx", toy_contract)
    path.with_suffix(".golden.npz").write_bytes(b"PK no")
    assert known(load(path)).images == ()


def test_red_images_are_a_stain_and_the_model_that_knows_them_is_offered(
    image_folder, toy_contract, write_toy_model, tmp_path, ship
):
    own = write_toy_model(tmp_path / "own.onnx", toy_contract)
    keep_golden(own, [(n, n, n) for n in (50, 60, 70, 80)])
    wide = msgspec.structs.replace(
        toy_contract, model="wide", title="Wide 1", unfamiliar_above=50.0
    )
    other = write_toy_model(tmp_path / "wide.onnx", wide)
    ship(own, other)
    images = open_folder([image_folder({f"{k}.png": (250 - k, 20, 10) for k in range(5)})]).images
    found = explain(images, load(own), CancelToken())
    assert found.differences.reasons == (Reason.STAIN,)
    assert (found.better.name, found.better.knows, found.better.of) == ("wide", 5, 5)
    assert explain(images, load(own), CancelToken(), offer=False).better is None


def test_no_model_is_offered_that_knows_other_sizes_or_does_not_know_the_images(
    image_folder, toy_contract, write_toy_model, tmp_path, ship
):
    own = write_toy_model(tmp_path / "own.onnx", toy_contract)
    large = msgspec.structs.replace(
        toy_contract, model="large", unfamiliar_above=50.0, smallest_side=100
    )
    strict = msgspec.structs.replace(toy_contract, model="strict", unfamiliar_above=1.0)
    ship(
        own,
        write_toy_model(tmp_path / "large.onnx", large),
        write_toy_model(tmp_path / "strict.onnx", strict),
    )
    images = open_folder([image_folder({f"{k}.png": (250 - k, 20, 10) for k in range(5)})]).images
    found = explain(images, load(own), CancelToken())
    assert found.better is None
    assert found.differences.reasons == ()  # without golden images no stain can be said


def test_stopped_or_unreadable_means_no_explanation(image_folder, toy_model):
    folder = image_folder({"a.png": RED})
    images = open_folder([folder]).images
    stopped = CancelToken()
    stopped.cancel()
    assert explain(images, load(toy_model), stopped) is None
    (folder / "a.png").write_bytes(b"none")
    assert explain(images, load(toy_model), CancelToken()) is None
