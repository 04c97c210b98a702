"""The report as one HTML file that needs nothing else, and prints on A4.

Only what the rich text of Qt understands is used in the styles, so that the same text becomes the
PDF.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

from leukview.reports.about import NOTICE, About

_STYLE = """
body { font-family: "Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif;
  color: #1a1a1a; background: #ffffff; font-size: 10pt; margin: 0; }
h1 { font-size: 18pt; font-weight: 600; margin: 0 0 2px 0; }
h2 { font-size: 12pt; font-weight: 600; margin: 24px 0 4px 0; }
p { margin: 0 0 8px 0; }
p.note { color: #4d4d4d; font-size: 9pt; }
p.notice { font-weight: 600; margin: 0 0 12px 0; }
table { border-collapse: collapse; width: 100%; margin-top: 8px;
  font-variant-numeric: tabular-nums; }
td, th { padding: 4px 8px 4px 0; vertical-align: top; text-align: left; font-weight: 400;
  border-bottom: 1px solid #d0d0d0; }
th { color: #4d4d4d; font-size: 9pt; }
th.k { color: #4d4d4d; font-size: 10pt; }
th.c { color: #1a1a1a; font-size: 10pt; }
td.n, th.n { text-align: right; }
td.n { white-space: nowrap; }
td.same { background: #e8eaf8; }
td.hash { font-family: "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: 8pt;
  overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm; }
@media screen { body { margin: 32px auto; max-width: 800px; padding: 0 16px; } }
@media print { h2 { page-break-after: avoid; } tr { page-break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """One class: suggested, decided and combined, each a count and, where it means one, a share."""

    name: str
    counts: Sequence[str]
    shares: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; the first column names its row.

    Attributes:
        heads: names of the columns.
        rows: as many cells each.
        widths: of the columns in percent.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]


@dataclass(frozen=True, slots=True)
class Part:
    """A section of names and values, with a sentence under its title and a table at its end."""

    title: str
    words: str
    lines: Sequence[tuple[str, str]]
    table: Table | None = None


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
        matrix_words: what has to be known of these counts.
        parts: further sections.
        about: model, time, and the end of the log.
    """

    slide: str
    facts: Sequence[tuple[str, str]]
    classes: Sequence[ClassLine]
    cells: bool
    names: Sequence[str]
    matrix: Sequence[Sequence[int]]
    matrix_words: str
    parts: Sequence[Part]
    about: About

    @property
    def title(self) -> str:
        """Of the document."""
        return f"{self.slide} - LeukView"

    @property
    def log(self) -> str:
        """Where the log ends, in the words that `leukview verify --against` looks for."""
        return (
            f"Events in the log: {self.about.log_events:,}. Head of the log: {self.about.log_head}"
        )


def html(what: Contents, new_pages: Collection[int] = ()) -> str:
    """The whole page, in UTF-8.

    Args:
        what: stands in it.
        new_pages: numbers of the sections, from 0, that begin on a new page.
    """
    body = [
        f"<h1>{_text(what.slide)}</h1>",
        f'<p class="notice">{escape(NOTICE)}</p>',
        _pairs(what.facts),
    ]
    for at, (title, inside) in enumerate(_sections(what)):
        style = ' style="page-break-before: always"' if at in new_pages else ""
        body += [f"<h2{style}>{_text(title)}</h2>", *inside]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(what.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, body))
        + "\n</body>\n</html>\n"
    )


def _sections(what: Contents) -> list[tuple[str, list[str]]]:
    """Title and inside of each."""
    return [
        (
            "Counts per class",
            [_note(_counting(what.cells)), _counts(what.classes, shares=what.cells)],
        ),
        (
            "Decided and suggested",
            [_note(what.matrix_words), _confusion(what.names, what.matrix)],
        ),
        *(
            (part.title, [_note(part.words), _pairs(part.lines), _table_of(part.table)])
            for part in what.parts
        ),
        ("This report", [_pairs([(name, str(value)) for name, value in what.about.lines()])]),
    ]


def _text(words: str) -> str:
    """Escaped; a percent sign stays with its number."""
    return escape(words).replace(" %", "\N{NO-BREAK SPACE}%")


def _note(words: str) -> str:
    return f'<p class="note">{_text(words)}</p>' if words else ""


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
            f'<tr><th class="k" scope="row" align="left" width="30%">{_text(name)}</th>'
            f"<td{kind}>{_text(value)}</td></tr>"
        )
    return _whole("", rows) if rows else ""


def _counts(classes: Sequence[ClassLine], *, shares: bool) -> str:
    unit = " (95 % CI)" if shares else ""
    rows = [
        [
            line.name,
            *(
                f"{count}, {share}" if share else count
                for count, share in zip(line.counts, line.shares, strict=True)
            ),
        ]
        for line in classes
    ]
    heads = ["Class", *(f"{head}{unit}" for head in ("Suggested", "Decided", "Combined"))]
    return _table_of(Table(heads, rows, (22, 26, 26, 26)))


def _confusion(names: Sequence[str], matrix: Sequence[Sequence[int]]) -> str:
    if not sum(map(sum, matrix)):
        return ""
    # By number: eight names beside each other have no room on A4.
    heads = ["Decided, below; suggested, right", *map(str, range(1, len(names) + 1)), "n"]
    lines = [[*counts, sum(counts)] for counts in matrix]
    lines.append([sum(column) for column in zip(*lines, strict=True)])
    sides = [*(f"{at}\N{NO-BREAK SPACE} {name}" for at, name in enumerate(names, 1)), "n"]
    rows = [
        [side, *(f"{count:,}" if count else "·" for count in line)]
        for side, line in zip(sides, lines, strict=True)
    ]
    widths = [34, *[66 / (len(names) + 1)] * (len(names) + 1)]
    return _table_of(Table(heads, rows, widths), diagonal=len(names))


def _table_of(table: Table | None, *, diagonal: int = 0) -> str:
    """A table; the cells where row and column are of the same class are tinted."""
    if table is None:
        return ""
    heads = []
    # Qt shares the width as it likes where a column does not say its own.
    for at, (name, width) in enumerate(zip(table.heads, table.widths, strict=True)):
        side = ' class="n" align="right"' if at else ' align="left"'
        heads.append(f'<th{side} scope="col" width="{width:.1f}%">{_text(name)}</th>')
    rows = []
    for at, (name, *cells) in enumerate(table.rows):
        line = f'<th class="c" scope="row" align="left">{_text(name)}</th>'
        for column, cell in enumerate(cells):
            kind = "n same" if column == at < diagonal else "n"
            line += f'<td class="{kind}" align="right">{_text(cell)}</td>'
        rows.append(f"<tr>{line}</tr>")
    return _whole(f"<thead><tr>{''.join(heads)}</tr></thead>", rows)


def _whole(head: str, rows: Sequence[str]) -> str:
    body = "".join(rows)
    return f'<table width="100%" cellspacing="0">{head}<tbody>{body}</tbody></table>'
