"""Keys that decide by where they lie on the keyboard, whatever the layout writes on them.

A shortcut is found by what a key writes. The digit row of a French keyboard writes & é " without
Shift, that of a Czech one + ě š, and a Russian keyboard has no Latin letters at all.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QWidget

from leukview.ui.actions import Actions

_DIGITS = "123456789"
# Scan codes of the digit row and of U, X, N. X11 and Wayland: those of the kernel plus 8. Windows:
# set 1. macOS gives no scan codes but "virtual keys", which are places in fact.
_LINUX = {10 + n: digit for n, digit in enumerate(_DIGITS)} | {30: "U", 53: "X", 57: "N"}
_WINDOWS = {2 + n: digit for n, digit in enumerate(_DIGITS)} | {22: "U", 45: "X", 49: "N"}
_MAC = dict(zip((18, 19, 20, 21, 23, 22, 26, 28, 25), _DIGITS, strict=True))
_MAC |= {32: "U", 7: "X", 45: "N"}
# What the French row writes, for where no code comes with the key (remote screens, some input
# methods). By number, not by Qt.Key: what a key writes may be outside that enumeration.
_FRENCH = {ord(sign): digit for sign, digit in zip("&É\"'(§È_Ç", _DIGITS, strict=True)}
_LATIN = 0x100  # above: letters of other scripts
_UNICODE = 0x01000000  # from here on keys that write nothing
_SHIFT = Qt.KeyboardModifier.ShiftModifier


def place(event: QKeyEvent, platform: str = sys.platform) -> str:
    """What a key stands for that is found by its place: 1 to 9, U, X or N; else "".

    Keys that write a digit or a Latin letter are none of these: their shortcuts find them.
    """
    key, modifiers = event.key(), event.modifiers()
    if modifiers & ~_SHIFT or Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
        return ""
    found = _by_code(event, platform)
    if found in _DIGITS:
        return "" if modifiers else found
    return found if _LATIN <= key < _UNICODE else ""


def _by_code(event: QKeyEvent, platform: str) -> str:
    if platform == "darwin":
        code, codes = event.nativeVirtualKey(), _MAC
    else:
        code, codes = event.nativeScanCode(), _WINDOWS if platform == "win32" else _LINUX
    # Only without a code: an apostrophe or é has its own key on most other keyboards.
    return codes.get(code, "") if code else _FRENCH.get(event.key(), "")


class PlaceKeys(QObject):
    """Lets a window hear such keys wherever its focus is.

    A key comes to the window only when the widget with the focus and those around it did not want
    it, so text fields keep theirs.
    """

    def __init__(self, window: QWidget, actions: Actions) -> None:
        super().__init__(window)
        self._actions = actions
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress
        if not pressed and event.type() != QEvent.Type.ShortcutOverride:
            return False
        if not isinstance(event, QKeyEvent):
            return False
        action = self._action(event)
        if action is None or not action.isEnabled():
            return False
        held = event.isAutoRepeat() and not action.autoRepeat()
        # An override that is taken keeps shortcuts from it: Czech 1 writes +, which enlarges.
        event.accept()
        if pressed and not held:
            action.trigger()
        return True

    def _action(self, event: QKeyEvent) -> QAction | None:
        found = place(event)
        if not found:
            return None
        if found in _DIGITS:
            return self._actions.of_digit(found)
        shifted = bool(event.modifiers() & _SHIFT)
        if found == "N":
            return self._actions["previous" if shifted else "next"]
        return None if shifted else self._actions["unsure" if found == "U" else "exclude"]
