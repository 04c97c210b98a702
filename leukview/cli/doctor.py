"""`leukview doctor`: what is installed, what a model really runs on, and why not on the GPU."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from importlib import metadata

import onnxruntime as ort
from rich.console import Console
from rich.text import Text

from leukview import __version__, resources
from leukview.domain.errors import ModelFileError
from leukview.imaging.scan import ENDINGS
from leukview.inference import providers
from leukview.inference.model_file import load, shipped

_DISTRIBUTIONS = (
    "onnxruntime-gpu",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "numpy",
    "PySide6-Essentials",
)
WELL, CPU_FAILS, MODEL_REFUSED = 0, 70, 4


def run() -> int:
    """Print what was found.

    Returns:
        Exit code: 0, 4 when a shipped model is refused, 70 when not even the CPU runs a model.
    """
    console = Console(highlight=False, soft_wrap=True)

    def line(name: str, text: str) -> None:
        console.print(Text.assemble((f"{name:<24}", "bold"), text))

    line("LeukView", __version__)
    line("Python", f"{platform.python_version()} on {platform.platform()}")
    for name in _DISTRIBUTIONS:
        line(name, _version(name))
    line("built in", ", ".join(ort.get_available_providers()))
    gpus = providers.gpu_names()
    line("GPUs", ", ".join(gpus) if gpus else "none that an NVIDIA driver lists")
    line("CPU threads", str(providers.threads()))
    probes = providers.probe()
    for probe in probes:
        ran = "ran a one-node model" if probe.usable else "not usable"
        listed = f"; its session lists {', '.join(probe.session)}" if probe.session else ""
        why = f" {probe.reason}" if probe.provider != providers.CUDA else ""
        line(probe.provider.removesuffix("ExecutionProvider"), f"{ran}{listed}.{why}".rstrip())
    cuda = [probe for probe in probes if probe.provider == providers.CUDA]
    if not any(probe.usable for probe in cuda):
        line("why not CUDA", cuda[0].reason if cuda else providers.why_no_cuda())
    refused = _models(line)
    line("samples", _samples())
    line("display", _display())
    if not any(probe.usable for probe in probes if probe.provider == providers.CPU):
        return CPU_FAILS
    return MODEL_REFUSED if refused else WELL


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _models(line: Callable[[str, str], None]) -> int:
    """Print each shipped model; how many were refused."""
    refused = 0
    for path in shipped():
        try:
            line("model", f"{path.name}: {load(path).contract.title}, usable")
        except ModelFileError as error:
            refused += 1
            line("model", str(error))
    if not shipped():
        line("model", "none comes with this installation")
    return refused


def _samples() -> str:
    folder = resources.path("samples")
    count = sum(1 for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    return f"{count} images" if count else "none"


def _display() -> str:
    if sys.platform != "linux":
        return "the system's"
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(name):
            return f"{name}={os.environ[name]}"
    return "none, so the window cannot be opened; `leukview classify` works"
