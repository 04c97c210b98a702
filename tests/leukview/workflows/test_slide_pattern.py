"""Patient and slide are read out of folder names, and the pattern for it is suggested."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukview.domain.errors import UsageError
from leukview.workflows.slide_pattern import Named, SlidePattern, suggest

WORDS = st.text("abcXYZ019äß", min_size=1, max_size=6)
SEPARATORS = st.sampled_from(["_", "-", " ", ".", "/"])


def pattern_or_words(text: str) -> SlidePattern | str:
    try:
        return SlidePattern(text)
    except UsageError as error:
        return str(error)


@given(WORDS, WORDS, SEPARATORS)
def test_a_template_reads_what_a_name_was_made_of(patient, slide, separator):
    pattern = SlidePattern(f"{{patient}}{separator}{{slide}}")
    assert pattern.read(f"{patient}{separator}{slide}") == Named(patient, slide, True)


@given(st.text(max_size=20), st.lists(st.text(max_size=15), max_size=5))
def test_no_text_is_more_than_refused_in_words_and_no_slide_is_without_a_name(text, names):
    pattern = pattern_or_words(text)
    for name in names if isinstance(pattern, SlidePattern) else ():
        read = pattern.read(name.strip("/") or "x")  # no path ends with one
        assert read.slide
        assert read.fits or (read.patient, read.slide) == ("", (name or "x").split("/")[-1])


@given(st.text("{}*/\\_ patienslde(?P<>", max_size=24))
def test_braces_stars_and_slashes_in_any_order_are_read_or_refused(text):
    pattern = pattern_or_words(text)
    if isinstance(pattern, SlidePattern):
        assert pattern.read("P 1/S_2").slide
    else:
        assert pattern.endswith(".")


@given(
    st.lists(WORDS, min_size=2, max_size=5, unique_by=str.casefold),
    st.integers(2, 4),
    SEPARATORS,
)
def test_what_is_suggested_finds_the_patients_again(patients, each, separator):
    names = [f"{patient}{separator}S{n}" for patient in patients for n in range(each)]
    pattern = SlidePattern(suggest(names)[0])
    assert [pattern.read(name).fits for name in names] == [True] * len(names)
    groups = [pattern.read(name).patient for name in names]
    assert len(set(groups)) == len(patients)
    assert all(len(set(groups[at : at + each])) == 1 for at in range(0, len(names), each))


@given(st.lists(st.text(min_size=1, max_size=12), max_size=8))
def test_each_suggestion_can_be_used_and_own_names_are_always_offered(names):
    offered = suggest(names)
    assert "{slide}" in offered
    for text in offered:
        SlidePattern(text)


@pytest.mark.parametrize(
    ("names", "first", "read"),
    [
        (["P-031_S-0311", "P-042_S-0421"], "{patient}_{slide}", ("P-042", "S-0421")),
        (["P_031-S_0311", "P_042-S_0421"], "{patient}-{slide}", ("P_042", "S_0421")),
        (["P1/S1", "P2/S1"], "{patient}/{slide}", ("P2", "S1")),
        (["P1/P1_S1", "P1/P1_S2", "P2/P2_S1"], "{patient}/{patient}_{slide}", ("P2", "S1")),
        (["Pat_1_Obj_1", "Pat_1_Obj_2", "Pat_2_Obj_9"], "Pat_{patient}_Obj_{slide}", ("2", "9")),
        (["P1_S1_jpg", "P1_S2_jpg", "P2_S1_jpg"], "{patient}_{slide}_jpg", ("P2", "S1")),
        (["S1/images", "S2/images"], "{slide}/*", ("", "S2")),
        (["fold_0", "fold_1"], "{slide}", ("", "fold_1")),
        (["only one"], "{slide}", ("", "only one")),
    ],
)
def test_the_first_suggestion_for_names_as_people_give_them(names, first, read):
    assert suggest(names)[0] == first
    found = SlidePattern(first).read(names[-1])
    assert (found.patient, found.slide) == read


def test_one_odd_name_does_not_change_what_is_suggested():
    names = ["P1_S1", "P1_S2", "P2_S1", "calibration"]
    pattern = SlidePattern(suggest(names)[0])
    assert pattern.read("P2_S1") == Named("P2", "S1", True)
    assert pattern.read("calibration") == Named("", "calibration", False)


def test_a_template_is_read_from_the_end_of_the_path():
    pattern = SlidePattern("{patient}/{slide}")
    assert pattern.read("2024/ward 3/P1/S1") == Named("P1", "S1", True)
    assert pattern.read("S1", ["home", "P1"]) == Named("P1", "S1", True), "added by itself"
    assert pattern.read("S1") == Named("", "S1", False)


def test_a_star_stops_at_a_slash_and_case_and_accents_do_not_matter():
    assert SlidePattern("*_{slide}").read("a/b_c") == Named("", "c", True)
    assert not SlidePattern("*_{slide}").read("a_b/c").fits
    assert SlidePattern("müll_{slide}").read("MU\u0308LL_1") == Named("", "1", True)


def test_a_regular_expression_is_known_by_its_groups():
    pattern = SlidePattern(r"(?P<patient>P\d+).*?(?P<slide>S\d+)$")
    assert pattern.read("ward/P12 of May/S3") == Named("P12", "S3", True)
    assert pattern.read("ward/P12") == Named("", "P12", False)


def test_a_name_whose_place_is_empty_does_not_fit():
    assert not SlidePattern(r"(?P<patient>P?)(?P<slide>\d+)").read("12").fits
    assert not SlidePattern("{patient}_{slide}").read("P1_ ").fits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{patiant}_{slide}", "{patiant} is not known"),
        ("{patient}{slide}", "Nothing stands between {patient} and {slide}"),
        ("{patient}*_x", "Nothing stands between"),
        ("{slide", "stands alone"),
        ("P*", "no {slide} or {patient}"),
        ("{patient}//{slide}", "there is nothing"),
        ("(?P<slide>", "not complete"),
        ("(?P<who>x)", "no group"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_said(text, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        SlidePattern(text)


def test_a_pattern_that_is_too_long_is_refused():
    with pytest.raises(UsageError, match="longer than 200"):
        SlidePattern("{slide}" + "x" * 200)
