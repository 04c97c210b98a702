"""The figures of a report, against counts made by hand."""

from __future__ import annotations

import re

import pytest

from leukview.domain.errors import UsageError
from leukview.domain.records import ModelIdentity
from leukview.reports.html_report import html
from leukview.workflows.actions import Reading
from leukview.workflows.export_head import head_of
from leukview.workflows.record import Mode
from leukview.workflows.report import Reported, contents

PLANTED = ("Ada", "Ben", "Slide <7>", "Müller", "smudge", "why not", "pale & odd")


@pytest.fixture
def reported(reopen):
    """Factory: a slide with something of everything; 40 images, suggested hem, all, hem, all…"""

    def make(**options) -> Reported:
        review = reopen()
        review.patient = "Müller"
        review.decide(range(0, 20, 2), "hem")  # as suggested
        review.decide([1, 3], "hem")  # not as suggested
        review.exclude([5], "smudge")
        review.unsure([7])
        review.begin(Reading.SECOND, "Ben")
        review.decide([0, 1], "hem")
        review.decide([2], "all")
        review.begin(Reading.ADJUDICATION, "Cleo")
        review.decide([2], "all")
        review.begin(Reading.FIRST, "Ada")
        given = {
            "review": review,
            "head": review.head(),
            "identity": ModelIdentity(model_id="a", sha256="a" * 64, device=""),
            "contract": None,
            "slide": "Slide <7>",
        }
        return Reported(**{**given, **options})

    return make


def test_counts_shares_and_intervals_are_those_of_the_decisions_that_stand(reported):
    said = contents(reported())
    hem, all_ = said.classes
    # Suggested 20 and 20. Decided hem: 10 as suggested less the settled one, and 2 more; combined
    # with the 9 open of the even rows, and 16 open of the odd ones beside the settled one.
    assert (list(hem.counts), list(all_.counts)) == (["20", "11", "21"], ["20", "1", "17"])
    assert hem.shares[2] == "55.3 % (38.3–71.4)"  # 21 of 38, by scipy's beta distribution
    assert said.matrix == [[9, 2], [1, 0]]
    facts = dict(said.facts)
    assert facts["Images"].startswith("40, of which 14 decided")
    assert facts["Second reading"] == "Ben; assisted"
    parts = {part.title: dict(part.lines) for part in said.parts}
    assert parts["In no count"] == {"Unsure": "1", "Excluded: smudge": "1"}
    assert parts["Two readers"]["Called differently"] == "1, of which 1 settled"


def test_the_page_names_the_end_of_the_log_and_escapes_what_people_typed(reported, tmp_path):
    what = reported()
    file = tmp_path / "report.html"
    file.write_text(html(contents(what)), encoding="utf-8")
    assert head_of(file) == what.head
    text = file.read_text(encoding="utf-8")
    assert "<h1>Slide &lt;7&gt;</h1>" in text
    assert "Research use only. Not for diagnosis." in text
    assert not re.search(r"(src|href)=", text), "it needs nothing else"


def test_without_names_nothing_of_what_was_planted_is_in_it(reported):
    what = reported(deidentify=True)
    what.review.decide([9], "hem")
    what.review.undo()
    what.review.exclude([5], "Müller's smudge")
    what.review.finish("pale & odd")
    what.review.amend("why not")
    text = html(contents(what))
    for word in PLANTED:
        assert word not in text
        assert word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") not in text
    assert "Reader 1" in text


def test_of_a_slide_that_is_read_blind_there_is_no_report(reported):
    what = reported()
    what.review.set_mode(Mode.BLIND)
    with pytest.raises(UsageError, match="blind"):
        contents(what)


def test_what_an_audit_sample_and_a_blind_reading_have_shown_stands_in_it(reopen):
    review = reopen()
    review.set_mode(Mode.BLIND)
    review.decide([0, 1, 2], "hem")
    review.set_mode(Mode.ASSISTED)
    review.decide([1], "all")
    review.draw_audit(5, 3, 0.9)
    for row in review.audit_rows.tolist():
        review.decide([row], review.classes[int(review.suggested[row])].id)
    said = contents(
        Reported(
            review=review,
            head=review.head(),
            identity=ModelIdentity(model_id="a", sha256="a" * 64, device=""),
            contract=None,
            slide="S",
        )
    )
    parts = {part.title: dict(part.lines) for part in said.parts}
    assert parts["Audit sample"]["Result"].startswith("0 of 5 differ from this reader; 0 to ")
    assert parts["Audit sample"]["Drawn"].startswith("5 of 30, seed 3, ")
    moved = parts["After the blind reading"]
    assert moved["Differed from the suggestion, changed to it"].startswith("1 of 1 (100.0 %")
