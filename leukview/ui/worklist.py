"""The worklist in the window: its slides, which of them are gone, and which patients are folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal

from leukview.domain.errors import OutputError
from leukview.ui.settings import Settings
from leukview.workflows import worklist
from leukview.workflows.worklist import Slide, Slides


class Worklist(QObject):
    """The kept list, changed in one step each time.

    Attributes:
        slides: in order, as they were read or written last.
        missing: paths that were not found when they were looked for last.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.slides: Slides = worklist.read()
        self.missing: set[str] = set()

    @property
    def folded(self) -> frozenset[str]:
        """Patients whose slides are not shown."""
        return frozenset(self._settings.folded)

    def fold(self, patient: str, folded: bool) -> None:
        """Hide or show the slides of a patient; kept for the next start."""
        kept = self.folded | {patient} if folded else self.folded - {patient}
        there = {slide.patient for slide in self.slides}
        self._settings.folded = sorted(kept & there)
        self.changed.emit()

    def find(self, path: str) -> Slide | None:
        """The slide at this path."""
        return next((slide for slide in self.slides if slide.path == path), None)

    def neighbour(self, path: str, step: int) -> Slide | None:
        """The slide before (-1) or after (1) this one in the list."""
        return worklist.neighbour(self.slides, path, step)

    def look(self) -> None:
        """See what another window has changed."""
        before, self.slides = self.slides, worklist.read()
        if self.slides != before:
            self.changed.emit()

    def add(self, slides: Iterable[Slide]) -> None:
        """Put slides on the list; those on it keep what is known of them."""
        new = tuple(slides)
        self._change(lambda there: worklist.added(there, new))

    def remove(self, paths: Iterable[str]) -> None:
        """Take slides off the list; their sessions stay."""
        gone = tuple(paths)
        self._change(lambda there: worklist.without(there, gone))

    def see(self, state: Slide) -> None:
        """What is now true of a slide; nothing happens if it is not on the list."""
        missing = frozenset(self.missing)
        self._change(lambda there: worklist.seen(there, state, missing))

    def miss(self, path: str, missing: bool) -> None:
        """Whether a slide's folder was found; only said where that is news."""
        if missing and path not in self.missing and self.find(path):
            self.missing.add(path)
        elif not missing and path in self.missing:
            self.missing.discard(path)
        else:
            return
        self.changed.emit()

    def _change(self, how: Callable[[Slides], Slides]) -> None:
        before = self.slides
        try:
            self.slides = worklist.change(how)
        except OutputError as error:
            self.failed.emit(f"The worklist was not kept. {error}")
            return
        self.missing &= {slide.path for slide in self.slides}
        if self.slides != before:
            self.changed.emit()
