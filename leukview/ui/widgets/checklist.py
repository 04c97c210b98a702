"""What the side panel says of the open slide: the figures of its checklist and its state."""

from __future__ import annotations

from leukview.ui.controller import Stage
from leukview.ui.models.summary import Counts
from leukview.ui.widgets.side_panel import SidePanel
from leukview.workflows.opened import Opened

_UNKNOWN = ("not known yet", "not yet", "–")


def show(side: SidePanel, folder: Opened, stage: Stage, count: Counts) -> None:
    """Say where the open slide stands; in a blind reading nothing of the model, and no name."""
    blind = folder.review.blind
    for line in (side.suggested, side.review, side.read):
        line.setVisible(not blind)
    side.decided.say(count.decided, count.images)
    if blind:
        side.title.say("This slide")
        done = count.decided >= count.images
        words = "All decided" if done else f"{count.decided:,} of {count.images:,} decided"
        side.current.say("This slide", words, "check-circle" if done else "circle-half")
        side.current.setToolTip("")
        return
    side.title.say(folder.folder.name)
    side.suggested.say(count.suggested, count.images)
    # Before a run only the names of the files are known.
    known = count.suggested + count.unread >= count.images
    none = ("none",) if known else _UNKNOWN
    side.review.say(count.reviewed, count.review, () if count.review else none)
    readable = count.images - count.unread if known else count.suggested
    lacks = "warning" if count.unread else "circle-half"
    side.read.say(readable, count.images, () if known or readable else none, lacks=lacks)
    left = count.review - count.reviewed
    if stage is Stage.RUNNING:
        state, icon = "Running", "circle-half"
    elif stage is Stage.CHOOSING:
        state, icon = "Waiting for the model", "circle-dashed"
    elif not count.suggested:
        state, icon = "Not run", "circle-dashed"
    elif count.decided >= count.images:
        state, icon = "All decided", "check-circle"
    else:
        state = f"{left:,} to review" if left else f"{count.decided:,} decided"
        icon = "circle-half"
    side.current.say(folder.folder.name, state, icon)
    side.current.setToolTip(str(folder.folder))
