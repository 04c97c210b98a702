"""The history of the current image: read from the log in a worker, said in words, shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer

from leukview.domain.progress import CancelToken
from leukview.ui.controller import Controller
from leukview.ui.dialogs.history_dialog import HistoryDialog
from leukview.ui.widgets.inspector import BLIND, HIDDEN
from leukview.ui.widgets.review_page import TITLES, ReviewPage
from leukview.workflows.actions import Reading
from leukview.workflows.image_history import Step, history
from leukview.workflows.opened import Opened

_QUEUES = {tab.value: words for tab, words in TITLES.items()}
_EMPTY = "Nothing was done with this image yet."
_ALL = "Everything that was done with this image, oldest first."
_KINDS = {
    "unsure": "Marked as unsure",
    "exclude": "Excluded",
    "clear": "Decision cleared",
    "flag": "Flagged",
    "unflag": "No longer flagged",
}
_READERS = {
    Reading.FIRST: "",
    Reading.SECOND: "second reader",
    Reading.ADJUDICATION: "settling differences",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which image, and what may be seen of it when it is asked for."""

    row: int
    sha256: str
    reading: Reading
    hidden: bool

    def holds(self, page: ReviewPage) -> bool:
        """Whether that is so still: a blind reading may have begun, or another folder be open."""
        review, row = page.review, self.row
        if review is None or page.current_row != row or review.sha256[row] != self.sha256:
            return False
        return review.record.reading is self.reading and review.is_hidden(row) == self.hidden


def _read(folder: Opened, asked: _Asked, _cancel: CancelToken) -> Iterator[object]:
    """In the worker. Of a file that was not read yet nothing can have been said."""
    events = folder.store.events() if asked.sha256 else ()
    steps = history(events, asked.sha256, reading=asked.reading, hidden=asked.hidden)
    yield steps, {one.sha256: one.model_id for one in folder.store.models()}


class ImageHistory(QObject):
    """Opens the dialog when the log was read; nothing where the image is another by then."""

    def __init__(self, page: ReviewPage, controller: Controller) -> None:
        super().__init__(page)
        self._page, self._controller = page, controller

    def open(self) -> None:
        """Show what the log says of the current image."""
        review, row = self._page.review, self._page.current_row
        if review is None or row < 0 or self._controller.folder is None:
            return
        folder, reading = self._controller.folder, review.record.reading
        asked = _Asked(row, review.sha256[row], reading, hidden=review.is_hidden(row))
        self._controller.background(partial(_read, folder, asked), partial(self._take, asked))

    def _take(self, asked: _Asked, found: object) -> None:
        """Show it, unless another image is current by now, or less may be seen of this one."""
        review = self._page.review
        if review is None or not isinstance(found, tuple) or not asked.holds(self._page):
            return
        steps, models = found
        names = {one.id: one.name for one in review.classes}
        lines = [in_words(step, names, models) for step in steps]
        # Not from inside what the worker calls: the dialog has a loop of its own.
        QTimer.singleShot(0, self, partial(self._show, asked, lines))

    def _show(self, asked: _Asked, lines: list[str]) -> None:
        review, place = self._page.review, self._page.model.place(asked.row)
        if review is None or not asked.holds(self._page):
            return
        sentence = _ALL if lines else _EMPTY
        if asked.hidden:
            sentence = f"{sentence} {BLIND if review.blind else HIDDEN}"
        title = f"History of image {place + 1:,}"
        dialog = HistoryDialog(title, sentence, lines, self._page.window())
        dialog.exec()
        dialog.deleteLater()


def in_words(step: Step, names: Mapping[str, str], models: Mapping[str, str]) -> str:
    """What was done, and under it when, by whom, in which queue and with which suggestion.

    Args:
        step: to say.
        names: of classes, by id.
        models: their ids, by the hash of the file.
    """
    queue = _QUEUES.get(step.queue, step.queue)
    said = [step.at.replace("T", " ").replace("Z", " UTC"), step.reviewer, _READERS[step.reading]]
    said += [f"queue {queue}" if queue else ""]
    if step.suggestion:
        model = models.get(step.model, "")
        whose = f" by {model} {step.model[:8]}" if step.model else ""
        seen = "seen" if step.seen else "not seen"
        said.append(f"suggested {names.get(step.suggestion, step.suggestion)}{whose}, {seen}")
    return f"{step.seq:,}. {_done(step, names)}\n{' · '.join(filter(None, said))}"


def _done(step: Step, names: Mapping[str, str]) -> str:
    called = names.get(step.class_id, step.class_id)
    kind = step.undone or step.kind
    if kind == "decide":
        words = f"Decided {called}"
    elif kind == "agree":
        words = f"Agreed: {called}"
    elif kind == "adopt":
        words = f"Taken from a table: {called}"
    elif kind == "comment":
        words = f"Comment: {step.words}" if step.words else "Comment taken away"
    else:
        words = _KINDS.get(kind, kind)
    if step.words and kind != "comment":
        words += f": {step.words}" if kind == "exclude" else f" ({step.words})"
    if step.undone:
        return f"{'Undone' if step.kind == 'undo' else 'Done again'}: {words}"
    return words
