"""Which folders are slides, and the list of slides that is kept."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukview.domain.progress import CancelToken
from leukview.workflows import worklist
from leukview.workflows.opened import Opening
from leukview.workflows.worklist import Slide, group, slides_under

CLASSES = frozenset({"hem", "all"})
NAMES = st.lists(
    st.lists(st.sampled_from(["a", "b", "S1", "hem", "ALL", "10", "9"]), max_size=4).map(
        lambda parts: "/".join([*parts, "x.png"])
    ),
    max_size=25,
)


@given(NAMES)
def test_each_image_is_in_exactly_one_slide(names):
    slides = group(names, CLASSES)
    assert sum(slides.values()) == len(names)
    for name in names:
        around = [s for s in slides if s == "" or name.startswith(s + "/")]
        assert len(around) == 1


@given(NAMES)
def test_no_slide_is_a_class_and_none_lies_in_another(names):
    slides = [tuple(one.split("/")) if one else () for one in group(names, CLASSES)]
    assert not [one for one in slides if {part.casefold() for part in one} & CLASSES]
    assert not [
        (one, other)
        for one in slides
        for other in slides
        if one != other and other[: len(one)] == one
    ]


def test_folders_named_like_classes_are_true_classes_of_the_slide_around_them():
    names = ["P1/hem/a.png", "P1/all/b.png", "P2/hem/a.png", "P2/all/deep/b.png"]
    assert group(names, CLASSES) == {"P1": 2, "P2": 2}
    assert group(["hem/a.png", "all/b.png"], CLASSES) == {"": 2}


@pytest.fixture
def tree(tmp_path):
    """`tree("P1/S1/a.png", ...)`: files without content under a folder of its own."""

    def make(*names: str, top: str = "Präparate 1") -> Path:
        for name in names:
            path = tmp_path / top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / top

    return make


def found(*paths: Path, cancel: CancelToken | None = None):
    steps = list(slides_under(paths, CLASSES, cancel))
    slides = [slide for step in steps for slide in step.slides]
    return [(s.relative, s.images) for s in slides], [p for step in steps for p in step.problems]


def test_folders_with_images_are_slides_in_natural_order(tree):
    top = tree("S10/a.png", "S9/a.png", "S9/b.png", "empty/readme.txt")
    assert found(top) == ([("S9", 2), ("S10", 1)], [])


def test_a_folder_that_holds_images_itself_is_one_slide_with_all_in_it(tree):
    top = tree("a.png", "more/b.png")
    assert found(top) == ([("Präparate 1", 2)], [])


def test_a_folder_reached_twice_is_one_slide(tree):
    top = tree("P1/S1/a.png", "P1/S2/b.png")
    assert found(top / "P1" / "S1", top, top)[0] == [("S1", 1), ("P1/S2", 1)]


def test_a_folder_around_a_slide_that_is_there_is_not_a_second_one(tree):
    top = tree("a.png", "S1/b.png")
    assert found(top / "S1", top)[0] == [("S1", 1)]


def test_what_is_missing_or_empty_is_said_and_the_rest_is_found(tree):
    top = tree("S1/a.png")
    tree("notes.txt", top="no images")
    slides, problems = found(top / "gone", top.parent / "no images", top)
    assert slides == [("S1", 1)]
    assert "There is no file or folder" in problems[0]
    assert problems[1] == "There are no images in 'no images'."


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs rights to lack")
def test_a_folder_without_permission_is_said_and_the_rest_is_found(tree):
    top = tree("S1/a.png", "S2/b.png")
    (top / "S2").chmod(0)
    try:
        slides, problems = found(top)
    finally:
        (top / "S2").chmod(stat.S_IRWXU)
    assert slides == [("S1", 1)]
    assert "S2" in problems[0]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_a_link_to_a_parent_ends(tree):
    top = tree("S1/a.png")
    (top / "S1" / "loop").symlink_to(top)
    (top / "self").symlink_to(top / "self")
    assert found(top)[0] == [("S1", 1)]


def test_a_stopped_search_gives_nothing_more(tree):
    cancel = CancelToken()
    cancel.cancel()
    assert found(tree("S1/a.png"), cancel=cancel) == ([], [])


def test_a_slide_that_is_the_added_folder_knows_what_lies_above(tree):
    top = tree("P1/S1/a.png")
    (step,) = slides_under([top / "P1" / "S1"])
    assert step.slides[0].relative == "S1"
    assert step.slides[0].above[-2:] == ("Präparate 1", "P1")


# The list

SLIDES = st.lists(
    st.builds(
        Slide,
        path=st.sampled_from(["/a", "/b", "/c", "/d"]),
        name=st.sampled_from(["S10", "S9", "s9"]),
        patient=st.sampled_from(["", "P2", "P10"]),
        decided=st.integers(0, 9),
        session=st.sampled_from(["", "x", "y"]),
    ),
    max_size=6,
)


@given(SLIDES, SLIDES)
def test_adding_loses_no_slide_and_no_state(first, second):
    before = worklist.added((), first)
    after = worklist.added(before, second)
    assert {one.path for one in after} == {one.path for one in [*first, *second]}
    states = {one.path: one.decided for one in after}
    assert all(states[one.path] == one.decided for one in before)


@given(SLIDES)
def test_order_is_by_patient_and_name_with_the_nameless_last(slides):
    order = [(not one.patient, one.patient != "P2") for one in worklist.in_order(slides)]
    assert order == sorted(order)


@given(SLIDES, SLIDES)
def test_what_is_seen_of_one_slide_changes_no_name_and_no_other_slide(slides, states):
    before = worklist.added((), slides)
    for state in states:
        after = worklist.seen(before, state)
        assert [(s.path, s.name, s.patient) for s in after] == [
            (s.path, s.name, s.patient) for s in before
        ]
        assert [s for s in after if s.path != state.path] == [
            s for s in before if s.path != state.path
        ]


@given(SLIDES, st.sampled_from(["/a", "/b", "/c", "/d", "/elsewhere"]))
def test_next_and_previous_lead_through_all_slides(slides, start):
    there = worklist.in_order(slides)
    path, met = "", []
    while following := worklist.neighbour(there, path, 1):
        met.append(following)
        path = following.path
    assert tuple(met) == there
    back = worklist.neighbour(there, start, -1)
    if back is not None and start in [one.path for one in there]:
        again = worklist.neighbour(there, back.path, 1)
        assert again is not None
        assert again.path == start


def slide(path: str, **more) -> Slide:
    return Slide(path=path, name=Path(path).name, **more)


def test_the_list_is_there_again_with_every_field():
    kept = slide("/x/S1", patient="P ä", images=5, decided=2, record="final", session="s")
    worklist.change(lambda slides: worklist.added(slides, [kept]))
    assert worklist.read() == (kept,)
    assert worklist.names_of(Path("/x/S1")) == ("S1", "P ä")
    assert worklist.names_of(Path("/x/S2")) == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="other rights there")
def test_only_the_owner_can_read_the_list():
    worklist.change(lambda slides: worklist.added(slides, [slide("/x/S1")]))
    assert stat.S_IMODE(worklist.worklist_file().stat().st_mode) == 0o600


def test_a_path_with_bytes_that_are_no_text_is_kept():
    odd = os.fsdecode(b"/x/S\xff1")
    worklist.change(lambda slides: worklist.added(slides, [slide(odd)]))
    assert [one.path for one in worklist.read()] == [odd]


def test_two_windows_add_to_the_same_list():
    worklist.change(lambda slides: worklist.added(slides, [slide("/x/S1")]))
    old = worklist.read()
    worklist.change(lambda slides: worklist.added(slides, [slide("/x/S2")]))
    after = worklist.change(lambda slides: worklist.seen(slides, slide("/x/S1", decided=3)))
    assert len(old) == 1
    assert [(one.path, one.decided) for one in after] == [("/x/S1", 3), ("/x/S2", 0)]


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"slides": [{"path": 3}]}', b"\xff"])
def test_a_damaged_list_is_put_aside_and_not_overwritten(content):
    file = worklist.worklist_file()
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert worklist.read() == ()
    worklist.change(lambda slides: worklist.added(slides, [slide("/x/S1")]))
    assert file.with_name("worklist-put-aside.json").read_bytes() == content


def test_a_list_of_a_later_version_is_put_aside():
    file = worklist.worklist_file()
    file.parent.mkdir(parents=True)
    file.write_text('{"slides": [], "version": 2}')
    assert worklist.read() == ()
    assert not file.exists()


def test_nothing_is_written_when_nothing_changed():
    assert worklist.change(lambda slides: slides) == ()
    assert not worklist.worklist_file().exists()


def test_a_moved_folder_is_the_same_slide_when_its_session_is():
    before = (slide("/old/S1", patient="P1", session="s", images=4), slide("/old/S2", session="t"))
    state = slide("/new/S1", session="s", images=4, decided=2)
    assert worklist.seen(before, state) == worklist.in_order(before), "the old one is there"
    after = worklist.seen(before, state, frozenset({"/old/S1"}))
    assert [(one.path, one.patient, one.decided) for one in after] == [
        ("/new/S1", "P1", 2),
        ("/old/S2", "", 0),
    ]


def test_folders_of_the_shipped_models_classes_are_known():
    assert {"hem", "all", "basophil", "benign"} <= worklist.shipped_class_names()


def test_an_opened_slide_has_the_names_of_the_worklist(image_folder, toy_model):
    folder = image_folder({"a.png": 20})
    line = Slide(path=str(folder), name="S 1", patient="P 7")
    worklist.change(lambda slides: worklist.added(slides, [line]))
    opening = Opening([folder], model=str(toy_model), reviewer="r")
    for _ in opening.steps(CancelToken()):
        pass
    opened = opening.take()
    assert opened is not None
    opened.close()
    assert (opened.slide, opened.patient) == ("S 1", "P 7")
    assert (opened.review.slide, opened.review.patient) == ("S 1", "P 7")
