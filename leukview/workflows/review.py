"""What models suggested and people decided for the images of one folder, as columns of numbers.

An action of a person is one event in the session, however many images it covers; undo and redo are
events too, so nothing is ever erased. The state here is what a replay of the events gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from leukview.domain.classes import CellClass
from leukview.domain.progress import CancelToken
from leukview.domain.records import (
    Decision,
    ImageFile,
    ImageResult,
)
from leukview.imaging.drive import ANSWER_SECONDS, Drive
from leukview.session.store import SessionStore
from leukview.workflows import identity
from leukview.workflows.action_log import Action, ActionLog
from leukview.workflows.columns import Changes, Columns, Rows, none
from leukview.workflows.identity import Reread
from leukview.workflows.request import Request

__all__ = ["LOOK_AT_ONCE", "READ_AT_ONCE", "Changes", "Review", "Rows"]

# A decision about a renamed file shows at once; more files would delay the start by seconds.
_READ_ON_OPENING = 256
# More files than this are not looked at, or read, while somebody waits for a key to answer: on a
# network drive one look takes 0.5 ms.
LOOK_AT_ONCE, READ_AT_ONCE = 512, 64
_SILENT = "The drive does not answer. Nothing was decided. Check it, then try again."


class Review(Columns):
    """The columns of one folder, its session, and what can be done.

    Attributes:
        reviewer: name that new decisions carry; asserted, not authenticated.
    """

    def __init__(
        self,
        images: Sequence[ImageFile],
        classes: Sequence[CellClass],
        store: SessionStore,
        *,
        reviewer: str,
        cancel: CancelToken | None = None,
    ) -> None:
        """Recall what the session knows; `cancel` ends the reading that this may need."""
        super().__init__(images)
        self.reviewer = reviewer
        self._store = store
        self._log = ActionLog(store)
        self._rows: dict[str, list[int]] = {}
        self._unreachable: set[int] = set()
        self._drive = Drive()
        self._start(classes)
        self._recall_hashes(cancel)

    def set_classes(self, classes: Sequence[CellClass]) -> Changes:
        """Start anew with another model's classes: suggestions go, decisions stay.

        A decision for a class that the new model does not have keeps its id in the session and in
        the table; its row shows no class index.
        """
        self._start(classes)
        everything = np.arange(self.count, dtype=np.int64)
        self._show(everything, self._log.decisions)
        return Changes(everything, "Another model")

    # Suggestions

    def add_results(self, rows: Sequence[int], results: Sequence[ImageResult]) -> Changes:
        """Take what a model said about these rows, and keep it in the session."""
        replaced: list[int] = []
        for row, result in zip(rows, results, strict=True):
            if result.true_class:
                self.true_class[row] = self._index.get(result.true_class, -1)
            if result.sha256 and self._identify(row, result.image, result.sha256):
                replaced.append(row)
            if result.suggestion is None:
                self.errors[row] = result.error
            else:
                self.errors.pop(row, None)
                self._suggest(row, result.suggestion, result.notes, result.model.device)
        self._store.put_results(results, self.classes)
        text = f"{len(results)} images classified"
        return Changes(np.asarray(rows, np.int64), text, replaced=np.array(replaced, np.int64))

    def load_stored(self, model_sha256: str) -> Changes:
        """Take what this very model said earlier about images whose bytes are the same."""
        self.model_sha256 = model_sha256
        taken: list[int] = []
        for known in self._store.results(model_sha256):
            for row in self._rows.get(known.sha256, ()):
                self._suggest(row, known.suggestion, known.notes, known.device)
                taken.append(row)
        return Changes(np.array(sorted(taken), np.int64), "Earlier suggestions")

    # Decisions

    def decide(self, rows: Iterable[int], class_id: str, *, queue: str = "all") -> Changes:
        """Decide for a class; it counts as agreed where it is what was suggested."""
        name = next((c.name for c in self.classes if c.id == class_id), class_id)
        return self._act("decide", rows, f"decided as {name}", queue, class_id=class_id)

    def agree(self, rows: Iterable[int], *, queue: str = "all") -> Changes:
        """Decide for what was suggested, where something was."""
        with_one = [row for row in rows if self.suggested[row] >= 0]
        return self._act("agree", with_one, "agreed", queue)

    def unsure(self, rows: Iterable[int], *, queue: str = "all") -> Changes:
        """Put aside for a second look."""
        return self._act("unsure", rows, "marked as unsure", queue)

    def exclude(self, rows: Iterable[int], reason: str, *, queue: str = "all") -> Changes:
        """Leave out of every count, with a reason."""
        return self._act("exclude", rows, f"excluded: {reason}", queue, reason=reason)

    def clear(self, rows: Iterable[int], *, queue: str = "all") -> Changes:
        """Take decisions back."""
        some = [row for row in rows if self.state[row]]
        return self._act("clear", some, "cleared", queue)

    def undo(self) -> Changes | None:
        """Take the last action back by a new event; None when there is none."""
        return self._moved(self._log.undo())

    def redo(self) -> Changes | None:
        """Do again what was undone last; None when there is none."""
        return self._moved(self._log.redo())

    @property
    def undo_text(self) -> str | None:
        return self._log.undo_text

    @property
    def redo_text(self) -> str | None:
        return self._log.redo_text

    def decision(self, row: int) -> Decision | None:
        """What stands for a row now."""
        return self._log.decisions.get(self.sha256[row])

    # Which bytes the rows stand for

    def to_read(self) -> tuple[Rows, Rows]:
        """Rows whose files have to be read: for what may be known of them, and to be certain.

        The first have no hash yet; there are none while the session knows nothing that could be
        found by one. The second have a hash that was recalled.
        """
        open_ = np.flatnonzero(~self.checked)
        known = self._remembers or bool(self._log.decisions)
        new = [r for r in open_.tolist() if not self.sha256[r] and r not in self.errors]
        old = [r for r in open_.tolist() if self.sha256[r] and r not in self._unreachable]
        return np.array(new if known else [], np.int64), np.array(old, np.int64)

    def compare(self, found: Sequence[Reread]) -> Changes:
        """Take what reading has shown: only the bytes decide what stands in a row.

        Where they are others than was recalled, the suggestion and the decision about the former
        bytes are not shown any more; the session keeps both.
        """
        replaced: list[int] = []
        changed: set[int] = set()
        fresh: list[tuple[ImageFile, str]] = []
        for one in found:
            row = one.row
            if not one.sha256:
                if not self.checked[row]:
                    self._unread(row, one.error)
                    changed.add(row)
                continue
            if not self.checked[row]:
                if (one.image, one.sha256) != (self.images[row], self.sha256[row]):
                    fresh.append((one.image, one.sha256))
                    changed.add(row)
                if self._identify(row, one.image, one.sha256):
                    replaced.append(row)
            said = one.said if one.model_sha256 == self.model_sha256 else None
            if said and self.suggested[row] < 0 and self.sha256[row] == one.sha256:
                self._suggest(row, said.suggestion, said.notes, said.device)
                changed.add(row)
        self._store.put_images(fresh)
        rows = np.array(sorted(changed), np.int64)
        return Changes(rows, "", replaced=np.array(replaced, np.int64))

    # Inside

    def _act(
        self,
        kind: str,
        rows: Iterable[int],
        words: str,
        queue: str,
        *,
        class_id: str = "",
        reason: str = "",
    ) -> Changes:
        some = tuple(int(row) for row in rows)
        request = Request(
            kind=kind,
            class_id=class_id,
            reason=reason,
            reviewer=self.reviewer,
            queue=queue,
            words=words,
            rows=some,
            images=tuple(self.images[row] for row in some),
            sha256=tuple(self.sha256[row] for row in some),
            suggestions=tuple(self._suggestion_ids(some)),
            seen=tuple(self.seen[list(some)].tolist()),
            stood=tuple(self.decision(row) for row in some),
        )
        return self._look(request) if some else Changes(none(), "")

    def _look(self, request: Request) -> Changes:
        """Do what was asked for with the rows that still are what the reader saw.

        A decision is about bytes: files that have changed since they were read, and files that
        were not read yet, are read before anything is said about them. Nobody waits for more than
        some of them, or for a slow drive: the rest is done later.
        """
        wanted = np.array(request.rows, np.int64)
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
        found = self._drive.each(ANSWER_SECONDS, _read, pairs)
        if len(found) < len(open_):
            return self._later(request)
        return self._finish(request, self.compare(found))

    def _later(self, request: Request) -> Changes:
        count = len(request.rows)
        which = "1 image is" if count == 1 else f"{count:,} images are"
        return Changes(
            none(),
            f"The files are looked at first; then {which} {request.words}.",
            waiting=np.array(request.rows, np.int64),
            then=partial(self._finish, request),
            left=count,
        )

    def _finish(self, request: Request, compared: Changes | None = None) -> Changes:
        """Do it; the rows that are not what the reader saw are put aside, and that is said."""
        places: list[int] = []
        replaced = known = unread = 0
        for place, row in enumerate(request.rows):
            if not self.checked[row]:
                unread += 1
            elif request.replaced(place, self.images[row], self.sha256[row]):
                replaced += 1
            elif self.decision(row) != request.stood[place]:
                known += 1
            else:
                places.append(place)
        words, left = _aside(replaced, known, unread), replaced + known + unread
        aside = replace(compared or Changes(none(), ""), text=words, left=left)
        if not places:
            return aside
        action = request.action(places, [self.sha256[request.rows[n]] for n in places])
        self._log.do(action)
        done = self._changes(action.images, action.text)
        rows = np.union1d(done.rows, aside.rows)
        return replace(aside, rows=rows, text=f"{done.text}. {words}" if words else done.text)

    def _moved(self, action: Action | None) -> Changes | None:
        return None if action is None else self._changes(action.images, action.text)

    def _changes(self, images: Iterable[str], text: str) -> Changes:
        rows = np.array([row for sha in images for row in self._rows.get(sha, ())], np.int64)
        self._show(rows, self._log.decisions)
        return Changes(rows, text)

    def _unread(self, row: int, error: str) -> None:
        """A file that cannot be read: what was recalled of it stands, but is not certain."""
        if self.sha256[row]:
            self._unreachable.add(row)
        else:
            self.errors[row] = error

    def _identify(self, row: int, image: ImageFile, sha256: str) -> bool:
        """A row's bytes were read; returns whether others may have been shown until now."""
        before, touched = self.sha256[row], image != self.images[row]
        self.images[row] = image
        self.checked[row] = True
        self._unreachable.discard(row)
        if before == sha256:
            return False
        if before:
            self._unsay(row)
        self._know(row, sha256)
        return bool(before) or touched

    def _know(self, row: int, sha256: str) -> None:
        """Remember a row's hash and show the decision about it."""
        before = self._rows.get(self.sha256[row], [])
        if row in before:
            before.remove(row)
        self.sha256[row] = sha256
        self._rows.setdefault(sha256, []).append(row)
        self._show(np.array([row], np.int64), self._log.decisions)

    def _recall_hashes(self, cancel: CancelToken | None) -> None:
        """Hashes as the session knows them; some files are read, if a decision may wait for it.

        Only as far as they come at once: what is left is read in the background.
        """
        known = list(self._store.known_images())
        self._remembers = bool(known)
        for row, sha256 in enumerate(identity.recall(known, self.images)):
            if sha256:
                self.sha256[row] = sha256
                self._rows.setdefault(sha256, []).append(row)
        if self._log.decisions:
            unread = [row for row, sha256 in enumerate(self.sha256) if not sha256]
            pairs = [(row, self.images[row]) for row in unread[:_READ_ON_OPENING]]
            self.compare(self._drive.each(ANSWER_SECONDS, _read, pairs, cancel))
        self._show(np.arange(self.count, dtype=np.int64), self._log.decisions)


def _read(pair: tuple[int, ImageFile]) -> Reread:
    return identity.read_again(*pair)


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
