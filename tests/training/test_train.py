from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from training.config import Stage
from training.data.augment import Augmentation
from training.data.splits import Parts

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]
WIDTH = 1536


def parts(n: int) -> Parts:
    rows = np.arange(n)
    return Parts(fit=rows[: n // 2], choose=rows[n // 2 : 3 * n // 4], test=rows[3 * n // 4 :])


def test_a_head_learns_classes_that_a_line_tells_apart(keras: ModuleType) -> None:
    from training.models.registry import new_head
    from training.train import Material, fit_head, head_logits

    rng = np.random.default_rng(0)
    y = np.arange(160) % 2
    x = rng.normal(0, 1, (2, 160, WIDTH)).astype(np.float32)
    x[:, :, :64] += np.where(y, 2, -2)[:, None]
    material = Material(features=x, pixels=np.empty((0,), np.uint8), y=y, class_count=2)
    stage = Stage(kind="head", epochs=12, batch=16, optimizer="adamw", learning_rate=0.003)
    head = new_head("efficientnet-b3", "table2", 2)
    fit_head(head, material, parts(160), stage, 0)
    test = parts(160).test
    assert np.mean(head_logits(head, x[0][test]).argmax(axis=1) == y[test]) > 0.9


def small(keras: ModuleType) -> tuple[Any, Any]:
    """A classifier of 64 pixels and eight images in two classes."""
    from training.models import efficientnet_b3
    from training.train import Material

    pixels = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    y = np.arange(8) % 2
    keras.utils.set_random_seed(0)
    model = efficientnet_b3.build("table7", 2, side=64)
    return model, Material(features=None, pixels=pixels, y=y, class_count=2)


def test_a_full_stage_changes_only_the_blocks_that_are_not_frozen(
    keras: ModuleType, tmp_path: Path
) -> None:
    from training.train import Fitter

    model, material = small(keras)
    stage = Stage(kind="full", side=32, steps=1, batch=4, frozen_below="block7a", loss="mse")
    trunk = model.get_layer("trunk")
    low, high = (trunk.get_layer(name) for name in ("stem_conv", "top_conv"))
    before = [np.array(layer.get_weights()[0]) for layer in (low, high)]
    run = tmp_path / "run"
    fitter = Fitter(model, "table7", material, Augmentation(flip=True))
    fitter.fit(parts(8), stage, seed=0, run=run)
    np.testing.assert_array_equal(low.get_weights()[0], before[0])
    assert np.abs(high.get_weights()[0] - before[1]).max() > 0
    assert (run / "curve.csv").read_text().startswith("epoch")


def tiny(keras: ModuleType, side: int) -> Any:
    """A trunk of one block with batch norm and dropout, and a head: traced in a second."""
    layers = keras.layers
    stem = keras.Input((side, side, 3))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, name="block1a")(stem))
    trunk = keras.Model(stem, layers.Dropout(0.4)(x), name="trunk")
    image = keras.Input((side, side, 3))
    x = layers.GlobalAveragePooling2D()(trunk(image))
    return keras.Model(image, layers.Dense(2, activation="softmax")(x))


STAGE = Stage(
    kind="full",
    side=32,
    view="part",
    steps=6,
    checks=3,
    batch=2,
    optimizer="adamw",
    schedule="cosine",
)


class Fits:
    """Fits the tiny network, always from the same weights, part by part with one fitter."""

    def __init__(
        self, keras: ModuleType, folder: Path, stage: Stage = STAGE, running: Any = None
    ) -> None:
        from training.checkpoints import weights_of
        from training.train import Fitter, Material

        pixels = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3), dtype=np.uint8)
        y = np.arange(16) % 2
        material = Material(features=None, pixels=pixels, y=y, class_count=2)
        self._model, self._folder, self._stage = tiny(keras, 64), folder, stage
        # Not drawn: two of these have to begin with equal weights.
        self.start = [
            0.1 + 0.05 * np.cos(np.arange(w.size)).reshape(w.shape) for w in weights_of(self._model)
        ]
        how = Augmentation(flip=True, rotation=20)
        self._fitter = Fitter(self._model, "table7", material, how, running)
        self._copy = weights_of

    def fit(self, name: str) -> list[Any]:
        self._model.set_weights(self.start)
        self._fitter.fit(parts(16), self._stage, seed=3, run=self._folder / name)
        return self._copy(self._model)


@pytest.fixture
def tiny_networks(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.train import registry

    monkeypatch.setattr(registry, "at_side", lambda _c, side: tiny(keras, side))


def assert_equal(found: list[Any], expected: list[Any]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_second_part_is_fitted_as_if_it_were_the_first(
    tiny_networks: None, keras: ModuleType, tmp_path: Path
) -> None:
    fits = Fits(keras, tmp_path)
    first = fits.fit("first")
    assert max(np.abs(a - b).max() for a, b in zip(fits.start, first, strict=True)) > 1e-4
    assert_equal(fits.fit("second"), first)


@pytest.mark.parametrize("changes", [{}, {"ema": 0.5}, {"mixed": True}])
def test_a_killed_fit_ends_as_if_it_had_not_been_killed_and_so_does_the_next(
    changes: dict[str, Any],
    tiny_networks: None,
    keras: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from training import distribution
    from training.checkpoints import Epochs

    monkeypatch.setattr(distribution, "devices", lambda kind=None: ["gpu:0"])
    stage = replace(STAGE, **changes)
    expected = Fits(keras, tmp_path / "clean", stage).fit("part")
    assert all(weight.dtype == np.float32 for weight in expected)
    begin = Epochs.on_epoch_begin

    def killed(self: Any, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt
        begin(self, epoch, logs)

    with monkeypatch.context() as patched:
        patched.setattr(Epochs, "on_epoch_begin", killed)
        with pytest.raises(KeyboardInterrupt):
            Fits(keras, tmp_path / "killed", stage).fit("part")
    again = Fits(keras, tmp_path / "killed", stage)
    assert_equal(again.fit("part"), expected)
    curve = (tmp_path / "killed" / "part" / "curve.csv").read_text()
    assert [line.split(",")[0] for line in curve.splitlines()[1:]] == ["0", "1", "2"]
    assert_equal(again.fit("next"), expected)


def test_on_torch_an_epoch_draws_the_same_dropout_however_the_fit_came_to_it(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from the global generator there; numpy's, seeded by the same call, stands for it."""
    from training.checkpoints import Epochs

    class Nothing:
        def begin(self, epoch: int) -> None: ...

    def drawn(*epochs: int) -> float:
        callback = Epochs(Nothing(), [], seed=3)
        for epoch in epochs:
            callback.on_epoch_begin(epoch)
        return float(np.random.random())  # noqa: NPY002  # the global one is meant

    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    assert drawn(0, 1, 2) == drawn(2)
    assert drawn(1) != drawn(2)


def test_a_fit_that_was_killed_after_its_last_check_gives_its_best_state(
    tiny_networks: None, keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the power went before the caller had kept the result."""
    from training.checkpoints import Epochs

    fits = Fits(keras, tmp_path)
    expected = fits.fit("part")
    monkeypatch.setattr(Epochs, "on_epoch_begin", lambda *_: pytest.fail("fitted again"))
    assert_equal(fits.fit("part"), expected)


def test_without_checkpoints_a_fit_writes_none_and_ends_the_same(
    tiny_networks: None, keras: ModuleType, tmp_path: Path
) -> None:
    from training.checkpoints import BACKUP, BEST
    from training.running import Running

    expected = Fits(keras, tmp_path / "with").fit("part")
    found = Fits(keras, tmp_path / "none", running=Running(checkpoints=False)).fit("part")
    assert_equal(found, expected)
    names = {path.name for path in (tmp_path / "none" / "part").iterdir()}
    assert names == {"curve.csv"}
    assert {BACKUP, BEST} <= {path.name for path in (tmp_path / "with" / "part").iterdir()}


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(
    keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.checkpoints import Checkpoint, resume

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.ones((6, 1), np.float32)
    keep = Checkpoint(tmp_path)
    model.fit(x, x, batch_size=2, epochs=2, verbose=0, callbacks=[keep])
    good = [np.array(w) for w in model.get_weights()]
    model.fit(x, x, batch_size=2, verbose=0)

    def half(path: Path, **_words: Any) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "save_weights", half)
    with pytest.raises(KeyboardInterrupt):
        keep.on_epoch_end(2)
    assert resume(model, tmp_path, 3) == 2
    assert_equal(model.get_weights(), good)
    assert resume(model, tmp_path / "nowhere", 3) == 0


def test_the_best_check_of_a_killed_fit_is_not_forgotten(keras: ModuleType, tmp_path: Path) -> None:
    from training.checkpoints import KeepBest

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    best = [np.array([[5.0]], np.float32), np.array([1.0], np.float32)]
    model.set_weights(best)
    before_the_kill, after = KeepBest(tmp_path), KeepBest(tmp_path)
    for callback in (before_the_kill, after):
        callback.set_model(model)
    before_the_kill.on_train_begin()
    before_the_kill.on_epoch_end(0, {"val_accuracy": 0.9, "val_loss": 0.3})
    model.set_weights([np.zeros((1, 1)), np.zeros(1)])
    after.on_train_begin()
    after.on_epoch_end(1, {"val_accuracy": 0.8, "val_loss": 0.2})
    after.on_train_end()
    np.testing.assert_array_equal(model.get_weights()[0], best[0])


def test_a_fit_that_no_longer_gets_better_stops_and_stays_stopped(
    tiny_networks: None, keras: ModuleType, tmp_path: Path
) -> None:
    # Nothing learns, and batch norm measures nothing: no check is better than the first.
    stage = replace(STAGE, learning_rate=0.0, patience=2, steps=12, checks=6)
    fits = Fits(keras, tmp_path, replace(stage, frozen_below="dropout"))
    first = fits.fit("part")
    assert_equal(fits.fit("part"), first)
    curve = (tmp_path / "part" / "curve.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in curve[1:]] == ["0", "1", "2"]


def test_the_average_is_judged_and_kept_and_the_fit_goes_on_from_the_weights(
    keras: ModuleType,
) -> None:
    from training.checkpoints import Averaged, KeepBest

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, "mse", metrics=["accuracy"])
    seen: list[float] = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append(float(model.get_weights()[0][0, 0]))
    )
    x = np.ones((4, 1), np.float32)
    rows = {"batch_size": 4, "epochs": 2, "verbose": 0, "validation_data": (x, x)}
    model.fit(x, x, callbacks=[KeepBest(), Averaged(), note], **rows)
    np.testing.assert_allclose(seen, [0.2, 0.36], rtol=1e-6)  # plain gradient descent to 1
    np.testing.assert_allclose(model.get_weights()[0], np.mean(seen), rtol=1e-6)


@pytest.mark.parametrize(("gpus", "policy"), [(["gpu:0"], "mixed_float16"), ([], "float32")])
def test_half_precision_is_used_only_where_there_is_a_gpu(
    gpus: list[str], policy: str, keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import distribution

    monkeypatch.setattr(distribution, "devices", lambda kind=None: gpus)
    with distribution.precision(True):
        assert keras.layers.Dense(1).dtype_policy.name == policy
    with distribution.precision(False):
        assert keras.layers.Dense(1).dtype_policy.name == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_what_is_fitted_does_not_depend_on_the_number_of_workers(
    tiny_networks: None, keras: ModuleType, tmp_path: Path
) -> None:
    from training.running import Running

    alone = Fits(keras, tmp_path / "one").fit("part")
    assert_equal(Fits(keras, tmp_path / "more", running=Running(workers=3)).fit("part"), alone)


def test_balanced_weights_give_each_class_the_same_sum() -> None:
    pytest.importorskip("keras")
    from training.train import Material

    y = np.array([0, 0, 0, 1])
    material = Material(features=None, pixels=np.empty((0,), np.uint8), y=y, class_count=2)
    weights = material.weights(np.arange(4), balanced=True)
    assert weights[:3].sum() == pytest.approx(weights[3])
    assert weights.mean() == pytest.approx(1)
