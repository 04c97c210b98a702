"""What models suggested and people decided for the images of one folder, as columns of numbers.

An action of a person is one event in the session, however many images it covers; undo and redo are
events too, so nothing is ever erased. The state here is what a replay of the events gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.classes import CellClass
from leukview.domain.errors import ImageError
from leukview.domain.records import (
    Decision,
    DecisionState,
    ImageFile,
    ImageResult,
    ModelIdentity,
    Suggestion,
)
from leukview.domain.table import Row, decided, row_of
from leukview.imaging.decode import sha256_of
from leukview.session.store import SessionStore
from leukview.workflows.action_log import Action, ActionLog

Rows = NDArray[np.int64]
# A decision about a renamed file shows at once; more files would delay the start by seconds.
_READ_ON_OPENING = 256
_PLACE = {state: place for place, state in enumerate(DecisionState)}


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows whose state changed, and what happened in words."""

    rows: Rows
    text: str


class Review:
    """The images of one folder with suggestions and decisions. N images, C classes.

    Attributes:
        images: in the order of the scan.
        classes: of the model in use.
        reviewer: name that new decisions carry; asserted, not authenticated.
        suggested, decided, true_class: class index (N,) int16, -1 for none.
        confidence, unfamiliarity: float32 (N,), nan for none.
        probabilities: float32 (N, C), nan for none.
        unfamiliar, needs_review: bool (N,).
        state: int8 (N,), index into `tuple(DecisionState)`.
        errors, notes, reasons: by row, where there is one.
        sha256: by row, "" until the file was read.
    """

    def __init__(
        self,
        images: Sequence[ImageFile],
        classes: Sequence[CellClass],
        store: SessionStore,
        *,
        reviewer: str,
    ) -> None:
        self.images = tuple(images)
        self.count = len(self.images)
        self.reviewer = reviewer
        self.sha256 = [""] * self.count
        self._store = store
        self._log = ActionLog(store)
        self._rows: dict[str, list[int]] = {}
        self.state = np.zeros(self.count, np.int8)
        self.decided = np.full(self.count, -1, np.int16)
        self.reasons: dict[int, str] = {}
        self.errors: dict[int, str] = {}
        self._devices: dict[int, str] = {}
        self.set_classes(classes)
        self._recall_hashes()

    def set_classes(self, classes: Sequence[CellClass]) -> Changes:
        """Start anew with another model's classes: suggestions go, decisions stay.

        A decision for a class that the new model does not have keeps its id in the session and in
        the table; its row shows no class index.
        """
        self.classes = tuple(classes)
        self._index = {c.id: i for i, c in enumerate(self.classes)}
        n = self.count
        self.suggested = np.full(n, -1, np.int16)
        self.true_class = np.full(n, -1, np.int16)
        self.confidence = np.full(n, np.nan, np.float32)
        self.unfamiliarity = np.full(n, np.nan, np.float32)
        self.probabilities = np.full((n, len(self.classes)), np.nan, np.float32)
        self.unfamiliar = np.zeros(n, np.bool_)
        self.needs_review = np.zeros(n, np.bool_)
        self.errors.clear()
        self.notes: dict[int, tuple[str, ...]] = {}
        everything = np.arange(n, dtype=np.int64)
        self._show(everything)
        return Changes(everything, "Another model")

    # Suggestions

    def pending(self) -> Rows:
        """Rows without a suggestion and without an error."""
        waiting = self.suggested < 0
        waiting[list(self.errors)] = False
        return np.flatnonzero(waiting)

    def add_results(self, rows: Sequence[int], results: Sequence[ImageResult]) -> Changes:
        """Take what a model said about these rows, and keep it in the session."""
        touched: list[int] = []
        for row, result in zip(rows, results, strict=True):
            if result.true_class:
                self.true_class[row] = self._index.get(result.true_class, -1)
            touched += self._know(row, result.sha256)
            if result.suggestion is None:
                self.errors[row] = result.error
            else:
                self.errors.pop(row, None)
                self._suggest(row, result.suggestion, result.notes, result.model.device)
        self._store.put_results(results, self.classes)
        changed = np.union1d(np.asarray(rows, np.int64), np.asarray(touched, np.int64))
        return Changes(changed, f"{len(results)} images classified")

    def load_stored(self, model_sha256: str) -> Changes:
        """Take what this very model said earlier about images whose bytes are the same."""
        taken: list[int] = []
        for known in self._store.results(model_sha256):
            for row in self._rows.get(known.sha256, ()):
                self._suggest(row, known.suggestion, known.notes, known.device)
                taken.append(row)
        return Changes(np.array(sorted(taken), np.int64), "Earlier suggestions")

    def set_truth(self, class_ids: Iterable[str]) -> None:
        """The class that folder names stand for, one id (or "") per image, in order."""
        self.true_class[:] = [self._index.get(name, -1) for name in class_ids]

    # Decisions

    def decide(
        self, rows: Iterable[int], class_id: str, *, queue: str = "all", seen: bool = True
    ) -> Changes:
        """Decide for a class; it counts as agreed where it is what was suggested."""
        name = next((c.name for c in self.classes if c.id == class_id), class_id)
        return self._act("decide", rows, f"decided as {name}", queue, seen, class_id=class_id)

    def agree(self, rows: Iterable[int], *, queue: str = "all", seen: bool = True) -> Changes:
        """Decide for what was suggested, where something was."""
        with_one = [row for row in rows if self.suggested[row] >= 0]
        return self._act("agree", with_one, "agreed", queue, seen)

    def unsure(self, rows: Iterable[int], *, queue: str = "all", seen: bool = True) -> Changes:
        """Put aside for a second look."""
        return self._act("unsure", rows, "marked as unsure", queue, seen)

    def exclude(
        self, rows: Iterable[int], reason: str, *, queue: str = "all", seen: bool = True
    ) -> Changes:
        """Leave out of every count, with a reason."""
        return self._act("exclude", rows, f"excluded: {reason}", queue, seen, reason=reason)

    def clear(self, rows: Iterable[int], *, queue: str = "all", seen: bool = True) -> Changes:
        """Take decisions back."""
        some = [row for row in rows if self.state[row]]
        return self._act("clear", some, "cleared", queue, seen)

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

    # The table

    def rows_table(self, identity: ModelIdentity, app_version: str) -> list[Row]:
        """One table row per image, in order.

        Files that no run has read yet are hashed first if anything was decided: their decisions
        are known by their bytes only.
        """
        if self._log.decisions:
            for row in range(self.count):
                if row not in self.errors:
                    self._hash(row)
        ids = [c.id for c in self.classes]
        return [
            decided(
                row_of(self._result(row, identity), ids, app_version=app_version)
                if self.suggested[row] >= 0 or row in self.errors
                else self._waiting_row(row, identity, app_version),
                self.decision(row),
            )
            for row in range(self.count)
        ]

    def _result(self, row: int, identity: ModelIdentity) -> ImageResult:
        truth = int(self.true_class[row])
        said = None
        if row not in self.errors:
            said = Suggestion(
                class_id=self.classes[int(self.suggested[row])].id,
                confidence=float(self.confidence[row]),
                probabilities=tuple(float(p) for p in self.probabilities[row]),
                unfamiliarity=float(self.unfamiliarity[row]),
                unfamiliar=bool(self.unfamiliar[row]),
                needs_review=bool(self.needs_review[row]),
            )
        device = self._devices.get(row, identity.device)
        return ImageResult(
            image=self.images[row],
            sha256=self.sha256[row],
            suggestion=said,
            error=self.errors.get(row, ""),
            notes=self.notes.get(row, ()),
            true_class=self.classes[truth].id if truth >= 0 else "",
            model=ModelIdentity(model_id=identity.model_id, sha256=identity.sha256, device=device),
        )

    def _waiting_row(self, row: int, identity: ModelIdentity, app_version: str) -> Row:
        return Row(
            image=self.images[row].name,
            folder=self.images[row].folder,
            sha256=self.sha256[row],
            probabilities={},
            note="not classified yet",
            model=identity.model_id,
            model_sha256=identity.sha256,
            app_version=app_version,
        )

    # Inside

    def _act(
        self,
        kind: str,
        rows: Iterable[int],
        words: str,
        queue: str,
        seen: bool,
        *,
        class_id: str = "",
        reason: str = "",
    ) -> Changes:
        wanted = [int(row) for row in rows]
        known = self.sha256
        hashes = {sha: row for row in reversed(wanted) if (sha := known[row] or self._hash(row))}
        if not hashes:
            return Changes(np.array([], np.int64), "")
        images = list(hashes)[::-1]
        count = len(wanted)
        action = Action(
            kind=kind,
            images=tuple(images),
            suggestions=tuple(self._suggestion_ids([hashes[sha] for sha in images])),
            class_id=class_id,
            reason=reason,
            reviewer=self.reviewer,
            queue=queue,
            seen=seen,
            text=f"{count:,} image{'' if count == 1 else 's'} {words}",
        )
        self._log.do(action)
        return self._changes(images, action.text)

    def _moved(self, action: Action | None) -> Changes | None:
        return None if action is None else self._changes(action.images, action.text)

    def _changes(self, images: Iterable[str], text: str) -> Changes:
        rows = np.array([row for sha in images for row in self._rows.get(sha, ())], np.int64)
        self._show(rows)
        return Changes(rows, text)

    def _show(self, rows: Rows) -> None:
        """Bring the columns of these rows up to the log."""
        decisions, sha256, index = self._log.decisions, self.sha256, self._index
        states: list[int] = []
        classes: list[int] = []
        for row in rows.tolist():
            found = decisions.get(sha256[row])
            states.append(_PLACE[found.state] if found else 0)
            classes.append(index.get(found.class_id, -1) if found else -1)
            if found and found.reason:
                self.reasons[row] = found.reason
            elif self.reasons:
                self.reasons.pop(row, None)
        self.state[rows] = states
        self.decided[rows] = classes

    def _suggestion_ids(self, rows: Sequence[int]) -> list[str]:
        ids = [*(c.id for c in self.classes), ""]  # -1, no suggestion, is the last
        return [ids[place] for place in self.suggested[np.asarray(rows, np.int64)].tolist()]

    def _suggest(self, row: int, said: Suggestion, notes: tuple[str, ...], device: str) -> None:
        place = self._index.get(said.class_id, -1)
        if place < 0 or len(said.probabilities) != len(self.classes):
            return
        self.suggested[row] = place
        self.confidence[row] = said.confidence
        self.probabilities[row] = said.probabilities
        self.unfamiliarity[row] = said.unfamiliarity
        self.unfamiliar[row] = said.unfamiliar
        self.needs_review[row] = said.needs_review
        self._devices[row] = device
        if notes:
            self.notes[row] = notes

    def _hash(self, row: int) -> str:
        """Hash of a row's file; read now if no run has read it yet, "" if it cannot be read."""
        if not self.sha256[row]:
            try:
                self._know(row, sha256_of(self.images[row].path))
            except (ImageError, OSError) as error:
                self.errors[row] = str(error)
        return self.sha256[row]

    def _know(self, row: int, sha256: str, *, show: bool = True) -> list[int]:
        """Remember a row's hash; returns the rows that share its decision."""
        if not sha256 or self.sha256[row] == sha256:
            return []
        before = self._rows.get(self.sha256[row], [])
        if row in before:
            before.remove(row)
        self.sha256[row] = sha256
        self._rows.setdefault(sha256, []).append(row)
        if show:
            self._show(np.array([row], np.int64))
        return self._rows[sha256]

    def _recall_hashes(self) -> None:
        """Hashes of files unchanged since they were read; of some others if a decision may wait.

        The opened folder may have another name than then; the names inside it count, unless they
        stand for different bytes in two folders of one session.
        """
        exact: dict[tuple[str, str, int, int], str] = {}
        inside: dict[tuple[str, int, int], str] = {}
        for k in self._store.known_images():
            file = (k.name, k.bytes, k.modified_ns)
            exact[k.folder, *file] = k.sha256
            inside[file] = k.sha256 if inside.get(file, k.sha256) == k.sha256 else ""
        unread = _READ_ON_OPENING if self._log.decisions else 0
        for row, image in enumerate(self.images):
            file = (image.name, image.bytes, image.modified_ns)
            sha256 = exact.get((image.folder, *file)) or inside.get(file, "")
            if sha256:
                self._know(row, sha256, show=False)
            elif unread:
                unread -= 1
                self._hash(row)
        self._show(np.arange(self.count, dtype=np.int64))
