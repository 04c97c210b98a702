"""Heads of the gallery's groups: caret, chip, name, figures, a line, and what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap

from leukview.ui import theme
from leukview.ui.theme import ClassLook, Style, Theme
from leukview.ui.widgets import chips

HEIGHT = 40
_GAP = 8
_CARET = 16
_LEAST_LINE = 24


@dataclass(frozen=True, slots=True)
class Head:
    """What a head says.

    Attributes:
        index: of the class; -1 for images without one.
        look: of the class, or None.
        name: in words.
        count: images of the group that the gallery shows or would show.
        figures: the same in words, long and short; the first that has room is drawn.
        left: how many of them nobody has decided.
        closed: whether its images are folded away.
    """

    index: int
    look: ClassLook | None
    name: str
    count: int
    figures: tuple[str, ...]
    left: int
    closed: bool = False

    @property
    def state(self) -> str:
        return f"{self.left:,} to decide" if self.left else "all decided"

    @property
    def spoken(self) -> str:
        """As a sentence."""
        folded = ", folded" if self.closed else ""
        return f"{self.name}, {self.count:,} images, {self.state}{folded}."


class GroupHeads:
    """Draws heads; the gallery asks for their heights and counts."""

    def __init__(self, theme_: Theme, heads: Sequence[Head]) -> None:
        self._theme = theme_
        self.heads = tuple(heads)

    @property
    def counts(self) -> list[int]:
        """Images that each group shows."""
        return [0 if head.closed else head.count for head in self.heads]

    @property
    def height(self) -> int:
        """Of every head; more where the font asks for it."""
        return max(HEIGHT, QFontMetrics(theme.font(Style.GROUP)).height() + 16)

    def takes(self, group: int) -> bool:
        """Whether images can be moved into the group: only into one of a class."""
        return self.heads[group].index >= 0

    def paint(self, painter: QPainter, box: QRect, group: int, *, lit: bool) -> None:
        """Draw a head.

        Args:
            painter: with the ground painted.
            box: of the head.
            group: its number.
            lit: whether a selection would be dropped there.
        """
        head, t = self.heads[group], self._theme.tokens
        if lit:
            painter.fillRect(box, QColor(t.row_selected))
        inner = QRectF(box).adjusted(theme.PAD_PANEL, 0, -theme.PAD_PANEL, 0)
        x, middle = inner.left(), inner.center().y()
        self._icon(painter, x, inner, "caret-right" if head.closed else "caret-down")
        x += _CARET + _GAP
        if head.look is not None:
            at = QPointF(x, middle - chips.HEIGHT / 2)
            chips.paint(painter, at, head.look, filled=True, text=t.text, ground=chips.Ground.PANEL)
            x += chips.WIDTH + _GAP
        right = self._right(painter, inner, head)
        x += self._words(painter, x, inner, head.name, Style.GROUP, t.text, right - x) + _GAP
        room = right - x - _LEAST_LINE
        caption = QFontMetrics(theme.font(Style.CAPTION))
        words = next((w for w in head.figures if caption.horizontalAdvance(w) <= room), "")
        if words:
            x += self._words(painter, x, inner, words, Style.CAPTION, t.text_2, room) + _GAP
        if right - _GAP - x >= _LEAST_LINE:
            painter.fillRect(QRectF(x, round(middle), right - _GAP - x, 1), QColor(t.border_strong))

    def _right(self, painter: QPainter, inner: QRectF, head: Head) -> float:
        """What is left to decide, at the right end; where it begins."""
        t, metrics = self._theme.tokens, QFontMetrics(theme.font(Style.CAPTION))
        wide = metrics.horizontalAdvance(head.state)
        x = inner.right() - wide
        self._words(painter, x, inner, head.state, Style.CAPTION, t.text_2, wide + 1)
        if not head.left:
            x -= _CARET + 4
            self._icon(painter, x, inner, "check", t.ok)
        return x - _GAP

    def _icon(
        self, painter: QPainter, x: float, inner: QRectF, name: str, colour: str = ""
    ) -> None:
        """An icon with its left edge at x, in the colour of text or another."""
        dpr = painter.device().devicePixelRatioF()
        icon = self._theme.icon(name, colour) if colour else self._theme.icon(name)
        pixmap = icon.pixmap(QSize(_CARET, _CARET), dpr)
        painter.drawPixmap(QPointF(x, inner.center().y() - _CARET / 2), pixmap)

    def _words(
        self,
        painter: QPainter,
        x: float,
        inner: QRectF,
        words: str,
        style: Style,
        colour: str,
        room: float,
    ) -> float:
        """Draw words from x on, cut where there is no room; their width."""
        font = theme.font(style)
        metrics = QFontMetrics(font)
        said = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0, int(room)))
        wide = metrics.horizontalAdvance(said)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        box = QRectF(x, inner.top(), wide + 1, inner.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)
        return wide

    def luggage(self, count: int, dpr: float) -> QPixmap:
        """What hangs at the pointer while a selection is dragged."""
        words = f"{count:,} image" + "s" * (count != 1)
        font = theme.font(Style.BODY)
        metrics = QFontMetrics(font)
        made = chips.canvas(metrics.horizontalAdvance(words) + 24, metrics.height() + 12, dpr)
        t, painter = self._theme.tokens, QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0.5, 0.5, *(v - 1 for v in made.deviceIndependentSize().toTuple()))
        painter.setPen(QColor(t.border_strong))
        painter.setBrush(QColor(t.panel))
        painter.drawRoundedRect(box, 6, 6)
        painter.setFont(font)
        painter.setPen(QColor(t.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
        return made
