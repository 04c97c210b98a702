"""The gallery as Qt sees it: a queue of image rows over the columns of a `Review`."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from leukview.domain.records import DecisionState, two_digits
from leukview.ui.models.queue import Rows
from leukview.workflows.readers import two_readers
from leukview.workflows.review import Review

_Index = QModelIndex | QPersistentModelIndex
_STATES = tuple(DecisionState)
_NONE: Rows = np.zeros(0, dtype=np.int64)


class TileRole(enum.IntEnum):
    """Roles beyond Qt's own."""

    TILE = Qt.ItemDataRole.UserRole
    IMAGE_ROW = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Tile:
    """All that is drawn of one image, except its pixels.

    Attributes:
        row: of the image in the review.
        name: of the file, relative to the folder; "" while the suggestion is hidden, because names
            of files and folders often give the class away.
        state: where a person stands with it.
        suggested, decided: indices of classes, -1 for none.
        confidence: of the suggestion, nan without one.
        unfamiliar: whether it is unlike the training images.
        error: why it could not be read, or "".
        reason: why it was excluded, or "".
        flag, comment: that a person gave it.
        readers: what two readers called it, while that is settled, or "".
        hidden: whether its suggestion is not to be seen; then it stands here as if there were none.
    """

    row: int
    name: str
    state: DecisionState
    suggested: int
    decided: int
    confidence: float
    unfamiliar: bool
    error: str
    reason: str
    flag: bool = False
    comment: str = ""
    hidden: bool = False
    readers: str = ""

    @property
    def waiting(self) -> bool:
        return self.suggested < 0 and not self.error and not self.hidden


class GalleryModel(QAbstractListModel):
    """Holds row numbers, never pixels; what stands in a row is asked from the review.

    The queue is a snapshot: a decided image stays where it is until the queue is built anew, so
    that the next key cannot hit another image than the one that was looked at.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._review: Review | None = None
        self._queue = _NONE
        self._place = _NONE
        self.class_names: tuple[str, ...] = ()

    @property
    def review(self) -> Review | None:
        return self._review

    @property
    def rows(self) -> Rows:
        """Image rows in the order of the queue."""
        return self._queue

    def show(self, review: Review | None, rows: Rows) -> None:
        """Replace the whole queue."""
        self.beginResetModel()
        self._review = review
        self._queue = rows
        self.class_names = tuple(c.name for c in review.classes) if review else ()
        self._place = np.full(review.count if review else 0, -1, dtype=np.int64)
        self._place[rows] = np.arange(len(rows))
        self.endResetModel()

    def append(self, rows: Rows) -> None:
        """Add images at the end; those already in the queue are left where they are."""
        new = rows[self._place[rows] < 0]
        if not len(new):
            return
        first = len(self._queue)
        self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
        self._queue = np.concatenate([self._queue, new])
        self._place[new] = np.arange(first, len(self._queue))
        self.endInsertRows()

    def place(self, row: int) -> int:
        """Position of an image row in the queue, or -1."""
        return int(self._place[row]) if 0 <= row < len(self._place) else -1

    def refresh(self, rows: Rows | Sequence[int] | None = None) -> None:
        """Say that these image rows (None: all) look different now."""
        if not len(self._queue):
            return
        places = self._place if rows is None else self._place[np.asarray(rows, dtype=np.int64)]
        places = places[places >= 0]
        if len(places):
            self.dataChanged.emit(self.index(int(places.min())), self.index(int(places.max())))

    def tile(self, place: int) -> Tile:
        """What is drawn at a position of the queue."""
        review = self._review
        if review is None:
            raise IndexError(place)
        row = int(self._queue[place])
        hidden = bool(review.is_hidden(row))
        return Tile(
            row=row,
            name="" if hidden else review.images[row].name,
            state=_STATES[int(review.state[row])],
            suggested=-1 if hidden else int(review.suggested[row]),
            decided=int(review.decided[row]),
            confidence=float("nan") if hidden else float(review.confidence[row]),
            unfamiliar=bool(review.unfamiliar[row]) and not hidden,
            error=_error(review, row),
            reason=review.reasons.get(row, ""),
            flag=bool(review.flagged[row]),
            comment=review.comments.get(row, ""),
            hidden=hidden,
            readers=two_readers(review, row),
        )

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self._queue)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._queue):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.tile(index.row()).name or f"Image {index.row() + 1:,}"
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.spoken(index.row())
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(index.row())
            case TileRole.TILE:
                return self.tile(index.row())
            case TileRole.IMAGE_ROW:
                return int(self._queue[index.row()])
        return None

    def class_name(self, index: int) -> str:
        return self.class_names[index] if 0 <= index < len(self.class_names) else "unknown class"

    def spoken(self, place: int) -> str:
        """The tile as a sentence, for a screen reader."""
        tile = self.tile(place)
        said = [f"Image {place + 1} of {len(self._queue)}"]
        if tile.error:
            said.append("could not be read")
        elif tile.hidden:
            said.append("suggestion hidden")
        elif tile.waiting:
            said.append("waiting for its suggestion")
        else:
            confidence = two_digits(tile.confidence)
            said.append(f"suggestion {self.class_name(tile.suggested)} {confidence}")
            if tile.unfamiliar:
                said.append("unlike the training images")
        if tile.readers:
            said.append(tile.readers)
        said.append(decision_words(tile, self.class_name(tile.decided)))
        if tile.flag:
            said.append("flagged")
        if tile.comment:
            said.append(f"comment: {tile.comment}")
        return ", ".join(said) + "."

    def _tip(self, place: int) -> str:
        tile = self.tile(place)
        return "\n".join(filter(None, (tile.name, tile.error or self.spoken(place))))


def _error(review: Review, row: int) -> str:
    """Why an image could not be read; without the name that stands in it while names are hidden."""
    words = review.errors.get(row, "")
    return "It could not be read." if words and review.is_hidden(row) else words


def decision_words(tile: Tile, decided: str) -> str:
    """What a person said of an image; `decided` is the name of the class, if it was for one."""
    match tile.state:
        case DecisionState.UNDECIDED:
            return "not decided"
        case DecisionState.UNSURE:
            return "marked unsure"
        case DecisionState.EXCLUDED:
            return f"excluded: {tile.reason}" if tile.reason else "excluded"
        case DecisionState.AGREED | DecisionState.CHANGED:
            return f"decided {decided}"
    raise AssertionError(tile.state)
