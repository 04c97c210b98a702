"""`leukview import FOLDER TABLE` through main(): there and back in every format."""

from __future__ import annotations

import contextlib
import csv

import pytest

from leukview.__main__ import main
from leukview.domain.progress import CancelToken
from leukview.session.verify import check
from leukview.workflows.opened import Opening
from leukview.workflows.recorded import session_file

DECIDED = ("image", "decision", "decision_state", "reviewer", "decided_at", "queue")
DECIDED += ("flag", "comment", "excluded", "exclude_reason")


def opened(folder, toy_model):
    opening = Opening([folder], model=str(toy_model), reviewer="Änne")
    list(opening.steps(CancelToken()))
    return opening.take()


@pytest.fixture
def folder(image_folder, toy_model):
    """Four images with something of everything, closed."""
    made = image_folder({"a.png": 20, "b.png": 240, "c.png": 120, "d.png": 60}, name="Kasten ü")
    one = opened(made, toy_model)
    one.review.decide([0], "hem")
    one.review.exclude([1], "=smudge; ä")
    one.review.unsure([2])
    one.review.comment([2, 3], "pale, or not")
    one.review.flag([3], True)
    one.close()
    return made


def table(folder, out):
    assert main(["export", str(folder), "--out", str(out), "--force"]) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        return [{name: row[name] for name in DECIDED} for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", ["t.csv", "s.csv", "t.xlsx", "t.parquet", "t.jsonl"])
def test_what_was_exported_comes_back_whole_in_a_fresh_session(
    folder, tmp_path, monkeypatch, capsys, name
):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    before = table(folder, tmp_path / "before.csv")
    more = ["--format", "csv-semicolon"] if name == "s.csv" else []
    out = tmp_path / name
    assert main(["export", str(folder), "--out", str(out), *more]) == 0
    monkeypatch.setenv("LEUKVIEW_DATA", str(tmp_path / "elsewhere"))
    assert main(["import", str(folder), str(out)]) == 0
    assert "Nothing was changed" in capsys.readouterr().err
    assert main(["import", str(folder), str(out), "--apply"]) == 0
    assert "4 images taken from" in capsys.readouterr().err
    assert table(folder, tmp_path / "after.csv") == before
    assert main(["import", str(folder), str(out), "--apply"]) == 0
    assert "there was nothing new" in capsys.readouterr().err


def test_a_conflict_is_listed_and_stays_until_the_table_is_said_to_be_right(
    folder, toy_model, tmp_path, capsys
):
    out = tmp_path / "t.csv"
    before = table(folder, out)
    one = opened(folder, toy_model)
    one.review.decide([0], "all")
    one.close()
    assert main(["import", str(folder), str(out), "--apply"]) == 0
    said = capsys.readouterr().err
    assert "t.csv, line 2: a.png: here ALL blast; table Normal" in said
    assert "1 in conflict stayed" in said
    assert table(folder, tmp_path / "now.csv")[0]["decision"] == "all"
    assert main(["import", str(folder), str(out), "--apply", "--theirs"]) == 0
    assert table(folder, tmp_path / "now.csv") == before


def test_a_deidentified_table_a_damaged_line_and_an_open_slide_are_told_apart(
    folder, toy_model, tmp_path, capsys
):
    out = tmp_path / "t.csv"
    main(["export", str(folder), "--out", str(out), "--deidentify"])
    assert main(["import", str(folder), str(out), "--apply"]) == 0
    assert "de-identified table has neither names nor hashes" in capsys.readouterr().err
    table(folder, tmp_path / "w.csv")
    broken = (tmp_path / "w.csv").read_text(encoding="utf-8").replace("unsure", "perhaps")
    (tmp_path / "w.csv").write_text(broken, encoding="utf-8")
    assert main(["import", str(folder), str(tmp_path / "w.csv")]) == 1
    said = capsys.readouterr().err
    words = "decision_state is 'perhaps'; allowed: undecided, agreed, changed, unsure, excluded."
    assert f"w.csv, line 4: {words}" in said
    one = opened(folder, toy_model)
    assert main(["import", str(folder), str(tmp_path / "w.csv"), "--apply"]) == 5
    assert "open in a window" in capsys.readouterr().err
    one.close()


def test_more_files_than_are_looked_at_at_once_are_one_event_too(
    folder, tmp_path, monkeypatch, capsys
):
    before = table(folder, tmp_path / "t.csv")
    monkeypatch.setenv("LEUKVIEW_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.setattr("leukview.workflows.deciding.LOOK_AT_ONCE", 2)
    assert main(["import", str(folder), str(tmp_path / "t.csv"), "--apply"]) == 0
    said = capsys.readouterr().err
    assert "4 images taken from t.csv" in said
    assert "The log has 1 event;" in said
    assert table(folder, tmp_path / "now.csv") == before


REFUSED = {  # of the first line
    ",changed,": (",chnged,", "decision_state is 'chnged'; allowed: undecided, agreed, changed,"),
    ",hem,changed,": (",hemm,changed,", "decision is 'hemm'; allowed: hem, all."),
    ",hem,": (",,", "decision is ''; allowed: hem, all, since decision_state is 'changed'."),
    "Z,false,": ("Z,vielleicht,", "suggestion_seen is 'vielleicht'; allowed: true, wahr,"),
}


@pytest.mark.parametrize("right", REFUSED)
def test_a_line_that_is_refused_names_file_line_column_value_and_what_is_allowed(
    folder, tmp_path, capsys, right
):
    wrong, words = REFUSED[right]
    table(folder, tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "w.csv").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    capsys.readouterr()
    assert main(["import", str(folder), str(tmp_path / "w.csv")]) == 1
    assert f"w.csv, line 2: {words}" in capsys.readouterr().err


def test_an_import_that_is_stopped_says_so_and_ends_with_130(folder, tmp_path, monkeypatch, capsys):
    table(folder, tmp_path / "t.csv")
    head = check(session_file([folder])).head

    @contextlib.contextmanager
    def stopped():
        token = CancelToken()
        token.cancel()
        yield token

    monkeypatch.setattr("leukview.cli.import_.stoppable", stopped)
    command = ["import", str(folder), str(tmp_path / "t.csv"), "--apply"]
    assert main(command) == 130
    assert "It was stopped. Nothing was imported." in capsys.readouterr().err
    assert check(session_file([folder])).head == head


def on_disk(base):
    return {str(p.relative_to(base)): p.read_bytes() for p in base.rglob("*") if p.is_file()}


def test_a_look_at_a_table_makes_and_changes_nothing_on_the_disk(
    folder, tmp_path, monkeypatch, capsys
):
    table(folder, tmp_path / "t.csv")
    data = tmp_path / "leukview-data"
    before = on_disk(data)
    assert main(["import", str(folder), str(tmp_path / "t.csv")]) == 0
    assert on_disk(data) == before
    monkeypatch.setenv("LEUKVIEW_DATA", str(tmp_path / "elsewhere"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert main(["import", str(folder), str(tmp_path / "t.csv")]) == 0
    assert "4 new." in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()
    assert not list(scratch.iterdir())
    assert main(["verify", str(folder)]) == 2
    assert "never reviewed" in capsys.readouterr().err


def test_a_look_at_a_table_is_free_while_a_window_has_the_slide_open(
    folder, toy_model, tmp_path, capsys
):
    table(folder, tmp_path / "t.csv")
    one = opened(folder, toy_model)
    assert main(["import", str(folder), str(tmp_path / "t.csv")]) == 0
    assert "4 the same as stands here." in capsys.readouterr().err
    one.close()


def test_into_a_final_slide_nothing_is_imported(folder, toy_model, tmp_path, capsys):
    before = table(folder, tmp_path / "t.csv")
    one = opened(folder, toy_model)
    one.review.clear([0])
    one.review.finish()
    head = one.review.head()
    one.close()
    out = str(tmp_path / "t.csv")
    assert main(["import", str(folder), out, "--apply"]) == 5
    assert "This slide is final" in capsys.readouterr().err
    assert check(session_file([folder])).head == head
    assert table(folder, tmp_path / "now.csv") != before


def test_wrong_usage_changes_nothing(folder, tmp_path, capsys):
    assert main(["import", str(folder)]) == 2
    assert main(["import", str(folder), str(tmp_path / "none.csv")]) == 2
    assert main(["import", str(folder), str(folder / "a.png")]) == 2
    assert main(["import", "a", "b", "c"]) == 2
    assert "Nothing was changed" in capsys.readouterr().err
