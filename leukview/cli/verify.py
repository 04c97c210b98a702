"""`leukview verify`: whether the log of a session is still what was written."""

from __future__ import annotations

from pathlib import Path

from leukview.cli.terminal import Terminal, write_text
from leukview.workflows.recorded import session_file
from leukview.workflows.verdict import verdict

HOLDS, ALTERED = 0, 1


def run(session: Path, against: Path | None, terminal: Terminal) -> int:
    """Say it on standard output; 0 when it holds, 1 when not, or when a copied image does not.

    Raises:
        UsageError: nothing is recorded of the folder, or the export names no head.
        SessionError: the session cannot be read.
    """
    found = verdict(session_file([session]), against)
    head = found.head
    if found.fault:
        write_text(f"ALTERED  {found.fault}\n{head.words} found, head {head.sha256}\n")
        return ALTERED
    write_text(f"OK  {head.words}, head {head.sha256}\n")
    terminal.say(
        found.compared
        or "Events cut off at the end are found only with --against and an export of that time."
    )
    if found.copy is not None:
        if found.copy.fault:
            write_text(f"ALTERED  {found.copy.fault}\n")
        else:
            terminal.say(found.copy.words)
    return HOLDS if found.holds else ALTERED
