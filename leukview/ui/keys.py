"""Keys that decide by where they lie on the keyboard, and once however long they are held.

A shortcut is found by what a key writes. The digit row of a French keyboard writes & é " without
Shift, that of a Czech one + ě š, and a Russian keyboard has no Latin letters at all.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
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
# Signs that are shortcuts, and written with AltGr in the digit row of a German or French keyboard.
_OWN = (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight)
_LATIN = 0x100  # above: letters of other scripts
_UNICODE = 0x01000000  # from here on keys that write nothing
_NONE, _SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def place(event: QKeyEvent, platform: str = sys.platform) -> str:
    """What a key stands for that is found by its place: 1 to 9, U, X or N; else "".

    Keys that write a digit, a Latin letter or a bracket are none of these: their shortcuts find
    them.
    """
    key, modifiers = event.key(), event.modifiers()
    if modifiers & ~_SHIFT or Qt.Key.Key_0 <= key <= Qt.Key.Key_9 or key in _OWN:
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


class WindowKeys(QObject):
    """Lets a window hear keys by their place wherever its focus is, and held keys once.

    A key comes to the window only when the widget with the focus and those around it did not want
    it, so text fields keep theirs.
    """

    def __init__(self, window: QWidget, actions: Actions) -> None:
        super().__init__(window)
        self._actions = actions
        self._released = (0, 0)  # key and time, milliseconds
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        pressed = event.type() == QEvent.Type.KeyPress
        if event.type() == QEvent.Type.KeyRelease:
            self._released = (event.key(), event.timestamp())
        if not pressed and event.type() != QEvent.Type.ShortcutOverride:
            return False
        held = self._is_held(event)
        action = self._by_place(event) or (self._by_shortcut(event) if held else None)
        if action is None or not action.isEnabled():
            return False
        # An override that is taken keeps shortcuts from it: Czech 1 writes +, which enlarges.
        event.accept()
        if pressed and (action.autoRepeat() or not held):
            action.trigger()
        return True

    def _is_held(self, event: QKeyEvent) -> bool:
        """Whether nobody has pressed it again.

        X11 tells of a held key as released and pressed in the same millisecond. Qt knows it by
        looking ahead, but under load the one is there before the other.
        """
        key, time = self._released
        at_once = time > 0 and 0 <= event.timestamp() - time <= 1
        return event.isAutoRepeat() or (at_once and key == event.key())

    def _by_shortcut(self, event: QKeyEvent) -> QAction | None:
        """The action that is done once per key, of whose shortcuts this is one."""
        written = {
            QKeySequence((event.modifiers() & ~without).value | event.key())
            for without in (_NONE, _SHIFT, _KEYPAD, _SHIFT | _KEYPAD)
        }
        once = (one for one in self._actions.every if not one.autoRepeat())
        return next((one for one in once if written & set(one.shortcuts())), None)

    def _by_place(self, event: QKeyEvent) -> QAction | None:
        found = place(event)
        if not found:
            return None
        if found in _DIGITS:
            return self._actions.of_digit(found)
        shifted = bool(event.modifiers() & _SHIFT)
        if found == "N":
            return self._actions["previous" if shifted else "next"]
        return None if shifted else self._actions["unsure" if found == "U" else "exclude"]
