"""The entry in the desktop's menu."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux desktop's entry")


def install(checkout: Path, home: Path, *words: str) -> Path:
    shown = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home / "share")}
    script = checkout / "packaging" / "linux" / "install"
    subprocess.run(["bash", str(script), *words], env=shown, check=True, capture_output=True)
    return home / "share" / "applications" / "leukview.desktop"


@pytest.mark.parametrize("name", ["leukview", "Leuk View é"])
def test_the_entry_in_the_menu_has_our_icon_and_starts_our_script(tmp_path, name):
    checkout = tmp_path / name
    shutil.copytree(ROOT / "packaging" / "linux", checkout / "packaging" / "linux")
    shutil.copytree(ROOT / "resources" / "icons", checkout / "resources" / "icons")
    entry = install(checkout, tmp_path)
    lines = dict(
        line.split("=", 1) for line in entry.read_text(encoding="utf-8").splitlines() if "=" in line
    )
    icon = Path(lines["Icon"])
    assert icon.is_absolute()
    assert icon.read_text(encoding="utf-8").startswith("<svg")
    assert str(checkout / "packaging" / "linux" / "launch") in lines["Exec"]


def test_the_entry_is_taken_out_again(tmp_path):
    assert install(ROOT, tmp_path).exists()
    assert not install(ROOT, tmp_path, "remove").exists()
