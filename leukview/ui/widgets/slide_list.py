"""The list of the left panel: patients that fold, slides, folders opened before."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from leukview.ui import theme
from leukview.ui.models.slide_lines import FINAL, NOT_RUN, Kind, Line
from leukview.ui.theme import Style, Theme
from leukview.ui.widgets import parts

_Index = QModelIndex | QPersistentModelIndex
_ACCENT, _CARET = 3, 12
_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right}
_MOVES = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}
_MOVES |= {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class _Lines(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def show(self, lines: Sequence[Line]) -> None:
        if [(one.kind, one.key) for one in lines] == [(one.kind, one.key) for one in self.lines]:
            self.lines = list(lines)
            if lines:
                self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))
            return
        self.beginResetModel()
        self.lines = list(lines)
        self.endResetModel()

    def put(self, at: int, line: Line) -> None:
        self.lines[at] = line
        self.dataChanged.emit(self.index(at), self.index(at))

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return line.spoken
        if role == Qt.ItemDataRole.ToolTipRole:
            return parts.tip(line.tip) if line.tip else None
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if self.lines[index.row()].kind is Kind.HEADING:
            return Qt.ItemFlag.NoItemFlags  # the keyboard goes past it
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _Drawing(QStyledItemDelegate):
    def __init__(self, theme_: Theme) -> None:
        super().__init__()
        self._theme = theme_
        self._body, self._caption = theme.font(), theme.font(Style.CAPTION)
        self._name = QFont(self._body)
        self._name.setWeight(QFont.Weight.Medium)
        high = QFontMetrics(self._name).lineSpacing()
        low = QFontMetrics(self._caption).lineSpacing()
        self._high, self._low = high, low
        self._heights = {
            Kind.PATIENT: max(28, high + 8),
            Kind.HEADING: max(32, low + 16),
            Kind.SLIDE: max(44, high + low + 10),
            Kind.FOLDER: max(44, high + low + 10),
        }

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, self._heights[_line(index).kind])

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        line, t, rect = _line(index), self._theme.tokens, QRect(option.rect)
        state = option.state
        painter.save()
        if line.current:
            painter.fillRect(rect, QColor(t.row_selected))
            painter.fillRect(
                QRect(rect.left(), rect.top(), _ACCENT, rect.height()), QColor(t.accent)
            )
        elif state & QStyle.StateFlag.State_MouseOver and line.kind is not Kind.HEADING:
            painter.fillRect(rect, QColor(t.hover))
        if line.kind is Kind.PATIENT:
            self._patient(painter, rect, line)
        elif line.kind is Kind.HEADING:
            room = rect.adjusted(theme.PAD_PANEL, 0, -theme.PAD_PANEL, -theme.GAP_ICON)
            self._text(painter, room, line.name, self._caption, t.text_2, bottom=True)
        else:
            self._slide(painter, rect, line)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), 6, 6)
        painter.restore()

    def _patient(self, painter: QPainter, rect: QRect, line: Line) -> None:
        t, left = self._theme.tokens, rect.left() + theme.PAD_PANEL
        name = "caret-right" if line.folded else "caret-down"
        self._icon(painter, name, t.text_2, left, rect, _CARET)
        room = rect.adjusted(theme.PAD_PANEL + _CARET + 5, 0, -theme.PAD_PANEL, 0)
        if line.folded:
            width = QFontMetrics(self._caption).horizontalAdvance(line.state)
            self._text(painter, room, line.state, self._caption, t.text_2, right=True)
            room.adjust(0, 0, -width - theme.GAP, 0)
        self._text(painter, room, line.name, self._body, t.text_2)

    def _slide(self, painter: QPainter, rect: QRect, line: Line) -> None:
        t = self._theme.tokens
        left = 24 if line.kind is Kind.SLIDE else theme.PAD_PANEL
        colour = t.ok if line.icon == FINAL else t.accent if line.current else t.text_2
        self._icon(painter, line.icon or NOT_RUN, colour, rect.left() + left, rect, theme.ICON)
        high, low = self._high, self._low
        top = rect.top() + (rect.height() - high - low) // 2
        at = rect.left() + left + theme.ICON + 10
        width = rect.right() - theme.PAD_PANEL - at
        tone = t.text_2 if line.faded else t.text
        self._text(painter, QRect(at, top, width, high), line.name, self._name, tone)
        below = QRect(at, top + high, width, low)
        self._text(painter, below, line.state, self._caption, t.text_2)
        wide = QFontMetrics(self._caption).horizontalAdvance
        if line.progress and wide(line.state) + theme.GAP + wide(line.progress) <= width:
            self._text(painter, below, line.progress, self._caption, t.text_2, right=True)

    def _icon(
        self, painter: QPainter, name: str, colour: str, left: int, rect: QRect, side: int
    ) -> None:
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        pixmap = self._theme.icon(name, colour).pixmap(QSize(side, side), ratio)
        painter.drawPixmap(QPointF(left, rect.top() + (rect.height() - side) // 2), pixmap)

    def _text(
        self,
        painter: QPainter,
        room: QRect,
        words: str,
        font: QFont,
        colour: str,
        *,
        right: bool = False,
        bottom: bool = False,
    ) -> None:
        align = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        align |= Qt.AlignmentFlag.AlignBottom if bottom else Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        painter.setPen(QColor(colour))
        cut = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, align | Qt.TextFlag.TextSingleLine, cut)


def _line(index: _Index) -> Line:
    model = index.model()
    assert isinstance(model, _Lines)  # it is ours
    return model.lines[index.row()]


class SlideList(QListView):
    """One stop for Tab; arrows move, Enter opens a slide or folds a patient.

    A click with the mouse leaves the keyboard where it was, so keys go on deciding.
    """

    chosen = Signal(str)  # path
    fold_wished = Signal(str, bool)  # patient, folded
    add_wished = Signal(str)  # path of a folder that is on no worklist
    remove_wished = Signal(list, bool)  # paths; whether they are on the worklist

    def __init__(self, theme_: Theme) -> None:
        super().__init__()
        self._lines = _Lines()
        self._drawing = _Drawing(theme_)
        self.setModel(self._lines)
        self.setItemDelegate(self._drawing)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName("Worklist")
        self.setProperty("role", "panel")
        self.clicked.connect(self._press)
        self.menu: QMenu | None = None
        theme_.changed.connect(self.viewport().update)

    def dataChanged(self, first: _Index, last: _Index, roles: Sequence[int] = ()) -> None:
        """Paint the line that changed; a list view would lay out and paint all, and none moves."""
        QAbstractItemView.dataChanged(self, first, last, roles)

    @property
    def lines(self) -> list[Line]:
        return self._lines.lines

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show these; the line with the keyboard keeps it while it is there."""
        at = self.currentIndex().row()
        kept = self.lines[at] if 0 <= at < len(self.lines) else None
        was_open = next((one.key for one in self.lines if one.current), "")
        self._lines.show(lines)
        wanted = next((n for n, one in enumerate(lines) if one.current), -1)
        if wanted >= 0 and lines[wanted].key != was_open:
            self.setCurrentIndex(self._lines.index(wanted))
            self.scrollTo(self._lines.index(wanted))
        elif kept is not None:
            same = (n for n, o in enumerate(lines) if (o.kind, o.key) == (kept.kind, kept.key))
            found = next(same, -1)
            if found >= 0 and found != self.currentIndex().row():
                self.setCurrentIndex(self._lines.index(found))

    def put(self, at: int, line: Line) -> None:
        """Show another line of the same slide."""
        self._lines.put(at, line)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            if plain and event.key() in _KEYS | _MOVES:
                event.accept()  # else Enter would agree with a suggestion
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self.currentIndex()
        if event.key() in _MOVES:
            super().keyPressEvent(event)
            return
        if event.key() not in _KEYS or not at.isValid():
            event.ignore()  # letters are keys of the window; Qt would look for a line with them
            return
        line = _line(at)
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            folded = event.key() == Qt.Key.Key_Left
            if line.kind is Kind.PATIENT and line.folded != folded:
                self.fold_wished.emit(line.key, folded)
        elif not event.isAutoRepeat():
            self._press(at)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        at = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if not at.isValid() or _line(at).kind is Kind.HEADING:
            return
        self.menu = self.menu_of(_line(at))
        self.menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        where = event.globalPos()
        if not by_mouse:
            where = self.viewport().mapToGlobal(self.visualRect(at).center())
        self.menu.popup(where)

    def menu_of(self, line: Line) -> QMenu:
        """What can be done with a line."""
        menu = QMenu(self)
        if line.kind is Kind.PATIENT:
            paths = self.slides_of(line.key) if not line.folded else []
            words = "Unfold" if line.folded else "Fold"
            fold = menu.addAction(words)
            fold.triggered.connect(lambda: self.fold_wished.emit(line.key, not line.folded))
            if len(paths) > 0:
                slides = "this slide" if len(paths) == 1 else f"these {len(paths)} slides"
                self._removal(menu, f"Take {slides} off the worklist", paths, listed=True)
            return menu
        if not line.current:
            menu.addAction("Open").triggered.connect(lambda: self.chosen.emit(line.key))
        if line.kind is Kind.SLIDE:
            self._removal(menu, "Take off the worklist", [line.key], listed=True)
            return menu
        add = menu.addAction("Add to the worklist…")
        add.triggered.connect(lambda: self.add_wished.emit(line.key))
        if not line.current:
            self._removal(menu, "Take off this list", [line.key], listed=False)
        return menu

    def _removal(self, menu: QMenu, words: str, paths: list[str], *, listed: bool) -> None:
        action = menu.addAction(f"{words} (decisions are kept)")
        action.triggered.connect(lambda: self.remove_wished.emit(paths, listed))

    def slides_of(self, patient: str) -> list[str]:
        """Paths of the slides shown under a patient."""
        inside, paths = False, []
        for line in self.lines:
            if line.kind is Kind.SLIDE and inside:
                paths.append(line.key)
            elif line.kind is Kind.PATIENT:
                inside = line.key == patient
            else:
                inside = False
        return paths

    def _press(self, index: QModelIndex) -> None:
        line = _line(index)
        if line.kind is Kind.PATIENT:
            self.fold_wished.emit(line.key, not line.folded)
        elif not line.current:
            self.chosen.emit(line.key)
