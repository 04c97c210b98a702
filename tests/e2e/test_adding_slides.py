"""Add slides: find them under a folder, name them by a pattern, put them on the worklist."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from leukview.ui.dialogs.slides_dialog import SlidesDialog
from leukview.ui.models.slide_preview import NO_FIT
from leukview.ui.widgets.banner import Gravity
from leukview.workflows import worklist
from leukview.workflows.record import Mode

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LEFT = Qt.MouseButton.LeftButton
NAMES = ("P 1_Ä1", "P 1_Ä2", "P 2_Ä1")


@pytest.fixture
def parent(image_folder):
    """A folder of three slides; in one of them the images lie in folders named like classes."""
    files = {f"{name}/{n}.bmp": 20 + 9 * n + at for at, name in enumerate(NAMES) for n in range(3)}
    return image_folder(files | {"P 2_Ä1/all/9.bmp": 240}, name="Proben Mü")


@pytest.fixture
def chosen(monkeypatch):
    """Factory: what the system's dialog will say."""

    def say(path) -> None:
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(path))

    return say


def table(dialog) -> list[tuple[str, ...]]:
    model = dialog.model
    rows = range(model.rowCount())
    return [tuple(model.data(model.index(row, at)) for at in range(4)) for row in rows]


def after_looking(h, act):
    """Do something to the dialog as soon as everything is found."""

    def look(dialog) -> None:
        h.until(lambda: not dialog.looking)
        try:
            act(dialog)
        finally:
            dialog.close()  # whatever fails in here, the test goes on and says it

    return h.answer(SlidesDialog, look)


def write(h, dialog, text) -> None:
    dialog.pattern.selectAll()
    h.qtbot.keyClicks(dialog.pattern, text)


def test_slides_under_a_folder_are_added_by_the_suggested_pattern_and_the_first_one_opens(
    start, hand, parent, chosen
):
    h, seen = hand(start()), []
    chosen(parent)

    def add(dialog) -> None:
        seen.append((dialog.pattern.text(), table(dialog), dialog.act_button.text()))
        h.qtbot.mouseClick(dialog.act_button, LEFT)

    after_looking(h, add)
    window = h.one.window
    h.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert seen[0][0] == "{patient}_{slide}"
    assert seen[0][1] == [
        ("P 1_Ä1", "P 1", "Ä1", "3"),
        ("P 1_Ä2", "P 1", "Ä2", "3"),
        ("P 2_Ä1", "P 2", "Ä1", "4"),
    ]
    assert seen[0][2] == "Add 3 slides"
    assert [(s.patient, s.name) for s in worklist.read()] == [
        ("P 1", "Ä1"),
        ("P 1", "Ä2"),
        ("P 2", "Ä1"),
    ]
    h.until(h.idle)
    assert h.one.controller.folder.folder == parent / "P 1_Ä1"
    lines = window.page.side.list.lines
    assert [one.name for one in lines] == ["P 1", "Ä1", "Ä2", "P 2", "Ä1"]


def test_the_preview_follows_each_key_and_shows_what_does_not_fit(
    start, hand, parent, chosen, qtbot
):
    h, seen = hand(start()), {}
    chosen(parent)

    def look(dialog) -> None:
        for text in ("P 1_{slide}", "{patient}{slide}", "(?P<patient>P \\d)_(?P<slide>.+)"):
            write(h, dialog, text)
            seen[text] = (table(dialog), dialog.said.text(), dialog.act_button.isEnabled())
        write(h, dialog, "{slid")
        qtbot.keyClicks(dialog.pattern, "e}")
        seen["typed on"] = table(dialog)

    after_looking(h, look)
    h.one.window.actions_["add_slides"].trigger()
    rows, said, _ = seen["P 1_{slide}"]
    assert rows[0] == ("P 1_Ä1", "", "Ä1", "3")
    assert rows[2] == ("P 2_Ä1", NO_FIT, "P 2_Ä1", "4")
    assert "1 name does not fit" in said
    rows, said, enabled = seen["{patient}{slide}"]
    assert "Nothing stands between" in said
    assert not enabled
    assert seen["(?P<patient>P \\d)_(?P<slide>.+)"][0][0] == ("P 1_Ä1", "P 1", "Ä1", "3")
    assert seen["typed on"][0] == ("P 1_Ä1", "", "P 1_Ä1", "3")
    assert worklist.read() == (), "it was closed without adding"


def test_a_hostile_expression_is_refused_and_the_window_goes_on(start, hand, image_folder, chosen):
    h, seen = hand(start()), []
    chosen(image_folder({f"{'a' * 60}{n}b/x.bmp": 20 + n for n in range(3)}, name="long"))

    def look(dialog) -> None:
        dialog.pattern.setText(r"(?P<slide>(a+)+)$")
        seen.append((dialog.said.text(), dialog.act_button.isEnabled()))
        dialog.pattern.setText("{slide}")
        seen.append(dialog.act_button.isEnabled())

    after_looking(h, look)
    h.one.window.actions_["add_slides"].trigger()
    assert seen[0][0].startswith("This pattern takes too long to read")
    assert seen == [(seen[0][0], False), True]


def test_an_offered_pattern_is_taken_by_a_click(start, hand, parent, chosen):
    h, seen = hand(start()), []
    chosen(parent)

    def look(dialog) -> None:
        (plain,) = [one for one in dialog.offers if one.text() == "{slide}"]
        h.qtbot.mouseClick(plain, LEFT)
        seen.append(dialog.pattern.text())
        h.qtbot.mouseClick(dialog.act_button, LEFT)

    after_looking(h, look)
    h.one.window.actions_["add_slides"].trigger()
    assert seen == ["{slide}"]
    assert {one.patient for one in worklist.read()} == {""}
    h.until(h.idle)


def test_several_folders_dropped_on_the_window_become_slides(start, hand, parent, image_folder):
    h, seen = hand(start()), []
    h.open(image_folder())

    def add(dialog) -> None:
        seen.append(table(dialog))
        h.qtbot.mouseClick(dialog.act_button, LEFT)

    after_looking(h, add)
    h.drop(parent / "P 1_Ä1", parent / "P 2_Ä1")
    assert [row[0] for row in seen[0]] == ["P 1_Ä1", "P 2_Ä1"]
    assert len(worklist.read()) == 2
    assert h.one.controller.folder.folder.name == "slides", "the open folder stays"
    assert h.said == "2 slides are on the worklist."


def test_slides_that_are_there_keep_what_is_known_and_take_the_new_names(
    start, hand, parent, chosen
):
    h, said = hand(start()), []
    chosen(parent)
    after_looking(h, lambda dialog: h.qtbot.mouseClick(dialog.act_button, LEFT))
    h.one.window.actions_["add_slides"].trigger()
    h.until(h.idle)
    h.press(Qt.Key.Key_1)

    def rename(dialog) -> None:
        said.append(dialog.said.text())
        write(h, dialog, "{slide}_*")
        h.qtbot.mouseClick(dialog.act_button, LEFT)

    after_looking(h, rename)
    h.one.window.page.side.add_button.click()
    assert "3 on the worklist already; only the names change." in said[0]
    names = {one.path: (one.patient, one.name) for one in worklist.read()}
    assert names[str(parent / "P 1_Ä1")] == ("", "P 1")
    review = h.one.controller.review
    assert (review.slide, review.patient) == ("P 1", "")
    assert h.states.count("undecided") == 2


def test_a_folder_of_several_slides_says_so_and_its_button_makes_one_slide_of_each(
    start, hand, parent
):
    h = hand(start())
    h.open(parent)
    banner = h.one.window.page.banner
    h.until(banner.isVisible)
    assert banner.words.text() == "3 folders in here hold images and are read as one slide."
    after_looking(h, lambda dialog: h.qtbot.mouseClick(dialog.act_button, LEFT))
    h.qtbot.mouseClick(banner.button, LEFT)
    assert len(worklist.read()) == 3
    h.until(h.idle)
    assert h.one.controller.folder.folder == parent / "P 1_Ä1"
    assert h.one.controller.review.count == 3


def test_folders_named_like_classes_are_no_slides(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder({f"{kind}/{n}.bmp": 20 + n for kind in ("hem", "blast") for n in (1, 9)}))
    h.until(lambda: not h.one.controller._runner.busy)
    assert h.one.window.page.banner.gravest is not Gravity.SLIDES


def test_the_open_folder_is_added_by_its_menu(start, hand, parent, qtbot):
    h = hand(start())
    h.open(parent / "P 1_Ä1")
    shown = h.one.window.page.side.list
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    (line,) = shown.lines
    (add,) = shown.menu_of(line).actions()
    after_looking(h, lambda dialog: h.qtbot.mouseClick(dialog.act_button, LEFT))
    add.trigger()
    assert [one.path for one in worklist.read()] == [str(parent / "P 1_Ä1")]
    (line,) = shown.lines
    assert line.current
    words = [one.text() for one in shown.menu_of(line).actions()]
    assert words == ["Take off the worklist (decisions are kept)"]


def test_a_folder_without_images_is_said(start, hand, tmp_path, chosen):
    h, said = hand(start()), []
    (tmp_path / "empty").mkdir()
    chosen(tmp_path / "empty")

    def look(dialog) -> None:
        said.append((dialog.said.text(), dialog.act_button.isEnabled()))

    after_looking(h, look)
    h.one.window.actions_["add_slides"].trigger()
    assert said == [("There are no images in 'empty'.", False)]


def test_while_a_slide_is_read_blind_no_names_are_shown_to_add(start, hand, parent, chosen):
    h = hand(start())
    h.open(parent / "P 1_Ä1")
    h.one.window.readings._set(Mode.BLIND)
    side = h.one.window.page.side
    assert not side.add_button.isEnabled()
    assert not h.one.window.actions_["add_slides"].isEnabled()
    h.drop(parent / "P 1_Ä2", parent / "P 2_Ä1")
    assert h.said == "Names are hidden until the blind reading ends."
    h.one.window.readings._set(Mode.ASSISTED)
    assert side.add_button.isEnabled()


def test_giving_up_the_choice_of_a_folder_changes_nothing(start, hand, chosen):
    h = hand(start())
    chosen("")
    h.one.window.actions_["add_slides"].trigger()
    assert worklist.read() == ()
