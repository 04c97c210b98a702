"""What is said over the gallery while an export takes long, with the button that stops it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from leukview.ui.actions import Actions
from leukview.ui.exporting import Exporting
from leukview.ui.widgets.banner import Banner, Gravity, Notice

_SHORT_MS = 400  # what is done by then is not worth a notice


class ExportNotice(QObject):
    """Follows one export after the other; the entry of the menu works while there is one."""

    def __init__(
        self, banner: Banner, actions: Actions, exporting: Exporting, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._banner, self._exporting = banner, exporting
        self._action = actions["stop_export"]
        actions.bind("stop_export", exporting.stop)
        self._long = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHORT_MS)
        self._timer.timeout.connect(self._late)
        exporting.changed.connect(self._show)
        self._show()

    def _late(self) -> None:
        self._long = True
        self._show()

    def _show(self) -> None:
        name = self._exporting.unfinished
        self._action.setEnabled(bool(name))
        if not name:
            self._timer.stop()
            self._long = False
            self._banner.say(Gravity.EXPORTING, None)
        elif self._long:
            said = Notice(self._exporting.words, "Stop", self._exporting.stop, lasting=True)
            self._banner.say(Gravity.EXPORTING, said)
        elif not self._timer.isActive():
            self._timer.start()
