"""`leukview verify`: whether the log of a session is still what was written."""

from __future__ import annotations

from pathlib import Path

from leukview.cli.terminal import Terminal, write_text
from leukview.reports.copied import copied
from leukview.session.verify import check
from leukview.workflows.export_head import head_of
from leukview.workflows.recorded import session_file

ALTERED = 1


def run(session: Path, against: Path | None, terminal: Terminal) -> int:
    """Say it on standard output; 0 when it holds, 1 when not, or when a copied image does not.

    Raises:
        UsageError: nothing is recorded of the folder, or the export names no head.
        SessionError: the session cannot be read.
    """
    file = session_file([session])
    expected = head_of(against) if against else None
    found = check(file, expected)
    head = found.head
    events = f"{head.events:,} event{'' if head.events == 1 else 's'}"
    if found.fault:
        write_text(f"ALTERED  {found.fault}\n{events} found, head {head.sha256}\n")
        return ALTERED
    write_text(f"OK  {events}, head {head.sha256}\n")
    if expected is None or against is None:
        terminal.say(
            "Events cut off at the end are found only with --against and an export of that time."
        )
        return 0
    since = head.events - expected.events
    seen = f"all {expected.events:,} events that {against.name} has seen"
    terminal.say(f"It holds {seen}, and {since:,} since.")
    return _images(against, terminal) if against.is_dir() else 0


def _images(folder: Path, terminal: Terminal) -> int:
    """Whether the images of an exported copy are what its table says."""
    found = copied(folder)
    if found.fault:
        write_text(f"ALTERED  {found.fault}\n")
        return ALTERED
    terminal.say(found.words)
    return 0
