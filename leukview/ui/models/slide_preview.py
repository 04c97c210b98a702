"""What a name pattern makes of the folders that were found: one line each, in a table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from leukview.domain.errors import UsageError
from leukview.ui.expressions import Bounded
from leukview.ui.widgets import parts
from leukview.workflows.slide_pattern import Named, SlidePattern
from leukview.workflows.worklist import Slide, SlideFolder

TITLES = ("Folder", "Patient", "Slide", "Images")
FOLDER, PATIENT, SLIDE, IMAGES = range(4)
NO_FIT = "does not fit"
_SECONDS = 1.0  # for all names; some 2,000 of them take 0.1 s
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Preview:
    """Names read by a pattern, or why it could not be.

    Attributes:
        found: the folders.
        names: of each; empty while the pattern cannot be used.
        error: in a sentence, or "".
    """

    found: tuple[SlideFolder, ...] = ()
    names: tuple[Named, ...] = ()
    error: str = ""

    @property
    def slides(self) -> list[Slide]:
        """As lines for the worklist."""
        return [
            Slide(path=str(one.path), name=name.slide, patient=name.patient, images=one.images)
            for one, name in zip(self.found, self.names, strict=True)
        ]

    @property
    def patients(self) -> int:
        return len({one.patient for one in self.names if one.patient})

    @property
    def odd(self) -> int:
        """How many names the pattern does not fit."""
        return sum(not one.fits for one in self.names)

    @property
    def alike(self) -> int:
        """How many slides cannot be told from another one by their names."""
        count = Counter((one.patient, one.slide) for one in self.names)
        return sum(number for number in count.values() if number > 1)


def read_all(text: str, found: Sequence[SlideFolder]) -> Preview:
    """Read all names by a pattern as it was typed; gives up after a second."""
    until = time.monotonic() + _SECONDS
    names: list[Named] = []
    try:
        pattern = SlidePattern(text, Bounded)
        for one in found:
            names.append(pattern.read(one.relative, one.above))
            if time.monotonic() > until:
                raise UsageError("This pattern takes too long to read. Write it more simply.")
    except UsageError as error:
        return Preview(tuple(found), (), str(error))
    return Preview(tuple(found), tuple(names))


class SlidePreview(QAbstractTableModel):
    """The folders with what is read of them; those that do not fit say so."""

    def __init__(self) -> None:
        super().__init__()
        self.preview = Preview()

    def show(self, preview: Preview) -> None:
        """Show these; the rows stay where the folders are the same."""
        same = preview.found == self.preview.found
        if not same:
            self.beginResetModel()
        self.preview = preview
        if not same:
            self.endResetModel()
        elif preview.found:
            last = self.index(len(preview.found) - 1, IMAGES)
            self.dataChanged.emit(self.index(0, PATIENT), last)

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.preview.found)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(TITLES)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        one, column = self.preview.found[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return parts.tip(str(one.path))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if column in (FOLDER, IMAGES):
            return one.relative if column == FOLDER else f"{one.images:,}"
        if not self.preview.names:
            return ""
        name = self.preview.names[index.row()]
        if column == PATIENT:
            return name.patient if name.fits else NO_FIT
        return name.slide

    def fits(self, row: int) -> bool:
        """Whether the pattern fits the name in this row."""
        return not self.preview.names or self.preview.names[row].fits


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == IMAGES else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
