"""What the commands share: their options, where things lie, and what the words name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leukview.domain.errors import UsageError
from training import config as configs
from training.data.catalogue import SETS, ImageSet

if TYPE_CHECKING:  # it imports Keras, for which `--help` should not wait
    from training.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]
LITE = "efficientnetb3_grown_from_lite2_notop.weights.h5"
WHICH = f"{', '.join(SETS)}, or the TOML file of a set of your own"
Sets = Annotated[list[str], typer.Argument(help=f"Sets: {WHICH}; or all.")]
One = Annotated[str, typer.Argument(metavar="SET", help=f"Set: {WHICH}.")]
Data = Annotated[Path, typer.Option(help="Folder that holds the sets, one folder each.")]
Cache = Annotated[Path, typer.Option(help="Folder for pixels and features (gigabytes).")]
Runs = Annotated[Path, typer.Option(help="Folder for runs.")]
Seed = Annotated[int, typer.Option(help="Of what is drawn at random.")]
Weights = Annotated[Path, typer.Option(help="Initial weights, grown from Lite2.")]
Workers = Annotated[int, typer.Option(min=1, help="Threads that change images.")]
Checkpoints = Annotated[bool, typer.Option(help="Keep what a killed fit goes on from.")]
Name = Annotated[str, typer.Option("--config", help="Config by name or path.")]
DATA = ROOT.parent / "shared" / "data"
CACHE, RUNS = ROOT / "cache", ROOT / "runs"
LITE_PATH = ROOT.parent / "shared" / "weights" / LITE


def chosen(names: Iterable[str], cache: Path) -> list[ImageSet]:
    """The sets by name, or by the TOML file that describes one; `all` for every one of ours.

    Raises:
        UsageError: an unknown name, or a TOML file that cannot be used.
    """
    from training.data import listing

    wanted = list(names)
    if wanted == ["all"]:
        return list(SETS.values())
    unknown = [name for name in wanted if name not in SETS and not name.endswith(".toml")]
    if unknown:
        raise UsageError(f"Unknown sets {unknown}. Known: {WHICH}.")
    return [SETS[n] if n in SETS else listing.open_set(Path(n), cache) for n in wanted]


def opened(names: Iterable[str], config: str, **folders: Path) -> Iterator[Experiment]:
    """The experiment of each set by one config; `folders` as `open_experiment` takes them."""
    from training.experiment import open_experiment

    recipe = configs.load(config)
    for about in chosen(names, folders["cache"]):
        yield open_experiment(about, recipe, **folders)
