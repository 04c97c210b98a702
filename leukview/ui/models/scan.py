"""One class after another, page by page: which images a page has; no Qt."""

from __future__ import annotations

import numpy as np

from leukview.ui.models import queue
from leukview.ui.models.queue import Rows
from leukview.workflows.review import Review

PAGE = 48  # images: what an eye scans for intruders in one go (40 to 60 in the review of the field)


class Scan:
    """The class that is scanned, its images as they were when it was begun, and the page.

    The images of a class are a snapshot: what is moved to another class stays where it is until the
    class is begun anew, so that pages do not slide under the hand.

    Attributes:
        index: of the class.
        rows: all its images, in the order of the queue.
        page: that is shown, from 0.
    """

    def __init__(self) -> None:
        self.index = 0
        self.rows: Rows = np.zeros(0, dtype=np.int64)
        self.page = 0

    @property
    def pages(self) -> int:
        """How many there are; one also where the class has no image."""
        return max(1, -(-len(self.rows) // PAGE))

    @property
    def here(self) -> Rows:
        """Images of the page that is shown."""
        return self.rows[self.page * PAGE : (self.page + 1) * PAGE]

    def begin(self, index: int) -> None:
        """Another class, from its first page."""
        self.index, self.page = index, 0

    def take(self, rows: Rows) -> Rows:
        """The images of the class as they are now; the page stays, if there is one of its number.

        Returns:
            The images of the page.
        """
        self.rows = rows
        self.page = min(self.page, self.pages - 1)
        return self.here

    def turn(self, step: int) -> bool:
        """Go on or back by pages; whether there was one to go to."""
        to = self.page + step
        if not 0 <= to < self.pages:
            return False
        self.page = to
        return True

    def next_open(self, review: Review) -> int | None:
        """The next page with an image that nobody has decided, after this one, else from the first.

        None where all are decided.
        """
        open_ = np.flatnonzero(queue.undecided(review)[self.rows]) // PAGE
        later = open_[open_ > self.page]
        found = later if len(later) else open_
        return int(found[0]) if len(found) else None


def confirmable(review: Review, index: int, rows: Rows) -> Rows:
    """Of these images those that "Confirm the page" is about: undecided, suggested as `index`."""
    good = queue.undecided(review)[rows] & (review.suggested[rows] == index)
    good &= ~review.hidden[rows]
    good &= np.array([int(row) not in review.errors for row in rows], dtype=np.bool_)
    return np.asarray(rows[good], dtype=np.int64)
