"""What the start page says while a folder is opened."""

from __future__ import annotations

import pytest

from leukview.ui import messages
from leukview.ui.theme import Theme
from leukview.ui.widgets.start_page import StartPage


@pytest.fixture
def page(qtbot):
    made = StartPage(Theme())
    qtbot.addWidget(made)
    return made


def test_a_sign_of_life_takes_back_that_the_drive_may_not_answer(page):
    page.show_opening("Looking for images…")
    page._slow.timeout.emit()  # some seconds later
    assert page.problem.text() == messages.SLOW
    page.show_opening("Found 7 images. Opening the session…")
    assert page.problem.text() == ""
    assert page._slow.isActive()


def test_the_end_of_an_opening_takes_back_only_what_was_said_of_its_slowness(page):
    page.show_opening("Looking for images…")
    page._slow.timeout.emit()
    page.show_opening("")
    assert page.problem.text() == ""
    page.show_opening("Looking for images…")
    page.show_problem("There are no images in 'a'.")
    page.show_opening("")
    assert page.problem.text() == "There are no images in 'a'."
    assert not page._slow.isActive()
