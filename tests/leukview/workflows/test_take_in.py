"""A table laid beside what stands: what is new, the same, in conflict; and taken in."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leukview.domain.errors import FinalError
from leukview.workflows.actions import Adopted
from leukview.workflows.take_in import plan, take, understood


def line(review, row: int, state: str = "changed", decision: str = "all", **more: str):
    """What an export would say of a row."""
    cells = {
        "image": review.images[row].name,
        "sha256": review.sha256[row],
        "decision_state": state,
        "decision": decision,
        "reviewer": "Dora",
        "decided_at": "2026-01-02T03:04:05Z",
    }
    return row + 2, cells | more


def planned(lines, review):
    return plan(understood("t.csv", lines), review)


def test_what_is_new_is_taken_with_who_and_when_and_one_undo_takes_all_back(reopen):
    review = reopen()
    lines = [line(review, 0), line(review, 1, "excluded", "", exclude_reason="smudge")]
    lines += [line(review, 2, "undecided", "", flag="wahr", comment="pale")]
    made = planned(lines, review)
    assert (len(made.new), made.conflicts, made.bad) == (3, [], [])
    assert not review.state.any(), "laying it beside changes nothing"
    assert take(made, review).text == "3 images taken from t.csv"
    decision = review.decision(0)
    assert (decision.class_id, decision.reviewer) == ("all", "Dora")
    assert decision.decided_at == "2026-01-02T03:04:05Z"
    assert (review.reasons, review.comments) == ({1: "smudge"}, {2: "pale"})
    assert review.flagged.tolist().count(True) == 1
    again = reopen()
    assert again.decision(0).reviewer == "Dora"
    again.undo()
    assert not again.state.any()
    assert not again.flagged.any()


def test_what_stands_stays_unless_the_table_is_chosen_for_that_image(reopen):
    review = reopen()
    review.decide([0, 1], "hem")
    review.comment([1], "mine")
    lines = [line(review, 0), line(review, 1), line(review, 2)]
    made = planned(lines, review)
    assert [(c.name, c.ours, c.theirs) for c in made.conflicts] == [
        ("00.png", "hem", "all"),
        ("01.png", "hem, comment: mine", "all"),
    ]
    take(made, review, theirs=[review.sha256[0]])
    assert [review.decision(row).class_id for row in range(3)] == ["all", "hem", "all"]
    assert review.comments == {1: "mine"}


def test_a_remark_is_added_to_a_decision_that_is_the_same_and_who_decided_stays(reopen):
    review = reopen()
    review.decide([0], "all")
    made = planned([line(review, 0, flag="true", comment="see")], review)
    take(made, review)
    assert (review.decision(0).reviewer, review.comments) == ("Ada", {0: "see"})


def test_where_a_table_is_silent_nothing_goes_even_where_it_is_chosen(reopen):
    review = reopen()
    review.decide([0, 1, 2], "all")
    review.flag([0], True)
    review.comment([1, 2], "mine")
    lines = [line(review, 0), line(review, 1, "undecided", "", flag="true")]
    lines += [line(review, 2, "undecided", "", comment="theirs")]
    made = planned(lines, review)
    assert made.same == 1, "a flag that the table does not know is no conflict"
    assert [one.name for one in made.conflicts] == ["02.png"]
    take(made, review, theirs=[review.sha256[2]])
    assert [review.decision(row).reviewer for row in range(3)] == ["Ada"] * 3
    assert review.flagged[:3].tolist() == [True, True, False]
    assert review.comments == {1: "mine", 2: "theirs"}


def test_a_line_takes_nothing_away_whoever_adopts_it_and_however_late(reopen, monkeypatch):
    review = reopen()
    review.decide([0, 1], "all")
    review.flag([0], True)
    review.comment([0], "mine")
    silent = Adopted(state="undecided")
    review.adopt({review.sha256[0]: silent}, "taken from x.csv")
    assert review.decision(0).class_id == "all"
    assert (review.flagged[0], review.comments) == (True, {0: "mine"})
    monkeypatch.setattr("leukview.workflows.deciding.LOOK_AT_ONCE", 0)
    theirs = Adopted(state="changed", class_id="hem", reviewer="Dora")
    later = review.adopt({review.sha256[1]: theirs}, "taken from x.csv").then
    monkeypatch.undo()
    review.flag([1], True)
    review.comment([1], "meanwhile")
    later()
    assert review.decision(1).reviewer == "Dora"
    assert (review.flagged[1], review.comments[1]) == (True, "meanwhile")
    again = reopen()
    assert again.standing_of(again.sha256[1]) == review.standing_of(review.sha256[1])


def test_lines_that_do_not_fit_are_named_with_their_number(reopen):
    review = reopen()
    strange = line(review, 5)[1] | {"sha256": "f" * 64}
    lines = [
        line(review, 0, "perhaps"),
        line(review, 1, "agreed", ""),
        line(review, 2, "agreed", "monocyte"),
        (9, strange),
        line(review, 3),
        (11, line(review, 3)[1]),
        (14, line(review, 3, decision="hem")[1]),
        (15, line(review, 7, decided_at="30.02.2026 8:05")[1]),
        (12, {"image": "04.png", "decision_state": "unsure"}),
        line(review, 6, "undecided", ""),
    ]
    made = planned(lines, review)
    assert [number for number, _ in made.bad] == [2, 3, 14, 15]
    assert [made.bad[at][1] for at in (0, 1)] == [
        "decision_state is 'perhaps'; allowed: undecided, agreed, changed, unsure, excluded",
        "decision is ''; allowed: the id of a class, since decision_state is 'agreed'",
    ]
    assert "line 5 says something else of the same image" in made.bad[2][1]
    unseen = " ".join(made.refused(9, hidden=True))
    assert not [image.name for image in review.images if image.name in unseen]
    assert "decided_at is '30.02.2026 8:05'; allowed: a time in UTC" in made.bad[3][1]
    assert made.same == 1, "two files with the same bytes stand in a table twice"
    assert made.foreign == [(4, "decision is 'monocyte'; allowed: hem, all")]
    words = "sha256 is 'ffffffff'… of '05.png', which no image here has"
    assert made.unknown == [(9, words)], "a hash counts before a name"
    said = made.refused(most=3)
    assert said[0].startswith("t.csv, line 2: decision_state is 'perhaps'; allowed: undecided,")
    assert said[3:] == [
        "and 1 more",
        "t.csv, line 4: decision is 'monocyte'; allowed: hem, all.",
        f"t.csv, line 9: {words}.",
    ]
    assert not any("05.png" in one for one in made.refused(most=3, hidden=True))
    assert set(made.new) == {review.sha256[3], review.sha256[4]}, "without a hash the name counts"
    assert made.silent == 1
    assert "1 without a decision" in " ".join(made.sentences())


def test_where_no_model_was_used_the_table_says_which_classes_there_are(reopen):
    review = reopen()
    review.classes = ()
    lines = [line(review, 0, p_all="1"), line(review, 1, decision="monocyte", p_all="1")]
    made = planned(lines, review)
    assert (len(made.new), made.foreign) == (1, [(3, "decision is 'monocyte'; allowed: all")])


def test_nothing_is_taken_into_a_final_slide(reopen):
    review = reopen()
    made = planned([line(review, 0)], review)
    review.finish()
    with pytest.raises(FinalError):
        take(made, review)
    assert not review.state.any()


SAID = st.tuples(
    st.integers(0, 9),
    st.sampled_from(
        [("agreed", "hem"), ("changed", "all"), ("unsure", ""), ("excluded", ""), ("undecided", "")]
    ),
    st.sampled_from(["", "true"]),
    st.sampled_from(["", "pale"]),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mine=st.lists(SAID, max_size=8), table=st.lists(SAID, max_size=8, unique_by=lambda s: s[0]))
def test_nothing_of_mine_changes_without_being_chosen_and_twice_is_once(shared, mine, table):
    review = shared
    for row, (state, class_id), flag, comment in mine:
        if class_id:
            review.decide([row], class_id)
        elif state == "unsure":
            review.unsure([row])
        review.flag([row], bool(flag))
        review.comment([row], comment)
    before = [review.standing_of(sha256) for sha256 in review.sha256]
    lines = [line(review, r, s, c, flag=f, comment=w) for r, (s, c), f, w in table]
    made = planned(lines, review)
    assert made.silent + made.same + len(made.new) + len(made.conflicts) == len(table)
    events = review.head().events
    take(made, review)
    for row, old in enumerate(before):
        now = review.standing_of(review.sha256[row])
        if old.decision:
            assert now.decision == old.decision
        assert not old.flag or now.flag
        assert now.comment == old.comment or not old.comment
    assert review.head().events - events == (1 if made.new else 0)
    again = planned(lines, review)
    assert not again.new
    assert len(again.conflicts) == len(made.conflicts)
    while review.undo_text:
        review.undo()


@pytest.fixture
def shared(reopen):
    return reopen()


def test_a_class_that_somebody_typed_into_an_undecided_line_is_a_decision(reopen):
    review = reopen()
    made = planned([line(review, 0, "undecided", "all")], review)
    assert [one.class_id for one in made.new.values()] == ["all"]
