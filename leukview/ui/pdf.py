"""A report as PDF on A4, by the rich text of Qt; needs no window and no display."""

from __future__ import annotations

import os
import sys
from html import escape
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)

from leukview.reports.html_report import Contents, html

_DPI = 300
_MARGIN = 18.0  # millimetres
_FOOT = 8.0  # millimetres, at the bottom, for the number of the page
_FOOT_POINTS = 7
_TITLE = 2  # level of the heading of a section
_MOST_KEPT, _LEAST_KEPT = 0.6, 0.15  # of a page: a section kept whole, the least of a longer one
_GAP = 24 / 96 * _DPI  # over a title, as the style has it; at the end of a page it may be missing
_held: list[QGuiApplication] = []  # Qt wants it to live as long as the program


def pdf(report: Contents) -> bytes:
    """The pages of a report; the end of the log stands at the foot of each and in the metadata."""
    if not isinstance(QGuiApplication.instance(), QGuiApplication):
        _held.append(_application())
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(report.title)
    writer.setCreator(f"LeukView {report.about.app_version}")
    writer.setDocumentXmpMetadata(_xmp(report))
    writer.setResolution(_DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    page = writer.pageLayout().paintRectPixels(_DPI)
    foot = round(_FOOT / 25.4 * _DPI)
    document = _document(report, writer, QSizeF(page.width(), page.height() - foot))
    painter = QPainter(writer)
    count = document.pageCount()
    for number in range(count):
        if number:
            writer.newPage()
        _page(painter, document, number)
        line = QRectF(0, document.pageSize().height(), page.width(), foot)
        for side, words in (
            (Qt.AlignmentFlag.AlignLeft, _foot(report)),
            (Qt.AlignmentFlag.AlignRight, f"{number + 1} / {count}"),
        ):
            painter.setFont(QFont(document.defaultFont().families(), _FOOT_POINTS))
            painter.drawText(line, side | Qt.AlignmentFlag.AlignBottom, words)
    painter.end()
    return bytes(buffer.data().data())


def _document(report: Contents, writer: QPdfWriter, room: QSizeF) -> QTextDocument:
    """Laid out so that no section is cut that fits on a page."""
    new_pages: list[int] = []
    while True:
        document = QTextDocument()
        document.documentLayout().setPaintDevice(writer)
        document.setDocumentMargin(0)
        document.setMetaInformation(QTextDocument.MetaInformation.CssMedia, "print")
        document.setHtml(html(report, new_pages))
        document.setPageSize(room)
        cut = _first_cut(document, after=new_pages[-1] if new_pages else -1)
        if cut < 0:
            return document
        new_pages.append(cut)


def _first_cut(document: QTextDocument, *, after: int) -> int:
    """Number of the first section that should begin on a new page, or -1.

    Qt knows no style for that. A section longer than most of a page may be cut, but not right
    after its title.
    """
    page, layout = document.pageSize().height(), document.documentLayout()
    begins = []
    block = document.begin()
    while block.isValid():
        if block.blockFormat().headingLevel() == _TITLE:
            begins.append(layout.blockBoundingRect(block).top())
        block = block.next()
    ends = [*begins[1:], layout.documentSize().height()]
    for at, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        height = end - begin - _GAP
        needed = height if height <= _MOST_KEPT * page else _LEAST_KEPT * page
        if at > after and page - begin % page < needed:
            return at
    return -1


def _page(painter: QPainter, document: QTextDocument, number: int) -> None:
    room = document.pageSize()
    context = QAbstractTextDocumentLayout.PaintContext()
    context.clip = QRectF(0, number * room.height(), room.width(), room.height())
    painter.save()
    painter.translate(0, -number * room.height())
    painter.setClipRect(context.clip)
    document.documentLayout().draw(painter, context)
    painter.restore()


def _foot(report: Contents) -> str:
    return f"Log of {report.about.log_events:,} events, head {report.about.log_head}"


def _xmp(report: Contents) -> QByteArray:
    """Title and end of the log for programs (ISO 16684-1); PDF keeps it as plain text."""
    return QByteArray(
        (
            '<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(report.title)}</rdf:li>'
            "</rdf:Alt></dc:title>"
            f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(report.log)}</rdf:li>'
            "</rdf:Alt></dc:description>"
            '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
        ).encode()
    )


def _application() -> QGuiApplication:
    """For the command, which has no window: fonts need an application, but no display."""
    if sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QGuiApplication([str(Path(sys.argv[0]).name)])
