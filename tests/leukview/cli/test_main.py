import logging
import subprocess
import sys
import types
from pathlib import Path

import msgspec
import pytest

from leukview import __version__
from leukview.__main__ import main
from leukview.cli import doctor, models
from leukview.cli import main as module
from leukview.domain.errors import (
    ContractError,
    DeviceError,
    ImageError,
    ModelFileError,
    OutputError,
    SessionError,
    UsageError,
)
from leukview.inference import providers


@pytest.fixture
def window(monkeypatch):
    """Stands in for the window, so that dispatch is tested without Qt."""
    calls = []

    def run(paths, *, model="auto", device="auto"):
        calls.append(([str(path) for path in paths], model, device))
        return 0

    monkeypatch.setitem(sys.modules, "leukview.ui.app", types.SimpleNamespace(run=run))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return calls


def test_no_argument_opens_the_window(window):
    assert main([]) == 0
    assert window == [([], "auto", "auto")]


def test_bare_paths_open_the_window(window, image_folder):
    one, two = str(image_folder(name="one")), str(image_folder(name="two"))
    assert main([one]) == 0
    assert main([one, two, "--model", "cnmc"]) == 0
    assert main(["--device", "cpu", one]) == 0
    assert main(["-q", "open", two]) == 0
    assert window == [
        ([one], "auto", "auto"),
        ([one, two], "cnmc", "auto"),
        ([one], "auto", "cpu"),
        ([two], "auto", "auto"),
    ]


def test_the_window_opens_on_a_drive_that_does_not_answer(window, image_folder, monkeypatch, gate):
    folder, really = image_folder(name="dead"), Path.stat

    def stat(path, **options):
        if path.name == "dead":
            assert gate.wait(60)
        return really(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr("leukview.cli.window.ANSWER_SECONDS", 0.05)
    assert main([str(folder)]) == 0
    assert not gate.is_set(), "it did not wait for the drive"
    assert window == [([str(folder)], "auto", "auto")]


@pytest.mark.skipif(sys.platform == "win32", reason="the rights of POSIX")
def test_a_folder_that_may_not_be_looked_at_is_left_to_the_window(
    window, image_folder, monkeypatch
):
    folder = image_folder(name="locked")

    def stat(path, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", stat)
    assert main([str(folder)]) == 0
    assert window == [([str(folder)], "auto", "auto")]


def test_a_folder_called_like_a_command_is_reached_by_its_path(window, image_folder, monkeypatch):
    folder = image_folder(name="models")
    monkeypatch.chdir(folder.parent)
    assert main(["./models"]) == 0
    assert window == [(["models"], "auto", "auto")]


def test_a_path_that_does_not_exist_is_usage(window, capsys):
    assert main(["gone"]) == 2
    assert "no file or folder 'gone'" in capsys.readouterr().err
    assert main(["clasify"]) == 2
    assert "Did you mean `leukview classify`?" in capsys.readouterr().err
    assert window == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display_the_way_out_is_named(image_folder, monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([str(image_folder())]) == 2
    assert "leukview classify PATH" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["classify"], "leukview classify"),
        (["classify", "x", "--bogus"], "leukview classify"),
        (["--bogus"], "leukview open"),
        (["--log-file"], "leukview"),
        (["classify", "x", "--batch-size", "0"], "leukview classify"),
    ],
)
def test_wrong_options_are_usage_and_the_help_that_lists_them_is_named(
    window, arguments, command, capsys
):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert f". `{command} --help` lists the options." in " ".join(said.split())
    assert ".. " not in said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("why"), 2),
        (DeviceError("why"), 3),
        (ModelFileError("why"), 4),
        (ContractError("why"), 4),
        (OutputError("why"), 5),
        (SessionError("why"), 5),
        (ImageError("why"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code(error, code, monkeypatch, capsys):
    def fail():
        raise error

    monkeypatch.setattr(module.models_command, "run", fail)
    assert main(["models"]) == code
    assert capsys.readouterr().out == ""


def test_a_fault_of_our_own_is_70_and_its_trace_is_in_the_log_file(monkeypatch, capsys, tmp_path):
    def fail():
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(module.models_command, "run", fail)
    log = tmp_path / "log.txt"
    assert main(["models", "--log-file", str(log)]) == 70
    assert "fault of its own (ZeroDivisionError: odd)" in capsys.readouterr().err
    assert "Traceback" in log.read_text()


def test_logging_is_left_as_it_was(tmp_path):
    before = list(logging.getLogger().handlers)
    assert main(["-vv", f"--log-file={tmp_path / 'log.txt'}", "models"]) in (0, 4)
    assert logging.getLogger().handlers == before


def test_a_log_file_that_cannot_be_written_is_5(tmp_path, capsys):
    assert main(["--log-file", str(tmp_path / "gone" / "x.log"), "models"]) == 5
    assert "cannot be written" in capsys.readouterr().err


def test_the_version_is_printed_and_neither_qt_nor_tensorflow_is_loaded():
    program = (
        "import sys\nfrom leukview.__main__ import main\ncode = main(['--version'])\n"
        "bad = [m for m in ('PySide6', 'tensorflow', 'keras', 'onnx') if m in sys.modules]\n"
        "sys.exit(code or str(bad) if bad else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"leukview {__version__}\n", "")


def test_models_lists_classes_figures_and_notice(monkeypatch, toy_model, capsys, tmp_path):
    monkeypatch.setattr(models, "shipped", lambda: [toy_model])
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert "Normal (hem), ALL blast (all)" in out
    assert "accuracy 0.900 (made up; n = 100, 4 groups)" in out
    assert "A toy for tests." in out
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"bad")
    monkeypatch.setattr(models, "shipped", lambda: [bad, toy_model])
    assert main(["models"]) == 4
    assert "is not ONNX" in capsys.readouterr().out
    monkeypatch.setattr(models, "shipped", list)
    assert main(["models"]) == 0
    assert "No model comes with" in capsys.readouterr().out


def test_models_speaks_of_training_in_plain_words(
    monkeypatch, write_toy_model, toy_contract, capsys, tmp_path
):
    said = (
        "No checkpoint was chosen. The first batch-norm statistics came from 64 images without"
        " their classes, which are never tested. The weights were refitted."
    )
    contract = msgspec.structs.replace(toy_contract, protocol=said)
    path = write_toy_model(tmp_path / "toy.onnx", contract)
    monkeypatch.setattr(models, "shipped", lambda: [path])
    assert main(["models"]) == 0
    assert (
        "No checkpoint was chosen. Before training, the scales of the network were set on 64 images"
        " without their classes, which are never tested. The weights were refitted."
    ) in " ".join(capsys.readouterr().out.split())


def test_doctor_says_what_runs_and_why_cuda_does_not(monkeypatch, toy_model, capsys, tmp_path):
    monkeypatch.setattr(doctor, "shipped", lambda: [toy_model])
    monkeypatch.setattr("leukview.inference.providers._gpus", lambda: ())
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "ran a one-node model; its session lists CPUExecutionProvider" in out
    why = providers.why_no_cuda()
    assert out.count("why not CUDA") == out.count(why) == 1
    assert "toy-2.onnx: Toy 2, usable" in out
    (tmp_path / "bad.onnx").write_bytes(b"bad")
    monkeypatch.setattr(doctor, "shipped", lambda: [tmp_path / "bad.onnx"])
    assert main(["doctor"]) == 4


def test_a_wheel_and_a_checkout_start_the_same_function():
    text = (Path(module.__file__).parents[2] / "pyproject.toml").read_text()
    assert 'leukview = "leukview.__main__:main"' in text


def test_the_terminal_shows_a_confidence_as_the_window_does(image_folder, toy_model, capsys):
    """Brightness 215 is a confidence of 0.9959."""
    folder = image_folder({"a.png": 215})
    assert main(["classify", str(folder), "--model", str(toy_model), "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "0.99" in out.split()


CODES = {
    "classify": (0, 1, 2, 3, 4, 5, 130),
    "verify": (0, 1, 2, 5, 130),
    "import": (0, 1, 2, 5, 130),
    "delete": (0, 2, 5, 130),
    "export": (0, 1, 2, 5, 130),
    "report": (0, 1, 2, 5, 130),
    "models": (0, 4),
    "doctor": (0, 4, 70),
}


@pytest.mark.parametrize("command", CODES)
def test_the_help_of_a_command_names_its_exit_codes(capsys, command):
    assert main([command, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    codes = said.partition("Exit codes: ")[2].partition(".")[0]
    assert tuple(int(part.split()[0]) for part in codes.split("; ")) == CODES[command]
