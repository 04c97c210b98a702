"""What is said while working: the banner's warnings and the status line."""

from __future__ import annotations

from PySide6.QtCore import QObject

from leukview.ui import messages
from leukview.ui.controller import Controller, Stage
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.models import summary
from leukview.ui.unfamiliar import Unfamiliar
from leukview.ui.widgets.banner import Banner, Gravity, Notice
from leukview.ui.widgets.status_bar import StatusBar


class Notices(QObject):
    """Listens to the controller and puts it into words."""

    def __init__(
        self, banner: Banner, status: StatusBar, controller: Controller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._banner, self._status, self._controller = banner, status, controller
        self._left = ""  # what failed when the last folder was left
        self.unfamiliar = Unfamiliar(banner, controller, self)
        controller.opened.connect(self._opened)
        controller.device_changed.connect(self._device)
        controller.progressed.connect(self.show_stage)
        controller.run_ended.connect(self._run_ended)
        controller.saving.saved.connect(self._saved)
        controller.saving.failed.connect(self._save_failed)
        controller.failed.connect(self._failed)
        controller.warned.connect(self._warned)
        controller.exported.connect(self._exported)

    def show_stage(self) -> None:
        """The status line for what is going on."""
        c, say = self._controller, self._status.run.setText
        match c.stage:
            case Stage.EMPTY:
                say("No folder open")
                self._status.show_saved("")
            case Stage.CHOOSING | Stage.RUNNING | Stage.READY if c.blind:
                say(messages.blind(c.review.count if c.review else 0))
            case Stage.OPENING | Stage.CHOOSING:
                say(c.note)
            case Stage.RUNNING if c.stopping:
                say(f"{c.running.done:,} of {c.running.total:,} · {c.note.lower()}")
            case Stage.RUNNING:
                words = messages.progress(
                    c.running.done, c.running.total, c.running.rate.per_second
                )
                device = f" on {c.device.label.split(' ')[0]}" if c.device else ""
                rate = words.removesuffix(" · you can start to review").replace(
                    "images/s", f"images/s{device}"
                )
                plain = "starting…" if rate == words else rate
                say(f"{c.running.done:,} of {c.running.total:,} · {plain}")
            case Stage.READY:
                self._ready()

    def _ready(self) -> None:
        c = self._controller
        if c.review is None:
            return
        count = summary.counts(c.review)
        if c.can_run and c.choice is None:
            words = messages.not_chosen(count.images)
        elif c.can_run and not count.suggested:
            model = c.choice.model.contract.title if c.choice else ""
            words = f"{messages.images(count.images)} ready. Model: {model}. Press Run."
        else:
            words = f"{count.suggested:,} of {count.images:,} classified"
        self._status.run.setText(words)

    def _opened(self) -> None:
        c = self._controller
        self._status.show_saved("")
        left, self._left = self._left, ""
        if left:
            self._banner.say(Gravity.ERROR, Notice(left))
        if c.folder is not None and c.folder.store.notice:
            self._banner.say(Gravity.SESSION, Notice(c.folder.store.notice, lasting=True))

    def show_model(self) -> None:
        """Say what has to be known of the model before its suggestions are believed."""
        c = self._controller
        self._banner.say(Gravity.REFUSAL, Notice(c.refusal) if c.refusal else None)
        if c.blind:
            self._banner.say(Gravity.MODEL, None)
        self.unfamiliar.look()
        if c.refusal or c.blind:
            return
        contract = c.choice.model.contract if c.choice else None
        blasts = contract is None or any(one.malignant for one in contract.classes)
        self._banner.say(Gravity.MODEL, None if blasts else Notice(messages.NO_BLASTS))

    def _device(self) -> None:
        device = self._controller.device
        if device is None or not device.fell_back:
            self._banner.say(Gravity.DEVICE, None)
            return
        words = messages.on_cpu(device.reason)
        self._banner.say(Gravity.DEVICE, Notice(words, "Why?", self.why_device))

    def why_device(self) -> None:
        """Why this device, in a dialog."""
        device = self._controller.device
        if device is None:
            return
        reason = device.reason or (
            "It was asked for." if device.asked != "auto" else "It is the best that was found."
        )
        words = (
            f"The model runs on {device.label}. {reason} The suggestions are the same on every"
            " device; only the time differs. The command `leukview doctor` says more."
        )
        dialog = ActDialog("Device", words, "", self._status.window(), safe="Close")
        dialog.exec()
        dialog.deleteLater()

    def _run_ended(self, words: str) -> None:
        if self._controller.blind:
            return
        self._status.run.setText(words)
        self.unfamiliar.look()

    def _saved(self, words: str) -> None:
        self._status.show_saved(words)
        self._banner.say(Gravity.SAVING, None)

    def _save_failed(self, words: str) -> None:
        self._status.show_saved("NOT saved", failed=True)
        retry = self._controller.saving.retry
        self._banner.say(Gravity.SAVING, Notice(words, "Retry", retry, lasting=True))

    def _warned(self, words: str) -> None:
        folder = self._controller.folder
        before = folder.store.notice if folder else ""
        said = Notice(f"{before} {words}".strip(), lasting=bool(before))
        self._banner.say(Gravity.SESSION, said)

    def _failed(self, words: str) -> None:
        if self._controller.folder is None:
            self._left = words  # the next folder begins with an empty banner
        self._banner.say(Gravity.ERROR, Notice(words))

    def _exported(self, words: str) -> None:
        self._status.run.setText(words)
        self._banner.say(Gravity.ERROR, None)
