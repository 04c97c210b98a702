"""What is loaded by an import, seen from a bare interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ["domain", "imaging", "measures", "inference", "session", "reports", "workflows"]

# Refuses what the core must not touch, as if it were not installed, then imports all of the core.
BARE = """
import importlib, pkgutil, sys
sys.path.insert(0, {root!r})
REFUSED = set("PySide6 shiboken6 qtpy qtawesome superqt pyqtgraph".split())
REFUSED |= set("tensorflow keras tf2onnx onnx sklearn scipy pandas torch h5py".split())
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ImportError("refused: " + name)
sys.meta_path.insert(0, Refuse())
import leukview, leukview.contract, leukview.resources
count = 0
for part in {core!r}:
    package = importlib.import_module("leukview." + part)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
        count += 1
print(count, sorted(name for name in sys.modules if name.partition(".")[0] in REFUSED))
"""

# Reports which of the two was asked for first, however deep in the imports that was.
ORDER = """
import sys
sys.path.insert(0, {root!r})
asked = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ("onnxruntime", "PySide6") and top not in asked:
            asked.append(top)
sys.meta_path.insert(0, Watch())
import leukview.__main__
import leukview.ui.app
print(*asked)
"""


def _run(code: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=env,
    )


def test_core_works_where_neither_qt_nor_tensorflow_is_installed():
    done = _run(BARE.format(root=str(ROOT), core=CORE))
    assert done.returncode == 0, done.stderr
    count, _, loaded = done.stdout.strip().partition(" ")
    assert int(count) >= 8
    assert loaded == "[]"


def test_onnxruntime_is_loaded_before_qt():
    """Else its libraries fail to initialise on Windows (onnxruntime issue 26127)."""
    done = _run(ORDER.format(root=str(ROOT)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["onnxruntime", "PySide6"]


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_short_answers_do_not_load_qt(option):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['leukview', {option!r}]\n"
        "from leukview.__main__ import main\n"
        "code = 0\n"
        "try:\n    code = main()\nexcept SystemExit as stop:\n    code = stop.code\n"
        "print('PySide6' in sys.modules, code or 0)"
    )
    done = _run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == ["False", "0"]


def test_onnxruntime_neither_sends_nor_notes_down_anything_about_this_computer(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import leukview.__main__\n"
        "from leukview.inference.providers import probe\n"
        "print(any(one.usable for one in probe()))"
    )
    home = os.environ | {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "LOCALAPPDATA")}
    done = _run(code, {k: v for k, v in home.items() if not k.startswith(("XDG_", "ORT_"))})
    assert done.stdout.strip() == "True", done.stderr
    assert list(tmp_path.rglob("*")) == []
