"""The window's engine for patterns reads as the plain one does, and always ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukview.domain.errors import UsageError
from leukview.ui.expressions import Bounded
from leukview.workflows.slide_pattern import SlidePattern, suggest

WORDS = st.text("abXY019äß_- .", min_size=1, max_size=8).filter(str.strip)
PARTS = st.sampled_from(["{patient}", "{slide}", "*", "_", "-", "/", "P", "ä", ".", "+", "("])
HOSTILE = [
    r"(?P<slide>(a+)+)$",
    r"(?P<slide>(a|aa)+)$",
    r"(?P<slide>.*)(.*)(.*)(.*)(.*)(.*)x$",
    r"^(?P<slide>(\w+\s?)*)!$",
    r"(?P<slide>(?:.?){255}(?:.?){255})!$",
    r"(*LIMIT_MATCH=4000000000)(?P<slide>(a+)+)$",
    "*-*-*-*-*-*-*-*-*-*-*-{slide}!",
]


@given(st.lists(PARTS, min_size=1, max_size=6).map("".join), st.lists(WORDS, max_size=3))
def test_it_reads_what_the_plain_one_reads(text, words):
    name = "/".join(words) or "P1_S1"
    said = []
    for engine in (None, Bounded):
        try:
            pattern = SlidePattern(text, engine) if engine else SlidePattern(text)
            said.append(pattern.read(name, ["above", "P9"]))
        except UsageError as error:
            said.append(str(error))
    assert said[0] == said[1]


def test_a_regular_expression_is_searched_with_its_groups():
    pattern = SlidePattern(r"(?P<patient>P\d+)\W*(?P<slide>S\d+)?", Bounded)
    found = pattern.read("x/P12 S3 end")
    assert (found.patient, found.slide, found.fits) == ("P12", "S3", True)
    assert not pattern.read("x/P12").fits, "without a slide it has no name"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_pattern_ends_with_a_sentence(text):
    # With each letter that has to be there: without it the engine does not even begin.
    name = "a" * 80 + "-" * 100 + "!x" + "-" * 20 + "a" * 50 + "b"
    with pytest.raises(UsageError, match="too long to read"):
        SlidePattern(text, Bounded).read(name)


@pytest.mark.parametrize("text", ["(?P<slide>a", "(?P<slide>a{2,1})", "(?P<slide>)(?P<slide>)"])
def test_what_is_wrong_with_an_expression_is_said(text):
    with pytest.raises(UsageError, match=r"not complete: .+, at character \d+\."):
        SlidePattern(text, Bounded)


def test_names_full_of_braces_do_not_keep_the_suggestion_from_ending():
    names = [f"{'{_' * 40}{n}_{n % 3}" for n in range(20)]
    assert suggest(names, Bounded)[-1]
