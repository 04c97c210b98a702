"""The shell steps behind packaging/run and packaging/test, on machines that are pretended.

Each test gives bash a PATH with only the programs that it names; what they were asked is logged.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASH = shutil.which("bash")
TOOLS = ("awk", "cat", "cksum", "dirname", "env", "find", "mkdir", "mktemp", "rm", "sed", "sort")
TOOLS += ("tail", "head", "uname", "tr", "df")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or BASH is None, reason="pretends a Linux machine, with bash"
)


class Machine:
    """A checkout in a folder with a space and an umlaut, and the programs of a pretended system."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "Prüfung 1" / "leuk view"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.log.write_text("", encoding="utf-8")
        self.checkout.mkdir(parents=True)
        self.bin.mkdir()
        shutil.copytree(ROOT / "packaging", self.checkout / "packaging")
        for name in ("cnmc", "pbc"):
            (self.checkout / "resources" / "samples" / name).mkdir(parents=True)
        shutil.copy(ROOT / "pyproject.toml", self.checkout)
        # Scripts and not links: what a test puts in their place must never reach the real program.
        for tool in TOOLS:
            (self.bin / tool).write_text(f'#!{BASH}\nexec "{shutil.which(tool)}" "$@"\n')
            (self.bin / tool).chmod(0o755)

    def program(self, name: str, body: str, folder: Path | None = None) -> Path:
        """Put a shell script there that logs how it was called, then does `body`."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f'#!{BASH}\nprintf "%s" "{name}" >>"$LOG"\n'
            f'printf " <%s>" "$@" >>"$LOG"\nprintf "\\n" >>"$LOG"\n{body}\n',
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    def python(self, name: str, *, version_fits: bool = True, has_venv: bool = True) -> None:
        """A Python whose `-m venv` makes an environment with itself inside."""
        self.program(
            name,
            f"""case "$*" in
  *version_info*'(3, 13)'*) exit {0 if version_fits else 1} ;;
  *"import ensurepip"*) exit {0 if has_venv else 1} ;;
  *version_info*) echo 3.12 ;;
  *"-m venv"*) mkdir -p "$4/bin"; cat "$0" >"$4/bin/python"; "$CHMOD" +x "$4/bin/python" ;;
  *find_spec*) echo "$FAKE_QT" ;;
esac
exit 0""",
        )

    def user(self, number: int, *, sudo: bool = False) -> None:
        self.program("id", f"echo {number}")
        if sudo:
            self.program("sudo", 'while [ "$1" = -n ]; do shift; done; "$@"')

    def run(self, script: str, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.bin),
            "LOG": str(self.log),
            "CHMOD": shutil.which("chmod") or "",
            "FAKE_QT": str(self.checkout / "qt"),
            "HOME": str(self.checkout.parent),
            "LC_ALL": "C.UTF-8",
        }
        return subprocess.run(
            [str(BASH), f"packaging/{script}" if script else "-c", *words],
            cwd=self.checkout,
            env=environment | extra,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def called(self, *parts: str) -> list[str]:
        return [call for call in self.calls if all(part in call for part in parts)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A user without root, with a Python, fonts, and all libraries of Qt."""
    made = Machine(tmp_path)
    made.user(1000)
    made.python("python3.12")
    made.program("fc-list", "echo DejaVu")
    made.program("ldd", "true")
    return made


def test_first_start_installs_the_app_editable_with_the_tested_versions(machine):
    done = machine.run("run", "models")
    assert done.returncode == 0, done.stderr
    (install,) = machine.called("<pip> <install>")
    assert "<--constraint> <packaging/constraints.txt>" in install
    assert install.endswith("<--editable> <.>")


def test_second_start_asks_pip_for_nothing(machine):
    machine.run("run", "models")
    machine.log.write_text("", encoding="utf-8")
    done = machine.run("run", "models")
    assert done.returncode == 0
    assert machine.called("pip") == []
    assert machine.called("<-m> <leukview> <models>") != []


def test_changed_versions_are_installed_again(machine):
    machine.run("run", "models")
    with (machine.checkout / "packaging" / "constraints.txt").open("a") as file:
        file.write("# another\n")
    machine.run("run", "models")
    assert len(machine.called("<pip> <install>")) == 2


def test_failed_installation_is_tried_again_and_says_so(machine):
    machine.run("run", "models")
    python = machine.checkout / ".venv" / "bin" / "python"
    (machine.checkout / ".venv" / "leukview-app.stamp").unlink()
    python.write_text(
        python.read_text("utf-8").replace("\nexit 0", '\n[ "$3" != install ]'), "utf-8"
    )
    done = machine.run("run", "models")
    assert done.returncode == 70
    assert "could not be installed" in done.stderr
    assert "No data was touched" in done.stderr
    assert not (machine.checkout / ".venv" / "leukview-app.stamp").exists()


def test_arguments_reach_leukview_as_they_are(machine):
    machine.run("run", "classify", "my cells", "--out", "ä b.csv")
    assert machine.called("<-m> <leukview> <classify> <my cells> <--out> <ä b.csv>") != []


def test_exit_code_is_that_of_leukview(machine):
    machine.run("run", "models")
    python = machine.checkout / ".venv" / "bin" / "python"
    python.write_text(
        python.read_text("utf-8").replace("\nexit 0", '\n[ "$3" = leukview ] && exit 4\nexit 0'),
        "utf-8",
    )
    assert machine.run("run", "classify", "x").returncode == 4


def test_window_opens_on_the_samples_the_first_time_only(machine):
    machine.run("run", DISPLAY=":9")
    machine.run("run", DISPLAY=":9")
    first, second = machine.called("<-m> <leukview>")
    assert first.endswith(f"<{machine.checkout}/resources/samples/cnmc>")
    assert second.endswith("<-m> <leukview>")


def test_without_display_the_samples_are_classified_and_the_place_of_the_tables_is_said(machine):
    done = machine.run("run")
    assert done.returncode == 0, done.stderr
    assert [call.count("samples/cnmc") for call in machine.called("<classify>")] == [2, 0]
    assert f"{machine.checkout}/build/samples/cnmc.csv" in done.stderr


def test_without_a_fitting_python_it_says_what_to_install(machine):
    (machine.bin / "python3.12").unlink()
    machine.python("python3", version_fits=False)
    done = machine.run("run")
    assert done.returncode == 70
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "apt-get install python3.12" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_missing_libraries_are_not_installed_without_permission_but_named(machine):
    machine.program("ldd", 'echo "libxcb-cursor.so.0 => not found"')
    machine.program("find", "ldd x")
    machine.program("apt-get", "true")
    done = machine.run("run", DISPLAY=":9")
    assert done.returncode == 70
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends" in done.stderr
    assert "libxcb-cursor0" in done.stderr
    assert machine.called("apt-get") == []
    assert machine.called("<-m> <leukview>") == []


@pytest.mark.parametrize(("number", "sudo"), [(0, False), (1000, True)])
def test_missing_libraries_are_installed_with_permission(machine, number, sudo):
    machine.user(number, sudo=sudo)
    marker = machine.checkout / "installed"
    machine.program("find", f'[ -e "{marker}" ] || echo "libxcb-cursor.so.0 => not found"')
    machine.program("ldd", "true")
    machine.program("apt-get", f'case "$*" in *install*) : >"{marker}" ;; esac')
    done = machine.run("run", DISPLAY=":9")
    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in machine.called("apt-get <")] == ["<update>", "<install>"]
    assert bool(machine.called("sudo <-n>")) is sudo


def test_debian_python_without_venv_gets_its_package(machine):
    machine.python("python3.12", has_venv=False)
    machine.program("apt-get", "true")
    done = machine.run("run", "models")
    assert done.returncode == 70
    assert "python3.12-venv" in done.stderr


def test_menu_entry_starts_the_launcher_of_this_folder(machine):
    machine.program("chmod", "true")
    done = machine.run("linux/install")
    assert done.returncode == 0, done.stderr
    entry = machine.checkout.parent / ".local" / "share" / "applications" / "leukview.desktop"
    text = entry.read_text(encoding="utf-8")
    assert f'Exec=bash "{machine.checkout}/packaging/linux/launch" %F\n' in text
    assert f"Icon={machine.checkout}/resources/icons/leukview.svg\n" in text
    assert machine.run("linux/install", "remove").returncode == 0
    assert not entry.exists()


def test_ci_runs_the_tests_and_nothing_else(machine):
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert [line for line in lines if line and not line.startswith("#")] == [
        'exec bash "$(dirname -- "${BASH_SOURCE[0]}")/../packaging/test"'
    ]
