"""The banner over a slide whose images a model does not know: how many, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal

from leukview.contract import ModelContract
from leukview.domain.progress import CancelToken
from leukview.inference.model_file import ModelFile
from leukview.measures.appearance import Differences, Reason
from leukview.ui import messages
from leukview.ui.controller import Controller, Stage
from leukview.ui.jobs import Job, JobRunner
from leukview.ui.models.queue import Filter
from leukview.ui.widgets.banner import Banner, Gravity, Notice
from leukview.workflows.unfamiliar import Explanation, Unlike, evenly, explain, unlike


class Unfamiliar(QObject):
    """Says it when a run has ended, and explains it as soon as some of the images were looked at.

    It works in a thread of its own, so that no decision, run or choice of a model waits for it.
    """

    queue_wished = Signal(object)  # a Filter: the unfamiliar images

    def __init__(self, banner: Banner, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._banner, self._controller = banner, controller
        self._runner = JobRunner(self)
        self._job: Job | None = None
        controller.leaving.connect(self._drop)

    @property
    def busy(self) -> bool:
        """Whether it is being looked for a reason."""
        return self._job is not None

    def shut_down(self, timeout_ms: int = 10_000) -> bool:
        """End the thread; False if it would not end in time."""
        return self._runner.shut_down(timeout_ms)

    def look(self) -> None:
        """Say how many images the model in use does not know; take back what was said before."""
        self._drop()
        c = self._controller
        review, choice = c.review, c.choice
        found = None if review is None else unlike(review)  # blind, it has nothing to count
        if review is None or choice is None or found is None or not found.many:
            self._banner.say(Gravity.UNFAMILIAR, None)
            return
        self._say(found, choice.model.contract, None)
        if c.stage is Stage.RUNNING:
            return  # the end of the run asks again
        model = choice.model
        images = [review.images[row] for row in evenly(found.rows)]

        def work(cancel: CancelToken) -> Iterator[object]:
            yield explain(images, model, cancel, offer=found.most)

        self._job = self._runner.start(
            work, on_step=partial(self._explained, found, model), on_finished=self._end
        )

    def _explained(self, found: Unlike, model: ModelFile, step: object) -> None:
        # A blind reading may have begun in the meantime.
        if isinstance(step, Explanation) and not self._controller.blind:
            self._say(found, model.contract, step)

    def _say(self, found: Unlike, contract: ModelContract, why: Explanation | None) -> None:
        words = said(found, contract, why)
        if why and why.better:
            act = partial(self._controller.choose_model, why.better.name)
            notice = Notice(words, f"Use {why.better.title}", act)
        elif found.count < found.of:
            notice = Notice(words, "Show them", self._show_them)
        else:  # all are shown already
            notice = Notice(words)
        self._banner.say(Gravity.UNFAMILIAR, notice)

    def _show_them(self) -> None:
        self.queue_wished.emit(Filter(unfamiliar=True))

    def _end(self, _complete: bool) -> None:
        self._job = None

    def _drop(self) -> None:
        if self._job is not None:
            self._job.dismiss()
        self._job = None


def said(found: Unlike, contract: ModelContract, why: Explanation | None) -> str:
    """How many images, what that means for the confidence, why, and which model knows them."""
    parts = [messages.unfamiliar(found.share)]
    if why is not None:
        reason = likely(why.differences, contract)
        parts += [reason] if reason else []
        if why.better is not None:
            b = why.better
            parts.append(f"{b.title} knows {b.knows:,} of {b.of:,} sampled ones.")
    return " ".join(parts)


def likely(found: Differences, contract: ModelContract) -> str:
    """The likely reasons in a sentence; nothing where nothing can be said."""
    low, high = contract.smallest_side, contract.largest_side
    learnt = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    # No-break spaces: a size that is torn apart at a line's end reads as two numbers.
    size = f"{found.width:,}\u00a0×\u00a0{found.height:,}\u00a0px"
    words = {
        Reason.SIZE: f"size ({size} instead of {learnt})",
        Reason.CROP: "crop (black ground)" if found.cut else "crop (no black ground)",
        Reason.STAIN: "stain or colour",
    }
    if not found.reasons:
        return ""
    return f"Likely reason: {' and '.join(words[one] for one in found.reasons)}."
