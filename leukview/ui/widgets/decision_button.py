"""A button that decides: chip or icon, name, key cap."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips

_PAD, _PAD_DENSE = 10, 7


class DecisionButton(QPushButton):
    """One of "Normal 1", "Unsure U"; the style sheet draws its ground and states."""

    def __init__(
        self,
        theme_: Theme,
        name: str,
        key: str,
        *,
        look: ClassLook | None = None,
        icon: str = "",
        dense: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._name, self._key = theme_, name, key
        self._look, self._icon = look, icon
        self._dense = dense
        self._pad = _PAD_DENSE if dense else _PAD  # dense ones stand in pairs in 300 px
        self.setProperty("kind", "decision")
        self.set_height(theme.DECISION_DENSE if dense else theme.DECISION)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Decide {name}, key {key}" if look else f"{name}, key {key}")
        self.setToolTip(f"{name} ({key})")
        # Enter agrees with the suggestion; a focused button must not take it.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_height(self, least: int) -> None:
        """This high, or as high as the font needs."""
        self.setFixedHeight(max(least, QFontMetrics(theme.font()).lineSpacing() + 8))

    def sizeHint(self) -> QSize:
        return QSize(140, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(96, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        t = self._theme.tokens
        ink = t.text if self.isEnabled() else t.text_disabled
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        left = float(self._pad)
        if self._look is not None:
            if not self.isEnabled():
                painter.setOpacity(0.4)
            at = QPointF(left, middle - chips.HEIGHT / 2)
            chips.paint(painter, at, self._look, filled=True, text=ink, ground=chips.Ground.PANEL)
            painter.setOpacity(1.0)
            left += chips.WIDTH + 6
        elif self._icon:
            pixmap = theme.icon(self._icon, ink).pixmap(
                QSize(theme.ICON, theme.ICON), self.devicePixelRatioF()
            )
            painter.drawPixmap(QPointF(left + 2, middle - theme.ICON / 2), pixmap)
            left += theme.ICON + 12
        cap = self._cap(painter, middle, ink)
        painter.setFont(theme.font())
        painter.setPen(QColor(ink))
        words = QRectF(left, 0, cap.left() - 4 - left, self.height())
        short = self._words(painter.fontMetrics(), words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short)
        painter.end()

    @property
    def words(self) -> str:
        """The name as it is shown: the whole one, or a shorter one where that does not fit."""
        metrics = QFontMetrics(theme.font())
        icon = chips.WIDTH + 6 if self._look is not None else theme.ICON + 12
        return self._words(metrics, self.width() - 2 * self._pad - icon - self._cap_width() - 4)

    def _words(self, metrics: QFontMetrics, room: float) -> str:
        if self._look is None:
            return metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, int(room))
        return self._look.fitting(metrics, room) or self._look.letters

    def _cap_width(self) -> int:
        wide = QFontMetrics(theme.font(Style.CAPTION)).horizontalAdvance(self._key)
        return wide if self._dense else max(18, wide + 10)

    def _cap(self, painter: QPainter, middle: float, ink: str) -> QRectF:
        t = self._theme.tokens
        painter.setFont(theme.font(Style.CAPTION))
        wide, tall = self._cap_width(), max(18, painter.fontMetrics().height() + 2)
        cap = QRectF(self.width() - self._pad - wide, middle - tall / 2, wide, tall)
        if not self._dense:  # where names need the room, the key stands without its cap
            painter.setPen(QPen(QColor(t.border_strong), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(t.text_2 if self.isEnabled() else ink))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)
        return cap
