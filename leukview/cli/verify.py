"""`leukview verify`: whether the log of a session is still what was written."""

from __future__ import annotations

from pathlib import Path

from leukview.cli.terminal import Terminal, write_text
from leukview.session.verify import check
from leukview.workflows.export_head import head_of
from leukview.workflows.recorded import session_file

ALTERED = 1


def run(session: Path, against: Path | None, terminal: Terminal) -> int:
    """Say it on standard output; 0 when it holds, 1 when not.

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
    if expected is not None and against is not None:
        since = head.events - expected.events
        terminal.say(
            f"It holds all {expected.events:,} events that {against.name} has seen,"
            f" and {since:,} since."
        )
    else:
        terminal.say(
            "Events cut off at the end are found only with --against and an export of that time."
        )
    return 0
