"""How far a command is: a bar on standard error, where that is a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from leukview.domain.progress import Progress

if TYPE_CHECKING:  # it imports Keras, for which `--help` should not wait
    from training.running import Running

say = Console(stderr=True)


def follow(steps: Iterable[Progress], running: Running | None = None) -> None:
    """Draw a bar on a terminal; in a pipe only walk through. `running` draws its fits below."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=say, disable=not say.is_terminal) as bar:
        if running:
            running.bar = bar
        task = bar.add_task("", total=None)
        for step in steps:
            bar.update(task, completed=step.done, total=step.total, description=step.note)
