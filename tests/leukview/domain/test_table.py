"""The table as text: what is written is read back, also when a spreadsheet program was between."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukview.domain import table
from leukview.domain.errors import UsageError
from leukview.domain.records import DecisionState
from leukview.domain.table import Dialect, Row

CLASSES = ("hem", "all")
HEAD = "0123456789abcdef" * 4

# What breaks tables: formulas, the escape itself, separators, quotes, line ends.
_nasty = st.sampled_from(
    ("=1+1", "'=1", "''@x", "-", "a;b,c", 'say "x"', "a\r\nb", "\tx", "é α 細胞")
)
_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=4) | _nasty
_number = st.none() | st.integers(-9_000_000, 9_000_000).map(lambda n: n / 1_000_000)
_truth = st.none() | st.booleans()
ROWS = st.builds(
    Row,
    image=_text,
    folder=_text,
    sha256=st.sampled_from(("", HEAD)),
    slide=_text,
    patient=_text,
    suggestion=st.sampled_from(("", *CLASSES)),
    confidence=_number,
    probabilities=st.dictionaries(
        st.sampled_from(CLASSES), _number.filter(lambda n: n is not None)
    ),
    needs_review=_truth,
    unfamiliarity=_number,
    unfamiliar=_truth,
    decision=st.sampled_from(("", *CLASSES)),
    decision_state=st.sampled_from([state.value for state in DecisionState]),
    reviewer=_text,
    suggestion_seen=_truth,
    flag=st.booleans(),
    comment=_text,
    excluded=st.booleans(),
    exclude_reason=_text,
    error=_text,
    log_events=st.none() | st.integers(0, 10**9),
    log_head=st.sampled_from(("", HEAD)),
)


def written(rows: list[Row], dialect: Dialect = Dialect.COMMA, *, bom: bool = False) -> str:
    return "".join(table.csv_lines(rows, CLASSES, bom=bom, dialect=dialect))


def read(text: str) -> list[Row]:
    """As from a file that was opened with `newline=""`; `name_escaped` is of the text only."""
    rows = list(table.parse(io.StringIO(text, newline="")))
    return [Row(**{name: getattr(row, name) for name in FIELDS}) for row in rows]


FIELDS = [name for name in Row.__dataclass_fields__ if name != "name_escaped"]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROWS, max_size=3), dialect=st.sampled_from(Dialect), bom=st.booleans())
def test_what_is_written_is_read_back(rows, dialect, bom):
    assert read(written(rows, dialect, bom=bom)) == rows


@settings(max_examples=60, deadline=None)
@given(row=ROWS)
def test_no_text_of_others_begins_with_what_a_spreadsheet_runs(row):
    names = table.columns(CLASSES)
    for name, cell in zip(names, table.cells(row, CLASSES), strict=True):
        if name in ("image", "folder", "slide", "patient", "reviewer", "comment"):
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_head_of_the_log_stands_in_the_last_two_columns():
    row = Row(image="a.png", folder="f", probabilities={}, log_events=12, log_head=HEAD)
    (header, line) = csv.reader(io.StringIO(written([row]), newline=""))
    assert header[-2:] == ["log_events", "log_head"]
    assert line[-2:] == ["12", HEAD]
    record = json.loads(next(table.json_lines([row], CLASSES)))
    assert (record["log_events"], record["log_head"]) == (12, HEAD)


def test_a_table_from_before_the_log_was_named_is_still_read():
    row = Row(image="a.png", folder="f", probabilities={"hem": 0.25, "all": 0.75})
    old = "".join(f"{line[:-2]}\r\n" for line in written([row]).splitlines())
    old = old.replace(",log_events,log_head"[:-2], "")
    assert "log_" not in old
    assert read(old) == [row]


def test_decimal_commas_stand_between_semicolons():
    row = Row(
        image="a;b.png", folder="f", probabilities={"hem": 0.25, "all": 0.75}, confidence=0.75
    )
    text = written([row], Dialect.SEMICOLON)
    assert text.startswith("image;folder;")
    assert '"a;b.png";f;' in text
    assert ";0,750000;0,250000;0,750000;" in text


@pytest.mark.parametrize("truths", [("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("TRUE", "FALSE")])
def test_a_table_that_a_spreadsheet_program_saved_again_is_read(truths):
    """Short numbers, truths in its language, and no separators behind the last filled cell."""
    rows = [
        Row(
            image=f"{n}.png",
            folder="f",
            probabilities={"hem": 0.93, "all": 0.07},
            confidence=0.93,
            unfamiliarity=0.000012,
            flag=True,
        )
        for n in range(3)
    ]
    text = written(rows, Dialect.SEMICOLON)
    for ours, theirs in (("true", truths[0]), ("false", truths[1])):
        text = text.replace(f";{ours};", f";{theirs};")
    text = text.replace("0,930000", "0,93").replace("0,070000", "0,07")
    text = text.replace("0,000012", "1,2E-05").replace(";;\r\n", "\r\n")
    assert "1,2E-05" in text
    assert truths[0] in text
    assert read(text) == rows


@pytest.mark.parametrize(
    ("cut", "said"), [(1, "log_head is"), (66, "cells instead of"), (30, "log_head is")]
)
def test_a_cut_line_does_not_pass_for_a_whole_one(cut, said):
    row = Row(image="a.png", folder="f", probabilities={}, log_events=12, log_head=HEAD)
    text = written([row, row]).removesuffix("\r\n")
    with pytest.raises(UsageError, match=said):
        read(text[:-cut])


def test_a_foreign_table_is_refused():
    with pytest.raises(UsageError, match=r"LeukView's columns\. Nothing was read"):
        read("image;label\r\na.png;all\r\n")
