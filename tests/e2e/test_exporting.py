"""Exports of every kind through the window's dialog, with real clicks."""

from __future__ import annotations

import csv
import json
import threading

import openpyxl
import pyarrow.parquet as parquet
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from leukview.domain.records import DecisionState
from leukview.session.verify import check
from leukview.ui.dialogs.export_dialog import ExportDialog
from leukview.ui.export_kinds import Kind
from leukview.workflows import export as workflow
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


def pick(h, dialog: ExportDialog, kind: Kind) -> None:
    """Click on the button, go down in its menu to one kind, Enter."""
    menu = dialog.kind_button.menu()
    names = [action.text() for action in menu.actions()]
    h.qtbot.mouseClick(dialog.kind_button, Qt.MouseButton.LeftButton)
    h.until(menu.isVisible)
    while menu.activeAction() is None or menu.activeAction().text() != kind.value.words:
        assert menu.activeAction() is not menu.actions()[-1], names
        h.qtbot.keyClick(menu, Qt.Key.Key_Down)
    h.qtbot.keyClick(menu, Qt.Key.Key_Return)
    h.until(lambda: dialog.kind is kind and not menu.isVisible(), timeout=5000)


def paste(h, field: QLineEdit, text: str) -> None:
    """Ctrl+A, Ctrl+V: Qt's test keys know no umlauts."""
    QApplication.clipboard().setText(text)
    h.qtbot.keyClick(field, Qt.Key.Key_A, CONTROL)
    h.qtbot.keyClick(field, Qt.Key.Key_V, CONTROL)


def words_of(dialog: ExportDialog) -> str:
    """All that it says."""
    return " ".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def export(h, kind: Kind, name: str, *, deidentify: bool = False) -> str:
    """Ctrl+E, choose the kind in the menu, type the file's name, click; what the dialog said."""
    words: list[str] = []

    def give(dialog) -> None:
        try:
            pick(h, dialog, kind)
            paste(h, dialog.path, str(h.out / name))
            if deidentify:
                box = dialog.deidentify
                h.qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
            QApplication.processEvents()
            words.append(words_of(dialog))
            h.qtbot.mouseClick(dialog.act_button, Qt.MouseButton.LeftButton)
        except BaseException:
            dialog.reject()  # else it would stay open for ever
            raise

    h.answer(ExportDialog, give)
    h.press(Qt.Key.Key_E, CONTROL)
    return words[0]


def until_written(h, name: str) -> None:
    h.until(lambda: (h.out / name).exists() and name in h.said)


def test_the_dialog_shows_how_the_table_begins_and_follows_the_kind(reviewed):
    said = export(reviewed, Kind.CSV, "t.csv")
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
    export(h, Kind.PARQUET, "t.parquet")
    until_written(h, "t.parquet")
    assert parquet.read_table(h.out / "t.parquet")["decision"].to_pylist() == ["hem", "hem", ""]
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
    assert "Copied are 2 of 3 images" in export(h, Kind.IMAGES, "nach Klassen")
    h.until(lambda: "Copied 2 images" in h.said)
    assert len(list((h.out / "nach Klassen").rglob("*.bmp"))) == 2
    export(h, Kind.SESSION, "s.leukview")
    until_written(h, "s.leukview")
    assert check(h.out / "s.leukview").head == h.one.controller.review.head()


def test_without_names_none_of_them_is_in_the_file(reviewed):
    h = reviewed
    said = export(h, Kind.CSV, "d.csv", deidentify=True)
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


def test_the_kind_is_chosen_and_written_with_keys_alone(reviewed):
    h = reviewed

    def give(dialog) -> None:
        menu = dialog.kind_button.menu()
        dialog.kind_button.setFocus()
        h.qtbot.keyClick(dialog.kind_button, Qt.Key.Key_Space)
        h.until(menu.isVisible)
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
            h.qtbot.keyClick(menu, key)
        h.until(lambda: dialog.kind is Kind.SEMICOLON, timeout=5000)
        dialog.path.setFocus()
        paste(h, dialog.path, str(h.out / "k.csv"))
        h.qtbot.keyClick(dialog.path, Qt.Key.Key_Return)

    h.answer(ExportDialog, give)
    h.press(Qt.Key.Key_E, CONTROL)
    until_written(h, "k.csv")
    assert ";" in (h.out / "k.csv").read_text(encoding="utf-8-sig").splitlines()[0]


def test_nothing_of_the_preview_is_cut_when_names_are_hidden(reviewed):
    h, seen = reviewed, []

    def give(dialog) -> None:
        for kind in (Kind.CSV, Kind.SESSION, Kind.IMAGES):
            dialog.choose(kind)
            dialog.deidentify.setChecked(kind is not Kind.SESSION)
            QApplication.processEvents()
            labels = [one for one in dialog.findChildren(QLabel) if one.isVisible()]
            seen.extend(
                (one.text(), one.height(), one.sizeHint().height())
                for one in labels
                if one.height() < one.fontMetrics().height()
            )
            seen.extend(w for w in labels if w.geometry().bottom() > dialog.height())
        dialog.reject()

    h.answer(ExportDialog, give)
    h.press(Qt.Key.Key_E, CONTROL)
    assert seen == []


def test_a_suggestion_of_the_audit_sample_is_not_shown_before_it_is_read(reviewed):
    h, cells = reviewed, []
    review = h.one.controller.review
    review.draw_audit(1, 1, 0.9)
    (row,) = review.audit_rows.tolist()
    assert review.state[row] == list(DecisionState).index(DecisionState.UNDECIDED)

    def give(dialog) -> None:
        grid = dialog.grid._grid
        for column in (1, 2):
            cells.append([grid.itemAtPosition(2 * n + 2, column).widget().whole for n in range(3)])
        dialog.reject()

    h.answer(ExportDialog, give)
    h.press(Qt.Key.Key_E, CONTROL)
    for column in cells:
        assert [at for at, text in enumerate(column) if text == "–"] == [row]


@pytest.fixture
def gate(monkeypatch):
    """Images are read for a copy once it is opened."""
    made, read = threading.Event(), workflow._bytes

    def wait(*given):
        assert made.wait(30)
        return read(*given)

    monkeypatch.setattr(workflow, "_bytes", wait)
    yield made
    made.set()


def test_a_long_export_is_stopped_by_the_button_that_appears_and_leaves_nothing(reviewed, gate):
    h = reviewed
    window, banner = h.one.window, h.one.window.page.banner
    assert not window.actions_["stop_export"].isEnabled()
    export(h, Kind.IMAGES, "nach Klassen")
    h.until(lambda: banner.isVisible() and banner.button.text() == "Stop")
    assert "Exporting nach Klassen" in banner.words.text()
    assert window.actions_["stop_export"].isEnabled()
    h.qtbot.mouseClick(banner.button, Qt.MouseButton.LeftButton)
    gate.set()
    h.until(lambda: "because it was stopped" in banner.words.text())
    assert list(h.out.iterdir()) == []
    assert not window.actions_["stop_export"].isEnabled()
    assert not banner.button.isVisible()


def test_an_export_that_is_stopped_before_it_began_is_over(reviewed, gate):
    h = reviewed
    export(h, Kind.IMAGES, "first")
    export(h, Kind.CSV, "second.csv")
    exporting = h.one.controller.exporting
    h.until(lambda: exporting._written is not None and exporting.unfinished == "second.csv")
    exporting.stop()
    gate.set()
    h.until(lambda: not exporting.unfinished)
    assert (
        "second.csv was not written, because it was stopped"
        in h.one.window.page.banner.words.text()
    )
    assert not (h.out / "second.csv").exists()
    h.until(lambda: (h.out / "first").exists())
