"""Whether the record of a session holds, by itself and beside an export; for window and command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leukview.domain.progress import CancelToken
from leukview.reports.copied import Copied, copied
from leukview.reports.image_folder import ABOUT, LABELS
from leukview.session.events import Head
from leukview.session.verify import check
from leukview.workflows.export_head import head_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found.

    Attributes:
        head: number of events that are there, and hash of the last.
        fault: the first event that is not as it was written, in a sentence, or "".
        export: name of what it was compared with, or "".
        seen: the head that the export names.
        copy: of an exported folder of images, what was found of them.
    """

    head: Head
    fault: str
    export: str = ""
    seen: Head | None = None
    copy: Copied | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is otherwise than it was written."""
        return not self.fault and not (self.copy and self.copy.fault)

    @property
    def compared(self) -> str:
        """What the comparison with an export has shown where the log holds; "" without one."""
        if self.seen is None or self.fault:
            return ""
        since = self.head.events - self.seen.events
        all_ = "the one event" if self.seen.events == 1 else f"all {self.seen.words}"
        return f"It holds {all_} that {self.export} has seen, and {since:,} since."


def verdict(
    session: Path, against: Path | None = None, *, cancel: CancelToken | None = None
) -> Verdict:
    """Follow the chain of a session's log, and lay an export beside it.

    Args:
        session: its file.
        against: an export; of a copy of images its folder, or the table in it.
        cancel: ends the look at the images of a copy.

    Raises:
        UsageError: the export cannot be read, or names no head.
        SessionError: the session cannot be read.
    """
    if against is None:
        found = check(session)
        return Verdict(head=found.head, fault=found.fault)
    if against.name == LABELS and (against.parent / ABOUT).is_file():
        against = against.parent
    seen = head_of(against)
    found = check(session, seen)
    return Verdict(
        head=found.head,
        fault=found.fault,
        export=against.name,
        seen=seen,
        copy=copied(against, cancel=cancel) if against.is_dir() and not found.fault else None,
    )
