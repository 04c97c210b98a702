"""What a line of the worklist says: the state of a slide, its progress, and nothing while blind."""

from __future__ import annotations

from dataclasses import replace

from leukview.ui.models.slide_lines import Kind, Shown, Stand, lines, open_line, open_name, stand_of
from leukview.ui.settings import Recent
from leukview.workflows.worklist import Slide

RUN = Slide(path="/x/S1", name="S1", patient="P1", images=500, suggested=500)
FRESH = Slide(path="/x/S2", name="S2", patient="P1")
OTHER = Slide(path="/x/S3", name="S3", patient="P2", images=9, suggested=9, decided=9)
SLIDES = (RUN, FRESH, OTHER)
BEFORE = (Recent("/y/blasts", 10), Recent("/x/S1", 500))


def test_each_state_has_its_sign_and_its_words():
    said = [
        stand_of(FRESH),
        stand_of(replace(RUN, to_review=37, decided=163)),
        stand_of(replace(RUN, decided=163)),
        stand_of(replace(RUN, decided=500)),
        stand_of(replace(RUN, decided=500, record="final")),
        stand_of(replace(RUN, record="amended")),
    ]
    assert said == [
        Stand("circle-dashed", "Not run"),
        Stand("circle-half", "37 to review", "163 of 500"),
        Stand("circle-half", "None to review", "163 of 500"),
        Stand("circle-fill", "All 500 decided"),
        Stand("check-circle", "Final · 500 images"),
        Stand("check-circle", "Amended · 500 images"),
    ]


def test_while_blind_the_state_of_a_slide_does_not_depend_on_a_model():
    for decided in (0, 3, 500):
        model = [
            stand_of(replace(RUN, decided=decided, suggested=s, to_review=r), blind=True)
            for s, r in ((0, 0), (500, 0), (500, 37))
        ]
        assert len(set(model)) == 1


def test_while_blind_nothing_in_any_line_names_a_folder_or_a_patient():
    shown = Shown(SLIDES, "/x/S1", "S1", BEFORE, hidden=True, stand=Stand("circle-half", "1 of 2"))
    made = lines(shown)
    assert [one.name for one in made] == [
        *("Patient 1", "Slide 1", "Slide 2", "Patient 2", "Slide 1"),
    ]
    said = " ".join(f"{one.name} {one.state} {one.tip} {one.spoken}" for one in made)
    assert not any(word in said for word in ("S1", "S2", "P1", "P2", "/x", "blasts"))
    assert open_name(shown) == "Slide 1"
    assert open_name(replace(shown, current="/y/blasts", current_name="blasts")) == "This slide"
    (alone, *_) = lines(replace(shown, current="/y/blasts", current_name="blasts"))
    assert (alone.name, alone.tip) == ("This slide", "")


def test_the_open_slide_says_what_is_true_now_and_that_it_is_open():
    stand = Stand("circle-half", "2 to review", "3 of 5")
    made = lines(Shown(SLIDES, "/x/S2", "S2", stand=stand))
    line = made[2]
    assert (line.name, line.state, line.progress, line.current) == (
        "S2",
        "2 to review",
        "3 of 5",
        True,
    )
    assert line.spoken == "Slide S2 of P1, 2 to review, 3 of 5 decided, open"


def test_a_folded_patient_says_how_many_slides_are_not_shown():
    made = lines(Shown(SLIDES, folded=frozenset({"P1"})))
    assert [one.name for one in made] == ["P1", "P2", "S3"]
    assert made[0].spoken == "Patient P1, 2 slides, folded"


def test_folders_opened_before_stand_once_under_the_worklist():
    made = lines(Shown(SLIDES, "/y/open", "open", BEFORE, missing=frozenset({"/y/blasts"})))
    assert (made[0].kind, made[0].name, made[0].current) == (Kind.FOLDER, "open", True)
    assert [one.name for one in made[-2:]] == ["Opened before", "blasts"]
    assert (made[-1].state, made[-1].faded) == ("Not found", True)


def test_slides_without_a_patient_need_no_headline():
    made = lines(Shown((replace(RUN, patient=""), replace(FRESH, patient=""))))
    assert {one.kind for one in made} == {Kind.SLIDE}


def test_after_a_decision_the_open_line_says_what_all_lines_made_anew_would_say():
    new = Stand("circle-half", "1 to review", "4 of 5")
    for slides in (SLIDES, SLIDES[1:], ()):
        for hidden in (False, True):
            old = Shown(
                slides, "/x/S1", "S1", stand=Stand("circle-half", "2 to review"), hidden=hidden
            )
            now = replace(old, stand=new)
            at, line = open_line(lines(old), now)
            assert lines(now)[at] == line
            assert line.progress == "4 of 5"
    folded = Shown(SLIDES, "/x/S1", "S1", folded=frozenset({"P1"}), stand=new)
    assert open_line(lines(folded), folded) is None
