"""Sentences of the window whose words depend on a number."""

from __future__ import annotations

from leukview.ui import messages


def test_one_image_needs_review_and_two_need_it() -> None:
    assert messages.finished(5, 1, 0) == "Done: 5 classified, 1 needs review."
    assert messages.finished(5, 2, 1) == "Done: 5 classified, 2 need review, 1 could not be read."
