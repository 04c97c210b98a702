"""A second model on the same slide: runs it apart, and shows where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from leukview.domain.progress import CancelToken
from leukview.inference.model_file import ModelFile
from leukview.ui import messages
from leukview.ui.controller import Controller
from leukview.ui.jobs import Job, JobRunner
from leukview.ui.models.queue import Tab
from leukview.workflows import second_model
from leukview.workflows.second_model import Heard, Second

if TYPE_CHECKING:
    from leukview.ui.main_window import MainWindow


class SecondModel(QObject):
    """At most one, for the slide that is open. It never changes a suggestion or a decision."""

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        self._runner = JobRunner(self)
        self._job: Job | None = None
        self._model: ModelFile | None = None
        window.actions_.bind("compare", self.ask)
        window.actions_.bind("compare_none", self.stop)
        controller.leaving.connect(self._leave)
        controller.model_changed.connect(self._recall)
        controller.stage_changed.connect(self.enable)
        self.enable()

    @property
    def running(self) -> bool:
        """Whether the second model is looking at the images now."""
        return self._job is not None

    def enable(self) -> None:
        """Only what can be done now is on."""
        c, actions = self._controller, self._window.actions_
        review = c.review
        ready = review is not None and bool(review.classes) and bool(review.model_sha256)
        comparing = bool(review and review.other_sha256) or self.running
        actions["compare"].setEnabled(ready and not c.blind and not self.running)
        actions["compare_none"].setEnabled(comparing and not c.blind)

    def ask(self) -> None:
        """Ask for the file of a second model."""
        name, _kind = QFileDialog.getOpenFileName(
            self._window, "Compare with a second model", "", "LeukView models (*.onnx)"
        )
        if name:
            self.begin(name)

    def begin(self, name: str) -> None:
        """Let a second model look at the images that it has not seen, then show where they differ.

        Args:
            name: a shipped model's name, or the path of a file.
        """
        folder, wish = self._controller.folder, self._controller.running.wish
        if folder is None:
            return
        self._leave()

        def work(cancel: CancelToken) -> Iterator[object]:
            model = second_model.load_second(name, folder.review)
            yield model
            yield from second_model.hear(folder, model, wish, cancel)

        self._job = self._runner.start(
            work,
            on_step=self._step,
            on_failure=lambda error: self._controller.failed.emit(messages.failure(error)),
            on_finished=self._end,
        )
        self.enable()

    def stop(self) -> None:
        """Compare no more; what the second model has said is kept for another time."""
        folder = self._controller.folder
        self._leave()
        if folder is not None:
            second_model.remember(folder, None)
            self._controller.act(lambda review: review.compare_with(""))
            self._window.page.rebuild()
        self.enable()

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; False if it would not end in time."""
        self._leave()
        return self._runner.shut_down(timeout_ms)

    def _leave(self) -> None:
        """Hear nothing more of what runs."""
        if self._job is not None:
            self._job.dismiss()
        self._job = self._model = None

    def _step(self, step: object) -> None:
        folder = self._controller.folder
        if folder is None:
            return
        if isinstance(step, ModelFile):
            self._model = step
        elif isinstance(step, Heard) and self._model is not None:
            classes = self._model.contract.cell_classes
            self._controller.act(lambda r: r.keep_other(step.rows, step.results, classes))
            words = f"Second model: {step.done:,} of {messages.images(step.total)}"
            self._controller.noted.emit(words)

    def _end(self, complete: bool) -> None:
        folder, model = self._controller.folder, self._model
        self._job = self._model = None
        if complete and folder is not None and model is not None:
            second_model.remember(folder, model)
            self._compare(model.sha256, model.contract.title)
            page = self._window.page
            if not self._controller.blind:
                page.show_tab(Tab.DISAGREE)
        self.enable()

    def _recall(self) -> None:
        """Another model is in use, or the slide was opened: lay the second one beside it again."""
        folder = self._controller.folder
        found: Second | None = second_model.remembered(folder) if folder is not None else None
        if folder is None or found is None or folder.review.other_sha256 == found.sha256:
            return
        if folder.review.classes and found.sha256 != folder.review.model_sha256:
            self._compare(found.sha256, found.title)

    def _compare(self, sha256: str, title: str) -> None:
        changes = self._controller.act(lambda review: review.compare_with(sha256, title))
        review = self._controller.review
        if changes is None or review is None or review.blind:
            return
        both, apart = int((review.other >= 0).sum()), int(review.disagree.sum())
        self._window.page.rebuild()
        self._controller.noted.emit(
            f"{title} and the model in use disagree about {apart:,} of {messages.images(both)}."
        )
