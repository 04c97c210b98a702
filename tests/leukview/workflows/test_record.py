"""What stands of a session as a whole, over restarts: readings, audit sample, finishing."""

from __future__ import annotations

import pytest

from leukview.domain.errors import FinalError, UsageError
from leukview.workflows.actions import Adopted, Reading
from leukview.workflows.checks import (
    audit_notes,
    audit_read,
    audit_result,
    audit_said,
    audit_words,
    checks,
)
from leukview.workflows.record import Mode, State, draw

COUNT, DOUBTFUL = 40, 10


def test_a_flag_and_a_comment_stand_beside_the_decision_and_go_one_by_one(reopen):
    review = reopen()
    review.decide([1], "all")
    review.flag([1, 2], True)
    review.comment([1], "smudge?")
    again = reopen()
    assert again.flagged.nonzero()[0].tolist() == [1, 2]
    assert again.comments == {1: "smudge?"}
    assert again.decision(1).class_id == "all"
    again.clear([1])
    assert (again.comments, bool(again.flagged[1])) == ({1: "smudge?"}, True)
    assert [again.undo().text for _ in range(3)] == [
        "1 image cleared",
        "1 image commented",
        "2 images flagged",
    ]
    assert (again.comments, again.flagged.any(), again.decision(1).class_id) == ({}, False, "all")


def test_an_event_says_what_stood_before_and_which_model_was_on_the_screen(reopen):
    review = reopen()
    review.decide([1], "all")
    review.decide([0, 1], "hem")
    last = list(review._store.events())[-1].payload
    assert last["old"] == ["undecided", "agreed all"]
    assert last["model"] == "a" * 64


def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another():
    population = [f"{n:064x}" for n in range(500)]
    assert draw(population, 50, 7) == draw(reversed(population), 50, 7)
    assert set(draw(population, 50, 7)) != set(draw(population, 50, 8))
    assert len(set(draw(population, 50, 7))) == 50


def test_a_sample_is_drawn_once_from_confident_open_images_and_hides_its_suggestions(reopen):
    review = reopen()
    review.decide([39], "all")
    review.draw_audit(8, 3, 0.9)
    rows = review.audit_rows.tolist()
    assert len(rows) == 8
    assert not set(rows) & {*range(DOUBTFUL), 39}
    assert review.record.audit.population == COUNT - DOUBTFUL - 1
    assert review.hidden.nonzero()[0].tolist() == sorted(rows)
    with pytest.raises(UsageError, match="drawn already"):
        review.draw_audit(8, 4, 0.9)
    again = reopen()
    assert again.audit_rows.tolist() == rows
    assert again.agree(rows).text == "", "what is hidden cannot be agreed with"
    again.decide(rows[:1], "hem")
    assert not again.is_hidden(rows[0])
    assert again.decision(rows[0]).suggestion_seen is False


def test_the_sample_is_compared_with_what_was_suggested_when_it_was_drawn(reopen, classify):
    review = reopen()
    review.draw_audit(8, 3, 0.9)
    suggested = dict(zip(review.audit_rows.tolist(), review.record.audit.suggestions, strict=True))
    rows = list(suggested)
    for row in rows[:-1]:
        review.decide([row], suggested[row])
    found = audit_result(review)
    assert (found.read, found.complete, found.low, found.high) == (7, False, 0, 30)
    review.decide(rows[-1:], "hem" if suggested[rows[-1]] == "all" else "all")
    found = audit_result(review)
    assert (found.read, found.differing, found.complete) == (8, 1, True)
    assert 1 <= found.low <= 30 * 1 / 8 <= found.high < 30
    assert found.overall.reason, "the doubtful images were not read"
    for row in range(DOUBTFUL):
        review.decide([row], "hem")
    found = audit_result(review)
    expected = (30 * 1 / 8 + 5) / 40
    assert found.overall.share == pytest.approx(expected)
    assert f"; of all images {100 * expected:.1f} % (" in audit_words(found)
    other = [classify(n, "b", shift=1) for n in range(COUNT)]
    review.add_results(range(COUNT), other)
    assert audit_result(review).differing == 1, "another model does not change the result"


def drawn(review) -> tuple[list[int], dict[int, str]]:
    """Draw eight; their rows, and what is suggested for each."""
    review.draw_audit(8, 3, 0.9)
    return review.audit_rows.tolist(), dict(
        zip(review.audit_rows.tolist(), review.record.audit.suggestions, strict=True)
    )


OTHER = {"hem": "all", "all": "hem"}


def test_what_was_decided_before_the_suggestion_was_shown_counts_whatever_follows(reopen):
    review = reopen()
    rows, suggested = drawn(review)
    for row in rows:
        review.decide([row], OTHER[suggested[row]])
    assert audit_result(review).differing == 8
    for row in rows[:3]:
        review.decide([row], suggested[row])
    review.exclude(rows[3:4], "smudge")
    review.clear(rows[4:5])
    again = reopen()
    found = audit_result(again)
    assert (found.read, found.differing, found.changed) == (8, 8, 5)
    assert audit_said(found).endswith(
        "5 decisions were changed or taken back after the suggestion was shown; what was decided"
        " first counts."
    )
    for _ in range(2):
        again.undo()
    assert audit_result(again).changed == 3


def test_a_decision_that_was_undone_has_shown_the_suggestion_all_the_same(reopen):
    review = reopen()
    rows, suggested = drawn(review)
    review.decide(rows[:1], OTHER[suggested[rows[0]]])
    review.undo()
    assert not review.is_hidden(rows[0])
    review.decide(rows[:1], suggested[rows[0]])
    found = audit_result(reopen())
    assert (found.read, found.differing, found.changed) == (1, 1, 1)


def test_unsure_decides_nothing_so_that_the_suggestion_stays_hidden(reopen):
    review = reopen()
    rows, suggested = drawn(review)
    review.unsure(rows[:1])
    assert review.is_hidden(rows[0])
    assert review.hidden.nonzero()[0].tolist() == sorted(rows)
    assert audit_read(review) == (0, 8)
    review.decide(rows[:1], suggested[rows[0]])
    found = audit_result(review)
    assert (found.read, found.differing, found.changed) == (1, 0, 0)
    assert audit_read(review) == (1, 8)


def test_what_an_import_brings_that_had_the_suggestion_in_view_is_not_read_in_the_sample(reopen):
    review = reopen()
    rows, suggested = drawn(review)
    seen, blind = (
        Adopted(state="agreed", class_id="hem", reviewer="Dora", suggestion_seen=on)
        for on in (True, False)
    )
    review.adopt({review.sha256[rows[0]]: seen, review.sha256[rows[1]]: blind}, "imported")
    assert [review.is_hidden(row) for row in rows[:2]] == [True, False]
    assert audit_read(review) == (1, 8)
    review.decide(rows[:1], suggested[rows[0]])
    assert audit_read(reopen()) == (2, 8)


def test_a_flag_on_what_an_import_brought_shows_no_suggestion_of_the_sample(reopen):
    review = reopen()
    rows, _suggested = drawn(review)
    seen = Adopted(state="agreed", class_id="hem", reviewer="Dora", suggestion_seen=True)
    review.adopt({review.sha256[rows[0]]: seen}, "imported")
    review.flag(rows[:1], True)
    for one in (review, reopen()):
        assert one.is_hidden(rows[0])
        assert audit_result(one).read == 0


def test_what_is_read_of_a_sample_in_a_blind_reading_is_counted_the_same_everywhere(reopen):
    review = reopen()
    rows, _suggested = drawn(review)
    review.set_mode(Mode.BLIND)
    review.decide(rows[:3], "hem")
    assert audit_read(review) == (audit_result(review).read, len(rows)) == (3, len(rows))
    assert [one.row for one in checks(review) if one.queue == "audit sample"] == [rows[3]]


def test_a_second_reader_is_not_told_how_far_the_first_differs_from_the_model(reopen):
    review = reopen()
    rows, _suggested = drawn(review)
    review.decide(rows[:1], "hem")
    for row in rows[1:]:
        review.decide([row], "all")
    review.begin(Reading.SECOND, "Ben")
    (sample,) = [one for one in checks(review) if one.queue == "audit sample"]
    assert (sample.passed, sample.figure) == (True, f"{len(rows)} of {len(rows)} read")
    review.begin(Reading.ADJUDICATION, "Cleo")
    (sample,) = [one for one in checks(review) if one.queue == "audit sample"]
    assert "differ" in sample.figure


def test_who_settles_does_not_see_the_suggestions_of_a_sample_that_is_not_read(reopen):
    review = reopen()
    rows, suggested = drawn(review)
    review.decide(rows[:1], suggested[rows[0]])
    review.begin(Reading.SECOND, "Ben")
    assert not review.hidden.any(), "the sample is another person's"
    review.begin(Reading.ADJUDICATION, "Ada")
    assert review.hidden.nonzero()[0].tolist() == sorted(rows[1:])
    assert [review.is_hidden(row) for row in rows] == [False, *[True] * 7]


def test_in_a_blind_reading_the_last_decision_before_its_end_counts(reopen):
    review = reopen()
    rows, suggested = drawn(review)
    review.set_mode(Mode.BLIND)
    review.decide(rows, "hem")
    for row in rows:
        review.decide([row], suggested[row])
    review.set_mode(Mode.ASSISTED)
    for row in rows[:2]:
        review.decide([row], OTHER[suggested[row]])
    found = audit_result(reopen())
    assert (found.read, found.differing, found.changed) == (8, 0, 2)


def test_what_was_decided_blind_and_comes_back_by_undo_counts(reopen):
    review = reopen()
    rows, suggested = drawn(review)
    review.set_mode(Mode.BLIND)
    review.decide(rows[:1], OTHER[suggested[rows[0]]])
    review.clear(rows[:1])
    review.set_mode(Mode.ASSISTED)
    assert review.is_hidden(rows[0])
    review.undo()
    assert not review.is_hidden(rows[0])
    assert audit_result(reopen()).differing == 1


def test_how_many_of_the_sample_had_been_seen_before_is_said(reopen):
    review = reopen()
    review.mark_seen(range(COUNT))
    drawn(review)
    found = audit_result(review)
    assert found.seen == 8
    assert "8 of the 8 had been on the screen with their suggestion before the draw." in (
        audit_notes(found)
    )
    assert "8 of the 8" in next(one.figure for one in checks(review) if "Audit" in one.name)


def test_a_check_names_the_queue_and_the_first_image_that_it_is_about(reopen):
    review = reopen()
    review.decide(range(1, DOUBTFUL), "hem")
    rows, suggested = drawn(review)
    review.decide(range(DOUBTFUL, COUNT), "hem")

    def said() -> list[tuple[str, Reading, int]]:
        return [(one.queue, one.reading, one.row) for one in checks(review) if one.holds_up]

    first = Reading.FIRST
    assert said() == [
        ("undecided", first, 0),
        ("needs review", first, 0),
        ("audit sample", first, rows[0]),
    ]
    review.unsure([0])
    for row in rows:
        review.decide([row], suggested[row])
    assert said() == [("all", first, 0)], "unsure images stand in no queue of their own"


def test_a_final_slide_is_changed_only_with_a_reason(reopen):
    review = reopen()
    assert [check.passed for check in checks(review)] == [False, False]
    review.decide(range(COUNT), "all")
    assert all(check.passed for check in checks(review))
    review.finish("clear case")
    for act in (lambda: review.decide([0], "hem"), review.undo, lambda: review.finish("")):
        with pytest.raises(FinalError, match="final"):
            act()
    again = reopen()
    assert (again.record.state, again.record.comment) == (State.FINAL, "clear case")
    with pytest.raises(UsageError, match="reason"):
        again.amend("  ")
    again.amend("one cell was a smudge")
    again.exclude([0], "smudge")
    assert again.record.state is State.AMENDED
    again.finish()
    assert (again.record.open, again.record.state) == (False, State.AMENDED)


def test_a_second_reader_sees_nothing_of_the_first_and_undoes_nothing_of_it(reopen):
    review = reopen()
    review.decide([0, 1], "hem")
    with pytest.raises(UsageError, match="other reader"):
        review.begin(Reading.SECOND, " ada ")
    review.begin(Reading.SECOND, "Ben")
    review.set_mode(Mode.BLIND)
    assert not review.state.any()
    assert review.undo() is None
    assert review.hidden.all()
    review.decide([0], "hem")
    review.decide([1], "all")
    again = reopen()
    assert (again.record.reading, again.blind) == (Reading.SECOND, True)
    assert again.differences().differing.nonzero()[0].tolist() == [1]
    again.begin(Reading.ADJUDICATION, "Cleo")
    again.decide([1], "all")
    again.begin(Reading.FIRST, "Ada")
    assert again.decision(1).class_id == "hem"
    said = again.decisions_of(again.final())
    said = again.decisions_of(again.final())
    assert said[1].reviewer == "Cleo"
    assert said[0].reviewer == "Ada"


def test_two_models_are_compared_and_no_decision_changes(reopen, classify):
    review = reopen()
    review.decide([3], "hem")
    others = [classify(n, "b", shift=n == 5) for n in range(COUNT)]
    review.set_classes(review.classes)
    review.load_stored("b" * 64)
    review.add_results(range(COUNT), others)
    review.model_sha256 = "b" * 64
    review._store.flush()
    review.compare_with("a" * 64)
    assert review.disagree.nonzero()[0].tolist() == [5]
    assert review.decision(3).class_id == "hem"
    review.compare_with("")
    assert not review.disagree.any()


def test_a_final_slide_takes_no_target_no_sample_no_mode_and_no_other_reader(reopen):
    review = reopen()
    review.finish()
    head = review.head()
    for act in (
        lambda: review.set_target(200),
        lambda: review.draw_audit(5, 1, 0.9),
        lambda: review.set_mode(Mode.BLIND),
        lambda: review.begin(Reading.SECOND, "Ben"),
    ):
        with pytest.raises(FinalError):
            act()
    assert review.head() == head


def test_a_sample_is_decided_one_by_one_and_holds_for_its_model(reopen):
    review = reopen()
    review.draw_audit(8, 3, 0.9)
    rows = review.audit_rows.tolist()
    said = review.decide(range(COUNT), "hem").text
    assert "8 of the audit sample left" in said
    assert not review.state[rows].any()
    for row in rows:
        review.decide([row], "hem")
    assert not audit_result(review).overall.reason
    review.model_sha256 = "c" * 64
    assert audit_result(review).overall.reason.startswith("Another model")


def test_the_sample_of_the_first_reading_is_checked_in_every_reading(reopen):
    review = reopen()
    review.decide(range(DOUBTFUL), "hem")
    review.draw_audit(4, 3, 0.9)
    review.begin(Reading.SECOND, "Ben")
    review.begin(Reading.ADJUDICATION, "Cleo")
    assert "Audit sample is not read" in [one.name for one in checks(review)]


def test_a_decision_has_the_same_time_before_and_after_a_restart(reopen, monkeypatch):
    moments = (f"2026-11-27T08:00:{second:02}Z" for second in range(60))
    monkeypatch.setattr("leukview.workflows.action_log.now", lambda: next(moments))
    review = reopen()
    review.decide([0], "all")
    before = review.decision(0).decided_at
    assert before == "2026-11-27T08:00:00Z"
    assert reopen().decision(0).decided_at == before
