"""Where a model runs: the GPU where there is a usable one, else the CPU, and always said."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import onnxruntime as ort

from leukview.domain.errors import DeviceError, UsageError

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_ASKED = re.compile(r"auto|cpu|cuda(:\d+)?")


@dataclass(frozen=True, slots=True)
class Device:
    """What a session really runs on.

    Attributes:
        asked: "auto", "cpu", "cuda" or "cuda:N".
        name: "cpu" or "cuda:N".
        label: for people: "CPU · 2 threads", "CUDA · NVIDIA H100".
        fell_back: the CPU is used although a GPU was asked for or is built in.
        reason: why, in a sentence; "" when it did not.
    """

    asked: str
    name: str
    label: str
    fell_back: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of a one-node model on one provider.

    Attributes:
        provider: onnxruntime's name of it.
        usable: it ran the node and gave the right answer.
        session: the providers that the session itself lists.
        reason: why not, or "".
    """

    provider: str
    usable: bool
    session: tuple[str, ...]
    reason: str


def check_name(asked: str) -> str:
    """The same text when it names a device.

    Raises:
        UsageError: it does not.
    """
    if not _ASKED.fullmatch(asked):
        raise UsageError(
            f"There is no device {asked!r}. Nothing was classified. Use auto, cpu, cuda or cuda:N."
        )
    return asked


def open_session(
    data: bytes, device: str = "auto", *, require: bool = False
) -> tuple[ort.InferenceSession, Device]:
    """Open a model on a device; on the CPU when the GPU is not usable.

    Args:
        data: the bytes of the model file.
        device: "auto", "cpu", "cuda" or "cuda:N".
        require: refuse the CPU, unless the CPU was asked for by name.

    Raises:
        UsageError: no such device name.
        DeviceError: a GPU is required and not usable.
    """
    check_name(device)
    reason = ""
    if device != "cpu":
        session, reason = _on_cuda(data, _index(device))
        if session is not None:
            name = f"cuda:{_index(device)}"
            return session, Device(device, name, f"CUDA · {_gpu_name(_index(device))}", False, "")
        if require:
            raise DeviceError(
                f"The GPU was required and cannot be used: {reason} Nothing was classified."
                " `leukview doctor` says more; without --require-gpu the CPU is used."
            )
    session = ort.InferenceSession(data, _options(), providers=[CPU])
    # "auto" on a machine without any NVIDIA driver is no surprise to anyone.
    fell_back = device.startswith("cuda") or (device == "auto" and has_driver())
    label = f"CPU · {threads()} thread{'' if threads() == 1 else 's'}"
    return session, Device(device, "cpu", label, fell_back, reason)


def threads() -> int:
    """Threads that a session on the CPU gets: as many as the process may use cores."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def has_driver() -> bool:
    """Whether an NVIDIA driver answers, that is: whether there is a GPU to be used."""
    return bool(_gpus())


def gpu_names() -> tuple[str, ...]:
    """Names of the NVIDIA GPUs in the order of their numbers, as the driver gives them."""
    return _gpus()


def why_no_cuda() -> str:
    """Why CUDA is not used, in a sentence; "" when nothing speaks against it."""
    if CUDA not in ort.get_available_providers():
        return "This onnxruntime was built without CUDA."
    if not has_driver():
        return "No NVIDIA driver answers (nvidia-smi is missing or lists no GPU)."
    return ""


def probe() -> list[Probe]:
    """Run a one-node model on each provider that is built in."""
    return [_probe(name) for name in ort.get_available_providers() if name in (CPU, CUDA)]


def one_node_model() -> bytes:
    """A model that returns its input's negative, as bytes of an ONNX file.

    Written out field by field (protobuf wire format), since the app does not depend on `onnx`.
    """

    def field(number: int, content: bytes | int) -> bytes:
        if isinstance(content, int):
            return bytes([number << 3, content])
        return bytes([number << 3 | 2, len(content)]) + content

    shape = field(2, field(1, field(1, 2)))  # one dimension of 2
    tensor = field(2, field(1, field(1, 1) + shape))  # float32

    node = field(1, b"x") + field(2, b"y") + field(4, b"Neg")
    graph = field(1, node) + field(2, b"g")
    graph += field(11, field(1, b"x") + tensor) + field(12, field(1, b"y") + tensor)
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = 4  # failures come back as exceptions and are put into words here
    options.intra_op_num_threads = threads()
    # Idle spinning threads of one session slow another one down 1.95 times; alone it costs nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _index(device: str) -> int:
    return int(device.partition(":")[2] or 0)


def _on_cuda(data: bytes, index: int) -> tuple[ort.InferenceSession | None, str]:
    """A session whose own list has CUDA, or None and the reason."""
    reason = why_no_cuda()
    if reason:
        return None, reason
    if index >= len(_gpus()):
        return None, f"There is no GPU {index}; the driver lists {len(_gpus())}."
    _preload()
    try:
        session = ort.InferenceSession(
            data, _options(), providers=[(CUDA, {"device_id": str(index)}), CPU]
        )
    except Exception as error:  # noqa: BLE001  # onnxruntime raises classes without a common base
        return None, f"onnxruntime could not start CUDA ({_first_line(error)})."
    # onnxruntime falls back to the CPU without an error; only the session's own list tells.
    if CUDA not in session.get_providers():
        return None, (
            "onnxruntime could not load the CUDA libraries (CUDA 13 and cuDNN 9;"
            " pip install 'leukview[cuda]' brings them)."
        )
    return session, ""


def _probe(provider: str) -> Probe:
    if provider == CUDA:
        session, reason = _on_cuda(one_node_model(), 0)
        if session is None:
            return Probe(provider, False, (), reason)
    else:
        session = ort.InferenceSession(one_node_model(), _options(), providers=[provider])
    try:
        answer = session.run(None, {"x": np.array([1, -2], np.float32)})[0].tolist()
    except Exception as error:  # noqa: BLE001  # onnxruntime raises classes without a common base
        return Probe(provider, False, tuple(session.get_providers()), _first_line(error))
    right = answer == [-1.0, 2.0]
    reason = "" if right else f"It answered {answer} instead of [-1.0, 2.0]."
    return Probe(provider, right, tuple(session.get_providers()), reason)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@lru_cache(maxsize=1)
def _preload() -> None:
    """Find the CUDA libraries of the NVIDIA wheels; those of the system are found without."""
    # Without the wheels it prints what is missing; the session's own list decides.
    with (
        open(os.devnull, "w") as nowhere,  # noqa: PTH123
        contextlib.redirect_stdout(nowhere),
        contextlib.suppress(Exception),
    ):
        ort.preload_dlls()


@lru_cache(maxsize=1)
def _gpus() -> tuple[str, ...]:
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    flags: dict[str, Any] = {}
    if os.name == "nt":
        flags["creationflags"] = 0x08000000  # no console window flashes up
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=True, **flags
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in answer.stdout.splitlines() if line.strip())


def _gpu_name(index: int) -> str:
    names = _gpus()
    return names[index] if index < len(names) else f"GPU {index}"
