"""Explanations of a model made in code, whose answer rests on one corner of the image."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from leukview.contract import METADATA_KEY, ModelContract
from leukview.domain.errors import UsageError
from leukview.inference.model_file import load
from training import attribution
from training.attribution import Answers, cell_rule, faithful, random_map, regions, shares
from training.data.catalogue import SETS
from training.explain import Explanation, Settings, explain, folder_of

# numba and pandas behind shap warn about their own dependencies.
pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
ABOUT = SETS["cnmc"]
SIDE = 24
CORNER = np.s_[4:10, 4:10]


def corner_model(path: Path, toy_contract: ModelContract) -> Path:
    """`all` when the corner is bright; the logit of `hem` is 0, cam (2, 4, 4) of the same light."""
    contract = msgspec.structs.replace(
        toy_contract, model="corner", height=SIDE, width=SIDE, cam=(4, 4)
    )
    where = np.zeros((1, SIDE, SIDE, 1), np.float32)
    where[0][CORNER] = 10 * SIDE**2 / 36 / 255
    constants = {
        "where": where,
        "axes": np.array([1, 2, 3], np.int64),
        "channels": np.array([1], np.int64),
        "colours": np.array([1, 2], np.int64),
        "five": np.float32(5),
        "none": np.float32(0),
    }
    node = helper.make_node
    nodes = [
        node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        node("Mul", ["floats", "where"], ["lit"]),
        node("ReduceMean", ["lit", "axes"], ["light4"], keepdims=1),
        node("Flatten", ["light4"], ["light"]),
        node("Sub", ["light", "five"], ["all"]),
        node("Mul", ["light", "none"], ["hem"]),
        node("Concat", ["hem", "all"], ["logits"], axis=1),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
        node("ReduceMean", ["floats", "colours"], ["embedding"], keepdims=0),
        node("Squeeze", ["light", "channels"], ["unfamiliarity"]),
        node("Transpose", ["lit"], ["planes"], perm=[0, 3, 1, 2]),
        node("ReduceMean", ["planes", "channels"], ["plane"], keepdims=1),
        node("AveragePool", ["plane"], ["cam_all"], kernel_shape=[6, 6], strides=[6, 6]),
        node("Mul", ["cam_all", "none"], ["cam_hem"]),
        node("Concat", ["cam_hem", "cam_all"], ["cam"], axis=1),
    ]
    value, kind = helper.make_tensor_value_info, TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "corner",
        [value("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [
            value("probabilities", kind, ["n", 2]),
            value("logits", kind, ["n", 2]),
            value("embedding", kind, ["n", 3]),
            value("unfamiliarity", kind, ["n"]),
            value("cam", kind, ["n", 2, 4, 4]),
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory, toy_contract: ModelContract) -> Path:
    return corner_model(tmp_path_factory.mktemp("corner") / "corner.onnx", toy_contract)


def drawn(count: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Dim cells on black; the corner of every second one is bright, and these are `all`."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 2
    pixels = np.zeros((count, SIDE, SIDE, 3), np.uint8)
    pixels[:, 2:20, 2:20] = rng.integers(30, 60, (count, 18, 18, 3))
    pixels[:, *CORNER][y == 1] += 170
    return pixels, y


@pytest.fixture
def answers(model_path: Path) -> Answers:
    return Answers(load(model_path), "cpu")


@pytest.mark.parametrize("method", ["cam", "occlusion", "shap"])
def test_every_method_finds_the_place_that_the_answer_rests_on(
    method: str, answers: Answers
) -> None:
    pixels, _ = drawn()
    image, filling, score = pixels[1], attribution.average(pixels[::2]), answers.log_odds(1)
    found = {
        "cam": lambda: answers.cam(image, 1),
        "occlusion": lambda: attribution.occlusion(score, image, filling),
        "shap": lambda: attribution.shap_values(score, image, filling, 200, 4),
    }[method]()
    assert found is not None
    assert found.shape == (SIDE, SIDE)
    near = np.zeros((SIDE, SIDE), bool)
    near[:13, :13] = True
    assert shares(found, {"near": near})["near"] > 0.9
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 3 <= row <= 10
    assert 3 <= column <= 10


def test_shap_values_add_up_to_what_the_image_says_more_than_the_background(
    answers: Answers,
) -> None:
    pixels, _ = drawn()
    filling, score = attribution.average(pixels[::2]), answers.log_odds(1)
    found = attribution.shap_values(score, pixels[1], filling, 100, 4)
    gained = score(pixels[1:2])[0] - score(filling[None])[0]
    assert found.sum() == pytest.approx(gained, abs=1e-3)


@pytest.mark.parametrize(("cam", "patches"), [((3, 3), 9), (None, 100)])
def test_chance_comes_in_patches_as_many_as_the_activation_map_has(
    monkeypatch: pytest.MonkeyPatch, cam: tuple[int, int] | None, patches: int
) -> None:
    made: list[np.ndarray] = []
    monkeypatch.setattr(attribution, "enlarged", lambda values, _side: made.append(values))
    random_map(SIDE, cam, np.random.default_rng(0))
    assert [values.size for values in made] == [patches]


def test_a_true_map_deletes_and_inserts_faster_than_a_random_one(answers: Answers) -> None:
    pixels, _ = drawn()
    image, filling, asked = pixels[1], attribution.average(pixels[::2]), answers.probability(1)
    truth = np.zeros((SIDE, SIDE), np.float32)
    truth[CORNER] = 1
    chance = random_map(SIDE, None, np.random.default_rng(0))
    right = faithful(asked, image, truth, filling, steps=8, seed=0)
    wrong = faithful(asked, image, chance, filling, steps=8, seed=0)
    assert right.deletion < wrong.deletion
    assert right.insertion > wrong.insertion
    whole, hidden = asked(np.stack([image, filling]))
    assert right.deletion_curve[[0, -1]] == pytest.approx([whole, hidden])
    assert right.insertion_curve[-1] == pytest.approx(whole)
    assert len(right.deletion_curve) == 9


def test_nuclei_other_cells_background_and_scale_bar_cover_a_stained_field_once() -> None:
    field = np.full((4, SIDE, SIDE, 3), 220, np.uint8)
    field[:, 6:14, 6:14, 1] = 60
    field[:, 15:21, 2:22, 1] = 150
    rule = cell_rule(field)
    parts = regions(field[0], rule, scale_bar=True)
    assert sum(part.astype(int) for part in parts.values()).tolist() == [[1] * SIDE] * SIDE
    assert parts["nuclei"][7:13, 7:13].all()
    assert parts["nuclei"].sum() <= 64
    assert parts["other cells"][16:20, 3:20].all()
    assert parts["background"][:5].all()
    assert parts["scale bar"][-1, -1]
    assert not rule.black


def test_on_a_black_ground_the_cell_is_what_is_not_black() -> None:
    pixels, _ = drawn()
    rule = cell_rule(pixels)
    assert rule.black
    assert set(regions(pixels[0], rule, scale_bar=False)) == {"cells", "background"}
    assert rule.cells(pixels[0])[3:19, 3:19].all()
    assert not rule.cells(pixels[0])[21:].any()


SETTINGS = Settings(per_class=2, background=6, evaluations=40, steps=4)


def work_of(path: Path, runs: Path, settings: Settings = SETTINGS) -> Explanation:
    pixels, y = drawn()
    model = load(path)
    folder = folder_of(runs, ABOUT, model, settings)
    return Explanation(
        about=ABOUT, model=model, pixels=pixels, y=y, folder=folder, settings=settings
    )


def test_a_run_writes_a_sheet_for_each_class_a_table_and_a_report(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import explain as module

    work = work_of(model_path, tmp_path)
    list(explain(work, "cpu"))
    with (work.folder / "explain.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    assert len(table) == 4 * 4
    assert {line["method"] for line in table} == {"cam", "occlusion", "shap", "random"}
    assert all(
        float(x["share cells"]) + float(x["share background"]) > 0.99
        for x in table
        if x["said"] == "all"
    )
    text = (work.folder / "explain.md").read_text("utf-8")
    assert "4 of the images of cnmc" in text
    assert "| shap | 4 |" in text
    for name in ("hem", "all"):
        with Image.open(work.folder / f"{name}.png") as sheet:
            assert sheet.width > 1000
    first = (work.folder / "explain.csv").read_bytes()
    # What is there is not computed again: a killed run goes on where it was.
    work.path(work.rows[-1]).unlink()
    computed: list[int] = []
    one = module._one
    monkeypatch.setattr(module, "_one", lambda w, a, row: computed.append(row) or one(w, a, row))
    list(explain(work, "cpu"))
    assert computed == [work.rows[-1]]
    assert (work.folder / "explain.csv").read_bytes() == first


def test_the_command_explains_a_prepared_set_and_prints_the_report(
    model_path: Path, tmp_path: Path
) -> None:
    from typer.testing import CliRunner

    from training.commands import app

    pixels, y = drawn()
    (tmp_path / "cnmc").mkdir()
    rows = [f"{i}.png,{ABOUT.class_ids[c]},g{i},{i:064x}" for i, c in enumerate(y)]
    table = "\n".join(["file,class,subject_group,sha256", *rows])
    (tmp_path / "cnmc" / "images.csv").write_text(table, encoding="utf-8")
    np.save(tmp_path / "cnmc.pixels.npy", pixels)
    folders = [part for name in ("data", "cache", "runs") for part in (f"--{name}", str(tmp_path))]
    small = ["--per-class", "1", "--background", "4", "--evaluations", "10", "--steps", "2"]
    out = CliRunner().invoke(app, ["explain", "cnmc", "--model", str(model_path), *folders, *small])
    assert out.exit_code == 0, out.output
    assert "# What Toy 2 looks at" in out.output
    (folder,) = tmp_path.glob("explain-cnmc-corner-*-1-4-10-2-0")
    assert (folder / "hem.png").is_file()


def test_background_images_are_none_of_those_explained(model_path: Path, tmp_path: Path) -> None:
    work = work_of(model_path, tmp_path)
    assert [int(work.y[row]) for row in work.rows] == [0, 0, 1, 1]
    explained = {work.pixels[row].tobytes() for row in work.rows}
    assert len(work.background) == 6
    assert not explained & {image.tobytes() for image in work.background}


def test_a_model_without_activation_maps_is_explained_by_the_other_methods(
    write_toy_model: Callable[..., Path], toy_contract: ModelContract, tmp_path: Path
) -> None:
    contract = msgspec.structs.replace(toy_contract, height=SIDE, width=SIDE)
    work = work_of(write_toy_model(tmp_path / "plain.onnx", contract), tmp_path)
    list(explain(work, "cpu"))
    text = (work.folder / "explain.md").read_text("utf-8")
    assert "| cam |" not in text
    assert "| occlusion |" in text


@pytest.mark.parametrize(
    ("settings", "sides", "said"),
    [
        (Settings(per_class=2, background=17), SIDE, "too few"),
        (SETTINGS, SIDE + 1, "are prepared with 25"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(
    settings: Settings, sides: int, said: str, model_path: Path, tmp_path: Path
) -> None:
    pixels, y = drawn()
    pixels = np.zeros((len(y), sides, sides, 3), np.uint8)
    model = load(model_path)
    with pytest.raises(UsageError, match=said):
        Explanation(
            about=ABOUT, model=model, pixels=pixels, y=y, folder=tmp_path, settings=settings
        )


def test_a_set_of_other_classes_is_refused(model_path: Path, tmp_path: Path) -> None:
    pixels, y = drawn()
    model = load(model_path)
    with pytest.raises(UsageError, match="knows the classes hem, all"):
        Explanation(
            about=SETS["all4"], model=model, pixels=pixels, y=y, folder=tmp_path, settings=SETTINGS
        )
