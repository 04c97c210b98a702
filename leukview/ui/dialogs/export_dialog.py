"""What is exported, where it goes, and how it will begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPushButton,
    QWidget,
)

from leukview.ui import messages, theme
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.preview_grid import PreviewGrid
from leukview.ui.export_kinds import Chosen, Kind
from leukview.ui.models.summary import Counts
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts

Preview = Callable[[Chosen], tuple[Sequence[str], Sequence[Sequence[str]]]]


class ExportDialog(ActDialog):
    """Chooses a kind and a file; writing is the controller's work.

    Args:
        suggested: the file that is proposed, without its ending.
        count: of the slide.
        parent: the window.
        theme_: for the caret of the choice.
        preview: the names of the columns and the first rows of what would be written.
    """

    def __init__(
        self,
        suggested: Path,
        count: Counts,
        parent: QWidget | None,
        *,
        theme_: Theme,
        preview: Preview | None = None,
    ) -> None:
        super().__init__("Export", "No absolute path is written.", "Export", parent, wide=True)
        self._preview, self._suggested, self._count = preview, suggested, count
        self.kind = Kind.CSV
        left = count.images - count.decided
        figures = f"{messages.images(count.images)}, {count.decided:,} decided"
        figures += f", {left:,} without a decision" if left else ""
        figures += f", {count.unread:,} could not be read" if count.unread else ""
        self.sentence.setText(f"{figures}. No absolute path is written.")
        self.body.addWidget(parts.label("As", Style.CAPTION, tone="second"))
        self.kind_button = parts.Button(
            self.kind.value.words, caret=lambda: theme_.icon("caret-down")
        )
        self.kind_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.kind_button.setMenu(self._kinds())
        self.body.addWidget(self.kind_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.hint = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        self.body.addWidget(self.hint)
        self._file()
        self.excel = QCheckBox("Mark it as UTF-8, so that Excel shows every letter")
        self.excel.setChecked(True)
        self.deidentify = QCheckBox(
            "De-identify: no names of files, patients or people, no typed words"
        )
        self.map_note = parts.label(style=Style.CAPTION, tone="second", wrap=True)
        for box in (self.excel, self.deidentify, self.map_note):
            self.body.addWidget(box)
        self.grid = PreviewGrid()
        self.body.addWidget(self.grid)
        self.body.addWidget(parts.label(messages.NOTICE, Style.CAPTION, strong=True))
        self.path.textChanged.connect(self._look)
        self.deidentify.toggled.connect(self._choose_again)
        self._choose_again()

    def _kinds(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        group = QActionGroup(menu)
        for kind in Kind:
            action = QAction(kind.value.words, group)
            action.setCheckable(True)
            action.setChecked(kind is self.kind)
            action.setEnabled(not kind.why_not)
            action.setToolTip(kind.why_not or kind.value.hint)
            action.triggered.connect(lambda _on=False, one=kind: self.choose(one))
            menu.addAction(action)
        return menu

    def _file(self) -> None:
        self._file_title = parts.label("File", Style.CAPTION, tone="second")
        self.body.addWidget(self._file_title)
        line = parts.row()
        self.path = QLineEdit(str(self._suggested.with_suffix(self.kind.value.ending)))
        self.path.setAccessibleName("File to write")
        browse = QPushButton("Browse…")
        for one in (self.path, browse):
            one.setMinimumHeight(parts.height_of(Style.BODY, theme.CONTROL))
        browse.clicked.connect(self._browse)
        line.addWidget(self.path, 1)
        line.addWidget(browse)
        self.body.addLayout(line)
        self.exists = parts.label(style=Style.CAPTION, tone="warn", wrap=True)
        self.body.addWidget(self.exists)

    @property
    def file(self) -> Path:
        return Path(self.path.text().strip()).expanduser()

    @property
    def chosen(self) -> Chosen:
        """All that was chosen."""
        return Chosen(
            kind=self.kind,
            path=self.file,
            bom=self.excel.isChecked() or self.kind is Kind.SEMICOLON,
            deidentify=self.deidentify.isChecked() and self.kind is not Kind.SESSION,
            force=self.replaces,
        )

    @property
    def replaces(self) -> bool:
        """Whether something of this name is there and was said to be replaced."""
        return self.file.is_file() or (self.kind is Kind.IMAGES and self.file.is_dir())

    def choose(self, kind: Kind) -> None:
        """Another kind; the ending of the name follows."""
        known = {one.value.ending for one in Kind} - {""}
        file = self.file
        stem = file.with_suffix("") if file.suffix in known else file
        self.kind = kind
        self.path.setText(str(stem.with_name(stem.name + kind.value.ending)))
        self._choose_again()

    def _choose_again(self) -> None:
        kind = self.kind
        self.kind_button.say(kind.value.words, f"Export as: {kind.value.words}")
        self.hint.setText(self._hint())
        self._file_title.setText("Folder" if kind is Kind.IMAGES else "File")
        self.excel.setVisible(kind is Kind.CSV)
        self.deidentify.setVisible(kind is not Kind.SESSION)
        self._look()
        self._show_preview()
        self._fit()

    def _fit(self) -> None:
        """As high as its words and rows need at its width, which is fixed."""
        whole = self.layout()
        if whole is not None:
            whole.activate()
            self.resize(self.width(), whole.totalHeightForWidth(self.width()))

    def _look(self) -> None:
        name, file = self.path.text().strip(), self.file
        folder = self.kind is Kind.IMAGES
        taken = file.is_file() if folder else file.is_dir()
        usable = bool(name) and not taken and file.parent.is_dir()
        self.act_button.setEnabled(usable)
        self.act_button.setText("Replace and export" if self.replaces else "Export")
        if not name:
            words = "Name a file."
        elif not usable:
            words = "There is no such folder to write into." if not taken else "The name is taken."
        elif self.replaces:
            what = "folder" if folder else "file"
            words = f"A {what} of this name exists and will be replaced."
            words += " Only one that LeukView made is." if folder else ""
        else:
            words = ""
        self.exists.setText(words)
        self.exists.setVisible(bool(words))
        self.map_note.setText(self._about_names())
        self.map_note.setVisible(self.chosen.deidentify)

    def _hint(self) -> str:
        hint = self.kind.value.hint
        if self.kind is Kind.IMAGES:
            copied = self._count.agreed + self._count.changed
            hint += f" Copied are {copied:,} of {messages.images(self._count.images)}."
        return hint

    def _about_names(self) -> str:
        """What is done to names, and where what they stand for goes."""
        if not self.chosen.deidentify:
            return ""
        if self.kind.is_report:
            return "Names of slide, patient and readers and typed words are left out for good."
        what = f"What each pseudonym stands for goes to {self.chosen.order.map_path.name} beside it"
        pixels = " Metadata is taken off the images, but what is written into their pixels stays."
        return (
            f"{what}: keep that file to yourself. Comments and reasons are left out."
            f"{pixels if self.kind is Kind.IMAGES else ''}"
        )

    def _show_preview(self) -> None:
        has = self._preview is not None and self.kind.format is not None
        self.grid.setVisible(has)
        if self._preview is not None and has:
            self.grid.show_rows(*self._preview(self.chosen))

    def _browse(self) -> None:
        ending = self.kind.value.ending
        name, _kind = QFileDialog.getSaveFileName(
            self,
            "Export",
            self.path.text(),
            f"{self.kind.value.words} (*{ending})" if ending else "Folders (*)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            self.path.setText(name if Path(name).suffix or not ending else name + ending)
