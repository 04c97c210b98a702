"""What came of one system under one protocol: figures, how far to believe them, how it was fitted.

With fewer than ten groups in a class there is no interval, but every fold's figures and their
range. A system that had fewer than five epochs, or that chance may explain, has no figures: it was
not trained, and a number would be read as its worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from training.budget import MIN_EPOCHS
from training.comparison import Fitted
from training.data.catalogue import ImageSet
from training.evaluate import Predictions
from training.metrics import SCORES, scores
from training.uncertainty import (
    MIN_GROUPS,
    McNemar,
    Paired,
    bootstrap,
    groups_per_class,
    holm,
    mcnemar,
    permutation,
)

BALANCED = "balanced accuracy"
Ranges = dict[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One row of the tables.

    Attributes:
        system: name of the row.
        title: for people.
        protocol: `paper`, `paper526`, `grouped`, `random`, `external`; each also with " scale bar
            blanked" and " test flips".
        n: images tested.
        groups: number of groups that show each class, by id; none where groups are not known.
        values: by the names of `metrics.SCORES`; none if it was not trained.
        ranges: lowest and highest fold, or the ends of an interval, as `kind` says.
        kind: of `ranges`.
        folds: figures of each fold.
        fitted: how; None for a floor.
        untrained: why it has no figures; "" if it has.
    """

    system: str
    title: str
    protocol: str
    n: int
    groups: dict[str, int]
    values: dict[str, float]
    ranges: Ranges
    kind: Literal["interval", "folds", "none"]
    folds: tuple[dict[str, float], ...]
    fitted: Fitted | None
    untrained: str = ""


def positive_class(about: ImageSet) -> int | None:
    """Index of the malignant one of two classes; None where figures are means over classes."""
    malignant = [number for number, c in enumerate(about.classes) if c.malignant]
    return malignant[0] if len(about.classes) == 2 and len(malignant) == 1 else None


def outcomes_of(
    found: Predictions,
    about: ImageSet,
    system: str,
    title: str,
    fitted: Mapping[str, Fitted] | None,
) -> list[Outcome]:
    """The rows of one system, one a protocol, in the order of the table of predictions.

    Args:
        found: its predictions.
        about: the set.
        system: name of the row.
        title: for people.
        fitted: how, by protocol; None for a floor.
    """
    out = []
    for protocol in dict.fromkeys(found.protocol.tolist()):
        how = fitted[protocol.split()[0]] if fitted else None
        out.append(_outcome(chosen(found, protocol), about, system, title, how))
    return out


def chosen(found: Predictions, protocol: str) -> Predictions:
    """The rows of one protocol."""
    mine = found.protocol == protocol
    return Predictions(**{name: value[mine] for name, value in vars(found).items()})


def _outcome(
    found: Predictions, about: ImageSet, system: str, title: str, fitted: Fitted | None
) -> Outcome:
    truth, p, positive = found.truth, found.probabilities, positive_class(about)
    known = bool(about.group) and all(found.group)
    counts = groups_per_class(truth, found.group) if known else {}
    numbers = [k for k in np.unique(found.fold) if k >= 0]
    folds = tuple(scores(truth[found.fold == k], p[found.fold == k], positive) for k in numbers)
    ranges: Ranges = {}
    kind: Literal["interval", "folds", "none"] = "none"
    if counts and min(counts.values()) >= MIN_GROUPS:
        ends = bootstrap(
            truth, found.group, lambda r: list(scores(truth[r], p[r], positive).values())
        )
        pairs = zip(*(end.tolist() for end in ends), strict=True)
        ranges, kind = dict(zip(SCORES, pairs, strict=True)), "interval"
    elif folds:
        for name in SCORES:
            there = [v for fold in folds if not np.isnan(v := fold[name])]
            ranges[name] = (min(there), max(there)) if there else (np.nan, np.nan)
        kind = "folds"
    out = Outcome(
        system=system,
        title=title,
        protocol=str(found.protocol[0]),
        n=len(truth),
        groups={about.class_ids[c]: n for c, n in counts.items()},
        values=scores(truth, p, positive),
        ranges=ranges,
        kind=kind,
        folds=folds,
        fitted=fitted,
    )
    reason = why_untrained(out, found, len(about.classes)) if fitted else ""
    if not reason:
        return out
    return replace(out, values={}, ranges={}, kind="none", folds=(), untrained=reason)


def why_untrained(outcome: Outcome, found: Predictions, classes: int) -> str:
    """Why a system's figures are no result; "" if they are one."""
    if outcome.fitted and outcome.fitted.epochs < MIN_EPOCHS:
        return f"{outcome.fitted.epochs:.1f} epochs, fewer than {MIN_EPOCHS}"
    low = outcome.ranges[BALANCED][0] if outcome.ranges else _low(found)
    if low > 1 / classes:
        return ""
    what = {"interval": "its interval", "folds": "its worst fold", "none": "its error"}[
        outcome.kind
    ]
    return (
        f"balanced accuracy {outcome.values[BALANCED]:.2f}, and {what} reaches {low:.2f};"
        f" chance is {1 / classes:.2f}"
    )


def _low(found: Predictions) -> float:
    """Balanced accuracy less two standard errors, as if images were independent.

    For a single split of few groups, where nothing better can be had: chance that is not ruled out
    even so has not been beaten.
    """
    right = found.probabilities.argmax(axis=1) == found.truth
    counts = np.bincount(found.truth)
    shown = counts > 0
    recall = np.bincount(found.truth, weights=right)[shown] / counts[shown]
    error = np.sqrt(np.sum(recall * (1 - recall) / counts[shown])) / np.sum(shown)
    return float(np.mean(recall) - 2 * error)


@dataclass(frozen=True, kw_only=True)
class Against:
    """One system against the one that all are tested against, on the same images.

    Attributes:
        title: of the system.
        paired: by groups, of the cross-validation; None where groups are not known.
        mcnemar: by images, under `paper` only; None without it.
        holm: p of `paired`, raised for the number of comparisons.
    """

    title: str
    paired: Paired | None
    mcnemar: McNemar | None
    holm: float | None = None


def against_all(
    reference: Predictions, others: Mapping[str, Predictions], about: ImageSet
) -> list[Against]:
    """Each system, by title, against the reference.

    Raises:
        ValueError: they were tested on other images.
    """
    out = []
    for title, other in others.items():
        paired, mcnemar_found = None, None
        for protocol in ("grouped", "paper"):
            one, two = chosen(reference, protocol), chosen(other, protocol)
            if not np.array_equal(one.sha256, two.sha256):
                raise ValueError(f"{title} was tested on other images under `{protocol}`")
            if not len(one.truth):
                continue
            right = [p.probabilities.argmax(axis=1) == p.truth for p in (two, one)]
            if protocol == "paper":
                mcnemar_found = mcnemar(*right)
            elif about.group:
                paired = permutation(one.truth, one.group, *right)
        out.append(Against(title=title, paired=paired, mcnemar=mcnemar_found))
    raised = iter(holm([a.paired.p for a in out if a.paired]))
    return [replace(a, holm=next(raised)) if a.paired else a for a in out]
