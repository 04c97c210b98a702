"""The window before a folder is open: a place to drop one, folders of before, the samples."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from leukview import resources
from leukview.ui import messages, theme
from leukview.ui.models.slide_lines import state_of
from leukview.ui.settings import Recent
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.ui.widgets.missing_row import MissingRow
from leukview.ui.widgets.side_panel import FolderRow

_WIDTH = 880
_READABLE = 560  # some 70 characters a line
_THUMB = 56
_SLOW_MS = 5_000


@dataclass(frozen=True, slots=True)
class SampleSet:
    """Images that come with LeukView.

    Attributes:
        folder: under resources/samples.
        title: what they are.
        lines: classes and source, for under the title.
    """

    folder: str
    title: str
    lines: tuple[str, str]

    @property
    def path(self) -> Path:
        return resources.path("samples", self.folder)

    def images(self) -> list[Path]:
        return sorted(p for p in self.path.rglob("*") if p.suffix in (".jpg", ".png", ".bmp"))


SAMPLES = (
    SampleSet(
        "cnmc",
        "Lymphoid cells, two classes",
        ("Normal, ALL blast", "C-NMC 2019, CC BY 3.0"),
    ),
    SampleSet(
        "pbc",
        "Blood cells, eight types",
        ("No blast class", "Acevedo 2020, CC BY 4.0"),
    ),
)


class _Strip(QWidget):
    """Three images of a sample set on one mount."""

    def __init__(self, theme_: Theme, images: Sequence[Path]) -> None:
        super().__init__()
        self._theme = theme_
        step = max(1, len(images) // 3)
        self._pixmaps = [QPixmap(str(path)) for path in images[::step][:3]]
        self.setFixedSize(3 * _THUMB + 16, _THUMB + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        hints = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHints(hints)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.mount))
        painter.drawRoundedRect(QRectF(self.rect()), 5, 5)
        for number, pixmap in enumerate(self._pixmaps):
            side = min(pixmap.width(), pixmap.height()) * 0.72
            source = QRectF(0, 0, side, side)
            source.moveCenter(QRectF(pixmap.rect()).center())
            target = QRectF(4 + number * (_THUMB + 4), 4, _THUMB, _THUMB)
            painter.drawPixmap(target, pixmap, source)
        painter.end()


class _SampleRow(QPushButton):
    """A sample set: pictures, title, source. A click opens it."""

    def __init__(self, theme_: Theme, sample: SampleSet, images: Sequence[Path]) -> None:
        super().__init__()
        self.setProperty("kind", "row")
        line = parts.row(margins=(0, 8, theme.PAD_PANEL, 8), gap=theme.PAD_CARD)
        self.setLayout(line)
        line.addWidget(_Strip(theme_, images))
        words = parts.column(gap=0)
        words.addStretch(1)
        words.addWidget(parts.label(sample.title))
        first = f"{sample.lines[0]} · {messages.images(len(images))}"
        words.addWidget(parts.label(first, Style.CAPTION, tone="second"))
        words.addWidget(parts.label(sample.lines[1], Style.CAPTION, tone="second"))
        words.addStretch(1)
        line.addLayout(words, 1)
        self.setFixedHeight(max(_THUMB + 24, line.sizeHint().height()))
        self.setAccessibleName(f"Open the samples: {sample.title}, {first}")


class StartPage(QScrollArea):
    """Everything that can be opened, and one filled button."""

    open_clicked = Signal()
    path_chosen = Signal(str)
    removed = Signal(str)  # a path to be taken off the list
    stop_clicked = Signal()

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is on it has it
        ground = parts.panel("ground")
        self.setWidget(ground)
        outer = parts.column(margins=(24, 24, 24, 24), gap=0)
        ground.setLayout(outer)
        middle = QWidget()
        middle.setMaximumWidth(_WIDTH)
        outer.addStretch(2)
        centred = parts.row()
        centred.addStretch(1)
        centred.addWidget(middle, 1000)
        centred.addStretch(1)
        outer.addLayout(centred)
        outer.addStretch(3)
        body = parts.column(gap=theme.GAP_SECTION)
        middle.setLayout(body)
        body.addWidget(self._drop_target())
        lower = parts.row(gap=40)
        self._recent_side = QWidget()
        self._recent = parts.column(gap=0)
        self._recent_side.setLayout(self._recent)
        lower.addWidget(self._recent_side, 1)
        lower.addLayout(self._samples(), 1)
        body.addLayout(lower)
        self._rows: list[FolderRow] = []
        theme_.changed.connect(self._draw)
        self._draw()

    def _drop_target(self) -> QFrame:
        self.drop = parts.panel("drop")
        body = parts.column(margins=(24, 40, 24, 40), gap=theme.GAP)
        self.drop.setLayout(body)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body.addWidget(self._icon)
        title = parts.label(messages.EMPTY_TITLE, Style.TITLE)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body.addWidget(title)
        before, after = messages.EMPTY_LINE.split(" Ctrl+O", 1)
        hint = parts.row(gap=0)
        hint.addStretch(1)
        hint.addWidget(parts.label(f"{before} ", tone="second"))
        hint.addWidget(parts.key_cap("Ctrl+O"))
        hint.addWidget(parts.label(after, tone="second"))
        hint.addStretch(1)
        body.addLayout(hint)
        self.problem = parts.label(tone="error", wrap=True)
        self.problem.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.problem.setMaximumWidth(_READABLE)
        self.problem.setMinimumWidth(_READABLE)
        self.problem.hide()
        body.addWidget(self.problem, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addSpacing(theme.GAP)
        line = parts.row()
        self.open_button = parts.Button("Open folder", kind="primary")
        self.open_button.clicked.connect(self.open_clicked)
        # In its place while a folder is opened.
        self.stop_button = parts.Button("Stop")
        self.stop_button.say("Stop", "Stop opening the folder")
        self.stop_button.clicked.connect(self.stop_clicked)
        self.stop_button.hide()
        self._slow = QTimer(self, singleShot=True, interval=_SLOW_MS)
        self._slow.timeout.connect(lambda: self._say(messages.SLOW, "second"))
        line.addStretch(1)
        line.addWidget(self.open_button)
        line.addWidget(self.stop_button)
        line.addStretch(1)
        body.addLayout(line)
        return self.drop

    def _samples(self) -> QVBoxLayout:
        side = parts.column(gap=0)
        _headline(side, "Try the samples")
        self.sample_buttons: list[QPushButton] = []
        self._sets = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._sets.setContentsMargins(0, 0, 0, 0)
        self._sets.setSpacing(0)
        side.addLayout(self._sets)
        for sample in SAMPLES:
            images = sample.images()
            if not images:
                continue
            button = _SampleRow(self._theme, sample, images)
            path = str(sample.path)
            button.clicked.connect(lambda _on=False, where=path: self.path_chosen.emit(where))
            self.sample_buttons.append(button)
            cell = parts.column(gap=0)
            cell.addWidget(button)
            cell.addWidget(parts.hairline())
            self._sets.addLayout(cell, 1)
        side.addStretch(1)
        return side

    def show_recent(self, entries: Sequence[Recent], missing: Set[str] = frozenset()) -> None:
        """Folders opened before; without any, the samples stand side by side.

        Args:
            entries: newest first.
            missing: paths that were not found.
        """
        parts.clear(self._recent)
        self._rows = []
        self._recent_side.setVisible(bool(entries))
        way = QBoxLayout.Direction
        self._sets.setDirection(way.TopToBottom if entries else way.LeftToRight)
        self._sets.setSpacing(0 if entries else 40)
        if not entries:
            return
        _headline(self._recent, "Continue")
        stops: list[QWidget] = [self.open_button, self.stop_button]
        for entry in entries[:4]:
            row, widgets = self._entry(entry, missing=entry.path in missing)
            self._recent.addWidget(row)
            self._recent.addWidget(parts.hairline())
            stops += widgets
        self._recent.addStretch(1)
        parts.in_order([*stops, *self.sample_buttons])

    def _entry(self, entry: Recent, *, missing: bool) -> tuple[QWidget, list[QWidget]]:
        """One folder, and what of it Tab goes through."""
        if missing:
            gone = MissingRow(self._theme, entry)
            gone.removed.connect(lambda: self.removed.emit(entry.path))
            self._take(gone.row, entry)
            return gone, [gone.row, gone.remove_button]
        row = FolderRow(self._theme, flush=True)
        icon, words = state_of(entry)
        row.setCheckable(False)
        row.say(entry.name, words, icon)
        row.setToolTip(entry.path)
        self._take(row, entry)
        return row, [row]

    def _take(self, row: FolderRow, entry: Recent) -> None:
        row.clicked.connect(lambda: self.path_chosen.emit(entry.path))
        self._rows.append(row)

    @property
    def recent_buttons(self) -> Sequence[QPushButton]:
        return self._rows

    def show_problem(self, words: str) -> None:
        """Why the last folder could not be opened, or ""."""
        self._say(words, "error")

    def show_opening(self, note: str) -> None:
        """While a folder is opened, what is done for it; "" when none is.

        Each new note is a sign of life; while there is none for some seconds, what may be the
        matter is said.
        """
        self._slow.stop()
        if self.problem.text() == messages.SLOW:
            self._say("", "error")
        if note:
            self._slow.start()
        focused = self.open_button if note else self.stop_button
        other = self.stop_button if note else self.open_button
        had = focused.hasFocus()
        self.open_button.setVisible(not note)
        self.stop_button.setVisible(bool(note))
        if had:
            other.setFocus()

    def _say(self, words: str, tone: str) -> None:
        theme.polish(self.problem, "tone", tone)
        self.problem.setText(words)
        # The layouts around it, which keep it in the middle, ask only for one line's height.
        self.problem.setMinimumHeight(max(0, self.problem.heightForWidth(_READABLE)))
        self.problem.setVisible(bool(words))

    def show_hot(self, hot: bool) -> None:
        """Whether something that can be dropped hovers over the window."""
        theme.polish(self.drop, "hot", hot)

    def _draw(self) -> None:
        t = self._theme.tokens
        icon = self._theme.icon("folder-open", t.text_2)
        size = QSize(theme.ICON_LARGE, theme.ICON_LARGE)
        self._icon.setPixmap(icon.pixmap(size, self.devicePixelRatioF()))
        self.open_button.setIcon(self._theme.icon("folder-open", t.on_accent))
        self.stop_button.setIcon(self._theme.icon("stop", t.text))
        for line in self._rows:
            line.draw_icon()


def _headline(side: QVBoxLayout, words: str) -> None:
    side.addWidget(parts.label(words, Style.GROUP))
    side.addSpacing(theme.GAP)
    side.addWidget(parts.hairline())
