"""What models suggested and people decided for the images of one folder, as columns of numbers.

The state here is what a replay of the session's events gives.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from leukview.domain.classes import CellClass
from leukview.domain.errors import UsageError
from leukview.domain.progress import CancelToken
from leukview.domain.records import ImageFile, ImageResult
from leukview.session.events import Head
from leukview.session.store import SessionStore
from leukview.workflows.actions import Reading
from leukview.workflows.columns import Changes, Rows, none
from leukview.workflows.deciding import LOOK_AT_ONCE, READ_AT_ONCE
from leukview.workflows.readings import Readings
from leukview.workflows.record import Audit, Mode, draw, population_sha256, rank

__all__ = ["LOOK_AT_ONCE", "READ_AT_ONCE", "Changes", "Review", "Rows"]


class Review(Readings):
    """The columns of one folder, its session, and what can be done.

    Attributes:
        covered: whether it is shown as a blind reading because the wish for one could not be kept.
        read_only: whether another window writes the session, so that nothing can be recorded here.
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
        super().__init__(images, store, reviewer)
        self._mixed: tuple[int, Rows] = (0, none())
        self.covered, self.read_only = False, store.read_only
        self._start(classes)
        self._recall_hashes(cancel)

    def set_classes(self, classes: Sequence[CellClass]) -> Changes:
        """Start anew with another model's classes: suggestions go, decisions stay.

        A decision for a class that the new model does not have keeps its id in the session and in
        the table; its row shows no class index.
        """
        self._start(classes)
        return self._anew("Another model")

    def head(self) -> Head:
        """Number of events in the session's log, and the hash of the last."""
        return self._store.head()

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

    def keep_other(
        self,
        rows: Sequence[int],
        results: Sequence[ImageResult],
        classes: Sequence[CellClass],
    ) -> Changes:
        """Keep what a second model with `classes` said about these rows; `compare_with` shows it.

        No suggestion that is shown and no decision changes, but the bytes of the files are known.
        """
        replaced = [
            row
            for row, result in zip(rows, results, strict=True)
            if result.sha256 and self._identify(row, result.image, result.sha256)
        ]
        self._store.put_results(results, classes)
        return Changes(np.asarray(rows, np.int64), "", replaced=np.array(replaced, np.int64))

    def compare_with(self, model_sha256: str, title: str = "") -> Changes:
        """Put another model's kept suggestions beside those that are shown; "" for none.

        Only what is of the same classes can be compared; the rest stays without.
        """
        self._forget_other()
        if model_sha256 and model_sha256 != self.model_sha256:
            self.other_sha256, self.other_title = model_sha256, title
            for known in self._store.results(model_sha256):
                for row in self._rows.get(known.sha256, ()):
                    self.other[row] = self._index.get(known.suggestion.class_id, -1)
                    self.other_confidence[row] = known.suggestion.confidence
        return Changes(np.arange(self.count, dtype=np.int64), "Two models compared")

    # The record

    @property
    def blind(self) -> bool:
        """Whether this reading is done without the model, or shown so."""
        return self.covered or self.record.mode is Mode.BLIND

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Rows whose suggestion is not to be seen now: all, or the unread ones of the audit."""
        if self.blind:
            return np.ones(self.count, np.bool_)
        out = np.zeros(self.count, np.bool_)
        for images in self._log.hidden_now():
            out[self.rows_of(images)] = True
        return out

    def is_hidden(self, row: int) -> bool:
        """Whether the suggestion of one row is not to be seen now."""
        sha256 = self.sha256[row]
        return self.blind or any(sha256 in images for images in self._log.hidden_now())

    @property
    def mixed(self) -> Rows:
        """All rows in the random order of this reading: of the names alone, so it never changes."""
        seed = self.record.seed
        if self._mixed[0] != seed or len(self._mixed[1]) != self.count:
            names = [image.name for image in self.images]
            order = sorted(range(self.count), key=lambda row: rank(names[row], seed))
            self._mixed = (seed, np.array(order, np.int64))
        return self._mixed[1]

    @property
    def audit_rows(self) -> Rows:
        """Rows of the audit sample in the order of the draw."""
        audit = self.record.audit
        return self.rows_of(audit.images) if audit else none()

    @property
    def confident(self) -> Rows:
        """Rows that an audit sample is drawn from: suggested, confident, nobody has decided."""
        known = np.fromiter((bool(sha) for sha in self.sha256), np.bool_, self.count)
        return np.flatnonzero(self._confident & known)

    @property
    def any_confident(self) -> bool:
        """Whether there is something to draw from; asked for after every decision."""
        return bool(self._confident.any())

    @property
    def _confident(self) -> NDArray[np.bool_]:
        open_ = (self.state == 0) & (self.suggested >= 0) & ~self.needs_review & ~self.disagree
        open_[list(self.errors)] = False
        return np.asarray(open_)

    def cover(self) -> Changes:
        """Show it as a blind reading although that cannot be recorded; no event says so."""
        self.covered = True
        return self._anew("Blind first")

    def set_mode(self, mode: Mode) -> Changes:
        """Assisted, or blind first; the event says how many suggestions had been seen.

        Raises:
            FinalError: the slide is final.
        """
        if mode is not self.record.mode:
            self._refuse_final()
            seed = secrets.randbelow(2**31) + 1 if mode is Mode.BLIND else 0
            self._keep("mode", {"mode": mode.value, "seen": int(self.seen.sum()), "seed": seed})
        self.covered = False
        return self._anew("Blind first" if mode is Mode.BLIND else "Assisted")

    def set_target(self, cells: int) -> Changes:
        """How many cells are to be counted; 0 for no target.

        Raises:
            FinalError: the slide is final.
        """
        self._refuse_final()
        if cells != self.record.target:
            self._keep("target", {"cells": cells})
        return Changes(none(), f"Target: {cells:,} cells" if cells else "No target")

    def begin(self, reading: Reading, reviewer: str) -> Changes:
        """Go on with another reading; the decisions of the others are not shown in it.

        Raises:
            FinalError: the slide is final.
            UsageError: the second reader has the name of the first.
        """
        self._refuse_final()
        self._refuse_other(reading, reviewer)
        self._keep("reading", {"reading": reading.value, "reviewer": reviewer})
        self.reviewer = reviewer
        self.seen[:] = False
        return self._anew(f"{reading.value.capitalize()} reading")

    def rename(self, reviewer: str) -> Changes:
        """Whose name decisions carry from now on.

        Raises:
            UsageError: it is the name of the other reader.
        """
        self._refuse_other(self.record.reading, reviewer)
        self.reviewer = reviewer
        return Changes(none(), "")

    def _refuse_other(self, reading: Reading, reviewer: str) -> None:
        other = {Reading.FIRST: Reading.SECOND, Reading.SECOND: Reading.FIRST}.get(reading)
        names = {self.record.readers.get(other, "")} if other else set()
        if other is Reading.FIRST:
            kinds, _which = self.kinds_of(self.said(other))
            names |= {d.reviewer for d in kinds if d}
        if reviewer.strip().casefold() in {name.strip().casefold() for name in names if name}:
            raise UsageError(
                f"{reviewer} is the other reader of this slide. Nothing was changed."
                " The second reading is another person's: give that person's name."
            )

    def draw_audit(self, size: int, seed: int, threshold: float) -> Changes:
        """Draw the audit sample of this reading, once, from the images that are confident now.

        Raises:
            FinalError: the slide is final.
            UsageError: there is one already, or nothing to draw from.
        """
        self._refuse_final()
        if self.record.audit is not None:
            raise UsageError(
                "The audit sample was drawn already and stays as it is: a second draw would let"
                " the better one be chosen. Nothing was changed. Read the one there is."
            )
        rows = self.confident
        if self.blind or not len(rows) or size < 1:
            raise UsageError(
                "There is no confident image without a decision to draw from. Nothing was drawn."
                " Run the model first, in an assisted reading."
            )
        population = [self.sha256[row] for row in rows.tolist()]
        first = dict(zip(reversed(population), reversed(rows.tolist()), strict=True))
        images = draw(population, size, seed)
        drawn = [first[sha] for sha in images]
        audit = Audit(
            size=size,
            seed=seed,
            population=len(first),
            population_sha256=population_sha256(population),
            images=images,
            others=tuple(sorted(set(population) - set(images))),
            suggestions=tuple(self._suggestion_ids(drawn)),
            model=self.model_sha256,
            threshold=threshold,
            reviewer=self.reviewer,
            seen=int(self.seen[drawn].sum()),
        )
        self._keep("audit", msgspec.to_builtins(audit))
        words = f"{len(images):,} of {len(first):,} confident images drawn"
        return Changes(self.audit_rows, words)

    def finish(self, comment: str = "") -> Changes:
        """Make the slide final, or final again after it was amended."""
        self._refuse_final()
        if self.record.reading is Reading.SECOND:
            raise UsageError(
                "The second reading goes on, and a slide is not finished from it. Nothing was"
                " changed. Settle the differences, or go back to the first reading; then finish."
            )
        self._keep("finish", {"comment": comment, "reviewer": self.reviewer})
        return Changes(none(), "The slide is final")

    def amend(self, reason: str) -> Changes:
        """Open a final slide for changes.

        Raises:
            UsageError: no reason is given, or it is not final.
        """
        if self.record.open or not reason.strip():
            raise UsageError(
                "Only a final slide can be amended, and only with a reason. Nothing was changed."
            )
        self._keep("amend", {"reason": reason.strip(), "reviewer": self.reviewer})
        return Changes(none(), f"Amended: {reason.strip()}")

    # Inside

    def _keep(self, kind: str, payload: dict[str, object]) -> None:
        """Append an event of the record, with the reading that it belongs to."""
        whole = {"reading": self.record.reading.value, "reviewer": self.reviewer, **payload}
        self._log.keep(kind, whole)

    def _anew(self, words: str) -> Changes:
        """Everything looks different now."""
        everything = np.arange(self.count, dtype=np.int64)
        self._show_standings(everything)
        return Changes(everything, words)
