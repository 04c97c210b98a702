"""Tables read back, also as spreadsheet programs save them again."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import openpyxl
import pytest

from leukview.domain.errors import UsageError
from leukview.reports.table_file import read_table

WANTED = [(2, {"image": "ä;1.png", "decision_state": "agreed", "comment": "x, y"})]


@pytest.mark.parametrize(
    "text",
    [
        '\N{ZERO WIDTH NO-BREAK SPACE}image,decision_state,comment\r\nä;1.png,agreed,"x, y"\r\n',
        '"image";decision_state;comment\r\n"ä;1.png";agreed;x, y\r\n',
        "image\tdecision_state\tcomment\nä;1.png\tagreed\tx, y\n\n",
    ],
)
def test_a_csv_is_read_whatever_stands_between_its_cells(tmp_path, text):
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8", newline="")
    assert list(read_table(file)) == WANTED
    file.write_bytes(text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").encode("cp1252"))
    assert list(read_table(file)) == WANTED, "as old programs save it"
    file.write_bytes(text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").encode("utf-16"))
    assert list(read_table(file)) == WANTED, "as a spreadsheet program saves Unicode text"


def test_a_comment_of_several_lines_stays_one_cell(tmp_path):
    words = "pale\u2028or\x0bnot\x85?\r\nsee"
    file = tmp_path / "t.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["image", "decision_state", "comment"], ["a", "unsure", words]])
    assert [cells["comment"] for _, cells in read_table(file)] == [words]


def test_cells_that_a_spreadsheet_left_out_are_empty(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("image,decision_state,comment\na.png,agreed\n", encoding="utf-8")
    assert list(read_table(file)) == [
        (2, {"image": "a.png", "decision_state": "agreed", "comment": ""})
    ]


def test_a_workbook_is_read_from_the_sheet_that_has_the_columns(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["About", "nothing"])
    sheet = book.create_sheet("table")
    sheet.append(["comment", "image", "decision_state", "flag", "decided_at"])
    sheet.append(["x", "a.png", "agreed", True, datetime(2026, 11, 27, 8, 5, 9)])
    book.save(tmp_path / "t.xlsx")
    [(number, cells)] = read_table(tmp_path / "t.xlsx")
    assert number == 2
    assert cells["flag"] == "true"
    assert cells["decided_at"] == "2026-11-27T08:05:09Z"


def test_parquet_gives_text_and_moments_in_utc(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    moment = datetime(2026, 11, 27, 8, 5, 9, tzinfo=UTC)
    columns = {
        "image": ["a.png"],
        "decision_state": ["agreed"],
        "flag": [False],
        "decided_at": pa.array([moment], pa.timestamp("ms", tz="UTC")),
        "comment": pa.array([None], pa.string()),
    }
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    [(_, cells)] = read_table(tmp_path / "t.parquet")
    assert (cells["flag"], cells["comment"]) == ("false", "")
    assert cells["decided_at"] == "2026-11-27T08:05:09Z"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", b"name,class\na,b\n"),
        ("t.xlsx", b"no workbook"),
        ("t.parquet", b"nothing"),
        ("t.jsonl", b"[1, 2]\n"),
        ("t.jsonl", json.dumps({"a": 1}).encode()),
        ("gone.csv", None),
    ],
)
def test_what_is_no_table_of_ours_is_refused_in_a_sentence(tmp_path, name, data):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=r"Nothing was|Choose"):
        list(read_table(tmp_path / name))
