"""The record through the window: flag, comment, audit sample, finishing, with real keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from leukview.ui.dialogs.record_dialogs import AuditDialog, FinishDialog
from leukview.ui.dialogs.text_dialogs import AmendDialog, CommentDialog
from leukview.ui.models.queue import Filter, Tab
from leukview.workflows.record import State

# What the offscreen platform says of every pop-up and dialog; real platforms do not.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
CONTROL = Qt.KeyboardModifier.ControlModifier
FILES = {"a.bmp": 20, "b.bmp": 35, "c.bmp": 120, "d.bmp": 245}  # c needs review


def test_an_audit_sample_is_drawn_read_without_suggestions_and_the_slide_finished(
    start, hand, image_folder
):
    h = hand(start())
    h.open(image_folder(FILES))
    page, actions = h.one.window.page, h.one.window.actions_
    review = h.one.controller.review
    h.answer(AuditDialog, lambda d: (d.size_field.setValue(2), d.act_button.click()))
    actions["audit"].trigger()
    assert page.tab is Tab.AUDIT
    assert page.model.rows.tolist() == review.audit_rows.tolist()
    assert len(review.audit_rows) == 2
    assert not actions["audit"].isEnabled()
    assert page.model.tile(0).hidden
    assert "suggestion hidden" in page.model.spoken(0)
    assert page.inspector.note.text().startswith("The suggestion is hidden")
    h.press(Qt.Key.Key_Return)
    assert not review.state.any(), "there is nothing to agree with"
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_1)
    assert not page.model.tile(0).hidden
    seen = []
    h.answer(FinishDialog, lambda d: (seen.append(d.act_button.isEnabled()), d.reject()))
    actions["finish"].trigger()
    assert seen == [False], "images are not decided"
    page.show_tab(Tab.UNDECIDED)
    page.go(0)
    h.press(Qt.Key.Key_1)
    h.press(Qt.Key.Key_1)
    h.answer(FinishDialog, lambda d: (d.comment.setText("clear"), d.act_button.click()))
    h.press(Qt.Key.Key_Return, CONTROL)
    assert review.record.state is State.FINAL
    before = h.states
    h.press(Qt.Key.Key_2)
    assert h.states == before
    h.answer(AmendDialog, lambda d: (d.field.setText("smudge"), d.act_button.click()))
    actions["amend"].trigger()
    h.press(Qt.Key.Key_U)
    assert "unsure" in h.states
    assert review.record.state is State.AMENDED


def test_before_finishing_it_is_said_what_is_missing_and_a_button_goes_there(
    start, hand, image_folder, qtbot
):
    h = hand(start())
    h.open(image_folder(FILES))
    page, actions, review = h.one.window.page, h.one.window.actions_, h.one.controller.review
    review.draw_audit(2, 1, 0.9)
    page.set_filter(Filter(undecided=True, classes=frozenset({0})))

    def leave_for(words: str):
        def go(dialog) -> None:
            button = next(one for one in dialog.buttons.values() if one.text() == words)
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

        met = h.answer(FinishDialog, go)
        actions["finish"].trigger()
        return met[0]

    dialog = leave_for("Go to Needs review")
    assert dialog.blocked.text() == (
        "Not yet: Images are not decided · Needs review is not empty · Audit sample is not read."
    )
    assert not dialog.act_button.isEnabled()
    assert (page.tab, page.model.rows.tolist(), page.current_row) == (Tab.REVIEW, [2], 2)
    h.press(Qt.Key.Key_U)
    leave_for("Go to Audit sample")
    assert (page.tab, page.current_row) == (Tab.AUDIT, int(review.audit_rows[0]))
    h.press(Qt.Key.Key_1)
    leave_for("Go to Audit sample")
    assert page.current_row == int(review.audit_rows[1])
    h.press(Qt.Key.Key_1)
    leave_for("Go to Undecided")
    assert (page.tab, len(page.model.rows)) == (Tab.UNDECIDED, 1)
    h.press(Qt.Key.Key_1)
    assert leave_for("Show the first").blocked.text() == "Not yet: Images are not decided."
    assert (page.tab, page.current_row) == (Tab.ALL, 2), "it is unsure"
    h.press(Qt.Key.Key_2)
    met = h.answer(FinishDialog, lambda d: d.reject())
    actions["finish"].trigger()
    assert (met[0].blocked.text(), met[0].buttons) == ("", {})
    assert review.record.state is State.DRAFT


def test_what_was_seen_before_the_draw_and_changed_after_it_is_said(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder(FILES))
    window, review = h.one.window, h.one.controller.review
    h.until(lambda: review.seen.all())
    met = h.answer(AuditDialog, lambda d: (d.size_field.setValue(1), d.act_button.click()))
    window.actions_["audit"].trigger()
    assert (
        met[0]
        .seen.text()
        .startswith("3 of them have been on the screen with their suggestion already")
    )
    h.press(Qt.Key.Key_1)
    window.page.go(0)
    h.press(Qt.Key.Key_2)
    h.press(Qt.Key.Key_F3)
    said = window.overview.audit.text()
    assert "1 of the 1 had been on the screen with its suggestion before the draw." in said
    assert "1 decision was changed or taken back after the suggestion was shown" in said


def test_f_flags_and_c_comments_what_is_selected_and_ctrl_z_takes_it_back(
    start, hand, image_folder
):
    h = hand(start())
    h.open(image_folder(FILES))
    page, review = h.one.window.page, h.one.controller.review
    h.press(Qt.Key.Key_F)
    assert review.flagged.tolist() == [True, False, False, False]
    assert page.gallery.currentIndex().row() == 0
    h.answer(CommentDialog, lambda d: (d.field.setText("pale"), d.act_button.click()))
    h.press(Qt.Key.Key_C)
    assert review.comments == {0: "pale"}
    assert "Comment: pale" in page.inspector.note.text()
    assert page.model.spoken(0).endswith("flagged, comment: pale.")
    h.press(Qt.Key.Key_Z, CONTROL)
    h.press(Qt.Key.Key_F)
    assert (review.comments, review.flagged.any()) == ({}, False)


def test_what_reader_and_model_call_differently_is_a_queue(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder(FILES))
    page, review = h.one.window.page, h.one.controller.review
    other = 1 + int(review.suggested[0] == 0)
    h.press(Qt.Key.Key_1 if other == 1 else Qt.Key.Key_2)
    page.show_tab(Tab.DISAGREE)
    assert page.model.rows.tolist() == [0]
    assert page.tabs.button(4).text() == "Disagreements  1"


def test_where_an_open_audit_image_stands_does_not_tell_its_folder(start, hand, image_folder):
    h = hand(start())
    h.open(image_folder({f"all/{n}.bmp": 245 - n for n in range(4)} | {"hem/x.bmp": 20}))
    page, review = h.one.window.page, h.one.controller.review
    review.draw_audit(2, 1, 0.9)
    page.show_tab(Tab.ALL)
    drawn = sorted(review.audit_rows.tolist())
    assert page.model.rows.tolist()[-2:] == drawn
    assert page.model.rows.tolist()[:-2] == [row for row in range(5) if row not in drawn]
