"""Small dialogs: what LeukView is, and its keys."""

from __future__ import annotations

import html

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QMainWindow, QPushButton

from leukview import __version__
from leukview.ui import theme
from leukview.ui.actions import Actions
from leukview.ui.dialogs.about_dialog import AboutDialog, KeysDialog
from leukview.ui.dialogs.dialog import ActDialog
from leukview.ui.dialogs.problems_dialog import ProblemsDialog
from leukview.ui.dialogs.record_dialogs import FinishDialog
from leukview.ui.dialogs.text_dialogs import ReasonDialog
from leukview.ui.theme import Theme
from leukview.workflows.checks import Check

# What the offscreen platform says of every window; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def actions(qtbot, cell_classes):
    window = QMainWindow()
    qtbot.addWidget(window)
    made = Actions(window.menuBar(), window)
    made.set_classes(cell_classes, lambda _index: None)
    made.window = window
    return made


def texts(dialog) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel)]


def test_the_application_has_its_own_icon_in_all_sizes(qapp):
    icon = theme.app_icon()
    assert {size.width() for size in icon.availableSizes()} >= {16, 32, 48, 256}
    picture = icon.pixmap(QSize(64, 64), 1.0).toImage()
    assert picture.pixelColor(32, 4).name().upper() == theme.DARK.mount
    assert picture.pixelColor(0, 0).alpha() == 0


def test_about_says_version_notice_and_licence(qtbot):
    dialog = AboutDialog(None)
    qtbot.addWidget(dialog)
    said = texts(dialog)
    assert f"LeukView {__version__}" in said
    assert "Research use only. Not for diagnosis." in said
    assert any("LGPL" in text for text in said)
    assert dialog.icon.pixmap().width() >= 72


def test_keys_are_grouped_as_in_the_menus_with_the_classes_first(qtbot, actions):
    dialog = KeysDialog(actions, None)
    qtbot.addWidget(dialog)
    found = dict(dialog.groups)
    assert found["Decide"][:3] == [("Normal", "1"), ("ALL blast", "2"), ("Platelet", "3")]
    assert ("Unsure", "U") in found["Decide"]
    assert ("Agree with the suggestion", "Enter") in found["Decide"]  # as the panel calls it
    assert ("Open folder…", "Ctrl+O") in found["File"]
    shown = texts(dialog)
    assert all(words in shown for _title, lines in dialog.groups for words, _key in lines)


def test_escape_closes_them(qtbot, actions):
    for dialog in (AboutDialog(None), KeysDialog(actions, None)):
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()


def test_reasons_are_shown_whole_and_fill_the_field(qtbot):
    dialog = ReasonDialog("", None)
    qtbot.addWidget(dialog)
    dialog.show()
    for button in dialog.reasons:
        assert button.width() >= button.sizeHint().width()
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert dialog.text == button.text()


def test_long_names_and_reasons_stay_within_the_list_and_stand_whole_in_the_tooltip(qtbot):
    name = "<b>" + "n" * 240 + ".png"
    reason = "The file is empty (0 bytes). The image was left out; the others are not affected."
    entries = [(name, reason), ("", "The folder " + "x" * 200 + " could not be opened.")]
    entries += [(f"{n}.png", reason + " Copy it again from its source.") for n in range(20)]
    dialog = ProblemsDialog(entries, None, can_retry=True)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    shown = dialog.list
    assert not shown.horizontalScrollBar().isVisible()
    assert shown.horizontalScrollBar().maximum() == 0
    for number in range(shown.count()):
        room = shown.visualItemRect(shown.item(number))
        lines = 1 + (not number) + (number > 1) * 2
        assert room.height() >= lines * shown.fontMetrics().height(), "no line is cut off"
    tip = shown.item(0).toolTip().removeprefix("<qt>").removesuffix("</qt>").split("<br>")
    assert max(len(line) for line in tip) < 100
    assert html.unescape("".join(tip)).startswith(name)
    (copy,) = (one for one in dialog.findChildren(QPushButton) if one.text() == "Copy the list")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith(f"{name}\n{reason}\n\n")


def test_a_long_title_is_shown_whole(qtbot):
    title = "Open another folder without saving the last decisions and writing the table?"
    dialog = ActDialog(title, "Some words.", "Open another folder anyway", None, safe="Stay")
    qtbot.addWidget(dialog)
    dialog.show()
    (shown,) = (one for one in dialog.findChildren(QLabel) if one.text() == title)
    needed = shown.fontMetrics().boundingRect(
        QRect(0, 0, shown.width(), 1000),
        int(Qt.TextFlag.TextWordWrap) if shown.wordWrap() else 0,
        title,
    )
    assert needed.width() <= shown.width()
    assert needed.height() <= shown.height()


def test_the_lines_before_finishing_stand_as_close_as_their_words_allow(qtbot):
    figure = "3 of 5 read. 4 of the 5 had been on the screen with their suggestion before the draw."
    line = Check(name="Audit sample", figure=figure, passed=False, queue="audit sample")
    dialog = FinishDialog(Theme(), "Slide", [line] * 3, "Ada", None)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    assert dialog.height() == dialog.layout().totalHeightForWidth(dialog.width())
    assert dialog.sentence.geometry().top() - dialog.layout().itemAt(0).geometry().bottom() <= 17
