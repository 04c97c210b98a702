"""From a run to the files that the app reads: `export`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from leukview.contract import WeightsAs
from leukview.domain.errors import UsageError
from training.commands.options import (
    CACHE,
    DATA,
    LITE_PATH,
    ROOT,
    RUNS,
    Cache,
    Data,
    Name,
    Runs,
    Sets,
    Weights,
    opened,
)


def export(
    sets: Sets,
    data: Data = DATA,
    cache: Cache = CACHE,
    runs: Runs = RUNS,
    weights: Weights = LITE_PATH,
    config: Name = "features",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to instead; for a set of your own.")
    ] = None,
    weights_as: Annotated[
        WeightsAs, typer.Option(help="How the file stores them; float16 halves it.")
    ] = "float32",
) -> None:
    """Write model, golden file and card into resources/models, and the README's figures.

    With --out only the three files, into that folder: of any set and any network.
    """
    from leukview import resources
    from training import publish

    own = [name for name in sets if name.endswith(".toml")]
    if own and out is None:
        raise UsageError(
            f"{', '.join(own)}: only our own sets are written into resources/models and the README."
            " Nothing was exported. Give --out FOLDER for a model of your own."
        )
    if out is None and weights_as != "float32":
        raise UsageError(
            "The models that ship keep their weights as float32: they answer within 0.001 of Keras,"
            " which rounded weights do not. Nothing was exported. Give --out FOLDER."
        )
    for exp in opened(sets, config, data=data, cache=cache, runs=runs, lite=weights):
        if out is None:
            contract = publish.publish(exp, data, ROOT / "README.md")
        else:
            contract = publish.publish_to(out, exp, data, weights_as)
        path = (out or resources.path("models")) / f"{contract.model}.onnx"
        print(f"{contract.model}: {path.stat().st_size / 1e6:.1f} MB")
        if out is not None:
            print(f"Open it: leukview --model {shlex.quote(str(path))} FOLDER")
