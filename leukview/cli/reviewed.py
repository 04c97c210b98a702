"""What `leukview export` and `leukview report` share: what is asked for, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leukview.cli.terminal import Terminal
from leukview.session.events import Head
from leukview.workflows.recorded import Recorded

READ_ALL, SOME_FAILED, STOPPED = 0, 1, 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Something written of a reviewed folder.

    Attributes:
        paths: of its images, as they were opened in the window; or a session file.
        out: where it goes.
        deidentify: without names.
        force: replace what is there.
    """

    paths: Sequence[Path]
    out: Path
    deidentify: bool = False
    force: bool = False


def log_words(head: Head) -> str:
    """Where the log of events ends, for `leukview verify --against`."""
    return f"The log has {head.words}; its head is {head.sha256}."


def ended(found: Recorded, terminal: Terminal) -> int:
    """Say what could not be read now, and return the exit code: 0 all was, 1 some was not."""
    if found.unread:
        which = "1 image" if found.unread == 1 else f"{found.unread:,} images"
        terminal.say(f"{which} could not be read now; what is written of it was known earlier.")
    return SOME_FAILED if found.unread or found.problems or found.review.errors else READ_ALL
