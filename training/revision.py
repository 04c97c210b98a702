"""Which state of the checkout something was made by."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def revision(folder: Path = HERE) -> dict[str, str | bool]:
    """The commit, and whether files differed from it; empty without git or outside a checkout."""
    try:
        commit, changed = (
            subprocess.run(
                ["git", "-C", str(folder), *words],
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            ).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"revision": commit, "dirty": bool(changed)}
