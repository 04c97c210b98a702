"""Two readers of one slide, and one reader before and after the suggestions are shown."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leukview.domain.errors import UsageError
from leukview.workflows.actions import Adopted, Reading
from leukview.workflows.checks import checks
from leukview.workflows.readers import between_readers, kappa_words, switches, two_readers
from leukview.workflows.record import Mode


def test_two_readers_are_compared_over_what_both_have_decided(reopen):
    review = reopen()
    assert between_readers(review) is None
    review.decide(range(6), "hem")
    review.decide(range(6, 10), "all")
    review.exclude([10], "smudge")
    review.begin(Reading.SECOND, "Ben")
    review.decide(range(5), "hem")
    review.decide(range(5, 9), "all")
    review.unsure([9])
    review.decide([10], "hem")
    found = between_readers(review)
    assert (found.first, found.second) == ("Ada", "Ben")
    assert (found.images, found.both, found.differing, found.settled) == (40, 11, 3, 0)
    # For a class by both: 5 hem/hem, 1 hem/all, 3 all/all. By hand (8/9 - 39/81)/(1 - 39/81).
    assert (found.whole.n, found.whole.same) == (9, 8)
    assert found.whole.kappa == pytest.approx((8 / 9 - 42 / 81) / (1 - 42 / 81))
    assert [one.id for one in found.classes] == ["hem", "all"]
    assert [(one.first, one.second, one.both) for one in found.each] == [(6, 5, 5), (3, 4, 3)]
    review.begin(Reading.ADJUDICATION, "Cleo")
    review.decide([5], "all")
    assert between_readers(reopen()).settled == 1


def test_a_kappa_that_is_not_defined_is_said_so(reopen):
    review = reopen()
    review.begin(Reading.SECOND, "Ben")
    found = between_readers(review)
    assert math.isnan(found.whole.kappa)
    assert kappa_words(found.whole) == "not defined (n = 0)"


def test_what_a_reader_changes_after_the_blind_reading_is_counted_over_restarts(reopen):
    review = reopen()
    review.set_mode(Mode.BLIND)
    # Suggested are hem, all, hem, all…: rows 0 to 3 are called as suggested, 4 to 7 are not.
    for row in range(8):
        review.decide([row], ["hem", "all"][(row + (row > 3)) % 2])
    assert switches(review) is None
    review.set_mode(Mode.ASSISTED)
    assert switches(review).to_suggestion.count == 0
    review.decide([4, 6], "hem")
    review.decide([3], "hem")
    review.decide([20], "hem")
    found = switches(reopen())
    assert found.n == 8
    assert (found.to_suggestion.count, found.to_suggestion.n) == (2, 4)
    assert (found.away.count, found.away.n) == (1, 4)


def test_only_the_first_end_of_a_blind_reading_counts(reopen):
    review = reopen()
    review.set_mode(Mode.BLIND)
    review.decide([0], "all")
    review.set_mode(Mode.ASSISTED)
    review.decide([0], "hem")
    review.set_mode(Mode.BLIND)
    review.set_mode(Mode.ASSISTED)
    assert switches(reopen()).to_suggestion.count == 1


def test_the_random_order_of_a_blind_reading_stays_and_has_nothing_of_the_model(reopen):
    review = reopen()
    review.set_mode(Mode.BLIND)
    order = review.mixed.tolist()
    assert sorted(order) == list(range(40))
    assert order != list(range(40))
    assert reopen().mixed.tolist() == order


def blocking(review) -> list[str]:
    return [one.name for one in checks(review) if one.blocks and not one.passed]


def test_a_slide_is_finished_only_when_what_the_readers_call_differently_is_settled(reopen):
    review = reopen()
    review.decide(range(40), "hem")
    review.begin(Reading.SECOND, "Ben")
    review.decide(range(1, 40), "hem")
    review.decide([0], "all")
    assert blocking(review) == ["The second reading goes on"]
    with pytest.raises(UsageError, match="second reading"):
        review.finish()
    review.begin(Reading.FIRST, "Ada")
    assert blocking(review) == ["The readers' differences are not settled"]
    review.begin(Reading.ADJUDICATION, "Cleo")
    assert blocking(review) == ["The readers' differences are not settled"]
    review.decide([0], "all")
    assert blocking(review) == [], "what both agree on counts as decided"
    review.finish()
    assert not review.record.open


@pytest.fixture
def settled(reopen):
    """A review in which Cleo has settled what Ada calls hem and Ben all, images 0 and 1, as all."""
    review = reopen()
    review.decide(range(40), "hem")
    review.begin(Reading.SECOND, "Ben")
    review.decide(range(2, 40), "hem")
    review.decide([0, 1], "all")
    review.begin(Reading.ADJUDICATION, "Cleo")
    review.decide([0, 1], "all")
    assert blocking(review) == []
    return review


def again_of(review) -> list[int]:
    return review.differences().again.nonzero()[0].tolist()


def final(review, row: int) -> tuple[str, str]:
    one = review.decisions_of(review.final())[row]
    return one.called, one.reviewer


def test_what_was_settled_is_to_be_settled_again_when_a_reader_says_otherwise(settled, reopen):
    settled.begin(Reading.FIRST, "Ada")
    said = settled.exclude([0], "smudge").text
    assert "1 was settled before and is to be settled again" in said
    review = reopen()
    assert again_of(review) == [0]
    assert blocking(review) == ["The readers' differences are not settled"]
    figure = next(one.figure for one in checks(review) if "differences" in one.name)
    assert figure.startswith("1 of 2 settled; 1 was settled before and is to be settled again")
    found = between_readers(review)
    assert (found.differing, found.settled, found.again) == (2, 1, 1)
    assert final(review, 0) == ("excluded", "Ada"), "until it is settled anew"
    review.begin(Reading.ADJUDICATION, "Cleo")
    assert review.differing_rows.tolist() == [0, 1]
    assert (int(review.state[0]), int(review.state[1] > 0)) == (0, 1), "it is open again"
    assert two_readers(review, 0) == (
        "Ada: excluded · Ben: all · settled before by Cleo: all, not valid any more"
    )
    assert two_readers(review, 1) == "Ada: hem · Ben: all"
    review.flag([0], True)
    assert blocking(review) == ["The readers' differences are not settled"]
    review.decide([0], "hem")
    assert blocking(reopen()) == []
    assert final(review, 0) == ("hem", "Cleo")


def test_a_reader_who_takes_the_change_back_leaves_it_settled(settled):
    settled.begin(Reading.FIRST, "Ada")
    settled.decide([0], "all")
    settled.undo()
    settled.decide([1], "hem")
    settled.flag([1], True)
    assert again_of(settled) == []
    assert final(settled, 0) == ("all", "Cleo")


def test_what_readers_say_now_against_a_settlement_is_settled_though_they_agree(settled):
    settled.decide([1], "hem")
    settled.begin(Reading.FIRST, "Ada")
    settled.decide([0, 1], "all")
    assert settled.differences().differing.nonzero()[0].tolist() == []
    assert again_of(settled) == [1], "0 was settled as both say now"
    assert final(settled, 0) == ("all", "Ada")
    assert blocking(settled) == ["The readers' differences are not settled"]
    settled.begin(Reading.ADJUDICATION, "Cleo")
    assert settled.differing_rows.tolist() == [1]


def test_undo_and_redo_of_what_settled_keep_what_it_was_about(settled, reopen):
    settled.begin(Reading.SECOND, "Ben")
    settled.exclude([0], "smudge")
    settled.begin(Reading.ADJUDICATION, "Cleo")
    settled.decide([0], "hem")
    assert again_of(settled) == []
    settled.undo()
    assert again_of(settled) == [0], "the first one was about another difference"
    settled.redo()
    review = reopen()
    assert again_of(review) == []
    assert final(review, 0) == ("hem", "Cleo")


def test_the_second_reader_is_not_told_what_was_settled(settled):
    settled.begin(Reading.SECOND, "Ben")
    assert settled.decide([0], "hem").text == "1 image decided as hem"


def test_an_action_that_waited_for_files_is_not_done_in_another_reading(reopen, monkeypatch):
    monkeypatch.setattr("leukview.workflows.deciding.LOOK_AT_ONCE", 1)
    review = reopen()
    changes = review.decide([0, 1, 2], "hem")
    assert changes.then is not None
    review.begin(Reading.SECOND, "Ben")
    assert "Another reading began" in changes.then().text
    for reading in (Reading.FIRST, Reading.SECOND):
        assert not review.said(reading).state.any()


def test_nobody_takes_the_name_of_the_other_reader(reopen):
    review = reopen()
    review.decide([0], "hem")
    review.begin(Reading.SECOND, "Ben")
    with pytest.raises(UsageError, match="other reader"):
        review.rename("ada")
    review.rename("Berta")
    assert review.reviewer == "Berta"


def test_a_decision_made_with_the_suggestion_in_view_is_no_blind_one(reopen):
    review = reopen()
    review.mark_seen([0, 1])
    review.decide([0, 1], "all")
    review.set_mode(Mode.BLIND)
    review.decide([2], "all")
    review.set_mode(Mode.ASSISTED)
    review.decide([0, 2], "hem")
    found = switches(review)
    assert (found.n, found.to_suggestion.count) == (1, 1)


def test_a_row_whose_file_turns_out_to_be_another_image_says_what_stands_for_that(reopen, classify):
    review = reopen()
    review.decide([0], "hem")
    review.begin(Reading.SECOND, "Ben")
    review.decide([0], "all")
    assert review.differences().differing.nonzero()[0].tolist() == [0]
    assert (int(review.final().state[39]), len(review.one_each(np.arange(40)))) == (0, 40)
    review.add_results([39], [classify(0, "a")])
    assert review.differences().differing.nonzero()[0].tolist() == [0, 39]
    assert review.final().state[39] == review.final().state[0] > 0
    assert review.one_each(np.arange(40)).tolist() == list(range(39)), "equal files count once"
    assert review.one_each(np.array([5, 39])).tolist() == [5, 39]


def test_a_comment_that_an_import_brings_settles_nothing_anew(reopen):
    review = reopen()
    review.decide([0], "hem")
    review.begin(Reading.SECOND, "Ben")
    review.decide([0], "all")
    review.begin(Reading.ADJUDICATION, "Cleo")
    review.decide([0], "all")
    review.begin(Reading.FIRST, "Ada")
    review.unsure([0])
    review.begin(Reading.ADJUDICATION, "Cleo")
    said = {"state": "undecided", "comment": "pale"}
    review.adopt({review.sha256[0]: Adopted(**said)}, "imported")
    for one in (review, reopen()):
        assert (one.differences().again[0], one.state[0], one.comments) == (True, 0, {0: "pale"})
    one.adopt({one.sha256[0]: Adopted(state="changed", class_id="hem")}, "imported")
    assert one.differences().settled[0]
    one.undo()
    assert one.differences().again[0]
