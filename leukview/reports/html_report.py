"""The report as one HTML file that needs nothing else, and prints on A4.

Only what the rich text of Qt understands is used in the styles, so that the same text becomes the
PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from leukview.reports.about import NOTICE, About

_STYLE = """
body { font-family: "Inter", "Helvetica Neue", "Segoe UI", "DejaVu Sans", sans-serif;
  color: #1a1a1a; background: #ffffff; font-size: 10pt; margin: 0; }
h1 { font-size: 18pt; font-weight: 600; margin: 0 0 4px 0; }
h2 { font-size: 12pt; font-weight: 600; margin: 22px 0 6px 0; }
p { margin: 2px 0 10px 0; }
p.note { color: #4d4d4d; font-size: 9pt; }
p.notice { font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: 4px 8px 4px 0; vertical-align: top; text-align: left; font-weight: 400;
  border-bottom: 1px solid #d0d0d0; }
th { color: #4d4d4d; font-size: 9pt; }
td.n, th.n { text-align: right; padding-right: 12px; white-space: nowrap; }
td.k { color: #4d4d4d; }
td.same { background: #e8eaf8; }
td.hash { font-family: "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: 8pt;
  overflow-wrap: anywhere; }
@media screen { body { margin: 24px auto; max-width: 760px; padding: 0 16px; } }
@media print { h2 { page-break-after: avoid; } tr { page-break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """One class: suggested, decided and combined, each a count and, where it means one, a share."""

    name: str
    counts: Sequence[str]
    shares: Sequence[str]


@dataclass(frozen=True, slots=True)
class Part:
    """A section of names and values, with a sentence under its title."""

    title: str
    words: str
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What stands in a report.

    Attributes:
        slide: its name.
        facts: names and values over the tables.
        classes: counts per class.
        cells: whether an image is one cell, so that shares of leukocytes make sense.
        names: of the classes.
        matrix: counts, rows decided, columns suggested.
        parts: further sections.
        about: model, time, and the end of the log.
    """

    slide: str
    facts: Sequence[tuple[str, str]]
    classes: Sequence[ClassLine]
    cells: bool
    names: Sequence[str]
    matrix: Sequence[Sequence[int]]
    parts: Sequence[Part]
    about: About


def html(what: Contents) -> str:
    """The whole page, in UTF-8."""
    body = [
        f"<h1>{escape(what.slide)}</h1>",
        f'<p class="notice">{escape(NOTICE)}</p>',
        _pairs(what.facts),
        "<h2>Counts per class</h2>",
        f'<p class="note">{escape(_counting(what.cells))}</p>',
        _counts(what.classes, shares=what.cells),
        "<h2>Decided and suggested</h2>",
        _confusion(what.names, what.matrix),
    ]
    for part in what.parts:
        body.append(f"<h2>{escape(part.title)}</h2>")
        if part.words:
            body.append(f'<p class="note">{escape(part.words)}</p>')
        body.append(_pairs(part.lines))
    body.append("<h2>This report</h2>")
    body.append(_pairs([(name, str(value)) for name, value in what.about.lines()]))
    title = escape(f"{what.slide} - LeukView")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _counting(cells: bool) -> str:
    combined = "Combined: the decision where there is one, else the suggestion. Unsure and excluded"
    if cells:
        return (
            f"{combined} images are left out. Shares are of leukocytes, with exact"
            " (Clopper-Pearson) 95 % intervals; the cells of one slide are one sample."
        )
    return f"{combined} images are left out. One image shows a whole field, so there are no shares."


def _pairs(lines: Sequence[tuple[str, str]]) -> str:
    rows = []
    for name, value in lines:
        kind = ' class="hash"' if len(value) >= 64 and " " not in value[-64:] else ""
        rows.append(
            f'<tr><td class="k" width="26%">{escape(name)}</td><td{kind}>{escape(value)}</td></tr>'
        )
    return f'<table width="100%" cellspacing="0">{"".join(rows)}</table>'


def _counts(classes: Sequence[ClassLine], *, shares: bool) -> str:
    unit = ", share (95 % CI)" if shares else ""
    heads = "".join(
        f'<th class="n" align="right" width="25%">{head}{unit}</th>'
        for head in ("Suggested", "Decided", "Combined")
    )
    rows = [f'<tr><th width="25%">Class</th>{heads}</tr>']
    for line in classes:
        made = f"<td>{escape(line.name)}</td>"
        for count, share in zip(line.counts, line.shares, strict=True):
            words = f"{count}, {share}" if share else count
            made += f'<td class="n" align="right">{escape(words)}</td>'
        rows.append(f"<tr>{made}</tr>")
    return f'<table width="100%" cellspacing="0">{"".join(rows)}</table>'


def _confusion(names: Sequence[str], matrix: Sequence[Sequence[int]]) -> str:
    total = sum(map(sum, matrix))
    if not total:
        return '<p class="note">No image has both a decision for a class and a suggestion.</p>'
    # By number: eight names beside each other have no room on A4.
    heads = "".join(f'<th class="n" align="right">{n}</th>' for n in range(1, len(names) + 1))
    rows = [f'<tr><th width="30%">decided, below; suggested, right</th>{heads}</tr>']
    for at, (name, counts) in enumerate(zip(names, matrix, strict=True)):
        made = f"<td>{at + 1}&nbsp; {escape(name)}</td>"
        for column, count in enumerate(counts):
            kind = "n same" if column == at else "n"
            made += f'<td class="{kind}" align="right">{count:,}</td>'
        rows.append(f"<tr>{made}</tr>")
    same = sum(row[at] for at, row in enumerate(matrix))
    words = f"n = {total:,}; the same class for {same:,}. Chosen by the reader, not at random."
    return (
        f'<p class="note">{escape(words)}</p>'
        f'<table width="100%" cellspacing="0">{"".join(rows)}</table>'
    )
