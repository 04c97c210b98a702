"""What the side panel says of the open slide: the figures of its checklist and its state."""

from __future__ import annotations

from leukview.ui.controller import Stage
from leukview.ui.models.slide_lines import NOT_RUN, UNDER_WAY, Stand, stand_of
from leukview.ui.models.summary import Counts
from leukview.ui.recents import slide_of
from leukview.ui.widgets.side_panel import SidePanel
from leukview.workflows.checks import audit_read, counted
from leukview.workflows.opened import Opened
from leukview.workflows.review import Review

_UNKNOWN = ("not known yet", "not yet", "–")


def show(side: SidePanel, folder: Opened, stage: Stage, count: Counts) -> None:
    """Say where the open slide stands; in a blind reading nothing of the model, and no name."""
    blind = folder.review.blind
    for line in (side.read, side.suggested, side.review, side.audit):
        line.setVisible(not blind)
    side.decided.say(count.decided, count.images)
    side.decided.setToolTip(
        f"{count.agreed + count.changed:,} for a class, {count.unsure:,} unsure,"
        f" {count.excluded:,} excluded"
        if not blind
        else ""
    )
    _target(side, folder.review)
    stand = stand_of(slide_of(folder, count), blind=blind)
    side.set_hidden(blind)
    if not blind:
        _figures(side, folder.review, count)
        progress = stand.progress
        if stage is Stage.RUNNING:
            stand = Stand(UNDER_WAY, "Running", progress)
        elif stage is Stage.CHOOSING:
            stand = Stand(NOT_RUN, "Waiting for the model", progress)
    side.show_current(str(folder.folder), folder.folder.name, stand)


def _figures(side: SidePanel, review: Review, count: Counts) -> None:
    side.suggested.say(count.suggested, count.images)
    # Before a run only the names of the files are known.
    known = count.suggested + count.unread >= count.images
    none = ("none",) if known else _UNKNOWN
    side.review.say(count.reviewed, count.review, () if count.review else none)
    readable = count.images - count.unread if known else count.suggested
    lacks = "warning" if count.unread else "circle-half"
    side.read.say(readable, count.images, () if known or readable else none, lacks=lacks)
    read, drawn = audit_read(review)
    side.audit.say(read, drawn, () if drawn else ("not drawn", "–"))


def _target(side: SidePanel, review: Review) -> None:
    target = review.record.target
    side.target.say(counted(review) if target else 0, target, () if target else ("none",))
