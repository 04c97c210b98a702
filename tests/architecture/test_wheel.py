"""What a wheel holds, and where the app finds its own files in each way of installing it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from leukview import resources

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the installed hatchling: no isolation, no network."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        # Stored times and a fast build; the content is what counts here.
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )
    (found,) = out.glob("*.whl")
    return found


def test_wheel_holds_only_the_app_and_its_description(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"leukview"}
    assert len(tops) == 2
    assert "leukview/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_wheel_holds_every_resource_once(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    inside = {
        name.removeprefix("leukview/_resources/")
        for name in names
        if name.startswith("leukview/_resources/")
    }
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--", "resources"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    wanted = {name.removeprefix("resources/") for name in listing.split("\0") if name}
    assert len(wanted) > 48
    assert wanted - inside == set()
    assert len(names) == len(set(names))


def test_app_unpacked_from_the_wheel_finds_its_samples(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py") or "/samples/" in name:
                archive.extract(name, tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from leukview import resources\n"
        "print(resources.root())\n"
        "print(len(list(resources.path('samples').rglob('*.png'))))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    root, count = done.stdout.splitlines()
    assert Path(root) == (tmp_path / "leukview" / "_resources").resolve()
    assert int(count) == 24


def test_checkout_uses_the_folder_beside_the_package():
    assert resources.root() == ROOT / "resources"
    assert resources.path("samples", "SOURCES.md").is_file()


def test_bundle_uses_the_folder_inside_the_package(tmp_path, monkeypatch):
    """PyInstaller keeps modules in an archive and only data beside them."""
    package = tmp_path / "LeukView" / "_internal" / "leukview"
    (package / "_resources" / "models").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.root() == package / "_resources"
    assert resources.path("models").is_dir()


def test_damaged_installation_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "leukview")
    with pytest.raises(FileNotFoundError, match="Install LeukView again"):
        resources.root()
