"""`leukview [PATH...]`: the window, where there is a display and there is what it is to open."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from leukview.cli.terminal import has_display
from leukview.domain.errors import UsageError
from leukview.imaging.drive import ANSWER_SECONDS, Drive

_OTHERS = ("classify", "verify", "import", "delete", "export", "report", "models", "doctor")


def open_window(paths: Sequence[Path], model: str, device: str) -> int:
    """Show it until it is closed.

    Raises:
        UsageError: there is no such path, or no display.
    """
    # A drive that does not answer is told of by the window, which goes on all the same.
    missing = Drive().within(ANSWER_SECONDS, lambda: [path for path in paths if _missing(path)])
    for path in missing or ():
        near = difflib.get_close_matches(str(path), _OTHERS, 1)
        hint = f" Did you mean `leukview {near[0]}`?" if near else " Check the spelling."
        raise UsageError(f"There is no file or folder {str(path)!r}. Nothing was opened.{hint}")
    if not has_display():
        raise UsageError(
            "There is no display, so no window can be opened. Nothing was changed."
            " Use `leukview classify PATH --out FILE`, or start it on a desktop."
        )
    # Qt is loaded here and not above, so that the other commands run without it.
    from leukview.ui.app import run

    return run(paths, model=model, device=device)


def _missing(path: Path) -> bool:
    """Whether there is nothing of that name; what cannot be looked at may be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: no name at all
        return True
    except OSError:
        return False
    return False
