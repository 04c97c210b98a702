"""A figure drawn by pyqtgraph in the colours of the theme, and how it is saved."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from leukview.ui import theme
from leukview.ui.theme import LIGHT, Style, Theme, Tokens
from leukview.ui.widgets import parts

_LEAST_HEIGHT = 180
_PNG_TIMES = 3  # a figure of 400 x 250 points is sharp in print then
Ticks = Iterable[tuple[float, str]]


class Plot(QWidget):
    """Fixed axes, no mouse, no menu; what it shows is said by its accessible name."""

    def __init__(self, theme_: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme_
        self._saving: Tokens | None = None
        self._axes: dict[str, object] = {}  # what was drawn last: 3 ms each time for nothing new
        pg.setConfigOptions(antialias=True)
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.plot.setMinimumHeight(_LEAST_HEIGHT)
        # Its own wish is 480 pixels high, for which the page would be scrolled.
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        body = parts.column()
        self.setLayout(body)
        body.addWidget(self.plot)
        theme_.changed.connect(self.draw)

    @property
    def tokens(self) -> Tokens:
        """The colours in force: those of the theme, or the light ones of a saved figure."""
        return self._saving or self._theme.tokens

    @abstractmethod
    def draw(self) -> None:
        """Draw everything in the colours of `tokens`."""

    def draw_axes(self) -> None:
        """Ground, type and colours of the axes; their grid lies behind what is drawn."""
        t, caption = self.tokens, theme.font(Style.CAPTION)
        if self._axes.get("") == t:
            return
        self._axes = {"": t}
        self.plot.setBackground(QColor(t.panel))
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setTickFont(caption)
            axis.setTextPen(QColor(t.text_2))
            axis.setPen(QColor(t.border))
            axis.setStyle(tickLength=0, hideOverlappingLabels=False)
            axis.setZValue(-1)
        self.plot.getAxis("bottom").setPen(pg.mkPen(None))
        self.plot.getAxis("bottom").setTickPen(pg.mkPen(None))
        self.plot.showGrid(x=False, y=True, alpha=0.25)

    def label_axis(self, name: str, words: str, ticks: Ticks) -> None:
        """What an axis ("left", "bottom") shows, and its ticks as places and words."""
        axis, shown = self.plot.getAxis(name), list(ticks)
        if self._axes.get(name) == (words, shown):
            return
        self._axes[name] = (words, shown)
        axis.setTicks([shown])
        axis.setLabel(words, color=self.tokens.text_2)
        axis.label.setFont(theme.font(Style.CAPTION))

    def save(self, path: Path) -> None:
        """Write it as SVG or PNG, by the ending, in the light theme as for a page of paper.

        Raises:
            OSError: it could not be written.
        """
        with self._light():
            data = self._svg() if path.suffix.lower() == ".svg" else self._png()
        path.write_bytes(data)

    def _svg(self) -> bytes:
        size, made, buffer = self.plot.size(), QSvgGenerator(), QBuffer()
        made.setOutputDevice(buffer)
        made.setSize(size)
        # Axes are kept as pictures, which are drawn larger or smaller on another resolution.
        made.setResolution(self.plot.logicalDpiX())
        made.setViewBox(QRect(0, 0, size.width(), size.height()))
        made.setTitle(self.plot.accessibleName())
        painter = QPainter(made)
        self._paint(painter, size)
        painter.end()
        return bytes(buffer.data().data())

    def _png(self) -> bytes:
        """The drawing, enlarged: pens and dots of pyqtgraph have a width in pixels else."""
        buffer = QBuffer()
        image = QImage(self.plot.size() * _PNG_TIMES, QImage.Format.Format_RGB32)
        image.setText("Title", self.plot.accessibleName())
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        QSvgRenderer(QByteArray(self._svg())).render(painter)
        painter.end()
        buffer.open(QBuffer.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, PySide str
        return bytes(buffer.data().data())

    def _paint(self, painter: QPainter, size: QSize) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.plot.render(painter, QRectF(0, 0, size.width(), size.height()), self.plot.rect())

    @contextmanager
    def _light(self) -> Iterator[None]:
        """Drawn in the light theme meanwhile, without a flash on the screen."""
        self.plot.setUpdatesEnabled(False)
        self._saving = LIGHT
        self.draw()
        try:
            yield
        finally:
            self._saving = None
            self.draw()
            self.plot.setUpdatesEnabled(True)
