"""The worklist through the window: open, step, fold, progress, count target, by mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from leukview.ui.models.slide_lines import Kind
from leukview.ui.slides import FIRST, LAST
from leukview.ui.widgets.banner import Gravity
from leukview.workflows import worklist
from leukview.workflows.record import Mode
from leukview.workflows.worklist import Slide

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SIX = range(6)
LEFT = Qt.MouseButton.LeftButton
NAMES = (("P1", "S1"), ("P1", "S2"), ("P2", "blasts"))


@pytest.fixture
def slides(image_folder):
    """Three folders of two patients, put on the worklist; no image is in two of them."""
    folders = [
        image_folder({f"{n}.bmp": 20 + 40 * n + at for n in SIX}, name=name)
        for at, (_, name) in enumerate(NAMES)
    ]
    lines = [
        Slide(path=str(folder), name=name, patient=patient)
        for folder, (patient, name) in zip(folders, NAMES, strict=True)
    ]
    worklist.change(lambda there: worklist.added(there, lines))
    return folders


def line_of(h, name):
    return next(one for one in h.one.window.page.side.list.lines if one.name == name)


def point_of(h, name) -> QPoint:
    shown = h.one.window.page.side.list
    at = next(n for n, one in enumerate(shown.lines) if one.name == name)
    return shown.visualRect(shown.model().index(at)).center()


def click(h, name) -> None:
    h.qtbot.mouseClick(h.one.window.page.side.list.viewport(), LEFT, pos=point_of(h, name))


def is_open(h, folder) -> bool:
    c = h.one.controller
    return c.folder is not None and c.folder.folder == folder and h.idle()


def test_a_click_opens_a_slide_and_leaves_the_keyboard_with_the_images(start, hand, slides):
    h = hand(start())
    h.open(slides[0])
    click(h, "blasts")
    h.until(lambda: is_open(h, slides[2]))
    assert h.one.window.page.gallery.hasFocus()
    assert (h.one.controller.review.slide, h.one.controller.review.patient) == ("blasts", "P2")
    assert line_of(h, "blasts").current


def test_enter_opens_a_slide_and_decides_nothing(start, hand, slides, qtbot):
    h = hand(start())
    h.open(slides[0])
    shown = h.one.window.page.side.list
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(shown, Qt.Key.Key_Down)
    qtbot.keyClick(shown, Qt.Key.Key_Return)
    h.until(lambda: is_open(h, slides[1]))
    assert set(h.states) == {"undecided"}
    h.open(slides[0])
    assert set(h.states) == {"undecided"}


def test_the_bracket_keys_go_through_the_list_and_say_where_it_ends(start, hand, slides):
    h = hand(start())
    h.open(slides[0])
    h.press(Qt.Key.Key_BracketLeft)
    assert h.said == FIRST
    for folder in slides[1:]:
        h.press(Qt.Key.Key_BracketRight)
        h.until(lambda where=folder: is_open(h, where))
    h.press(Qt.Key.Key_BracketRight)
    assert h.said == LAST
    h.press(Qt.Key.Key_BracketLeft)
    h.until(lambda: is_open(h, slides[1]))


def test_a_slide_that_is_gone_is_passed_over_and_said(start, hand, slides):
    slides[1].rename(slides[1].with_name("elsewhere"))
    h = hand(start())
    h.open(slides[0])
    h.until(lambda: line_of(h, "S2").state == "Not found")
    h.press(Qt.Key.Key_BracketRight)
    h.until(lambda: is_open(h, slides[2]))
    assert line_of(h, "S2").state == "Not found"
    assert h.one.controller.folder.folder == slides[2]


def test_without_a_worklist_the_panel_says_what_it_is_for(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder())
    side = h.one.window.page.side
    assert side.hint.isVisible()
    assert not h.one.window.actions_["next_slide"].isEnabled()
    assert [one.name for one in side.list.lines] == ["slides"]


def test_a_patient_folds_by_click_and_key_and_stays_folded(start, hand, slides, qtbot):
    h = hand(start())
    h.open(slides[2])
    click(h, "P1")
    assert [one.name for one in h.one.window.page.side.list.lines] == ["P1", "P2", "blasts"]
    again = hand(start())
    again.open(slides[2])
    shown = again.one.window.page.side.list
    assert [one.name for one in shown.lines] == ["P1", "P2", "blasts"]
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(shown, Qt.Key.Key_Home)
    qtbot.keyClick(shown, Qt.Key.Key_Right)
    assert [one.name for one in shown.lines if one.kind is Kind.SLIDE] == ["S1", "S2", "blasts"]
    qtbot.keyClick(shown, Qt.Key.Key_Left)
    again.press(Qt.Key.Key_BracketLeft)
    again.until(lambda: is_open(again, slides[1]))
    assert line_of(again, "S2").current, "what is open is seen"


def test_progress_is_right_at_once_and_still_after_the_slide_was_left(start, hand, slides):
    h = hand(start())
    h.open(slides[0])
    for _ in range(2):
        h.press(Qt.Key.Key_1)
    assert line_of(h, "S1").progress == "2 of 6"
    h.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert line_of(h, "S1").progress == "1 of 6"
    h.press(Qt.Key.Key_BracketRight)
    h.until(lambda: is_open(h, slides[1]))
    assert line_of(h, "S1").progress == "1 of 6"
    assert line_of(h, "blasts").state == "Not run"


def test_what_was_decided_is_in_the_file_soon_and_not_only_when_the_slide_is_left(
    start, hand, slides
):
    h = hand(start())
    h.open(slides[0])
    h.press(Qt.Key.Key_1)
    keeping = h.one.window.slides.keeping
    assert keeping.isActive()
    keeping.setInterval(0)
    h.until(lambda: worklist.read()[0].decided == 1)


def test_a_finished_slide_is_final_in_the_list_and_amending_opens_it_again(start, hand, slides):
    h = hand(start())
    h.open(slides[0])
    review = h.one.controller.review
    h.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    h.press(Qt.Key.Key_1)
    assert line_of(h, "S1").state == "All 6 decided"
    h.one.controller.act(lambda r: r.finish())
    assert line_of(h, "S1").state == "Final · 6 images"
    h.one.controller.act(lambda r: r.amend("a second look"))
    assert line_of(h, "S1").state == "All 6 decided"
    assert review.record.open


def test_a_screen_reader_finds_a_list_whose_items_say_patient_state_and_progress(
    start, hand, slides
):
    h = hand(start())
    h.open(slides[0])
    h.press(Qt.Key.Key_1)
    found = QAccessible.queryAccessibleInterface(h.one.window.page.side.list)
    assert found.role() is QAccessible.Role.List
    assert found.text(QAccessible.Text.Name) == "Worklist"
    said = [found.child(n).text(QAccessible.Text.Name) for n in range(found.childCount())]
    assert said[0] == "Patient P1, 2 slides, unfolded"
    assert said[1].startswith("Slide S1 of P1, ")
    assert said[1].endswith("1 of 6 decided, open")


def test_a_blind_reading_shows_no_name_in_the_panel(start, hand, slides):
    h = hand(start())
    h.open(slides[2])
    h.one.window.readings._set(Mode.BLIND)
    side = h.one.window.page.side
    assert side.hidden
    said = " ".join(f"{o.name} {o.tip} {o.spoken}" for o in side.list.lines) + side.title.text()
    assert not any(word in said for word in ("S1", "blast", "P1"))
    assert side.title.text() == "Slide 1"
    h.one.window.readings._set(Mode.ASSISTED)
    assert line_of(h, "blasts").current


def test_slides_are_taken_off_by_the_menu_and_their_decisions_are_kept(start, hand, slides, qtbot):
    h = hand(start())
    h.open(slides[0])
    h.press(Qt.Key.Key_1)
    shown = h.one.window.page.side.list
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(shown, Qt.Key.Key_Home)
    at = shown.model().index(0)
    menu = shown.menu_of(shown.lines[at.row()])
    words = [one.text() for one in menu.actions()]
    assert words[1] == "Take these 2 slides off the worklist (decisions are kept)"
    menu.actions()[1].trigger()
    assert [one.name for one in worklist.read()] == ["blasts"]
    assert h.states[0] != "undecided"
    assert h.one.controller.review.patient == "", "the table has no patient of it any more"


def test_the_window_says_slide_and_patient_as_the_worklist_has_them(start, hand, slides):
    h = hand(start())
    h.open(slides[2])
    window = h.one.window
    assert window._corner.text().startswith("blasts · P2 · ")
    h.one.controller.recents.worklist.add([Slide(path=str(slides[2]), name="S 9", patient="P 9")])
    assert window._corner.text().startswith("S 9 · P 9 · ")
    assert window.windowTitle() == "S 9 – LeukView"
    window.readings._set(Mode.BLIND)
    assert "9" not in window._corner.text() + window.windowTitle()


def test_what_another_window_has_changed_is_seen_when_this_one_comes_to_the_front(
    start, hand, slides
):
    h = hand(start())
    h.open(slides[0])
    state = Slide(path=str(slides[2]), name="", images=6, suggested=6, decided=6)
    worklist.change(lambda there: worklist.seen(there, state))
    assert line_of(h, "blasts").state == "Not run"
    QApplication.sendEvent(h.one.window, QEvent(QEvent.Type.WindowActivate))
    assert line_of(h, "blasts").state == "All 6 decided"


def test_the_panel_is_folded_by_a_key_and_stays_so(start, hand, slides):
    h = hand(start())
    h.open(slides[0])
    assert h.one.window.page.side.isVisible()
    h.press(Qt.Key.Key_F9)
    assert not h.one.window.page.side.isVisible()
    again = hand(start())
    again.open(slides[0])
    assert not again.one.window.page.side.isVisible()
    again.press(Qt.Key.Key_F9)
    assert again.one.window.page.side.isVisible()


# The count target


def targets(h):
    return h.one.window.slides.targets


def test_a_target_is_chosen_in_the_menu_stands_in_the_checklist_and_after_a_restart(
    start, hand, slides
):
    h = hand(start())
    h.open(slides[0])
    target = h.one.window.page.side.target.figure
    assert target.whole == "none"
    targets(h)[200].trigger()
    assert target.whole == "0 of 200"
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_U)  # an unsure one is not counted
    assert target.whole == "1 of 200"
    h.one.window.close_folder()
    h.open(slides[0])
    assert target.whole == "1 of 200"
    assert targets(h)[200].isChecked()
    h.open(slides[1])
    assert target.whole == "none"
    assert targets(h)[0].isChecked()


def test_a_target_is_named_after_what_is_counted(start, hand, slides, toy_field_model):
    h = hand(start())
    h.open(slides[0])
    assert targets(h)[200].text() == "200 cells"
    fields = hand(start(model=str(toy_field_model)))
    fields.open(slides[1])
    assert [action.text() for action in targets(fields).values()] == [
        "&None",
        "100 images",
        "200 images",
        "400 images",
    ]


def test_reaching_the_target_is_said_and_taken_back_when_a_cell_is_missing_again(
    start, hand, slides
):
    h = hand(start())
    h.open(slides[0])
    h.one.window.slides.set_target(3)
    banner = h.one.window.page.banner
    for _ in range(2):
        h.press(Qt.Key.Key_1)
    assert banner.gravest is not Gravity.TARGET
    h.press(Qt.Key.Key_1)
    assert banner.words.text() == "The count target of 3 is reached: 3 are counted."
    assert banner.isVisible()
    h.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert banner.gravest is not Gravity.TARGET
