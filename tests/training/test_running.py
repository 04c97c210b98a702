from __future__ import annotations

import io
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from leukview.domain.errors import UsageError

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


def test_without_its_package_logs_for_tensorboard_are_refused_before_anything_is_fitted(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import running

    monkeypatch.setattr(running.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="Nothing was fitted"):
        running.Running(tensorboard=True)
    assert running.Running().callbacks(Path("run")) == []


def test_logs_for_tensorboard_lie_in_the_folder_of_the_fit(
    keras: ModuleType, tmp_path: Path
) -> None:
    pytest.importorskip("tensorboard")
    from training.running import Running

    fit(keras, Running(tensorboard=True).callbacks(tmp_path))
    assert list(tmp_path.glob("tensorboard/train/*tfevents*"))


def fit(keras: ModuleType, callbacks: list[object]) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((6, 1), np.float32)
    model.fit(x, x, batch_size=2, epochs=2, verbose=0, validation_data=(x, x), callbacks=callbacks)


def test_on_a_terminal_a_fit_has_a_bar_that_counts_its_steps_and_goes_when_it_is_done(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.running import Running

    bar = Progress(console=Console(file=io.StringIO(), force_terminal=True), auto_refresh=False)
    running = Running(bar=bar)
    seen: list[tuple[str, float, float | None]] = []
    remove = bar.remove_task

    def note(task_id: int) -> None:
        task = bar.tasks[0]
        seen.append((task.description, task.completed, task.total))
        remove(task_id)  # type: ignore[arg-type]

    monkeypatch.setattr(bar, "remove_task", note)
    fit(keras, running.callbacks(Path("cross0.stage1")))
    ((said, completed, total),) = seen
    assert said.startswith("cross0.stage1 val_loss")
    assert (completed, total) == (6, 6)
    assert not bar.tasks


def test_in_a_pipe_a_fit_has_no_bar(keras: ModuleType) -> None:
    from training.running import Running

    running = Running(bar=Progress(console=Console(file=io.StringIO()), disable=True))
    assert not running.drawn
    assert running.callbacks(Path("run")) == []
