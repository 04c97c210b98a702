"""The figures of a report, against counts made by hand."""

from __future__ import annotations

import re

import pytest

from leukview.domain.errors import UsageError
from leukview.domain.records import ModelIdentity
from leukview.reports.html_report import Contents, html
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
    assert facts["Images"] == "14 of 40 reviewed; chosen by the reader, not at random"
    assert facts["First reading"] == "Ada (as typed, not authenticated); assisted"
    assert facts["Second reading"] == "Ben (as typed, not authenticated); assisted"
    assert (facts["Folder"], facts["Patient"]) == ("f", "Müller")
    assert said.matrix_words.startswith("n = 12; the same class for 9 (75.0 %); kappa of reader")
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
    assert dict(said.facts)["Images"] == (
        "8 of 40 reviewed; 5 drawn at random for the audit sample, the others chosen by the reader"
    )
    moved = parts["After the blind reading"]
    assert moved["Differed, then as suggested"] == "1 of 1, 100.0 % (2.5–100.0)"


def report_of(review) -> Contents:
    return contents(
        Reported(
            review=review,
            head=review.head(),
            identity=ModelIdentity(model_id="a", sha256="a" * 64, device=""),
            contract=None,
            slide="S",
        )
    )


def test_the_audit_sample_stands_by_strata_with_the_weighted_share_of_all(reopen):
    review = reopen()
    review.draw_audit(5, 3, 0.9)
    said = {part.title: part.table for part in report_of(review).parts}
    none = "not read to the end"
    assert said["Audit sample"].rows == [
        ["Confident images", "30", "0", "0", none],
        ["Other images", "10", "0", "0", none],
        ["All, weighted", "40", "0", "–", "none until all is read"],
    ]
    rows = review.audit_rows.tolist()
    other = {"hem": "all", "all": "hem"}
    ids = [review.classes[int(review.suggested[row])].id for row in range(40)]
    review.decide(rows[:1], other[ids[rows[0]]])
    for row in [*rows[1:], *range(10)]:
        review.decide([row], ids[row])
    said = {part.title: part.table for part in report_of(review).parts}
    assert said["Audit sample"].rows == [
        ["Confident images", "30", "5", "1", "1–20 of 30"],
        ["Other images", "10", "10", "0", "all read"],
        ["All, weighted", "40", "15", "15.0 %", "2.5–50.0 %"],
    ]


def test_what_was_seen_before_the_draw_and_changed_afterwards_stands_in_it(reopen):
    review = reopen()
    review.mark_seen(range(40))
    review.draw_audit(5, 3, 0.9)
    for row in review.audit_rows.tolist():
        review.decide([row], "hem")
    review.exclude(review.audit_rows[:2], "smudge")
    said = dict(next(p.lines for p in report_of(review).parts if p.title == "Audit sample"))
    assert said["Seen before the draw"] == "5 of 5 with the suggestion on the screen"
    assert said["Changed afterwards"] == "2 of 5, after the suggestion was shown"


def test_what_is_to_be_settled_again_stands_in_it(reported):
    what = reported()
    assert "To be settled again" not in str(contents(what).parts)
    what.review.decide([2], "hem")
    assert "To be settled again" not in str(contents(what).parts), "they say what they said"
    what.review.exclude([2], "smudge")
    said = dict(next(p.lines for p in contents(what).parts if p.title == "Two readers"))
    assert said["Called differently"] == "1, of which 0 settled"
    assert said["To be settled again"] == "1, because a reader has decided otherwise since"


def test_the_sample_of_the_first_reading_is_not_told_while_another_reads(reopen):
    review = reopen()
    review.draw_audit(5, 3, 0.9)
    rows = review.audit_rows.tolist()
    review.agree(rows)
    for row in rows:
        review.decide([row], review.classes[int(review.suggested[row])].id)
    before = [part for part in report_of(review).parts if part.title == "Audit sample"]
    review.begin(Reading.SECOND, "Ben")
    review.decide([0], "hem")
    said = report_of(review)
    (during,) = [part for part in said.parts if part.title.startswith("Audit sample")]
    assert during.lines == [("Result", "not told while the second reader reads")]
    assert during.table is None
    review.begin(Reading.FIRST, "Ada")
    assert [part for part in report_of(review).parts if part.title == "Audit sample"] == before
    assert "second reader" in dict(said.facts)["Counted"]


def test_two_readers_stand_side_by_side_by_class(reported):
    said = contents(reported())
    table = next(part.table for part in said.parts if part.title == "Two readers")
    # Ada hem, hem, hem; Ben hem, hem, all
    assert table.heads[1:3] == ["Ada: n, prevalence", "Ben: n, prevalence"]
    assert [row[:5] for row in table.rows] == [
        ["hem", "3 (100.0 %)", "2 (66.7 %)", "2 (80.0 %)", "0.0 %"],
        ["all", "0 (0.0 %)", "1 (33.3 %)", "0 (0.0 %)", "80.0 %"],
    ]


def test_all_images_are_not_called_chosen(reopen):
    review = reopen()
    review.agree(range(40))
    assert dict(report_of(review).facts)["Images"] == "40 of 40 reviewed; all of them"
