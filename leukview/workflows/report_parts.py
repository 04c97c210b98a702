"""The sections of a report under its tables: checks, audit sample, readers, what is left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukview.domain.records import DecisionState
from leukview.measures.agreement import Agreement
from leukview.measures.audit import Stratum
from leukview.measures.intervals import clopper_pearson
from leukview.reports.html_report import Part, Table
from leukview.workflows.actions import Reading
from leukview.workflows.checks import AuditResult, audit_result, audit_words, checks, may_know
from leukview.workflows.readers import between_readers, kappa_words, switches
from leukview.workflows.review import Review

_STATES = tuple(DecisionState)
UNSURE, EXCLUDED = (_STATES.index(s) for s in (DecisionState.UNSURE, DecisionState.EXCLUDED))
_DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Stands:
    """What the table says of each image: what was settled, else what the first reader said.

    Attributes:
        state: index into `DecisionState`, (N,).
        decided: class index (N,), -1 for none.
        reasons: of each excluded image.
    """

    state: NDArray[np.int64]
    decided: NDArray[np.int64]
    reasons: list[str]


def stands_of(review: Review) -> Stands:
    """What stands for each image now."""
    said = review.final()
    kinds, kind = review.kinds_of(said)
    why = [kinds[place] for place in kind[said.state == EXCLUDED].tolist()]
    return Stands(said.state, said.decided, [one.reason if one else "" for one in why])


def share(part: int, whole: int) -> str:
    """Percent with its exact 95 % interval: 42.7 % (38.3–47.1)."""
    low, high = clopper_pearson(part, whole)
    return f"{100 * part / whole:.1f} % ({100 * low:.1f}{_DASH}{100 * high:.1f})"


def when(at: str) -> str:
    """2026-11-22T18:05:09Z for people."""
    return at.replace("T", " ").replace("Z", " UTC")


def parts(review: Review, stands: Stands, *, deidentify: bool) -> list[Part]:
    """All sections that there is something to say in."""
    made = [
        _checks(review),
        *(_audit(review, reading) for reading in Reading),
        _readers(review, deidentify),
        _switches(review),
        _left_out(review, stands, deidentify),
    ]
    return [part for part in made if part is not None]


def _checks(review: Review) -> Part:
    said = checks(review)
    lines = [(one.name, f"{one.figure}{'' if one.passed else ' (open)'}") for one in said]
    return Part("Checks", "", lines)


def _audit(review: Review, reading: Reading) -> Part | None:
    audit, found = review.record.audits.get(reading), audit_result(review, reading)
    if audit is None or found is None:
        return None
    title = "Audit sample"
    if reading is not Reading.FIRST:
        title += {Reading.SECOND: ", second reading"}.get(reading, ", adjudication")
    if not may_know(review, reading):
        line = ("Result", "not told while the second reader reads")
        return Part(title, "The sample of the other reading.", [line])
    return Part(
        title,
        "A random sample of images that the model was sure of, read without their suggestions."
        " What is counted are differences from this reader, not errors, and what was decided first:"
        " a decision that was changed after the suggestion was shown may follow it.",
        [
            ("Result", audit_words(found)),
            (
                "Seen before the draw",
                f"{found.seen:,} of {found.drawn:,} with the suggestion on the screen",
            ),
            (
                "Changed afterwards",
                f"{found.changed:,} of {found.read:,}, after the suggestion was shown",
            ),
            (
                "Drawn",
                f"{found.drawn:,} of {found.population:,}, seed {audit.seed}, {when(audit.at)}",
            ),
            ("Population", f"SHA-256 {audit.population_sha256}"),
        ],
        _strata(found),
    )


def _strata(found: AuditResult) -> Table:
    """By strata, and over all of them with the weight of each."""
    rows = []
    for one in found.strata:
        if one.drawn:
            interval = f"{found.low:,}{_DASH}{found.high:,} of {one.size:,}"
            interval = interval if found.complete else "not read to the end"
        else:
            interval = "all read" if one.read == one.size else "not read to the end"
        rows.append([one.name, *_counts(one), interval])
    total = [f"{sum(n):,}" for n in zip(*((s.size, s.read) for s in found.strata), strict=True)]
    whole = found.overall
    if whole.reason:
        rows.append(["All, weighted", *total, _DASH, "none until all is read"])
    else:
        between = f"{100 * whole.low:.1f}{_DASH}{100 * whole.high:.1f} %"
        rows.append(["All, weighted", *total, f"{100 * whole.share:.1f} %", between])
    heads = ["Images", "In all", "Read", "Differ", "95 % interval"]
    return Table(heads, rows, (30, 14, 14, 14, 28))


def _counts(one: Stratum) -> list[str]:
    return [f"{number:,}" for number in (one.size, one.read, one.differing)]


def _readers(review: Review, deidentify: bool) -> Part | None:
    if review.record.reading is Reading.SECOND:  # who reads is not to know what the first said
        return None
    found = between_readers(review)
    if found is None:
        return None
    first, second = found.first, found.second
    if deidentify:
        first, second = "First reader", "Second reader"
    lines = [
        ("Read by both", f"{found.both:,} of {found.images:,} images"),
        ("Called differently", f"{found.differing:,}, of which {found.settled:,} settled"),
        ("Cohen's kappa", kappa_words(found.whole)),
    ]
    if found.again:
        lines.insert(
            2,
            (
                "To be settled again",
                f"{found.again:,}, because a reader has decided otherwise since",
            ),
        )
    rows = []
    for one, each in zip(found.classes, found.each, strict=True):
        said = (
            f"{count:,} ({100 * of_all:.1f} %)"
            for count, of_all in zip((each.first, each.second), each.prevalence, strict=True)
        )
        agreed = f"{each.both:,} ({_percent(each.positive)})"
        rows.append([one.name, *said, agreed, _percent(each.negative), _kappa(each.agreement)])
    heads = [
        "Class",
        f"{first}: n, prevalence",
        f"{second}: n, prevalence",
        "Both: n, agreement",
        "Agreement on the rest",
        "Kappa (95 % CI)",
    ]
    words = "Kappa depends on how rare a class is, so it stands beside what each reader found."
    return Part(
        "Two readers", words, lines, Table(heads, rows, (22, 16, 16, 15, 12, 19)) if rows else None
    )


def _percent(value: float) -> str:
    return _DASH if np.isnan(value) else f"{100 * value:.1f} %"


def _kappa(found: Agreement) -> str:
    if np.isnan(found.kappa):
        return _DASH
    bounds = "" if np.isnan(found.low) else f" ({found.low:.2f}{_DASH}{found.high:.2f})"
    return f"{found.kappa:.2f}{bounds}"


def _switches(review: Review) -> Part | None:
    found = switches(review)
    if found is None or not found.n:
        return None
    lines = [
        (word, f"{rate.count:,} of {rate.n:,}, {share(rate.count, rate.n)}" if rate.n else "0 of 0")
        for word, rate in (
            ("Differed, then as suggested", found.to_suggestion),
            ("Differed, then a third class", found.elsewhere),
            ("As suggested, then another", found.away),
        )
    ]
    words = (
        f"How {found.n:,} decisions made blind moved after the suggestions were shown, with exact"
        " 95 % intervals."
    )
    return Part("After the blind reading", words, lines)


def _left_out(review: Review, stands: Stands, deidentify: bool) -> Part | None:
    """What is in no count, and why."""
    lines = []
    unsure = int((stands.state == UNSURE).sum())
    if unsure:
        lines.append(("Unsure", f"{unsure:,}"))
    reasons = Counter(stands.reasons)
    if deidentify and reasons:
        reasons = Counter({"reasons left out": sum(reasons.values())})
    lines += [(f"Excluded: {why or 'no reason'}", f"{n:,}") for why, n in reasons.most_common()]
    if review.errors:
        lines.append(("Could not be read", f"{len(review.errors):,}"))
    return Part("In no count", "", lines) if lines else None
