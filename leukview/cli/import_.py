"""`leukview import` and `leukview delete`: sessions that come from elsewhere, and that go."""

from __future__ import annotations

from pathlib import Path

from leukview.cli.terminal import Terminal
from leukview.domain.errors import UsageError
from leukview.session import bundle
from leukview.session.verify import check
from leukview.workflows.recorded import session_file

_SAID = {
    "new": "Its images open with it from now on; nothing else was touched.",
    "longer": "The session here was its beginning, and goes on as the file does.",
    "known": "The session here has all of its events already, so nothing was changed.",
}


def run(file: Path, terminal: Terminal) -> int:
    """Take a file among what is recorded here, by its ending.

    Raises:
        UsageError: no such file, or another kind.
        SessionError: the session cannot be taken.
    """
    if not file.is_file():
        raise UsageError(f"There is no file {str(file)!r}. Nothing was imported.")
    if file.suffix.lower() != bundle.ENDING:
        raise UsageError(
            f"{file.name} is no session ({bundle.ENDING}), so it cannot be imported. Nothing was"
            " changed. `leukview export FOLDER --out X.leukview` makes one."
        )
    made = bundle.import_(file)
    terminal.say(f"{file.name}: {made.head.events:,} events. {_SAID[made.how]}")
    return 0


def delete(folder: Path, *, sure: bool, terminal: Terminal) -> int:
    """Remove what is recorded of a folder; its images stay.

    Raises:
        UsageError: nothing is recorded of it, or nobody has said that it is meant.
        SessionError: it is open in a window.
    """
    if folder.is_file() and folder.suffix.lower() == bundle.ENDING:
        raise UsageError(
            f"{folder.name} is an exported file. Nothing was deleted. Remove it like any file; to"
            " delete what is recorded here, name the folder of images."
        )
    file = session_file([folder])
    head = check(file).head
    if not sure:
        raise UsageError(
            f"This deletes {head.events:,} events, all decisions and suggestions of"
            f" {folder.name!r}, for good. Nothing was deleted. Say --yes if it is meant;"
            " `leukview export FOLDER --out X.leukview` keeps a copy."
        )
    bundle.delete(file)
    terminal.say(
        f"What was recorded of {folder.name!r} is deleted ({head.events:,} events). Its images were"
        " not touched."
    )
    return 0
