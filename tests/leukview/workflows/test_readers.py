"""Two readers of one slide, and one reader before and after the suggestions are shown."""

from __future__ import annotations

import math

import pytest

from leukview.domain.errors import UsageError
from leukview.workflows.actions import Reading
from leukview.workflows.checks import checks
from leukview.workflows.readers import between_readers, kappa_words, switches
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


def test_an_action_that_waited_for_files_is_not_done_in_another_reading(reopen, monkeypatch):
    monkeypatch.setattr("leukview.workflows.deciding.LOOK_AT_ONCE", 1)
    review = reopen()
    changes = review.decide([0, 1, 2], "hem")
    assert changes.then is not None
    review.begin(Reading.SECOND, "Ben")
    assert "Another reading began" in changes.then().text
    for reading in (Reading.FIRST, Reading.SECOND):
        assert not any(review.of_reading(reading))


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
