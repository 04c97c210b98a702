"""Exports of every kind through the window's dialog, with real clicks."""

from __future__ import annotations

import csv
import json

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from leukview.session.verify import check
from leukview.ui.dialogs.export_dialog import ExportDialog
from leukview.ui.export_kinds import Kind
from leukview.workflows.export_head import head_of

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
FILES = {"Müller/a.bmp": 20, "Müller/b.bmp": 235, "Müller/c.bmp": 245}


@pytest.fixture
def reviewed(start, hand, image_folder, tmp_path):
    """Two of three images decided, one with a comment that names someone."""
    h = hand(start())
    h.one.controller.set_reviewer("Änne Probst")
    h.open(image_folder(FILES, name="Fall Schmidt"))
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_1)
    h.one.controller.review.comment([0], "Frau Schmidt")
    h.out = tmp_path / "Ausgabe ü"
    h.out.mkdir()
    return h


def export(h, kind: Kind, name: str, *, deidentify: bool = False) -> ExportDialog:
    """Ctrl+E, choose the kind in the menu, name the file, click."""
    words: list[object] = []

    def give(dialog) -> None:
        action = next(
            a for a in dialog.kind_button.menu().actions() if a.text() == kind.value.words
        )
        action.trigger()
        dialog.path.setText(str(h.out / name))
        if deidentify:
            h.qtbot.mouseClick(dialog.deidentify, Qt.MouseButton.LeftButton)
        words.append([label.text() for label in dialog.findChildren(type(dialog.hint))])
        QApplication.processEvents()
        h.qtbot.mouseClick(dialog.act_button, Qt.MouseButton.LeftButton)

    h.answer(ExportDialog, give)
    h.press(Qt.Key.Key_E, CONTROL)
    return words[0]


def until_written(h, name: str) -> None:
    h.until(lambda: (h.out / name).exists() and name in h.said)


def test_the_dialog_shows_how_the_table_begins_and_follows_the_kind(reviewed):
    said = " ".join(export(reviewed, Kind.CSV, "t.csv"))
    assert "3 images, 2 decided, 1 without a decision" in said
    assert "It begins so, with" in said
    assert "decision_state" in said
    until_written(reviewed, "t.csv")
    with (reviewed.out / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["decision"] for row in rows] == ["hem", "hem", ""]


def test_every_kind_of_table_holds_the_decisions(reviewed):
    h = reviewed
    export(h, Kind.SEMICOLON, "s.csv")
    until_written(h, "s.csv")
    assert (h.out / "s.csv").read_text(encoding="utf-8-sig").startswith("image;folder;")
    export(h, Kind.XLSX, "t.xlsx")
    until_written(h, "t.xlsx")
    book = openpyxl.load_workbook(h.out / "t.xlsx", read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows()) == 4
    book.close()
    export(h, Kind.JSONL, "t.jsonl")
    until_written(h, "t.jsonl")
    lines = (h.out / "t.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["decision"] for line in lines] == ["hem", "hem", ""]


def test_the_report_is_written_as_a_page_and_as_pdf(reviewed):
    h = reviewed
    export(h, Kind.HTML, "r.html")
    until_written(h, "r.html")
    assert "<h1>Fall Schmidt</h1>" in (h.out / "r.html").read_text(encoding="utf-8")
    assert head_of(h.out / "r.html") == h.one.controller.review.head()
    export(h, Kind.PDF, "r.pdf")
    until_written(h, "r.pdf")
    assert (h.out / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_decided_images_are_copied_and_the_session_is_one_file(reviewed):
    h = reviewed
    export(h, Kind.IMAGES, "nach Klassen")
    h.until(lambda: "Copied 2 images" in h.said)
    assert len(list((h.out / "nach Klassen").rglob("*.bmp"))) == 2
    export(h, Kind.SESSION, "s.leukview")
    until_written(h, "s.leukview")
    assert check(h.out / "s.leukview").head == h.one.controller.review.head()


def test_without_names_none_of_them_is_in_the_file(reviewed):
    h = reviewed
    said = " ".join(export(h, Kind.CSV, "d.csv", deidentify=True))
    assert "d-PRIVATE-names.csv" in said
    until_written(h, "d.csv")
    text = (h.out / "d.csv").read_text(encoding="utf-8-sig")
    for word in ("Schmidt", "Müller", "Probst", "a.bmp"):
        assert word not in text
    assert "Müller/a.bmp" in (h.out / "d-PRIVATE-names.csv").read_text(encoding="utf-8-sig")


def test_a_folder_that_is_not_ours_is_not_replaced_and_that_is_said(reviewed):
    h = reviewed
    (h.out / "mine").mkdir()
    (h.out / "mine" / "diary.txt").write_text("dear", encoding="utf-8")
    export(h, Kind.IMAGES, "mine")
    h.until(lambda: "mine" in h.one.window.page.banner.words.text())
    assert (h.out / "mine" / "diary.txt").read_text(encoding="utf-8") == "dear"


def test_the_ending_of_the_name_follows_the_kind(reviewed):
    h, names = reviewed, []

    def give(dialog) -> None:
        for kind in (Kind.PDF, Kind.IMAGES, Kind.SESSION):
            dialog.choose(kind)
            names.append(dialog.file.name)
        dialog.reject()

    h.answer(ExportDialog, give)
    h.press(Qt.Key.Key_E, CONTROL)
    stem = "Fall Schmidt-reviewed"
    assert names == [f"{stem}.pdf", stem, f"{stem}.leukview"]
