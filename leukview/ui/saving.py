"""What the session's writer tells, said in the GUI thread: all is saved, or the disk refuses."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from leukview.ui import messages
from leukview.workflows.opened import Opened


class Saving(QObject):
    """Listens to the session of the open folder."""

    saved = Signal(str)
    failed = Signal(str)
    _stored = Signal(int, str)
    _refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder: Opened | None = None
        self._stored.connect(self._on_stored)
        self._refused.connect(self._on_refused)

    @property
    def refused(self) -> bool:
        """The disk refused something and was not asked again since."""
        return self._folder is not None and self._folder.store.failure is not None

    def listen(self, folder: Opened) -> None:
        """Hear the writer of this folder's session."""
        self._folder = folder
        folder.store.on_saved = self._stored.emit
        folder.store.on_failed = lambda error: self._refused.emit(str(error))

    def leave(self) -> None:
        """Hear nothing more of it."""
        if self._folder is not None:
            self._folder.store.on_saved = self._folder.store.on_failed = None
        self._folder = None

    def retry(self) -> None:
        """Write again what the disk refused."""
        if self._folder is not None:
            self._folder.store.retry()

    @Slot(int, str)
    def _on_stored(self, _number: int, at: str) -> None:
        # Not the last word of a folder that was left, and not while more is on its way.
        if self._folder is not None and not self.refused and not self._folder.store.unsaved:
            self.saved.emit(f"All changes saved {messages.clock(at)}")

    @Slot(str)
    def _on_refused(self, words: str) -> None:
        if self._folder is not None:
            self.failed.emit(words)
