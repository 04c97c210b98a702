"""Folders opened before and slides of the worklist: what is known of them, and what is gone."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from leukview.imaging.drive import Drive
from leukview.ui.jobs import Job, JobRunner
from leukview.ui.models import summary
from leukview.ui.settings import Recent, Settings
from leukview.ui.worklist import Worklist
from leukview.workflows.opened import Opened
from leukview.workflows.recent import look_for
from leukview.workflows.record import State
from leukview.workflows.worklist import Slide


def slide_of(folder: Opened, count: summary.Counts) -> Slide:
    """What is true of an open folder, as a line of the worklist."""
    record = folder.review.record
    return Slide(
        path=str(folder.folder),
        name=folder.folder.name,
        images=count.images,
        suggested=count.suggested,
        decided=count.decided,
        to_review=count.review - count.reviewed,
        # What is amended and open for changes is no more finished than a draft.
        record=State.DRAFT.value if record.open else record.state.value,
        session=folder.store.path.stem,
    )


class Recents(QObject):
    """The list in the settings, compared with the drives in the background.

    Folders that were found again under another path are taken off.

    Attributes:
        missing: paths that were not found when they were looked for last.
        worklist: the slides.
    """

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._runner = JobRunner(self)
        self._job: Job | None = None
        self.worklist = Worklist(settings, self)
        self.missing: set[str] = set()
        self._found: set[str] = set()
        self._drives: dict[Path, Drive] = {}

    @property
    def entries(self) -> list[Recent]:
        """Newest first."""
        return self._settings.recent

    def look(self) -> None:
        """See which folders are there; `changed` says when that is others than before."""
        if self._job is not None:
            self._job.dismiss()
        self._found.clear()  # what was there the last time may be gone
        paths = [Path(entry.path) for entry in self.entries]
        drives = {path: self._drives.get(path) or Drive() for path in paths}
        # Slides lie side by side: one thread for all that a dead drive may hold.
        beside: dict[Path, Drive] = {path.parent: drive for path, drive in self._drives.items()}
        for slide in map(Path, (one.path for one in self.worklist.slides)):
            drives.setdefault(slide, beside.setdefault(slide.parent, Drive()))
        self._drives = drives
        self._job = self._runner.start(lambda cancel: look_for(drives, cancel), on_step=self._step)

    def remember(self, folder: Opened) -> None:
        """Put an open folder first, with what is done in it."""
        slide = slide_of(folder, summary.counts(folder.review))
        self._settings.remember(
            Recent(slide.path, slide.images, slide.decided, slide.to_review, slide.session)
        )
        self.worklist.see(slide)

    def forget(self, path: str) -> None:
        """Take a folder off the list; its session stays."""
        self._settings.forget(path)
        self.missing.discard(path)
        self.changed.emit()

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; False if it would not end in time."""
        return self._runner.shut_down(timeout_ms)

    def _step(self, step: object) -> None:
        if not isinstance(step, tuple):
            return
        path, before = str(step[0]), set(self.missing)
        self.worklist.miss(path, bool(step[1]))
        if not step[1]:
            self.missing.discard(path)
            self._found.add(path)
        elif any(entry.path == path for entry in self.entries):  # it may be off the list by now
            self.missing.add(path)
            self._found.discard(path)
        moved = self._moved()
        for one in moved:
            self._settings.forget(one)
            self.missing.discard(one)
        if moved or self.missing != before:
            self.changed.emit()

    def _moved(self) -> list[str]:
        """Missing folders whose session belongs to a folder that is there."""
        there = {one.session for one in self.entries if one.path in self._found} - {""}
        gone = [one for one in self.entries if one.path in self.missing]
        return [one.path for one in gone if one.session in there]
