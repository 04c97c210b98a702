"""Under the menus: Open, Run, the model, Review or Overview, the device."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QMenu,
    QWidgetAction,
)

from leukview.inference.model_file import SHORT
from leukview.inference.providers import Device
from leukview.ui import messages, theme
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.workflows.models import offers
from leukview.workflows.open_folder import ModelChoice
from leukview.workflows.opened import AUTO

REVIEW, OVERVIEW = 0, 1  # the pages that it switches between
_WIDE = 1200
_REASON, _INDENT = 380, 26  # width of a sentence in the menu, and where its options begin


class Toolbar(QFrame):
    """Three verbs with words; everything else is in the menus."""

    model_chosen = Signal(str)
    page_chosen = Signal(int)
    mode_chosen = Signal(int)  # assisted, blind first
    device_clicked = Signal()

    def __init__(self, theme_: Theme, open_: QAction, run: QAction, stop: QAction) -> None:
        super().__init__()
        self._theme = theme_
        self._run_action, self._stop_action = run, stop
        self._stops = self._fresh = False
        self._title, self._hash = "Automatic", ""
        self._blind, self._tip = False, ""
        self._offers = offers()
        self.setProperty("role", "toolbar")
        line = parts.row()
        self.open_button = parts.Button("Open")
        self.open_button.setToolTip("Open a folder (Ctrl+O)")
        self.open_button.clicked.connect(open_.trigger)
        self.run_button = parts.Button("Run")
        self.run_button.clicked.connect(self._run)
        self.model_button = parts.Button("Automatic", caret=lambda: theme_.icon("caret-down"))
        self.model_menu = QMenu(self.model_button)
        self.model_menu.setToolTipsVisible(True)
        self.model_button.setMenu(self.model_menu)
        self.model_button.give_way()
        self.pages = parts.Segments(("Review", "Overview"))
        self.pages.chosen.connect(self.page_chosen)
        self.device = parts.GivingWay()
        self.device.give_way()
        self.device.setProperty("kind", "badge")
        self.device.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.device.setIconSize(QSize(theme.ICON, theme.ICON))
        self.device.clicked.connect(self.device_clicked)
        self.device.hide()
        self.modes = parts.Segments(("Assisted", "Blind first"))
        self.modes.setToolTip("Whether suggestions are shown while you decide")
        self.modes.chosen.connect(self.mode_chosen)
        for widget in (self.open_button, self.run_button, self.model_button, self.modes):
            line.addWidget(widget)
        # Two sides of equal width: the switch stays in the middle when a word beside it changes.
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(theme.PAD_PANEL, 8, theme.PAD_PANEL, 8)
        grid.setHorizontalSpacing(theme.GAP)
        grid.addLayout(line, 0, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self.pages, 0, 1)
        grid.addWidget(self.device, 0, 2, Qt.AlignmentFlag.AlignRight)
        for column in (0, 2):
            grid.setColumnStretch(column, 1)
        theme_.changed.connect(self._draw)
        self.show_models(AUTO, None, "")
        self.show_run(stops=False, busy=False, ready=False, fresh=False)

    def _run(self) -> None:
        (self._stop_action if self._stops else self._run_action).trigger()

    def show_run(self, *, stops: bool, busy: bool, ready: bool, fresh: bool) -> None:
        """Run becomes Stop while something runs; it is the filled button for images not yet run.

        Args:
            stops: whether there is something to stop.
            busy: it was told to stop and has not stopped yet.
            ready: whether a run can begin.
            fresh: whether there are images that were not run at all.
        """
        self._stops, self._fresh = stops, ready and fresh
        self._run_action.setEnabled(ready)
        self._stop_action.setEnabled(stops and not busy)
        self.run_button.say("Stop" if stops else "Run")
        self.run_button.setEnabled(ready or (stops and not busy))
        tip = "Stop; what is done is kept (Ctrl+.)" if stops else "Classify the images (Ctrl+R)"
        self.run_button.setToolTip(messages.STOPPING if busy else tip)
        theme.polish(self.run_button, "kind", "primary" if self._fresh else "")
        self._draw()

    def show_models(self, wish: str, choice: ModelChoice | None, refusal: str) -> None:
        """What is in use, what there is to choose, and why automatic chose it."""
        menu = self.model_menu
        menu.clear()
        group = QActionGroup(menu)
        wish = Path(SHORT[wish]).stem if wish in SHORT else wish
        reason = choice.reason if choice else refusal
        chosen = f"{choice.model.contract.title} is in use." if choice else ""
        self._option(group, "Automatic", AUTO, wish)
        if wish == AUTO:
            self._say_below(f"{chosen} {reason}".strip() or "The model that knows the images best.")
        menu.addSeparator()
        for offer in self._offers:
            self._option(group, offer.title, offer.name, wish, offer.notice)
            self._say_below(offer.purpose)
        other = wish if wish != AUTO and wish not in [offer.name for offer in self._offers] else ""
        hash_ = f"SHA-256 {choice.model.sha256[:8]}" if choice else ""
        if other:
            self._option(group, Path(other).name, other, wish)
            self._say_below(" ".join(filter(None, (chosen, reason, hash_))))
        menu.addSeparator()
        from_file = QAction("Model file…", menu)
        from_file.triggered.connect(self._ask_file)
        menu.addAction(from_file)
        self._title = choice.model.contract.title if choice else "Automatic"
        # A file of one's own is known by its name; its hash would only puzzle here.
        self._hash = choice.model.sha256[:8] if choice and not other else ""
        words = [reason or "Which model suggests"]
        if choice:
            words = [self._title, reason, f"{choice.model.path.name}, {hash_}"]
        self._tip = parts.tip("\n".join(filter(None, words)))
        self._fit()

    def _say_below(self, words: str) -> None:
        """A sentence under the option before it."""
        if not words:
            return
        label = parts.label(words, Style.CAPTION, tone="second", wrap=True)
        label.setFixedWidth(_REASON)
        label.setContentsMargins(_INDENT, 0, theme.PAD_PANEL, 6)
        line = QWidgetAction(self.model_menu)
        line.setDefaultWidget(label)
        line.setEnabled(False)  # it is read, not chosen
        self.model_menu.addAction(line)

    def _option(self, group: QActionGroup, words: str, name: str, wish: str, tip: str = "") -> None:
        action = QAction(words, group)
        action.setToolTip(tip or words)
        action.setCheckable(True)
        action.setChecked(name == wish)
        action.triggered.connect(lambda _on=False: self.model_chosen.emit(name))
        self.model_menu.addAction(action)

    def _ask_file(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(
            self.window(), "Open a model file", "", "LeukView models (*.onnx)"
        )
        if name:
            self.model_chosen.emit(name)

    def show_device(self, device: Device | None) -> None:
        """The badge; its outline warns when the CPU is used unasked."""
        self.device.setVisible(device is not None)
        if device is not None:
            self.device.setText(parts.beside(device.label))
            warns = device.fell_back
            theme.polish(self.device, "tone", "warn" if warns else "")
            self.device.setToolTip(f"The model runs on {device.label}. {device.reason}".rstrip())
            self.device.setAccessibleName(f"Device {device.label}")
            self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the model has the room, and the switch is not in the middle."""
        super().resizeEvent(event)
        self._grid.setColumnStretch(2, int(event.size().width() >= _WIDE))
        self._fit()

    def set_blind(self, blind: bool) -> None:
        """In a blind reading it is not said which model there is."""
        self._blind = blind
        self.modes.choose(int(blind))
        self.model_button.setEnabled(not blind)
        self._fit()

    def _fit(self) -> None:
        if self._blind:
            self.model_button.say("Model hidden")
            self.model_button.setToolTip("Hidden until the blind reading ends")
            return
        self.model_button.setToolTip(self._tip)
        wide = self._hash and self.width() >= _WIDE
        words = f"{self._title}  {self._hash}" if wide else self._title
        hash_ = f", hash {self._hash}" if wide else ""
        self.model_button.say(words, f"Model {self._title}{hash_}")

    def _draw(self) -> None:
        t = self._theme.tokens
        self.open_button.setIcon(self._theme.icon("folder-open"))
        name = "stop" if self._stops else "play"
        self.run_button.setIcon(self._theme.icon(name, t.on_accent if self._fresh else t.text))
        self.model_button.setIcon(self._theme.icon("cpu"))
        warns = self.device.property("tone") == "warn"
        self.device.setIcon(self._theme.icon("lightning", t.warn if warns else t.text_2))
