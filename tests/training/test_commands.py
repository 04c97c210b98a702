"""The commands of training, where they decide something themselves."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.training
ROOT = Path(__file__).resolve().parents[2]


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    """Exit code, and what stood on standard error on one line."""
    from training import commands

    monkeypatch.setattr(commands, "keep_memory", lambda: True)  # not for the process of the tests
    monkeypatch.setattr(sys, "argv", ["training", *words])
    code = commands.main()
    return code, " ".join(capsys.readouterr().err.split())


def test_without_the_extra_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from training import commands

    def missing(name: str) -> None:
        def run(**_: object) -> None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        monkeypatch.setattr(commands, "app", run)

    missing("sklearn.model_selection")
    code, words = said(monkeypatch, capsys, "prepare", "all4")
    assert code == 2
    assert words.startswith("sklearn is not installed")
    assert "pip install -e '.[train]'" in words
    missing("training.nothing")  # a fault of our own, which installing does not mend
    with pytest.raises(ModuleNotFoundError):
        said(monkeypatch, capsys, "prepare", "all4")


def test_only_networks_with_a_plan_are_grown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    wheel = str(tmp_path / "x.whl")
    code, words = said(monkeypatch, capsys, "weights", wheel, "--network", "vgg19")
    assert code == 2
    assert "'vgg19' is not grown. Known: efficientnet-b3, efficientnet-b0." in words


def test_weights_that_are_there_are_left_as_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    there = tmp_path / "b0.weights.h5"
    there.write_bytes(b"kept")
    words = ("weights", "x.whl", "--network", "efficientnet-b0", "--out", str(there))
    code, text = said(monkeypatch, capsys, *words)
    assert code == 2
    assert "It was left as it is." in text
    assert there.read_bytes() == b"kept"


def test_the_name_of_the_file_is_the_networks_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from training.commands import options

    monkeypatch.setattr(options, "LITE_PATH", tmp_path / options.LITE)
    (tmp_path / "efficientnetb0_grown_from_lite0_notop.weights.h5").touch()
    code, text = said(monkeypatch, capsys, "weights", "x.whl", "--network", "efficientnet-b0")
    assert code == 2
    assert "efficientnetb0_grown_from_lite0_notop.weights.h5 exists" in text


def test_help_names_every_command_and_does_not_wait_for_keras() -> None:
    code = (
        "import sys; sys.argv = ['training', '--help']\n"
        "from training import commands\n"
        "commands.keep_memory = lambda: None\n"
        "code = commands.main()\n"
        "slow = {'keras', 'tensorflow', 'matplotlib', 'sklearn', 'onnx'}\n"
        "print('loaded', sorted(slow & set(sys.modules)))\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded []"
    names = re.findall(r"^│ ([a-z][a-z-]+) ", done.stdout, re.M)
    assert set(names) >= {
        *("prepare", "features", "train", "bench-input", "evaluate", "external"),
        *("compare", "ablate", "tune", "explain", "export", "weights"),
    }
