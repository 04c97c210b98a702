"""Add slides to the worklist: look for them under folders, and name them by a pattern."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from leukview.domain.progress import CancelToken
from leukview.ui import messages, theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.expressions import Bounded
from leukview.ui.jobs import Job, JobRunner
from leukview.ui.models.slide_preview import (
    FOLDER,
    IMAGES,
    PATIENT,
    Preview,
    SlidePreview,
    read_all,
)
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts
from leukview.workflows.slide_pattern import LONGEST, PLAIN, suggest
from leukview.workflows.worklist import Found, Slide, SlideFolder, shipped_class_names, slides_under

_OFFERS = 3
_MARGIN = 3  # that Fusion leaves beside words in cells, and not in headers
_END_MS = 10_000
HELP = (
    "{patient} and {slide} stand for what is read, * for anything, / for the step into a folder."
    " A regular expression has the groups (?P<patient>…) and (?P<slide>…)."
)
_Index = QModelIndex | QPersistentModelIndex


def choose_parent(parent: QWidget) -> Path | None:
    """Ask for the folder under which the slides are; None when that was given up."""
    name = QFileDialog.getExistingDirectory(parent, "Choose the folder that holds the slides")
    return Path(name) if name else None


class _Names(QStyledItemDelegate):
    """Draws what does not fit in the colour of warnings, and words under those of the header."""

    def __init__(self, theme_: Theme, model: SlidePreview, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._model = theme_, model

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        colour = self._theme.tokens.text
        if index.column() in (FOLDER, IMAGES):
            colour = self._theme.tokens.text_2
        elif index.column() == PATIENT and not self._model.fits(index.row()):
            colour = self._theme.tokens.warn
        option.palette.setColor(option.palette.ColorRole.Text, QColor(colour))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        moved = QStyleOptionViewItem(option)
        moved.rect = option.rect.adjusted(-_MARGIN, 0, _MARGIN, 0)
        super().paint(painter, moved, index)


class SlidesDialog(ActDialog):
    """Looks for slides in the background, and shows live how a pattern names them.

    Args:
        theme_: for its colours.
        paths: folders to look under.
        known: paths that are on the worklist already.
        class_names: plain names of classes, whose folders are no slides.
        parent: of the dialog.
    """

    def __init__(
        self,
        theme_: Theme,
        paths: Sequence[Path],
        known: Collection[str],
        class_names: frozenset[str],
        parent: QWidget | None,
    ) -> None:
        super().__init__(
            "Add slides",
            "Each folder with images becomes a slide on the worklist. Nothing is moved or copied.",
            "Add",
            parent,
            wide=True,
        )
        self._known, self._class_names = frozenset(known), class_names
        self._runner = JobRunner(self)
        self._job: Job | None = None
        self._roots: list[Path] = []
        self._found: list[SlideFolder] = []
        self._problems: list[str] = []
        self._typed = False
        self.model = SlidePreview()
        self._place_folders()
        self._place_pattern()
        self._place_table(theme_)
        self.add_folders(paths)

    def _place_folders(self) -> None:
        line = parts.row()
        self.where = parts.Elided(tone="second")
        self.more_button = QPushButton("Another folder…")
        self.more_button.setAutoDefault(False)
        self.more_button.clicked.connect(self._ask)
        line.addWidget(self.where, 1)
        line.addWidget(self.more_button)
        self.body.addLayout(line)

    def _place_pattern(self) -> None:
        self.pattern = QLineEdit(PLAIN)
        self.pattern.setMaxLength(LONGEST)
        self.pattern.setAccessibleName("Name pattern")
        self.pattern.setAccessibleDescription(HELP)
        self.pattern.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        self.pattern.textEdited.connect(self._type)
        self.pattern.textChanged.connect(self._read)
        line = parts.row()
        line.addWidget(parts.label("Name pattern"))
        line.addWidget(self.pattern, 1)
        self.body.addLayout(line)
        self._offers = parts.row()
        self.offers: list[QPushButton] = []
        self.body.addLayout(self._offers)
        self.body.addWidget(parts.label(HELP, Style.CAPTION, tone="second", wrap=True))

    def _place_table(self, theme_: Theme) -> None:
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegate(_Names(theme_, self.model, self.table))
        self.table.setAccessibleName("Slides found, and how the pattern names them")
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        high = parts.height_of(Style.BODY, 26)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(high)
        head = self.table.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setFont(theme.font(Style.CAPTION))
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(IMAGES, QHeaderView.ResizeMode.ResizeToContents)
        self.table.setMinimumHeight(7 * high)
        self.body.addWidget(self.table)
        self.said = parts.label(tone="second", wrap=True)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.said)

    # Looking for slides

    @property
    def looking(self) -> bool:
        """Whether it is still looked for slides."""
        return self._job is not None

    @property
    def slides(self) -> list[Slide]:
        """What is to be added."""
        return self.model.preview.slides

    def add_folders(self, paths: Sequence[Path]) -> None:
        """Look under these too."""
        self._roots = roots = list(dict.fromkeys([*self._roots, *paths]))
        if self._job is not None:
            self._job.dismiss()
        self._found, self._problems = [], []
        self._job = self._runner.start(
            _looking(roots, self._class_names),
            on_step=self._step,
            on_failure=lambda error: self._problems.append(str(error)),
            on_finished=lambda _complete: self._end(),
        )
        names = ", ".join(path.name or str(path) for path in roots)
        self.where.say(f"In {names}")
        self.where.setToolTip(parts.tip("\n".join(map(str, roots))))
        self._show(self.model.preview)

    def _ask(self) -> None:
        path = choose_parent(self)
        if path is not None:
            self.add_folders([path])

    def _step(self, step: object) -> None:
        if isinstance(step, Found):
            self._found.extend(step.slides)
            self._problems.extend(step.problems)
            self._read()
        elif isinstance(step, list):
            self._offer(step)

    def _end(self) -> None:
        self._job = None
        self._read()

    def _offer(self, patterns: list[str]) -> None:
        """Patterns that fit; the best is taken unless somebody has typed."""
        parts.clear(self._offers)
        self.offers = []
        for text in patterns[:_OFFERS]:
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.setFont(theme.font(Style.CAPTION))
            button.setAccessibleName(f"Use the pattern {text}")
            button.clicked.connect(lambda _on=False, words=text: self._take(words))
            self.offers.append(button)
            self._offers.addWidget(button)
        self._offers.addStretch(1)
        if not self._typed and patterns:
            self.pattern.setText(patterns[0])

    def _take(self, text: str) -> None:
        self._typed = True
        self.pattern.setText(text)

    def _type(self) -> None:
        self._typed = True

    # The pattern

    def _read(self) -> None:
        self._show(read_all(self.pattern.text(), self._found))

    def _show(self, preview: Preview) -> None:
        self.model.show(preview)
        count, looking = len(preview.names), self.looking
        self.act_button.setEnabled(bool(count) and not looking)
        words = "Add" if not count else f"Add {_slides(count)}"
        self.act_button.setText(words)
        tone, said = "second", " ".join(self._sentences(preview))
        if looking:
            said = f"Looking for slides… {_slides(len(self._found))} so far."
        elif preview.error:
            tone, said = "error", preview.error
        elif preview.odd or preview.alike or self._problems:
            tone = "warn"
        theme.polish(self.said, "tone", tone)
        self.said.setText(said)

    def _sentences(self, preview: Preview) -> Iterator[str]:
        """What has to be known before they are added."""
        if not preview.found and not self._problems:
            yield "There are no folders with images here."
        if preview.names:
            of = {0: "", 1: " of one patient"}.get(
                preview.patients, f" of {preview.patients:,} patients"
            )
            images = sum(one.images for one in preview.found)
            yield f"{_slides(len(preview.names))}{of}, {messages.images(images)}."
        if preview.odd:
            fit = "name does not fit: it is" if preview.odd == 1 else "names do not fit: they are"
            yield f"{preview.odd:,} {fit} called like the folder, without a patient."
        if preview.alike:
            yield f"{preview.alike:,} slides have the name of another one."
        known = sum(str(one.path) in self._known for one in preview.found)
        if known:
            yield f"{known:,} on the worklist already; only the names change."
        yield from self._problems

    def done(self, result: int) -> None:
        """Close; nothing is looked for any more."""
        self._runner.shut_down(_END_MS)
        super().done(result)


def _slides(count: int) -> str:
    return "1 slide" if count == 1 else f"{count:,} slides"


def _looking(
    roots: Sequence[Path], class_names: frozenset[str]
) -> Callable[[CancelToken], Iterator[object]]:
    """In the worker: what is found, then patterns for it."""

    def work(cancel: CancelToken) -> Iterator[object]:
        found: list[SlideFolder] = []
        for step in slides_under(roots, shipped_class_names() | class_names, cancel):
            found.extend(step.slides)
            yield step
        if not cancel.cancelled:
            yield suggest([one.relative for one in found], Bounded)

    return work
