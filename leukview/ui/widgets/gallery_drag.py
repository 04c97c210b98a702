"""A gallery in groups, whose selection can be dragged from one class to another."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent

from leukview.ui.widgets.gallery_view import GalleryView
from leukview.ui.widgets.group_heads import GroupHeads

_MIME = "application/x-leukview-selection"
_SCROLL_ZONE = 32  # pixels at the upper and lower edge where a drag scrolls


class DragGallery(GalleryView):
    """The selection is dropped on a group, its head or its images."""

    dropped = Signal(int)  # the selection, onto a group

    def set_heads(self, heads: GroupHeads | None) -> None:
        """See `GalleryView`; without groups a drag selects what it touches."""
        super().set_heads(heads)
        self.setDragEnabled(heads is not None)
        self.setAcceptDrops(heads is not None)

    def startDrag(self, supported: Qt.DropAction) -> None:  # noqa: N802  # Qt's name
        places = self.selected_places()
        if not places:
            return
        drag, data = QDrag(self), QMimeData()
        data.setData(_MIME, b"")  # only this view takes it, and it knows the selection
        drag.setMimeData(data)
        if self.heads is not None:
            drag.setPixmap(self.heads.luggage(len(places), self.devicePixelRatioF()))
        drag.exec(Qt.DropAction.MoveAction)
        self._aim(-1)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Over a group of a class it may be dropped; at the edges the gallery scrolls."""
        if event.source() is not self or not event.mimeData().hasFormat(_MIME):
            event.ignore()  # a folder is for the window
            return
        point, bar = event.position().toPoint(), self.verticalScrollBar()
        if point.y() < _SCROLL_ZONE + self.covered:
            bar.setValue(bar.value() - bar.singleStep())
        elif point.y() > self.viewport().height() - _SCROLL_ZONE:
            bar.setValue(bar.value() + bar.singleStep())
        group = self._group_at(point)
        self._aim(group)
        event.setAccepted(group >= 0)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._aim(-1)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        group = self._group_at(event.position().toPoint())
        self._aim(-1)
        if event.source() is self and group >= 0:
            event.acceptProposedAction()
            self.dropped.emit(group)

    def _group_at(self, point: QPoint) -> int:
        """The group of a class under a point, head or images, or -1."""
        if self.heads is None:
            return -1
        group = self.head_at(point)
        if group < 0:
            group = self.arranged.group_at(point.y() + self.verticalOffset())
        return group if group >= 0 and self.heads.takes(group) else -1

    def _aim(self, group: int) -> None:
        if group != self.target:
            self.target = group
            self.show_heads()
