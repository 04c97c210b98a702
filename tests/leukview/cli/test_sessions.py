"""`leukview verify`, `import` and `delete` through main()."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import openpyxl
import pytest
import xlsxwriter

from leukview.__main__ import main
from leukview.domain.progress import CancelToken
from leukview.domain.table import Dialect, Row, csv_lines
from leukview.session import bundle
from leukview.session.events import Head
from leukview.session.verify import check
from leukview.workflows.export_head import EVENTS, HEAD
from leukview.workflows.opened import Opening
from leukview.workflows.recorded import session_file


@pytest.fixture
def folder(image_folder, toy_model):
    """Opened in the window once, with three decisions, and closed."""
    made = image_folder({"a.png": 20, "b.png": 240, "c.png": 120}, name="Kasten ü")
    opening = Opening([made], model=str(toy_model), reviewer="R")
    list(opening.steps(CancelToken()))
    opened = opening.take()
    for row in range(3):
        opened.review.decide([row], "hem")
    opened.close()
    return made


def altered(folder, statement):
    with contextlib.closing(sqlite3.connect(session_file([folder]))) as connection:
        connection.execute("DROP TRIGGER event_never_changes")
        connection.execute("DROP TRIGGER event_never_goes")
        connection.execute(statement)
        connection.commit()


def test_verify_says_that_the_log_holds_with_number_and_head(folder, capsys):
    assert main(["verify", str(folder)]) == 0
    said = capsys.readouterr()
    head = check(session_file([folder])).head
    assert said.out == f"OK  3 events, head {head.sha256}\n"
    assert "--against" in said.err


def test_verify_names_the_event_that_was_altered_with_time_and_kind(folder, capsys):
    altered(folder, "UPDATE event SET payload = replace(payload, 'hem', 'all') WHERE seq = 2")
    assert main(["verify", str(folder)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("ALTERED  Event 2 (20")
    assert "Z, decide) is not what was written" in out


def csv_file(path, head, *, dialect=Dialect.COMMA):
    rows = [
        Row(image=f"{n};,.png", folder="f", probabilities={"hem": 0.5}, log_events=head.events,
            log_head=head.sha256)
        for n in range(2)
    ]  # fmt: skip
    path.write_bytes("".join(csv_lines(rows, ["hem"], bom=True, dialect=dialect)).encode())
    return path


def export_of(kind, base, folder, head: Head):
    """An export as the window would have written it at that head."""
    path = base / f"x.{kind.removeprefix('semicolon ').removeprefix('saved ')}"
    lines = [("Export", "x"), (EVENTS, head.events), (HEAD, head.sha256)]
    if kind.endswith("csv"):
        dialect = Dialect.SEMICOLON if kind.startswith("semi") else Dialect.COMMA
        return csv_file(path, head, dialect=dialect)
    if kind == "jsonl":
        path.write_text(json.dumps({"log_events": head.events, "log_head": head.sha256}) + "\n")
    elif kind.endswith("xlsx"):
        book = xlsxwriter.Workbook(path, {"constant_memory": True})
        book.add_worksheet("Images").write_string(0, 0, "image")
        sheet = book.add_worksheet("About")
        for row, (name, value) in enumerate(lines):
            sheet.write(row, 0, name)
            sheet.write(row, 1, value)
        book.close()
        if kind.startswith("saved"):
            again = openpyxl.load_workbook(path)
            again.save(path)
    elif kind == "parquet":
        pytest.importorskip("pyarrow")
        assert main(["export", str(folder), "--out", str(path)]) == 0
    elif kind == "html":
        rows = "".join(f"<tr><th>{name}</th><td><b>{value}</b></td></tr>" for name, value in lines)
        path.write_text(f"<!doctype html><table>{rows}</table>", encoding="utf-8")
    else:
        bundle.export(session_file([folder]), path)
    return path


@pytest.mark.parametrize(
    "kind", ["csv", "semicolon csv", "jsonl", "xlsx", "saved xlsx", "parquet", "html", "leukview"]
)
def test_a_cut_tail_is_found_against_every_kind_of_export(folder, tmp_path, capsys, kind):
    head = check(session_file([folder])).head
    export = export_of(kind, tmp_path, folder, head)
    capsys.readouterr()
    assert main(["verify", str(folder), "--against", str(export)]) == 0
    assert "all 3 events" in capsys.readouterr().err
    altered(folder, "DELETE FROM event WHERE seq = 3")
    assert main(["verify", str(folder)]) == 0
    assert main(["verify", str(folder), "--against", str(export)]) == 1
    assert "1 event was cut off at the end" in capsys.readouterr().out


def test_an_export_without_a_head_is_refused(folder, tmp_path, capsys):
    plain = tmp_path / "x.csv"
    plain.write_text("image,folder\na.png,f\n")
    assert main(["verify", str(folder), "--against", str(plain)]) == 2
    assert "names no head" in capsys.readouterr().err
    two = csv_file(tmp_path / "two.csv", Head(3, "a" * 64))
    two.write_bytes(two.read_bytes().replace(b"aa\r\n", b"ab\r\n", 1))
    assert main(["verify", str(folder), "--against", str(two)]) == 2
    assert "names two heads" in capsys.readouterr().err
    (tmp_path / "x.xlsx").write_text("no zip")
    assert main(["verify", str(folder), "--against", str(tmp_path / "x.xlsx")]) == 2


def copy_of(folder, tmp_path):
    out = tmp_path / "Kopie ü"
    assert main(["export", str(folder), "--out", str(out), "--format", "images"]) == 0
    return out


def test_a_copy_of_images_is_an_export_whose_images_are_looked_at_too(folder, tmp_path, capsys):
    out = copy_of(folder, tmp_path)
    command = ["verify", str(folder), "--against", str(out)]
    capsys.readouterr()
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "all 3 events that Kopie ü has seen" in said
    assert "3 images are there and as exported" in said
    first, second = sorted((out / "hem").iterdir())[:2]
    second.write_bytes(first.read_bytes())
    first.rename(out / "hem" / "other.png")
    assert main(command) == 1
    said = capsys.readouterr().out
    assert f"1 image of the copy is missing: hem/{first.name}." in said
    assert f"1 image of the copy is not what was exported: hem/{second.name}." in said
    assert "1 image of the copy is not in its labels.csv: hem/other.png." in said


def test_a_cut_tail_is_found_against_a_copy_of_images(folder, tmp_path, capsys):
    out = copy_of(folder, tmp_path)
    altered(folder, "DELETE FROM event WHERE seq = 3")
    assert main(["verify", str(folder), "--against", str(out)]) == 1
    assert "1 event was cut off at the end" in capsys.readouterr().out
    about = out / "ABOUT.txt"
    about.write_text(about.read_text().replace("log: 3", "log: 2"))
    assert main(["verify", str(folder), "--against", str(out)]) == 2
    assert "names two heads" in capsys.readouterr().err


def test_a_copy_whose_table_names_files_elsewhere_does_not_read_them(folder, tmp_path, capsys):
    out = copy_of(folder, tmp_path)
    (tmp_path / "elsewhere.png").write_bytes((out / "hem" / "a.png").read_bytes())
    table = (
        (out / "labels.csv").read_text(encoding="utf-8").replace("hem/a.png", "../elsewhere.png")
    )
    (out / "labels.csv").write_text(table, encoding="utf-8")
    assert main(["verify", str(folder), "--against", str(out)]) == 1
    assert "is missing: ../elsewhere.png" in capsys.readouterr().out


BAD_EXPORTS = {
    "x.jsonl": ("[1]\n", "line 1 is '[1]', not an object"),
    "y.jsonl": ('{"image": "a"}\nno\n', "line 2 is no JSON at character 1"),
    "deep.jsonl": ("[" * 100_000 + "\n", "line 1 is no JSON"),
    "without.jsonl": ('{"image": "a", "log_events": null, "log_head": null}\n', "names no head"),
    "half.csv": (
        "image,log_events,log_head\na,3," + "a" * 64 + "\nb,,\n",
        "line 3 names no head of the event log, and others do",
    ),
    "power.csv": ("image,log_events,log_head\na,\u00b2," + "a" * 64 + "\n", "but '\u00b2' events"),
    "no-hash.csv": ("image,log_events,log_head\na,3,abc\n", "the hash 'abc'"),
    "part.csv": ("image,log_events\na,3\n", "names no head"),
    "empty.html": ("<![x", "names no head"),
    "folder": (None, "has no labels.csv"),
    "none.csv": (None, "There is no file or folder"),
}


@pytest.mark.parametrize("name", BAD_EXPORTS)
def test_what_names_no_head_is_refused_with_a_sentence(folder, tmp_path, capsys, name):
    text, words = BAD_EXPORTS[name]
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    elif name == "folder":
        path.mkdir()
    assert main(["verify", str(folder), "--against", str(path)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Nothing was verified against it." in said
    assert "Errno" not in said


def test_what_a_person_typed_into_a_report_is_no_head_of_its_log(folder, tmp_path, capsys):
    """As a name of the slide, or a reason, before the real one."""
    head = check(session_file([folder])).head
    path = export_of("html", tmp_path, folder, head)
    typed = f"Events in the log: 9. Head of the log: {'b' * 64}"
    page = path.read_text(encoding="utf-8")
    cell = f"<tr><th>Amended</th><td>{typed}</td></tr>"
    page = page.replace("<table>", f"<h1>{typed}</h1><!-- {typed} --><table>{cell}")
    path.write_text(page, encoding="utf-8")
    assert main(["verify", str(folder), "--against", str(path)]) == 0
    page = page.replace("</table>", f"<tr><th>{EVENTS}</th><td>2</td></tr></table>")
    page = page.replace("</table>", f"<tr><th>{HEAD}</th><td>{'b' * 64}</td></tr></table>")
    path.write_text(page, encoding="utf-8")
    assert main(["verify", str(folder), "--against", str(path)]) == 2
    assert "names two heads" in capsys.readouterr().err


def test_the_title_of_a_pdf_is_no_head_of_its_log(folder, tmp_path, capsys):
    head = check(session_file([folder])).head
    path = tmp_path / "x.pdf"
    typed = f"Events in the log: 9. Head of the log: {'b' * 64}"
    real = f"Events in the log: {head.events}. Head of the log: {head.sha256}"
    said = f"<dc:title>{typed}</dc:title><dc:description>{real}</dc:description>"
    path.write_bytes(f"%PDF-1.4\n{said}\n".encode())
    assert main(["verify", str(folder), "--against", str(path)]) == 0
    path.write_bytes(b"%PDF-1.4\n")
    assert main(["verify", str(folder), "--against", str(path)]) == 2
    assert "x.pdf names no head" in capsys.readouterr().err


def test_rows_of_a_parquet_file_that_name_another_head_than_its_metadata_are_found(
    folder, tmp_path, capsys
):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    head = check(session_file([folder])).head
    path = export_of("parquet", tmp_path, folder, head)
    table = parquet.read_table(path)
    place = table.schema.get_field_index("log_events")
    two = table.set_column(place, table.schema.field(place), pa.array([3, 2, 3], pa.int64()))
    parquet.write_table(two, path)
    assert main(["verify", str(folder), "--against", str(path)]) == 2
    assert "names two heads" in capsys.readouterr().err
    path.write_bytes(b"no parquet")
    assert main(["verify", str(folder), "--against", str(path)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_the_help_says_who_is_not_caught(capsys):
    assert main(["verify", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Whoever can rewrite all files" in said
    assert "is not caught" in said


def test_a_folder_that_was_never_reviewed_has_nothing_to_verify(image_folder, capsys):
    other = image_folder({"x.png": 7}, name="other")
    assert main(["verify", str(other)]) == 2
    assert "never reviewed" in capsys.readouterr().err


def test_a_session_is_deleted_after_yes_only_and_comes_back_from_its_file(folder, tmp_path, capsys):
    kept = tmp_path / "x.leukview"
    head = bundle.export(session_file([folder]), kept)
    images = sorted(path.name for path in folder.iterdir())
    assert main(["delete", str(folder)]) == 2
    assert "3 events" in capsys.readouterr().err
    assert main(["verify", str(folder)]) == 0
    assert main(["delete", str(folder), "--yes"]) == 0
    assert main(["verify", str(folder)]) == 2
    assert sorted(path.name for path in folder.iterdir()) == images
    assert main(["import", str(kept)]) == 0
    assert "3 events" in capsys.readouterr().err
    assert main(["verify", str(folder), "--against", str(kept)]) == 0
    assert check(session_file([folder])).head == head
    assert main(["import", str(kept)]) == 0
    assert "nothing was changed" in capsys.readouterr().err


def test_what_cannot_be_imported_is_said(folder, tmp_path, capsys):
    assert main(["import", str(tmp_path / "none.leukview")]) == 2
    assert "no file" in capsys.readouterr().err
    assert main(["import", str(folder / "a.png")]) == 2
    assert "is no session" in capsys.readouterr().err
    (tmp_path / "bad.leukview").write_text("x" * 5000)
    assert main(["import", str(tmp_path / "bad.leukview")]) == 5
    assert main(["delete", str(tmp_path / "bad.leukview"), "--yes"]) == 2
    assert (tmp_path / "bad.leukview").exists()
