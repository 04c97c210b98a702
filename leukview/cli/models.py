"""`leukview models`: what comes with this installation, from the files' own contracts."""

from __future__ import annotations

import re

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from leukview.cli.terminal import both_names
from leukview.contract import Figure
from leukview.domain.errors import ModelFileError
from leukview.inference.model_file import SHORT, ModelFile, load, shipped

MODEL_REFUSED = 4
# What a file says of its training is for those who train, and it cannot be changed without changing
# the file's hash; here it is read by pathologists.
_TRAINED = re.compile(r"The first batch-norm statistics came from (\d+) images")
_PLAINLY = r"Before training, the scales of the network were set on \1 images"
# A model carries dozens of figures; the rest stands on its card.
_SHOWN = ("accuracy", "balanced accuracy")


def run() -> int:
    """Print each shipped model.

    Returns:
        Exit code: 0, or 4 when one of them is refused.
    """
    console = Console(highlight=False)
    paths = shipped()
    if not paths:
        console.print("No model comes with this installation. Use --model FILE.")
        return 0
    short = {file: name for name, file in SHORT.items()}
    code = 0
    for path in paths:
        name = short.get(path.name, path.stem)
        try:
            model = load(path)
        except ModelFileError as error:
            console.print(Text(f"{name}: {error}"))
            code = MODEL_REFUSED
            continue
        _print(console, name, model)
    return code


def _print(console: Console, name: str, model: ModelFile) -> None:
    contract = model.contract
    console.print(Text.assemble((name, "bold"), f"  {contract.title}"))
    classes = ", ".join(both_names(c.name, c.id) for c in contract.classes)
    lines = [
        f"one image shows a {contract.unit.value}; classes: {classes}",
        f"{contract.width} x {contract.height} pixels, {len(model.data) / 2**20:.1f} MB,"
        f" SHA-256 {model.sha256[:8]}, {contract.created}",
        *(_figure(figure) for figure in contract.figures if figure.name in _SHOWN),
    ]
    if contract.protocol:
        lines.append(_TRAINED.sub(_PLAINLY, contract.protocol))
    if contract.notice:
        lines.append(contract.notice)
    for line in lines:
        console.print(Padding(Text(line), (0, 0, 0, 2)))


def _figure(figure: Figure) -> str:
    groups = f", {figure.groups} groups" if figure.groups else ""
    return f"{figure.name} {figure.value:.3f} ({figure.protocol}; n = {figure.n:,}{groups})"
