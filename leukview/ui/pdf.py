"""A report as PDF on A4, by the rich text of Qt; needs no window and no display."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)

_DPI = 300
_MARGIN = 18.0  # millimetres
_FOOT = 8.0  # millimetres, at the bottom, for the number of the page
_held: list[QGuiApplication] = []  # Qt wants it to live as long as the program


def pdf(html: str, title: str, head: str) -> bytes:
    """The pages of a report.

    Args:
        html: of `reports.html_report`.
        title: of the document.
        head: where the log of the session ends, for the foot of each page.

    Returns:
        The file.
    """
    if not isinstance(QGuiApplication.instance(), QGuiApplication):
        _held.append(_application())
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator("LeukView")
    writer.setResolution(_DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer)
    document.setDocumentMargin(0)
    document.setMetaInformation(QTextDocument.MetaInformation.CssMedia, "print")
    document.setHtml(html)
    page = writer.pageLayout().paintRectPixels(_DPI)
    foot = round(_FOOT / 25.4 * _DPI)
    room = QRectF(0, 0, page.width(), page.height() - foot)
    document.setPageSize(room.size())
    painter = QPainter(writer)
    count = document.pageCount()
    for number in range(count):
        if number:
            writer.newPage()
        painter.save()
        painter.translate(0, -number * room.height())
        context = QAbstractTextDocumentLayout.PaintContext()
        clip = QRectF(0, number * room.height(), room.width(), room.height())
        context.clip = clip
        painter.setClipRect(clip)
        document.documentLayout().draw(painter, context)
        painter.restore()
        line = QRectF(0, room.height(), room.width(), foot)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, head)
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.drawText(line, side, f"{number + 1} / {count}")
    painter.end()
    return bytes(buffer.data().data())


def _application() -> QGuiApplication:
    """For the command, which has no window: fonts need an application, but no display."""
    if sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QGuiApplication([str(Path(sys.argv[0]).name)])
