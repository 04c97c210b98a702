"""`leukview report` through main()."""

from __future__ import annotations

import contextlib

import pytest

from leukview.__main__ import main
from leukview.cli import report
from leukview.domain.progress import CancelToken
from leukview.workflows.export_head import head_of
from leukview.workflows.opened import Opening
from leukview.workflows.record import Mode
from leukview.workflows.recorded import session_file


@pytest.fixture
def folder(image_folder, toy_model):
    """Opened in the window once, with two decisions, and closed."""
    made = image_folder({"a.png": 20, "b.png": 240, "c.png": 120}, name="Kasten ü")
    opening = Opening([made], model=str(toy_model), reviewer="R")
    list(opening.steps(CancelToken()))
    opened = opening.take()
    opened.review.decide([0, 1], "hem")
    opened.close()
    return made


def test_the_report_is_written_as_html_and_names_the_head_that_verify_checks(
    folder, tmp_path, capsys
):
    out = tmp_path / "Bericht ü.html"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    assert "The log has 1 event; its head is" in capsys.readouterr().err
    text = out.read_text(encoding="utf-8")
    assert "<h1>Kasten ü</h1>" in text
    assert "2 of 3 reviewed; chosen by the reader, not at random" in text
    assert head_of(out).events == 1
    assert main(["verify", str(folder), "--against", str(out)]) == 0
    assert main(["report", str(folder), "--out", str(out)]) == 5
    assert "exists and was left as it is" in capsys.readouterr().err


def test_the_report_is_written_as_pdf(folder, tmp_path, qapp):
    out = tmp_path / "report.pdf"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    assert head_of(out).events == 1
    assert main(["verify", str(folder), "--against", str(out)]) == 0
    data = out.read_bytes()
    assert data.startswith(b"%PDF-1.")
    assert data.rstrip().endswith(b"%%EOF")
    assert b"/Count 1" in data or b"/Count 2" in data
    assert len(data) > 5000


def test_a_stopped_report_leaves_nothing(folder, tmp_path, capsys, monkeypatch):
    stopped = CancelToken()
    stopped.cancel()
    monkeypatch.setattr(report, "stoppable", lambda: contextlib.nullcontext(stopped))
    assert main(["report", str(folder), "--out", str(tmp_path / "r.html")]) == 130
    assert "stopped" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_another_ending_and_a_folder_that_nobody_reviewed_are_refused(
    folder, image_folder, tmp_path, capsys
):
    assert main(["report", str(folder), "--out", str(tmp_path / "x.doc")]) == 2
    assert "HTML or PDF" in capsys.readouterr().err
    other = image_folder({"x.png": 7}, name="other")
    assert main(["report", str(other), "--out", str(tmp_path / "x.html")]) == 2
    assert not (tmp_path / "x.html").exists()


def test_names_are_left_out_when_that_is_asked_for(folder, tmp_path):
    out = tmp_path / "report.html"
    assert main(["report", str(folder), "--out", str(out), "--deidentify"]) == 0
    assert "Kasten" not in out.read_text(encoding="utf-8")
    assert session_file([folder]).exists()


def test_while_a_slide_is_read_blind_only_its_session_is_exported(
    folder, toy_model, tmp_path, capsys
):
    opening = Opening([folder], model=str(toy_model), reviewer="R")
    list(opening.steps(CancelToken()))
    opened = opening.take()
    opened.review.set_mode(Mode.BLIND)
    opened.close()
    for name in ("t.csv", "t.html"):
        command = "report" if name.endswith("html") else "export"
        assert main([command, str(folder), "--out", str(tmp_path / name)]) == 2
        assert "read blind first" in capsys.readouterr().err
        assert not (tmp_path / name).exists()
    assert main(["export", str(folder), "--out", str(tmp_path / "s.leukview")]) == 0


@pytest.mark.parametrize(("command", "name"), [("export", "x.csv"), ("report", "x.html")])
def test_images_that_cannot_be_read_now_are_said_and_end_with_1(
    folder, tmp_path, capsys, monkeypatch, command, name
):
    monkeypatch.setattr("leukview.workflows.recorded._read", lambda *_: 2)
    assert main([command, str(folder), "--out", str(tmp_path / name)]) == 1
    assert "2 images could not be read now" in capsys.readouterr().err
    assert (tmp_path / name).is_file()
