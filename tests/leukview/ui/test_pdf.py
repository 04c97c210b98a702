"""The pages of a report."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QPdfWriter

from leukview.reports.about import About
from leukview.reports.html_report import Contents, Part, Table
from leukview.ui.pdf import _document, _first_cut, pdf

HEIGHT = 3000.0


def report(lengths: list[int]) -> Contents:
    """With sections of so many rows."""
    return Contents(
        slide="S <1>",
        facts=[("State", "Draft")],
        classes=[],
        cells=True,
        names=[],
        matrix=[],
        matrix_words="",
        parts=[
            Part(f"Part {at}", "", [], Table(["a", "b"], [["x", "1"]] * rows, (50, 50)))
            for at, rows in enumerate(lengths)
        ],
        about=About(
            title="T",
            model="m",
            model_sha256="a" * 64,
            app_version="1",
            exported_at="",
            images=1,
            decided=1,
            log_events=1234,
            log_head="b" * 64,
        ),
    )


@pytest.mark.parametrize("lengths", [[3, 9, 14, 14, 12], [40, 2, 70], [200]])
def test_no_section_that_fits_on_a_page_is_cut_and_no_title_stands_alone(qapp, tmp_path, lengths):
    writer = QPdfWriter(str(tmp_path / "x.pdf"))
    writer.setResolution(300)
    document = _document(report(lengths), writer, QSizeF(2000, HEIGHT))
    assert document.pageCount() > 1
    assert _first_cut(document, after=-1) == -1
    layout, block, titles = document.documentLayout(), document.begin(), []
    while block.isValid():
        if block.blockFormat().headingLevel() == 2:
            titles.append((block.text(), layout.blockBoundingRect(block).top()))
            below = layout.blockBoundingRect(block.next()).bottom()
            assert below // HEIGHT == titles[-1][1] // HEIGHT, block.text()
        block = block.next()
    assert [name for name, _top in titles][2:-1] == [f"Part {n}" for n in range(len(lengths))]


def test_the_metadata_names_title_and_end_of_the_log(qapp):
    text = pdf(report([3])).decode("latin-1")
    assert f"Events in the log: 1,234. Head of the log: {'b' * 64}" in text
    assert "S &lt;1&gt; - LeukView" in text
