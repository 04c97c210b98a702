"""The looks or subjects that a model does badly on, for its card: a mean over all hides them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.data.catalogue import ImageSet
from training.evaluate import Predictions, cross_name

LEAST = 20  # images: of fewer a share says little
BELOW = 0.8  # share of right ones


@dataclass(frozen=True, kw_only=True)
class Weak:
    """A group whose held-out images were often called something else.

    Attributes:
        group: its name in the set's table.
        classes: titles of its true classes.
        right: of its `n` held-out images.
        instead: title of what the others were called most often.
    """

    group: str
    classes: tuple[str, ...]
    right: int
    n: int
    instead: str


def of(found: Predictions, about: ImageSet) -> list[Weak]:
    """Groups of 20 held-out images or more of which less than 80 % were right, the worst first.

    None where a set has no groups.
    """
    titles = [one.name for one in about.classes]
    out = []
    rows = found.protocol == cross_name(about)
    for group in np.unique(found.group[rows]) if about.group else ():
        mine = rows & (found.group == group)
        truth, said = found.truth[mine], found.probabilities[mine].argmax(axis=1)
        wrong = said[said != truth]
        if len(truth) < LEAST or 1 - len(wrong) / len(truth) >= BELOW:
            continue
        out.append(
            Weak(
                group=str(group),
                classes=tuple(titles[c] for c in np.unique(truth)),
                right=len(truth) - len(wrong),
                n=len(truth),
                instead=titles[int(np.bincount(wrong).argmax())],
            )
        )
    return sorted(out, key=lambda weak: weak.right / weak.n)


def lines(weak: Sequence[Weak], word: str) -> list[str]:
    """Markdown for the card; none where there is nothing to say.

    Args:
        weak: as `of` gives them.
        word: what a group is ("look").
    """
    if not weak:
        return []
    return [
        "## Where it fails",
        "",
        f"Held out, these {word}s of {LEAST} images or more were right in less than {BELOW:.0%}."
        f" A new smear or patient may be like them.",
        "",
        *[
            f"- {one.group} ({', '.join(one.classes)}): {one.right} of {one.n} right, the others"
            f" mostly called {one.instead}."
            for one in weak
        ],
        "",
    ]
