"""What a person does with rows of a review: one action, one event, however many images it covers.

Undo and redo are events too, so nothing is ever erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from leukview.domain.errors import FinalError
from leukview.domain.records import Decision, ImageFile
from leukview.imaging.drive import ANSWER_SECONDS
from leukview.session.store import SessionStore
from leukview.workflows import identity, settling
from leukview.workflows.actions import DECIDING, Action, Adopted, Reading, Standing
from leukview.workflows.columns import Changes, Rows, none
from leukview.workflows.identified import Identified, read
from leukview.workflows.record import Mode, Record
from leukview.workflows.request import Request, Wish

# More files than this are not looked at, or read, while somebody waits for a key to answer: on a
# network drive one look takes 0.5 ms.
LOOK_AT_ONCE, READ_AT_ONCE = 512, 64
_OTHER_READER = (
    "Another reading began before all files had been looked at, so what was asked for last was not"
    " done. Go back to that reading, and decide again."
)
_SAID_OF_EACH = frozenset({"decide", "unsure", "exclude"})
_SILENT = "The drive does not answer. Nothing was decided. Check it, then try again."


class Deciding(Identified):
    """The columns of one folder, and the decisions and remarks of the current reading.

    Attributes:
        reviewer: name that new decisions carry; asserted, not authenticated.
    """

    def __init__(self, images: Sequence[ImageFile], store: SessionStore, reviewer: str) -> None:
        super().__init__(images, store)
        self.reviewer = reviewer

    @property
    def record(self) -> Record:
        """What stands of the session as a whole."""
        return self._log.record

    def decide(self, rows: Iterable[int], class_id: str, *, queue: str = "all") -> Changes:
        """Decide for a class; it counts as agreed where it is what was suggested."""
        name = next((c.name for c in self.classes if c.id == class_id), class_id)
        wish = Wish(kind="decide", words=f"decided as {name}", queue=queue, class_id=class_id)
        return self._act(rows, wish)

    def agree(self, rows: Iterable[int], *, queue: str = "all") -> Changes:
        """Decide for what was suggested, where something was and is not hidden."""
        some = _rows(rows)
        some = some[(self.suggested[some] >= 0) & ~self.hidden[some]]
        return self._act(some, Wish(kind="agree", words="agreed", queue=queue))

    def unsure(self, rows: Iterable[int], *, queue: str = "all") -> Changes:
        """Put aside for a second look."""
        return self._act(rows, Wish(kind="unsure", words="marked as unsure", queue=queue))

    def exclude(self, rows: Iterable[int], reason: str, *, queue: str = "all") -> Changes:
        """Leave out of every count, with a reason."""
        wish = Wish(kind="exclude", words=f"excluded: {reason}", queue=queue, reason=reason)
        return self._act(rows, wish)

    def clear(self, rows: Iterable[int], *, queue: str = "all") -> Changes:
        """Take decisions back; flags and comments stay."""
        some = _rows(rows)
        wish = Wish(kind="clear", words="cleared", queue=queue)
        return self._act(some[self.state[some] > 0], wish)

    def flag(self, rows: Iterable[int], on: bool, *, queue: str = "all") -> Changes:
        """Mark for later, or take the mark away."""
        some = _rows(rows)
        kind, words = ("flag", "flagged") if on else ("unflag", "no longer flagged")
        wish = Wish(kind=kind, words=words, queue=queue)
        return self._act(some[self.flagged[some] != on], wish)

    def comment(self, rows: Iterable[int], text: str, *, queue: str = "all") -> Changes:
        """Say something about images in words; "" takes the words away."""
        words = "commented" if text else "without their comment"
        wish = Wish(kind="comment", words=words, queue=queue, comment=text)
        some = [row for row in rows if self.comments.get(int(row), "") != text]
        return self._act(some, wish)

    def adopt(self, said: dict[str, Adopted], words: str) -> Changes:
        """Take what a table said about images, by hash; where it is silent, what stands stays.

        Rows whose bytes are not those named are left as they are.
        """
        rows = self.rows_of(said)
        return self._act(rows, Wish(kind="adopt", words=words, queue="import", adopted=said))

    def undo(self) -> Changes | None:
        """Take the last action back by a new event; None when there is none.

        Raises:
            FinalError: the slide is final.
        """
        self._refuse_final()
        return self._moved(self._log.undo())

    def redo(self) -> Changes | None:
        """Do again what was undone last; None when there is none. Raises as `undo`."""
        self._refuse_final()
        return self._moved(self._log.redo())

    @property
    def undo_text(self) -> str | None:
        return self._log.undo_text

    @property
    def redo_text(self) -> str | None:
        return self._log.redo_text

    def decision(self, row: int) -> Decision | None:
        """What stands for a row now, in the current reading."""
        return self._log.decision(self.sha256[row])

    def standing_of(self, sha256: str) -> Standing:
        """Decision, flag and comment that stand for an image by its hash, in this reading."""
        return self._log.standing(sha256)

    def decision_of(self, sha256: str, reading: Reading | None = None) -> Decision | None:
        """What stands for an image by its hash, in the current reading or another."""
        return self._log.decision(sha256, reading) if sha256 else None

    # Inside

    def _refuse_final(self) -> None:
        if not self.record.open:
            raise FinalError(
                "This slide is final, so nothing was changed."
                " To change it, amend it with a reason: Slide > Amend the slide."
            )

    def _act(self, rows: Iterable[int], wish: Wish) -> Changes:
        some = _rows(rows)
        if len(some) > 1 and wish.kind in _SAID_OF_EACH and self.record.mode is Mode.ASSISTED:
            # A sample is read one by one: whoever selects all has not looked at each of it.
            apart = self.hidden[some]
            if apart.any():
                done = self._act(some[~apart], wish)
                words = f"{int(apart.sum()):,} of the audit sample left: decide them one by one."
                return replace(done, text=f"{done.text}. {words}" if done.text else words)
        if not len(some):
            return Changes(none(), "")
        self._refuse_final()
        listed, sha256, images = some.tolist(), self.sha256, self.images
        hashes = tuple([sha256[row] for row in listed])
        request = Request(
            wish=wish,
            reviewer=self.reviewer,
            model=self.model_sha256,
            reading=self.record.reading,
            rows=some,
            images=tuple([images[row] for row in listed]),
            sha256=hashes,
            suggestions=tuple(self._suggestion_ids(some)),
            seen=self.seen[some],
            stood=self._log.codes(self._log.numbers(hashes)),
        )
        return self._look(request)

    def _look(self, request: Request) -> Changes:
        """Do what was asked for with the rows that still are what the reader saw.

        A decision is about bytes: files that have changed since they were read, and files that
        were not read yet, are read before anything is said about them. Nobody waits for more than
        some of them, or for a slow drive: the rest is done later.
        """
        wanted = request.rows
        if len(wanted) > LOOK_AT_ONCE or self._drive.busy:
            return self._later(request)
        touched = self._drive.each(ANSWER_SECONDS, identity.touched, request.images)
        if not touched:
            return Changes(none(), _SILENT, left=len(wanted))
        if len(touched) < len(wanted):
            return self._later(request)
        self.checked[wanted[np.array(touched, np.bool_)]] = False
        open_ = wanted[~self.checked[wanted]].tolist()
        if len(open_) > READ_AT_ONCE:
            return self._later(request)
        if not open_:
            return self._finish(request)
        pairs = [(row, self.images[row]) for row in open_]
        found = self._drive.each(ANSWER_SECONDS, read, pairs)
        if len(found) < len(open_):
            return self._later(request)
        return self._finish(request, self.compare(found))

    def _later(self, request: Request) -> Changes:
        count = len(request.rows)
        which = "1 image is" if count == 1 else f"{count:,} images are"
        return Changes(
            none(),
            f"The files are looked at first; then {which} {request.wish.words}.",
            waiting=request.rows,
            then=partial(self._finish, request),
            left=count,
        )

    def _finish(self, request: Request, compared: Changes | None = None) -> Changes:
        """Do it; the rows that are not what the reader saw are put aside, and that is said."""
        self._refuse_final()  # it may have been finished while the files were looked at
        if request.reading is not self.record.reading:
            return Changes(none(), _OTHER_READER, left=len(request.rows))
        listed = request.rows.tolist()
        hashes = [self.sha256[row] for row in listed]
        numbers = self._log.numbers(hashes)
        unread = ~self.checked[request.rows]
        replaced = ~unread & request.replaced([self.images[row] for row in listed], hashes)
        known = ~unread & ~replaced & self._decided_since(request.stood, numbers)
        places = np.flatnonzero(~(unread | replaced | known)).tolist()
        counts = [int(some.sum()) for some in (replaced, known, unread)]
        words, left = _aside(*counts), sum(counts)
        aside = replace(compared or Changes(none(), ""), text=words, left=left)
        if not places:
            return aside
        action = request.action(places, [hashes[place] for place in places])
        self._log.do(action)
        done = self._changes(action)
        rows = np.union1d(done.rows, aside.rows) if len(aside.rows) else done.rows
        return replace(aside, rows=rows, text=f"{done.text}. {words}" if words else done.text)

    def _decided_since(self, stood: np.ndarray, numbers: Rows) -> np.ndarray:
        """Where another decision stands than when the action was asked for; bool (N,)."""
        codes, standings = self._log.codes(numbers), self._log.standings
        out = np.zeros(len(codes), np.bool_)
        for place in np.flatnonzero(codes != stood).tolist():
            before, now = standings[int(stood[place])], standings[int(codes[place])]
            out[place] = before.decision != now.decision
        return out

    def _moved(self, action: Action | None) -> Changes | None:
        return None if action is None else self._changes(action)

    def _changes(self, action: Action) -> Changes:
        rows = self.rows_of(action.images)
        self._show_standings(rows)
        return Changes(rows, action.text + self._unsettled(action))

    def _unsettled(self, action: Action) -> str:
        """What the first reader has to know; the second is not to know what the first has said."""
        record = self.record
        if record.reading is not Reading.FIRST or Reading.ADJUDICATION not in record.readers:
            return ""
        numbers = self._log.numbers(action.images)
        count = int(settling.differences(self._log, numbers).again.sum())
        which = "1 was settled before and is" if count == 1 else f"{count:,} were settled and are"
        return f". {which} to be settled again" if count and action.kind in DECIDING else ""


def _rows(rows: Iterable[int]) -> Rows:
    """As an array, whatever they come in."""
    if isinstance(rows, np.ndarray):
        return np.asarray(rows, np.int64)
    if isinstance(rows, range):
        return np.arange(rows.start, rows.stop, rows.step, dtype=np.int64)
    return np.fromiter((int(row) for row in rows), np.int64)


def _aside(replaced: int, known: int, unread: int) -> str:
    """Why some images were not decided, and what to do."""
    said: list[str] = []
    if replaced:
        which = "1 file has" if replaced == 1 else f"{replaced:,} files have"
        said.append(
            f"{which} changed on the disk since the image was shown and was loaded again:"
            " not decided. Look at it, then decide; Run classifies it anew."
        )
    if known:
        which = "1 image turned" if known == 1 else f"{known:,} images turned"
        said.append(f"{which} out to be decided already: left as now shown.")
    if unread:
        which = "1 file" if unread == 1 else f"{unread:,} files"
        said.append(f"{which} could not be read: not decided. Check the drive, then try again.")
    return " ".join(said)
