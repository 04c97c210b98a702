"""From a run to the shipped files, on 480 drawn images and a network of two convolutions."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as with_fields
from PIL import Image

from leukview import resources
from leukview.contract import ModelContract
from leukview.domain.errors import OutputError, UsageError
from leukview.inference.model_file import load
from training.config import Config, Stage
from training.data.catalogue import SETS, Item
from training.data.catalogue import Place as SetPlace
from training.data.splits import Split

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
ABOUT = SETS["all4"]
ROWS, SIDE, WIDTH = 480, 32, 12  # a fold fits 288 of them; 256 are needed
RECIPE = Config(
    name="toy", head="table2", init="random", stages=(Stage(kind="full", steps=1, checks=1),)
)
HEAD = (Stage(kind="head", epochs=1),)
FOREIGN = ("stripes", "cnmc", "pbc")


def test_a_trunk_takes_the_terms_of_its_images_along() -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from training.publish import notice_of

    said = notice_of(SETS["cnmc"], (SETS["pbc"], SETS["all4"]), unknown=False)
    assert said.startswith("Weights for research: the trunk was first fitted on all4")
    assert said.endswith(SETS["cnmc"].notice)
    assert notice_of(SETS["cnmc"], (SETS["pbc"],), unknown=False) == SETS["cnmc"].notice
    unknown = notice_of(SETS["cnmc"], (), unknown=True)
    assert "whose training images are unknown" in unknown
    assert unknown.endswith(SETS["cnmc"].notice)


def small_network(keras: ModuleType, head: Any, class_count: int) -> Any:
    from training.models.heads import add_head

    layers = keras.layers
    stem = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(8, 4, strides=4, name="block1a")(stem)
    x = layers.Conv2D(WIDTH, 8, strides=8, name="block2a")(x)
    trunk = keras.Model(stem, x, name="trunk")
    image = keras.Input((SIDE, SIDE, 3), name="image")
    x = layers.Rescaling([1.0] * 3, [0.0] * 3, name="pixel_range")(image)
    x = layers.GlobalAveragePooling2D(name="embedding", dtype="float32")(trunk(x))
    return keras.Model(image, add_head(head, x, class_count))


def write_images(folder: Path, pixels: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number}.png")


@dataclass(frozen=True)
class Place:
    """Everything that publishing reads and writes, below one folder."""

    keras: ModuleType
    root: Path
    write_toy_model: Callable[..., Path]
    toy_contract: ModelContract

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def readme(self) -> Path:
        return self.root / "README.md"

    @property
    def stem(self) -> Path:
        return self.root / "resources" / "models" / "all4-b3.onnx"

    @property
    def table(self) -> Path:
        return self.root / "results" / "all4-b3.predictions.csv"

    def files(self) -> dict[str, bytes]:
        """All that lies where the published files belong."""
        folders = (self.stem.parent, self.table.parent)
        found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in (*found, self.readme)}

    def patch(self, patched: pytest.MonkeyPatch) -> None:
        from training import evaluate, foreign
        from training.data.prepare import image_pixels
        from training.models import registry

        def build(head: Any, class_count: int, _weights: Path | None, _side: int = SIDE) -> Any:
            return small_network(self.keras, head, class_count)

        patched.setitem(registry.NETWORKS, "efficientnet-b3", build)
        patched.setattr(foreign, "image_pixels", lambda path: image_pixels(path, SIDE))
        patched.setattr(evaluate, "RESULTS", self.table.parent)
        patched.setattr(resources, "root", lambda: self.root / "resources")

    def prepare(self) -> Any:
        """A finished run of all4, foreign images, earlier published files; the experiment."""
        from training.experiment import Experiment, fresh, parts_of
        from training.features import Trunk
        from training.runs import CROSS, PAPER, Run
        from training.train import Material, head_logits

        rng = np.random.default_rng(0)
        y = np.arange(ROWS) % 4
        plain = rng.integers(0, 256, (4, SIDE, SIDE, 3))[y]
        pixels = np.clip(plain + rng.normal(0, 12, plain.shape), 0, 255).astype(np.uint8)
        looks = np.arange(ROWS) // 4 % 3
        rows = [
            Item(file=f"{i}.png", class_id=ABOUT.class_ids[c], group=str(k), sha256=f"{i:064x}")
            for i, (c, k) in enumerate(zip(y, looks, strict=True))
        ]
        exp = Experiment(
            about=ABOUT,
            config=RECIPE,
            items=rows,
            split=Split(cross=looks, paper=looks, folds=3),
            material=Material(features=None, pixels=pixels, y=y, class_count=4),
            run=Run(self.root / "runs", ABOUT, RECIPE, data_hash="none"),
            lite=self.root / "lite.weights.h5",
        )
        model = fresh(exp)
        embeddings = Trunk(model)(pixels)
        # Nearest class means as the head: right nearly always, as a fitted one would be.
        means = np.stack([embeddings[y == c].mean(axis=0) for c in range(4)])
        bias = -0.5 * (means**2).sum(axis=1)
        model.get_layer("logits").set_weights([20 * means.T, 20 * bias])
        logits = head_logits(model, embeddings)
        for name, parts in parts_of(exp).items():
            if not (name.startswith(CROSS) or name == PAPER):
                continue
            exp.run.save(
                name,
                rows=parts.test,
                logits=logits[parts.test],
                blanked=logits[parts.test][::-1],
                embeddings=embeddings[parts.test],
                seen=parts.fit,
                seen_embeddings=embeddings[parts.fit],
            )
        model.save_weights(exp.run.weights)
        self.earlier(rows, rng)
        return exp

    def earlier(self, rows: list[Item], rng: np.random.Generator) -> None:
        (self.data / "all4").mkdir(parents=True)
        with (self.data / "all4" / "images.csv").open("w", newline="") as out:
            table = csv.writer(out)
            table.writerow(["file", "class", "look", "sha256"])
            table.writerows([row.file, row.class_id, row.group, row.sha256] for row in rows)
        for folder in ("unfamiliar/stripes", "cnmc", "pbc"):
            foreign = rng.integers(0, 256, (25, SIDE, SIDE, 3)).astype(np.uint8)
            write_images(self.data / folder, foreign)
        write_images(self.root / "resources" / "samples", foreign[:3])
        self.stem.parent.mkdir()
        self.table.parent.mkdir()
        self.write_toy_model(self.stem.with_name("toy-2.onnx"), self.toy_contract)
        for end in (".onnx", ".md"):
            self.stem.with_suffix(end).write_text("earlier")
        self.readme.write_text("Before.\n<!-- figures -->\nold\n<!-- /figures -->\nAfter.\n")


@dataclass(frozen=True)
class Published:
    place: Place
    exp: Any
    refusal: str
    before: dict[str, bytes]
    after_refusal: dict[str, bytes]
    contract: ModelContract


@pytest.fixture(scope="module")
def published(
    keras: ModuleType,
    tmp_path_factory: pytest.TempPathFactory,
    write_toy_model: Callable[..., Path],
    toy_contract: ModelContract,
) -> Iterator[Published]:
    """Publishes twice: the first time the card, the third of the files, refuses."""
    from training import publish

    root = tmp_path_factory.mktemp("publish")
    place = Place(keras, root, write_toy_model, toy_contract)
    with pytest.MonkeyPatch.context() as patched:
        place.patch(patched)
        exp = place.prepare()
        before, rename = place.files(), os.replace

        def refuse(source: Path, target: Path) -> None:
            if Path(target) == place.stem.with_suffix(".md"):
                raise PermissionError(13, "Permission denied", str(source), None, str(target))
            rename(source, target)

        with pytest.MonkeyPatch.context() as locked:
            locked.setattr(os, "replace", refuse)
            with pytest.raises(OutputError) as caught:
                publish.publish(exp, place.data, place.readme)
        after = place.files()
        contract = publish.publish(exp, place.data, place.readme)
        yield Published(place, exp, str(caught.value), before, after, contract)


def test_a_card_that_refuses_leaves_model_table_and_readme_as_they_were(
    published: Published,
) -> None:
    assert published.after_refusal == published.before
    assert "all4-b3.md: Permission denied. Nothing was published" in published.refusal


def test_the_published_model_opens_in_the_app_with_its_contract(published: Published) -> None:
    found = load(published.place.stem).contract
    assert found == published.contract
    assert found.class_ids == ABOUT.class_ids
    assert (found.data[0].name, found.data[0].images) == ("all4", ROWS)
    assert found.notice == ABOUT.notice


def test_card_readme_and_table_are_those_of_the_contract(published: Published) -> None:
    place, contract = published.place, published.contract
    accuracy = next(f for f in contract.figures if f.name == "accuracy")
    assert (accuracy.protocol, accuracy.n) == ("grouped", ROWS)
    assert accuracy.value > 0.9
    card, readme = (p.read_text() for p in (place.stem.with_suffix(".md"), place.readme))
    assert f"{accuracy.value:.4f}" in card
    assert "| expected calibration error before temperature |" in card
    assert "Initialised from: random weights. Recipe: `toy`." in card
    assert f"{accuracy.value:.4f}" in readme
    # The others that are shipped keep their place in it.
    assert readme.index("(`all4-b3`)") < readme.index("(`toy-2`)")
    assert readme.startswith("Before.\n")
    assert readme.endswith("After.\n")
    # Under both protocols, each plain and with the scale bar blanked, and a header.
    paper = np.count_nonzero(published.exp.split.paper == 2)
    assert len(place.table.read_text().splitlines()) == 1 + 2 * ROWS + 2 * paper


def test_the_golden_file_holds_what_keras_gives_for_every_image(published: Published) -> None:
    with np.load(published.place.stem.with_suffix(".golden.npz")) as golden:
        probabilities, lengths = golden["probabilities"], golden["lengths"]
    assert probabilities.shape == (len(lengths), 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_readme_without_a_place_for_figures_is_refused(
    published: Published, tmp_path: Path
) -> None:
    from training.publish import readme_with_figures

    (tmp_path / "README.md").write_text("Nothing to fill in. <!-- figures -->")
    with pytest.raises(ValueError, match=r"README.md lacks the markers.*Nothing was published"):
        readme_with_figures(tmp_path / "README.md", [published.contract])


def test_no_draft_is_left(published: Published) -> None:
    names = ["all4-b3-reliability.png", "all4-b3-reliability.svg", "all4-b3.predictions.csv"]
    assert sorted(p.name for p in published.place.table.parent.iterdir()) == names


def test_every_foreign_group_is_measured_by_both_scores(published: Published) -> None:
    found = {(f.name, f.protocol): f for f in published.contract.figures if "AUROC" in f.name}
    names = ("unfamiliarity AUROC", "1 - confidence AUROC")
    expected = {(name, f"held-out folds against {group}") for name in names for group in FOREIGN}
    assert set(found) - {(n, p) for n, p in found if n == "ROC-AUC"} >= expected
    for name, protocol in expected:
        assert found[name, protocol].n == 20
    assert all(found[names[0], f"held-out folds against {g}"].value > 0.9 for g in FOREIGN)


def test_the_graph_calls_foreign_images_unfamiliar_and_its_own_not(published: Published) -> None:
    from leukview.inference.classifier import Classifier

    classifier = Classifier(load(published.place.stem), "cpu")
    above = published.contract.unfamiliar_above
    own = classifier.run(published.exp.material.pixels[:100]).unfamiliarity
    rng = np.random.default_rng(5)
    foreign = classifier.run(rng.integers(0, 256, (20, SIDE, SIDE, 3), dtype=np.uint8))
    assert np.mean(own > above) < 0.1
    assert np.mean(foreign.unfamiliarity > above) > 0.8


def fit(published: Published, exp: Any, data: Path) -> Any:
    from training import evaluate
    from training.experiment import fresh
    from training.foreign import familiarity

    model = fresh(exp)
    model.load_weights(exp.run.weights)
    found = evaluate.read_predictions(published.place.table, ABOUT)
    return familiarity(exp, model, found, published.contract.temperature, data)


def test_a_score_that_takes_foreign_images_for_its_own_publishes_nothing(
    published: Published, tmp_path: Path
) -> None:
    from training.experiment import held_out_distances
    from training.foreign import UnfamiliarityError

    exp = published.exp
    known = held_out_distances(exp)
    order = np.concatenate([exp.split.fold(k).test for k in range(3)])
    usual = order[np.argsort(np.abs(known - np.median(known)))[:20]]
    write_images(tmp_path / "unfamiliar" / "twins", exp.material.pixels[usual])
    for name in ("cnmc", "pbc"):
        (tmp_path / name).symlink_to(published.place.data / name)
    with pytest.raises(UnfamiliarityError, match=r"twins.*Nothing was exported"):
        fit(published, exp, tmp_path)


def test_on_features_every_fold_is_measured_by_the_rows_it_was_fitted_on(
    published: Published,
) -> None:
    from training import unfamiliar
    from training.experiment import held_out_distances

    y = published.exp.material.y
    x = np.random.default_rng(0).normal(y[:, None], 1, (ROWS, WIDTH)).astype(np.float16)
    exp = replace(
        published.exp,
        config=Config(name="toy", head="table2", init="random", stages=HEAD),
        material=replace(published.exp.material, features=[x]),
    )
    found, cross = held_out_distances(exp), exp.split.cross
    for k, mine in enumerate(np.split(found, 3)):
        seen, test = (x[rows].astype(np.float32) for rows in (cross != k, cross == k))
        np.testing.assert_allclose(mine, unfamiliar.held_out(seen, y[cross != k], test))
    fitted, _ = fit(published, exp, published.place.data)
    assert fitted.centres.shape == (4, WIDTH)
    assert np.mean(np.abs(found - fitted.typical) / fitted.spread > fitted.threshold) < 0.02


def test_a_set_without_folds_is_refused_before_anything_is_computed(
    published: Published, tmp_path: Path
) -> None:
    from training.publish import publish_to

    split = replace(published.exp.split, folds=0)
    with pytest.raises(UsageError, match=r"all4 has no folds.*Nothing was exported.*`grouped`"):
        publish_to(tmp_path / "out", replace(published.exp, split=split), published.place.data)
    assert not (tmp_path / "out").exists()


def test_without_the_fit_on_all_rows_nothing_is_exported(
    published: Published, tmp_path: Path
) -> None:
    from training.publish import publish_to
    from training.runs import Run

    exp = replace(published.exp, run=Run(tmp_path / "runs", ABOUT, RECIPE, data_hash="none"))
    with pytest.raises(UsageError, match=r"lacks final.weights.h5.*with --only final"):
        publish_to(tmp_path / "out", exp, published.place.data)
    assert list((tmp_path / "out").iterdir()) == []


def test_into_a_folder_only_model_golden_file_and_card_are_written(
    published: Published, tmp_path: Path
) -> None:
    import onnx

    from training.publish import publish_to

    before, out = published.place.files(), tmp_path / "made" / "here"
    contract = publish_to(out, published.exp, published.place.data, "float16")
    names = ["all4-b3.golden.npz", "all4-b3.md", "all4-b3.onnx"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert published.place.files() == before
    found = load(out / "all4-b3.onnx").contract
    assert found == contract
    assert found.weights_as == "float16"
    assert found.figures == published.contract.figures
    kinds = {i.data_type for i in onnx.load(out / "all4-b3.onnx").graph.initializer}
    assert onnx.TensorProto.FLOAT16 in kinds
    assert "Weights are stored as float16" in (out / "all4-b3.md").read_text()
    shipped = published.place.stem.with_suffix(".md").read_text()
    assert "Weights are stored as float32" in shipped
    table = published.exp.run.folder / "predictions.csv"
    assert table.read_bytes() == published.place.table.read_bytes()


def test_a_model_that_is_there_is_left_as_it_is(published: Published, tmp_path: Path) -> None:
    from training.publish import publish_to

    there = tmp_path / "all4-b3.onnx"
    there.write_bytes(b"kept")
    with pytest.raises(UsageError, match=r"all4-b3.onnx exists.*Choose another --out"):
        publish_to(tmp_path, published.exp, published.place.data)
    assert there.read_bytes() == b"kept"
    assert [path.name for path in tmp_path.iterdir()] == ["all4-b3.onnx"]


def test_a_folder_that_cannot_be_made_is_said(published: Published, tmp_path: Path) -> None:
    from training.publish import publish_to

    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"cannot be made.*Choose another --out"):
        publish_to(tmp_path / "file" / "out", published.exp, published.place.data)


def test_another_network_is_not_shipped_under_the_name_of_ours(published: Published) -> None:
    from training.publish import publish

    place, config = published.place, with_fields(RECIPE, network="voting")
    before = place.files()
    with pytest.raises(UsageError, match=r"all4-voting is none of the models that ship.*--out"):
        publish(replace(published.exp, config=config), place.data, place.readme)
    assert place.files() == before


def test_a_model_that_answers_otherwise_than_keras_is_not_written(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import parity
    from training.publish import publish_to

    monkeypatch.setitem(parity.TOLERANCE, "float16", 0.0)
    with pytest.raises(ValueError, match=r"Nothing was exported. Store them as float32"):
        publish_to(tmp_path, published.exp, published.place.data, "float16")
    assert list(tmp_path.iterdir()) == []


def test_beside_a_set_of_ones_own_foreign_images_serve_as_far_as_they_are_there_and_foreign(
    tmp_path: Path,
) -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from leukview.imaging.decode import sha256_of
    from training.foreign import foreign_groups

    place = SetPlace(images=tmp_path, home=tmp_path, split=tmp_path / "split.csv")
    mine = replace(ABOUT, name="mine", place=place)
    assert foreign_groups(tmp_path / "none", mine) == {}
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    for name in ("unfamiliar/stripes", "pbc", "cnmc"):
        write_images(tmp_path / name, pixels if name != "cnmc" else 255 - pixels)
    assert set(foreign_groups(tmp_path, mine)) == {"stripes", "pbc", "cnmc"}
    own = {sha256_of(tmp_path / "cnmc" / "1.png")}
    assert set(foreign_groups(tmp_path, mine, own)) == {"stripes", "pbc"}


def test_the_card_says_where_the_mark_of_the_unfamiliar_is_no_help(published: Published) -> None:
    from training.model_card import card
    from training.models.registry import record_of

    def written(contract: ModelContract) -> str:
        return card(contract, record_of("vit-b16"), initialised="random weights", recipe="mine")

    figures = published.contract.figures
    low = [
        with_fields(f, value=0.4) if f.name == "unfamiliarity AUROC" and "pbc" in f.protocol else f
        for f in figures
    ]
    text = written(with_fields(published.contract, figures=tuple(low)))
    assert "- The mark is no help, held-out folds against pbc: these images score" in text
    assert "no help, held-out folds against cnmc" not in text
    assert "Network: Vision Transformer, ViT-B/16 at 32 x 32 pixels. Cho et al." in text
    assert "Recipe: `mine`." in text
    none = tuple(f for f in figures if "AUROC" not in f.name)
    assert "No foreign images were there" in written(with_fields(published.contract, figures=none))
