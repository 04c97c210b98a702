"""Keys by their place: French, Czech and Russian keyboards decide as English ones do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from leukview.domain.classes import CellClass, Role
from leukview.ui.actions import Actions, digits
from leukview.ui.keys import WindowKeys, place

# What the offscreen platform says of every window; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
K, M = Qt.Key, Qt.KeyboardModifier
NONE = M.NoModifier


def event(
    key, text, code=0, modifiers=NONE, virtual=0, kind=QEvent.Type.KeyPress, held=False
) -> QKeyEvent:
    return QKeyEvent(kind, int(key), modifiers, code, virtual, 0, text, held)


@pytest.mark.parametrize(
    ("key", "text", "code", "found"),
    [
        (K.Key_Ampersand, "&", 10, "1"),  # French
        (K.Key_Minus, "-", 15, "6"),
        (K.Key_Underscore, "_", 17, "8"),
        (K.Key_Plus, "+", 10, "1"),  # Czech
        (0x11B, "ě", 11, "2"),
        (0x413, "г", 30, "U"),  # Russian
        (0x427, "ч", 53, "X"),
        (0x422, "т", 57, "N"),
        (K.Key_1, "1", 10, ""),  # its shortcut finds it
        (K.Key_U, "u", 30, ""),
        (K.Key_G, "g", 30, ""),  # Dvorak: letters are what is printed on them
        (K.Key_Minus, "-", 20, ""),  # right of the digits
        (K.Key_BracketLeft, "[", 17, ""),  # German with AltGr, which X11 does not tell
        (K.Key_BracketRight, "]", 18, ""),
        (K.Key_Return, "\r", 36, ""),
        (K.Key_Eacute, "é", 0, "2"),  # no code: what the French row writes
        (K.Key_Apostrophe, "'", 0, "4"),
        (K.Key_Apostrophe, "'", 48, ""),  # its own key on US keyboards
        (K.Key_Eacute, "é", 26, ""),  # Swiss French
        (K.Key_Egrave, "è", 34, ""),  # Italian
        (K.Key_Ccedilla, "ç", 47, ""),  # Spanish
        (0x8F, "\x8f", 0, ""),  # outside the enumeration of keys
        (K.Key_A, "a", 0, ""),
    ],
)
def test_a_key_is_found_by_its_place_on_linux(key, text, code, found):
    assert place(event(key, text, code), "linux") == found


def test_other_systems_count_their_keys_differently():
    assert place(event(K.Key_Ampersand, "&", 2), "win32") == "1"
    assert place(event(K.Key_Agrave, "à", 11), "win32") == ""
    assert place(event(K.Key_section, "§", virtual=22), "darwin") == "6"
    assert place(event(K.Key_ParenLeft, "(", virtual=23), "darwin") == "5"
    assert place(event(K.Key_Apostrophe, "'", 40), "win32") == ""
    assert place(event(K.Key_Apostrophe, "'", virtual=39), "darwin") == ""
    assert place(event(K.Key_QuoteDbl, '"'), "win32") == "3"
    assert place(event(K.Key_QuoteDbl, '"', code=1), "darwin") == "3"


@pytest.mark.parametrize("modifier", [M.ControlModifier, M.AltModifier, M.ShiftModifier])
def test_with_a_modifier_a_digits_place_is_nothing(modifier):
    assert place(event(K.Key_Ampersand, "&", 10, modifier), "linux") == ""


def kinds(*keys: str) -> list[CellClass]:
    return [
        CellClass(id=f"c{n}", name=f"c{n}", key=key, role=Role.LEUKOCYTE, malignant=False)
        for n, key in enumerate(keys)
    ]


@pytest.fixture
def window(qtbot):
    made = QMainWindow()
    qtbot.addWidget(made)
    actions = Actions(made.menuBar(), made)
    made.decided = []
    actions.set_classes(kinds("1", "2", "3"), made.decided.append)
    for name in ("agree", "unsure", "exclude", "clear", "undo", "redo", "next", "previous"):
        actions.bind(name, lambda name=name: made.decided.append(name))
    made.page_actions = actions
    WindowKeys(made, actions)
    inside = QWidget()
    layout = QVBoxLayout(inside)
    made.field, made.button = QLineEdit(), QPushButton("Filter")
    layout.addWidget(made.field)
    layout.addWidget(made.button)
    made.setCentralWidget(inside)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def wanted(widget, key, text, code, modifiers=NONE) -> bool:
    """What the system asks first: whether somebody wants the key before the shortcuts get it."""
    override = event(key, text, code, modifiers, kind=QEvent.Type.ShortcutOverride)
    override.ignore()
    QApplication.sendEvent(widget, override)
    return override.isAccepted()


def press(widget, key, text, code, modifiers=NONE) -> bool:
    taken = wanted(widget, key, text, code, modifiers)
    QApplication.sendEvent(widget, event(key, text, code, modifiers))
    return taken


@pytest.fixture(autouse=True)
def linux(monkeypatch):
    monkeypatch.setattr("leukview.ui.keys.place.__defaults__", ("linux",))


def test_the_window_hears_them_wherever_the_focus_is(window):
    window.button.setFocus()
    assert press(window.button, K.Key_Ampersand, "&", 10)
    assert press(window.button, K.Key_QuoteDbl, '"', 12)
    press(window.button, 0x413, "г", 30)
    press(window.button, 0x422, "т", 57)
    press(window.button, 0x422, "Т", 57, M.ShiftModifier)
    assert window.decided == [0, 2, "unsure", "next", "previous"]


def test_a_place_comes_before_a_shortcut_that_the_layout_happens_to_write(window):
    window.button.setFocus()
    assert wanted(window.button, K.Key_Plus, "+", 10), "the shortcut + must not get it"
    assert not wanted(window.button, K.Key_Plus, "+", 21)


def test_a_digit_without_a_class_is_left_to_its_shortcut(window):
    assert not wanted(window.button, K.Key_Minus, "-", 15)


def test_a_place_finds_the_class_that_has_this_digit_as_its_key(window):
    window.page_actions.set_classes(kinds("3", "1", ""), window.decided.append)
    press(window.button, K.Key_Ampersand, "&", 10)
    press(window.button, K.Key_QuoteDbl, '"', 12)
    assert window.decided == [1, 0]


def test_two_classes_never_share_a_key():
    assert digits(kinds("2", "", "", "")) == ["2", "", "3", "4"]
    assert digits(kinds(*[""] * 10)) == [*"123456789", ""]


def test_a_held_key_decides_once_and_goes_on_going_on(window):
    for key, text, modifier in (
        (K.Key_2, "2", NONE),
        (K.Key_2, "2", M.KeypadModifier),
        (K.Key_Return, "\r", NONE),
        (K.Key_U, "u", NONE),
        (K.Key_X, "x", NONE),
        (K.Key_Backspace, "", NONE),
        (K.Key_Z, "", M.ControlModifier),
        (K.Key_Y, "", M.ControlModifier),
        (K.Key_N, "n", NONE),
    ):
        for held in (False, True, True):
            QTest.simulateEvent(window.button, True, key, modifier, text, held)
        QTest.simulateEvent(window.button, False, key, modifier, text, False)
    assert window.decided == [
        *(1, 1, "agree", "unsure", "exclude", "clear", "undo", "redo"),
        *("next", "next", "next"),
    ]


def test_a_held_key_that_is_found_by_its_place_decides_once_too(window):
    for code, sign, held in ((11, "é", False), (11, "é", True), (57, "т", False), (57, "т", True)):
        key = K.Key_Eacute if code == 11 else 0x422
        override = event(key, sign, code, kind=QEvent.Type.ShortcutOverride, held=held)
        override.ignore()
        QApplication.sendEvent(window.button, override)
        assert override.isAccepted(), "no shortcut may get what the layout writes"
        QApplication.sendEvent(window.button, event(key, sign, code, held=held))
    assert window.decided == [1, "next", "next"]


X11 = ((0, False), (660, False), (700, True), (740, False))  # pressed again at, known as repeated


@pytest.mark.parametrize(
    ("key", "text", "code", "decided"),
    [
        (K.Key_2, "2", 11, [1]),
        (K.Key_Eacute, "é", 11, [1]),
        (K.Key_Return, "\r", 36, ["agree"]),
        (0x422, "т", 57, ["next"] * 4),
    ],
)
def test_a_key_that_x11_tells_as_pressed_again_and_again_decides_once(
    window, key, text, code, decided
):
    for at, known in X11:
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            if kind == QEvent.Type.KeyRelease and not at:
                continue
            one = event(key, text, code, kind=kind, held=known)
            one.setTimestamp(1000 + at)
            one.ignore()
            QApplication.sendEvent(window.button, one)
            if kind == QEvent.Type.ShortcutOverride and not one.isAccepted():
                assert at == 0, "only the first is left to its shortcut"
                QTest.simulateEvent(window.button, True, key, NONE, text, known)
                break
    assert window.decided == decided


def test_a_key_that_is_pressed_twice_decides_twice(window):
    for at in (1000, 1120):
        for kind, after in (
            (QEvent.Type.ShortcutOverride, 0),
            (QEvent.Type.KeyPress, 0),
            (QEvent.Type.KeyRelease, 60),
        ):
            one = event(K.Key_Eacute, "é", 11, kind=kind)
            one.setTimestamp(at + after)
            QApplication.sendEvent(window.button, one)
    assert window.decided == [1, 1]


def test_a_field_types_a_held_key(window):
    window.field.setFocus()
    for held in (False, True, True):
        QTest.simulateEvent(window.field, True, K.Key_2, NONE, "2", held)
    assert window.field.text() == "222"
    assert window.decided == []


def test_text_fields_keep_their_keys(window):
    window.field.setFocus()
    press(window.field, K.Key_Ampersand, "&", 10)
    press(window.field, 0x413, "г", 30)
    assert window.field.text() == "&г"
    assert window.decided == []


def test_nothing_is_decided_where_the_shortcuts_are_off(window):
    window.page_actions.enable_page(False)
    assert not press(window.button, K.Key_Ampersand, "&", 10)
    assert window.decided == []
