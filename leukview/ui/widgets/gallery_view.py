"""A list view whose geometry is arithmetic, so 100,000 tiles show and resize at once.

QListView in icon mode takes half a second to show as many and a quarter to resize them (measured);
being one, this keeps the roles List and ListItem for a screen reader. Groups have `group_heads`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from leukview.ui.widgets import tile, tile_face
from leukview.ui.widgets.group_heads import GroupHeads
from leukview.ui.widgets.sections import Layout
from leukview.ui.widgets.tile import TileDelegate

_EDGE = 4
_Index = QModelIndex | QPersistentModelIndex


class GalleryView(QListView):
    """The gallery. Selection is many, the current image is one and has the ring."""

    edge_wished = Signal(int)
    painted = Signal(object)  # places of tiles that were drawn, those that are wholly in view
    head_pressed = Signal(int)  # of a group

    def __init__(self, delegate: TileDelegate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles = delegate
        self.heads: GroupHeads | None = None
        self._laid: tuple[object, Layout] | None = None
        self.target = -1  # a group whose head is lit
        self.setItemDelegate(delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there: if it came and went, the columns would jump.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().setProperty("on", "surround")
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setAccessibleName("Images of the queue")
        self.ground = self.palette().base().color()

    def set_heads(self, heads: GroupHeads | None) -> None:
        """Show the images in groups, or not; the model has to be reset with its images next."""
        self.heads, self._laid = heads, None

    def show_heads(self) -> None:
        """Paint the heads that are in view anew: their figures are others."""
        for group in self.arranged.groups_between(*self._stretch()):
            self.viewport().update(self._head_rect(group))

    def set_edge(self, edge: int) -> None:
        """Show images with this edge; what stood in the middle stays in view."""
        edge = min(max(edge, tile.SMALLEST), tile.LARGEST)
        keep = self.currentIndex()
        if not keep.isValid():
            keep = self.indexAt(QPoint(_EDGE + 5, self.viewport().height() // 2))
        self._tiles.geometry = tile_face.geometry(edge)
        self.updateGeometries()
        if keep.isValid():
            self.scrollTo(keep, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.viewport().update()

    @property
    def columns(self) -> int:
        room = self.viewport().width() - 2 * _EDGE
        return max(1, room // self._tiles.geometry.width)

    @property
    def _pitch(self) -> float:
        """Columns share the width evenly, so the right edge is as straight as the left."""
        return (self.viewport().width() - 2 * _EDGE) / self.columns

    def _count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    @property
    def arranged(self) -> Layout:
        """Where everything stands, computed when something of it has changed."""
        heads, line = self.heads, self._tiles.geometry.height
        counts = tuple(heads.counts) if heads else (self._count(),)
        header = heads.height if heads else 0
        key = (counts, self.columns, line, header)
        if self._laid is None or self._laid[0] != key:
            made = Layout(counts=counts, columns=self.columns, line=line, header=header, edge=_EDGE)
            self._laid = (key, made)
        return self._laid[1]

    @property
    def covered(self) -> int:
        """How much at the top the head of the group that is scrolled through covers."""
        return self.heads.height if self.heads else 0

    def _stretch(self) -> tuple[int, int]:
        """What is in view, in the heights of the layout."""
        top = self.verticalOffset()
        return top, top + self.viewport().height()

    def visible_rows(self) -> range:
        """Places whose tiles are at least partly in view."""
        found = self.arranged.places_between(*self._stretch())
        return range(min(found.start, self._count()), min(found.stop, self._count()))

    def _whole(self) -> QRect:
        """The part of the view that no head covers."""
        return self.viewport().rect().adjusted(0, self.covered, 0, 0)

    def _head_rect(self, group: int) -> QRect:
        """Where the head of a group stands; it stays at the top while its images pass."""
        layout, offset = self.arranged, self.verticalOffset()
        top = layout.header_top(group) - offset
        if top < 0:
            end = layout.header_top(group + 1) - offset if group + 1 < layout.groups else 1 << 30
            top = min(0, end - layout.header)
        return QRect(0, top, self.viewport().width(), layout.header)

    def head_at(self, point: QPoint) -> int:
        """The group whose head is at a point of the view, or -1."""
        if self.heads is None:
            return -1
        near = self.arranged.groups_between(*self._stretch())
        return next((group for group in near if self._head_rect(group).contains(point)), -1)

    @property
    def edge(self) -> int:
        """Of the images, device-independent pixels."""
        return self._tiles.geometry.edge

    def whole_places(self) -> list[int]:
        """Places whose tiles are wholly in view."""
        whole, places = self._whole(), self.visible_rows()
        rects = self._rects(places)
        return [place for place, rect in zip(places, rects, strict=True) if whole.contains(rect)]

    def visualRect(self, index: _Index) -> QRect:
        if not index.isValid():
            return QRect()
        place = index.row()
        return self._rects(range(place, place + 1))[0]

    def _rects(self, places: range) -> list[QRect]:
        """Where tiles stand; the room is measured once for all of them."""
        pitch, size, layout = self._pitch, self._tiles.geometry, self.arranged
        wide, high, offset = size.width, size.height, self.verticalOffset()
        left = _EDGE + (pitch - wide) / 2
        return [
            QRect(round(left + column * pitch), top - offset, wide, high)
            for column, top in (layout.position(place) for place in places)
        ]

    def indexAt(self, point: QPoint) -> QModelIndex:
        column = int((point.x() - _EDGE) // self._pitch)
        place = self.arranged.place_at(column, point.y() + self.verticalOffset())
        if not 0 <= place < self._count() or self.head_at(point) >= 0:
            return QModelIndex()
        index = self.model().index(place, 0)
        return index if self.visualRect(index).contains(point) else QModelIndex()

    def scrollTo(
        self,
        index: _Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        rect, height = self.visualRect(index), self.viewport().height()
        bar = self.verticalScrollBar()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif rect.top() < self.covered:
            bar.setValue(bar.value() + rect.top() - self.covered - _EDGE)
        elif rect.bottom() > height:
            bar.setValue(bar.value() + rect.bottom() - height + _EDGE)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: _Index) -> bool:
        return False

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)

    def dataChanged(self, first: _Index, last: _Index, roles: Sequence[int] = ()) -> None:
        """Paint what changed. A list view would lay out and paint all tiles; theirs never move."""
        QAbstractItemView.dataChanged(self, first, last, roles)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        count = self._count()
        if not count:
            return QModelIndex()
        now = self.currentIndex().row() if self.currentIndex().isValid() else 0
        lines = max(1, self.viewport().height() // self._tiles.geometry.height)
        beside = self.arranged.beside
        move = QAbstractItemView.CursorAction
        to = {
            move.MoveLeft: now - 1,
            move.MovePrevious: now - 1,
            move.MoveRight: now + 1,
            move.MoveNext: now + 1,
            move.MoveUp: beside(now, -1),
            move.MoveDown: beside(now, 1),
            move.MovePageUp: beside(now, -lines) if beside(now, -lines) != now else 0,
            move.MovePageDown: beside(now, lines) if beside(now, lines) != now else count - 1,
            move.MoveHome: 0,
            move.MoveEnd: count - 1,
        }[action]
        return self.model().index(min(max(to, 0), count - 1), 0)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """A drag selects what its rectangle touches, Shift a run of the queue."""
        selection = QItemSelection()
        if self.state() == QAbstractItemView.State.DragSelectingState:
            self._touched(rect, selection)
        else:
            self._run(rect, selection)
        self.selectionModel().select(selection, command)

    def _touched(self, rect: QRect, selection: QItemSelection) -> None:
        offset = self.verticalOffset()
        left = max(0, int((rect.left() - _EDGE) // self._pitch))
        right = min(self.columns - 1, int((rect.right() - _EDGE) // self._pitch))
        index = self.model().index
        for run in self.arranged.runs(rect.top() + offset, rect.bottom() + 1 + offset, left, right):
            selection.select(index(run.start, 0), index(run.stop - 1, 0))

    def _run(self, rect: QRect, selection: QItemSelection) -> None:
        corners = (rect.topLeft(), rect.topRight(), rect.bottomLeft(), rect.bottomRight())
        found = [self.indexAt(corner) for corner in corners]
        now = self.currentIndex()
        # Qt gives the rectangle between anchor and current tile; the anchor is opposite.
        for one, other in ((0, 3), (1, 2), (2, 1), (3, 0)):
            if found[one].isValid() and found[one] == now and found[other].isValid():
                a, b = sorted((found[one].row(), found[other].row()))
                selection.select(self.model().index(a, 0), self.model().index(b, 0))
                return

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """What is painted anew when these tiles are selected or not: of those in view."""
        region, view = QRegion(), self.visible_rows()
        for number in range(selection.size()):
            run = selection.at(number)
            for place in range(max(run.top(), view.start), min(run.bottom() + 1, view.stop)):
                region += self.visualRect(self.model().index(place, 0))
        return region

    def updateGeometries(self) -> None:
        high, view = self._tiles.geometry.height, self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self.arranged.height - view))
        bar.setEnabled(bar.maximum() > 0)  # its room stays, its handle goes
        bar.setPageStep(view)
        bar.setSingleStep(max(20, high // 4))
        QAbstractItemView.updateGeometries(self)

    def reset(self) -> None:
        """A new queue: measured at once, since the next call may scroll to one of its images."""
        super().reset()
        self.updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:
        QAbstractItemView.resizeEvent(self, event)
        self.updateGeometries()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        region = event.region()
        painter.fillRect(region.boundingRect(), self.ground)
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        flag = QStyle.StateFlag
        plain = option.state & ~(flag.State_Selected | flag.State_HasFocus)
        # Of the window, not of the screen: in a window behind others the ring keeps its colour.
        if self.window().focusWidget() is self:
            plain |= flag.State_KeyboardFocusChange
        chosen, current = self.selectionModel(), self.currentIndex()
        model = self.model()
        shown: list[int] = []
        whole, places = self._whole(), self.visible_rows()
        for place, rect in zip(places, self._rects(places), strict=True):
            if not region.intersects(rect):  # far-off tiles of which one changed are left alone
                continue
            index = model.index(place, 0)
            state = plain
            if chosen.isSelected(index):
                state |= flag.State_Selected
            if index == current:
                state |= flag.State_HasFocus
            option.rect, option.state = rect, state
            self._tiles.paint(painter, option, index)
            if whole.contains(rect):
                shown.append(place)
        self._paint_heads(painter, region)
        painter.end()
        if shown:
            self.painted.emit(shown)

    def _paint_heads(self, painter: QPainter, region: QRegion) -> None:
        """Over the tiles, since the head of the group that is scrolled through stays."""
        if self.heads is None:
            return
        for group in self.arranged.groups_between(*self._stretch()):
            box = self._head_rect(group)
            if region.intersects(box):
                painter.fillRect(box, self.ground)
                self.heads.paint(painter, box, group, lit=group == self.target)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            step = tile.STEP if event.angleDelta().y() > 0 else -tile.STEP
            self.edge_wished.emit(self._tiles.geometry.edge + step)
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that write something decide; the view would keep them for its search."""
        written = event.text().isprintable() and event.text().strip()
        # With Control (on some systems the text is a letter all the same) they are the view's.
        if written and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        group = self.head_at(event.position().toPoint())
        if group >= 0:
            if event.button() == Qt.MouseButton.LeftButton:
                self.head_pressed.emit(group)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        QAbstractItemView.mouseMoveEvent(self, event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802  # Qt's name
        """Letters decide here; a search would speak the captions of all images."""

    def selected_places(self) -> list[int]:
        """Places of the selection in the order of the queue; by ranges, so 100,000 are quick."""
        ranges = self.selectionModel().selection()
        found = [ranges.at(number) for number in range(ranges.size())]
        runs = sorted((one.top(), one.bottom() + 1) for one in found)
        return list(chain.from_iterable(range(first, end) for first, end in runs))

    def selectAll(self) -> None:  # noqa: N802  # Qt's name
        """One range: Qt's own asks for every index, 0.5 s for 100,000 images."""
        count = self._count()
        if count:
            whole = QItemSelection(self.model().index(0, 0), self.model().index(count - 1, 0))
            only = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.selectionModel().select(whole, only)
