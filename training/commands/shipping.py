"""From a run to the files that the app reads: `export`."""

from __future__ import annotations

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
) -> None:
    """Write model, golden file and card into resources/models, and the README's figures."""
    from leukview import resources
    from training import publish

    own = [name for name in sets if name.endswith(".toml")]
    if own:
        raise UsageError(
            f"{', '.join(own)}: only our own sets are written into resources/models and the README."
            " Nothing was exported. Its weights and predictions lie in its folder below --runs."
        )
    for exp in opened(sets, config, data=data, cache=cache, runs=runs, lite=weights):
        contract = publish.publish(exp, data, ROOT / "README.md")
        path = resources.path("models", f"{contract.model}.onnx")
        print(f"{contract.model}: {path.stat().st_size / 1e6:.1f} MB")
