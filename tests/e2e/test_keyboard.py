"""Without a mouse: Tab reaches every control, its focus is seen, and it has a name."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from leukview.ui.controller import Stage
from leukview.ui.theme import Wish

# What the offscreen platform says of every pop-up and dialog; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
WAIT = 60_000
FILES = {"hem/a.png": 20, "hem/b.png": 35, "all/c.png": 120, "all/d.png": 230}
MARGIN = 6


@pytest.fixture
def window(qtbot, start):
    one = start()
    one.window.resize(1440, 900)
    one.window.activateWindow()
    qtbot.waitUntil(one.window.isActiveWindow, timeout=WAIT)
    return one.window


@pytest.fixture
def opened(qtbot, window, image_folder):
    folder = image_folder(FILES)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    window.open([folder])
    c = window._controller
    qtbot.waitUntil(lambda: c.review is not None and not c.has_fresh, timeout=WAIT)
    qtbot.waitUntil(lambda: c.stage is Stage.READY, timeout=WAIT)
    return window


def chain(qtbot, window, first: QWidget) -> list[QWidget]:
    """Where Tab leads, from `first` once around."""
    first.setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    while len(seen) < 60:
        now = window.focusWidget()
        if now in seen:
            return seen
        seen.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    raise AssertionError("Tab never comes around")


def name(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def region(window, widget: QWidget) -> str:
    for found, one in (
        ("toolbar", window.toolbar),
        ("side", window.page.side),
        ("inspector", window.page.inspector),
        ("gallery", window.page.gallery),
        ("middle", window.page.widget(1)),
        ("overview", window.overview),
        ("status", window.status),
        ("start", window.start),
    ):
        if one is widget or one.isAncestorOf(widget):
            return found
    return "?"


def regions(window, widgets: list[QWidget]) -> list[str]:
    found = [region(window, one) for one in widgets]
    return [one for n, one in enumerate(found) if not n or found[n - 1] != one]


def picture(widget: QWidget) -> QImage:
    """The control with what is around it, as it is painted in the window."""
    area = (
        widget.rect()
        .marginsAdded(widget.contentsMargins())
        .adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
    )
    top = widget.window()
    return top.grab(area.translated(widget.mapTo(top, widget.rect().topLeft()))).toImage()


def test_tab_walks_the_review_from_the_toolbar_to_the_status_line(qtbot, opened):
    seen = chain(qtbot, opened, opened.toolbar.open_button)
    assert regions(opened, seen) == [
        *("toolbar", "side", "middle", "gallery", "inspector", "status"),
    ]
    back = opened.toolbar.open_button
    back.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(back, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert opened.focusWidget() is seen[-1]


def test_tab_walks_the_overview_and_the_start_page(qtbot, opened):
    opened.show_page(1)
    assert "Overview" in name(opened.focusWidget())
    seen = chain(qtbot, opened, opened.toolbar.open_button)
    assert regions(opened, seen) == ["toolbar", "overview", "status"]
    opened.close_folder()
    seen = chain(qtbot, opened, opened.toolbar.open_button)
    assert regions(opened, seen) == ["toolbar", "start"]
    assert "Open the folder slides" in [name(one)[:22] for one in seen]


@pytest.mark.parametrize("page", ["review", "overview", "start"])
def test_every_control_has_a_name_that_reads_as_words(qtbot, opened, page):
    if page == "overview":
        opened.show_page(1)
    if page == "start":
        opened.close_folder()
    for widget in chain(qtbot, opened, opened.toolbar.open_button):
        said = name(widget)
        assert said, widget
        assert said[0].isupper(), said
        assert said == " ".join(said.split()), "no spaces that are only there for the eye"
        assert "&" not in said
        assert not said.isnumeric()


@pytest.mark.parametrize("wish", [Wish.DARK, Wish.LIGHT])
@pytest.mark.parametrize("page", ["review", "overview", "start"])
def test_the_focus_is_seen_on_every_control(qtbot, opened, page, wish):
    opened._choose_theme(wish)
    if page == "overview":
        opened.show_page(1)
    if page == "start":
        opened.close_folder()
    unseen = []
    for widget in chain(qtbot, opened, opened.toolbar.open_button):
        opened.setFocus()
        before = picture(widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if picture(widget) == before:
            unseen.append(name(widget))
    assert unseen == []


def test_a_click_leaves_the_keyboard_in_the_gallery(qtbot, opened):
    opened.page.gallery.setFocus()
    for button in (
        opened.page.inspector.buttons["Unsure"],
        opened.page.tabs.button(1),
        opened.page.tabs.button(0),
        *(button for button, _name in opened.page.inspector._tools),
    ):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert opened.focusWidget() is opened.page.gallery, name(button)


def test_the_filter_is_worked_by_keys_alone(qtbot, opened):
    opened.page.gallery.setFocus()
    qtbot.keyClick(opened.page.gallery, Qt.Key.Key_Slash)
    popup = opened.page.bar.popup
    qtbot.waitUntil(popup.isVisible, timeout=WAIT)
    box = popup.boxes[0]
    assert popup.focusWidget() is box
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert opened.page.filter.classes == {0}
    marks = (popup.unfamiliar, popup.flagged, popup.commented, popup.low, popup.high)
    named = (popup.name, popup.kept, popup.save, popup.reset)  # nothing to remove
    assert popup.save.isEnabled() is False
    popup.kept.setEditText("first class")
    for expected in (popup.boxes[1], popup.undecided, *popup.states.values(), *marks, *named):
        qtbot.keyClick(popup.focusWidget(), Qt.Key.Key_Tab)
        assert popup.focusWidget() is expected
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_a_number_of_the_matrix_is_opened_by_keys(qtbot, opened):
    press = opened.reviewing.deciding
    opened.page.go(0)
    press.agree()
    opened.show_page(1)
    matrix = opened.overview.matrix
    matrix.setFocus(Qt.FocusReason.TabFocusReason)
    assert matrix.matrix.value(matrix.currentIndex().row(), matrix.currentIndex().column()) == 1
    qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert opened.stack.currentWidget() is opened.page
    assert len(opened.page.model.rows) == 1


def test_tiles_are_spoken_as_sentences(opened):
    gallery = QAccessible.queryAccessibleInterface(opened.page.gallery)
    assert gallery.role() == QAccessible.Role.List
    assert gallery.text(QAccessible.Text.Name) == "Images of the queue"
    said = [gallery.child(n).text(QAccessible.Text.Name) for n in range(gallery.childCount())]
    assert said[0].startswith("Image 1 of 5, suggestion ")
    assert all(text.endswith(".") for text in said)


def test_tables_are_read_row_by_row(opened):
    opened.show_page(1)
    said = name(opened.overview.table)
    assert said.startswith("Counts per class. Normal: ")
    assert "ALL blast: " in said
    assert isinstance(opened.overview.matrix, QAbstractItemView)
    for figure in opened.overview.figures:
        assert ": " in name(figure)
