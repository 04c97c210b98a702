"""The rules of the house that a machine can check: layers, sizes, folders, words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES = 400
WINDOW_LINES = 300
FUNCTION_LINES = 60
TEXTS = {".py", ".md", ".sh", ".toml", ".yaml", ".qss", ".bat", ".command", ".desktop", ".txt", ""}
# Each word is cut in two here, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.~-])/(?:wo" r"rk|tm" r"p|ro" r"ot|home/\w+)/",
    "a package host": r"py"
    r"pi\.org|pythonhos"
    r"ted|deb\.deb"
    r"ian\.org|/opt/(?:py"
    r"pi|whe"
    r"els)",
    "a tool of the workplace": r"(?i)\bissues sh"
    r"ow\b|\bsuba"
    r"gent|\bchat"
    r"gpt|\bclau"
    r"de\b|\banthro"
    r"pic\b",
    "a promise instead of code": r"\b(?:TO"
    r"DO|FIX"
    r"ME|XX"
    r"X)\b|pragma: no co"
    r"ver|NotImple"
    r"mentedError",
}


def _tracked(*patterns: str) -> list[Path]:
    """Files of the project: what git knows, and what it would take."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def _modules() -> list[Path]:
    return _tracked("leukview/*.py", "training/*.py")


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_layers_import_only_what_stands_below_them():
    code = (
        "import sys; from importlinter.cli import lint_imports_command as run;"
        "sys.exit(run(['--no-cache']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_the_ceiling():
    found = _modules()
    assert len(found) > 20
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in found}
    too_long = {
        str(path.relative_to(ROOT)): count
        for path, count in lines.items()
        if count > (WINDOW_LINES if path.name == "main_window.py" else MODULE_LINES)
    }
    assert too_long == {}


def test_no_function_is_longer_than_the_ceiling():
    too_long = {
        f"{path.relative_to(ROOT)}:{name}": lines
        for path in _modules()
        for name, lines in _functions(path)
        if lines > FUNCTION_LINES
    }
    assert too_long == {}


@pytest.mark.parametrize("folder", ["packaging", "resources", "tests"])
def test_folder_that_is_no_package_has_no_init(folder):
    """With one, packaging/ would hide the library `packaging` that pip and pytest import."""
    found = [path for path in _tracked(folder) if path.name == "__init__.py"]
    assert _tracked(folder) != []
    assert found == []


def test_no_module_has_a_name_that_says_nothing():
    vague = {"utils", "helpers", "common", "manager", "misc", "util", "helper"}
    found = [path for path in _modules() if vague & {*path.relative_to(ROOT).parts, path.stem}]
    assert found == []


def test_top_level_holds_only_what_the_plan_names():
    allowed = {
        "leukview",
        "training",
        "resources",
        "packaging",
        "tests",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
    }
    top = {path.relative_to(ROOT).parts[0] for path in _tracked()}
    assert {name for name in top if not name.startswith(".")} == allowed


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_project_text_names_nothing_that_is_not_the_projects(kind):
    pattern = re.compile(FORBIDDEN[kind])
    found = []
    for path in _tracked():
        if path.suffix not in TEXTS or "licences" in path.parts or path.name == "LICENSE":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_what_ships_does_not_know_the_folder_beside_the_checkout():
    shipped = [*_tracked("leukview/*.py"), *_tracked("packaging"), *_tracked(".ci")]
    found = [
        str(path.relative_to(ROOT))
        for path in shipped
        if re.search(r"\.\./shared\b|['\"]shared['\"]", path.read_text(encoding="utf-8"))
    ]
    assert found == []
