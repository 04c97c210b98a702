"""Any order of decisions by two readers and who settles them, against what it comes to by hand."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leukview.domain.classes import CellClass, Role
from leukview.session.store import open_store
from leukview.workflows.actions import Reading
from leukview.workflows.record import Mode
from leukview.workflows.review import Review

CLASSES = tuple(
    CellClass(id=i, name=i, key="", role=Role.LEUKOCYTE, malignant=False) for i in ("hem", "all")
)
NAMES = {Reading.FIRST: "Ada", Reading.SECOND: "Ben", Reading.ADJUDICATION: "Cleo"}
ROWS = range(2)  # more would seldom meet
SAMPLE = 1  # of these is the sample of the first reading
SETTLED = (  # what comes before everything: the readers differ in an image, and it is settled
    ("hem", 1),
    (Reading.SECOND, 0),
    ("all", 1),
    (Reading.ADJUDICATION, 0),
    ("all", 1),
)
COUNTING = {"hem", "all", "excluded"}
ACTS = st.one_of(
    st.tuples(st.sampled_from(("hem", "all", "unsure", "excluded", "")), st.sampled_from(ROWS)),
    st.tuples(st.sampled_from(("undo", "redo", "flag", "reopen")), st.sampled_from(ROWS)),
    st.tuples(st.sampled_from(list(Reading)), st.just(0)),
    st.tuples(st.sampled_from(list(Mode)), st.just(0)),
)


@dataclass
class Side:
    """One reading: what it calls each image, and what both readers said when it did."""

    called: dict[int, str] = field(default_factory=dict)
    about: dict[int, tuple[str, str]] = field(default_factory=dict)
    done: list[tuple[int, bool, Side]] = field(default_factory=list)  # with what stood before
    undone: list[tuple[int, bool, Side]] = field(default_factory=list)  # with what it was made
    mode: Mode = Mode.ASSISTED

    def stood(self) -> Side:
        return Side(dict(self.called), dict(self.about))


class ByHand:
    """The same acts on dicts."""

    def __init__(self) -> None:
        self.sides = {reading: Side() for reading in Reading}
        self.reading = Reading.FIRST
        self.first: dict[int, str] = {}

    def pair(self, row: int) -> tuple[str, str]:
        one, other = self.sides[Reading.FIRST], self.sides[Reading.SECOND]
        return one.called.get(row, ""), other.called.get(row, "")

    def do(self, act: object, row: int) -> None:
        side = self.sides[self.reading]
        if isinstance(act, Reading):
            self.reading = act
        elif isinstance(act, Mode):
            side.mode = act
        elif act == "undo" and side.done:
            where, decides, stood = side.done.pop()
            side.undone.append((where, decides, side.stood()))
            side.called, side.about = stood.called, stood.about
        elif act == "redo" and side.undone:
            where, decides, made = side.undone.pop()
            side.done.append((where, decides, side.stood()))
            side.called = made.called
            if decides:
                side.about[where] = self.pair(where)
        elif act == "flag" or (act in COUNTING | {"unsure"}) or (act == "" and row in side.called):
            decides = act != "flag"
            side.done.append((row, decides, side.stood()))
            side.undone.clear()
            if decides:
                side.called.pop(row, None)
                side.called |= {row: str(act)} if act else {}
                side.about[row] = self.pair(row)
        self.look()

    def look(self) -> None:
        """Suggestions of the sample are shown when the image is decided and nothing is blind."""
        side = self.sides[Reading.FIRST]
        if side.mode is Mode.ASSISTED:
            for row in ROWS[:SAMPLE]:
                if side.called.get(row, "") in COUNTING:
                    self.first.setdefault(row, side.called[row])

    def holds(self, row: int) -> bool:
        side = self.sides[Reading.ADJUDICATION]
        return row in side.called and side.about[row] == self.pair(row)

    def again(self, row: int) -> bool:
        settled = self.sides[Reading.ADJUDICATION].called.get(row, "")
        said = set(filter(None, self.pair(row)))
        return bool(settled and said) and not self.holds(row) and said != {settled}

    def final(self, row: int) -> str:
        if self.reading is Reading.SECOND:
            return self.pair(row)[1]
        settled = self.sides[Reading.ADJUDICATION].called.get(row, "")
        return settled if self.holds(row) else self.pair(row)[0]


@pytest.fixture
def slide(tmp_path, classify):
    """Factory: a session of its own with a few classified images; `of` is opened again."""
    numbers, results = itertools.count(), [classify(number, "a") for number in ROWS]

    def make(of: Review | None = None) -> Review:
        path = of._store.path if of else tmp_path / f"{next(numbers)}.lkv"
        if of:
            of._store.close()
        review = Review([r.image for r in results], CLASSES, open_store(path), reviewer="Ada")
        review.add_results(ROWS, results)
        review.load_stored("a" * 64)
        return review

    return make


def act_on(review: Review, act: object, row: int) -> None:
    """The same through the review."""
    if isinstance(act, Reading):
        review.begin(act, NAMES[act])
    elif isinstance(act, Mode):
        review.set_mode(act)
    elif act in ("undo", "redo"):
        getattr(review, str(act))()
    elif act == "flag":
        review.flag([row], not review.flagged[row])
    elif act == "unsure":
        review.unsure([row])
    elif act == "excluded":
        review.exclude([row], "smudge")
    elif act:
        review.decide([row], str(act))
    elif review.decision(row) is not None:
        # What does not hold any more is shown as undecided, and is not cleared.
        review.clear([row])


def assert_same(review: Review, hand: ByHand) -> None:
    found, table = review.differences(), review.decisions_of(review.final())
    for row in ROWS:
        both = hand.pair(row)
        assert found.differing[row] == (all(both) and both[0] != both[1])
        assert found.settled[row] == hand.holds(row)
        assert found.again[row] == hand.again(row)
        assert (table[row].called if table[row] else "") == hand.final(row)
    unread = {review.sha256[row] for row in ROWS[:SAMPLE] if row not in hand.first}
    assert review.unread(Reading.FIRST) == unread
    first = review.decisions_of(review.first_said(Reading.FIRST))
    images = review.record.audits[Reading.FIRST].images
    called = {sha: one.called for sha, one in zip(images, first, strict=True) if one}
    assert {row: called[review.sha256[row]] for row in hand.first} == hand.first
    side = hand.sides[hand.reading]
    shown = [row for row in ROWS if row in side.called]
    if hand.reading is Reading.ADJUDICATION:
        shown = [row for row in shown if hand.holds(row)]
    assert np.flatnonzero(review.state).tolist() == shown
    blind = side.mode is Mode.BLIND
    hidden = set() if hand.reading is Reading.SECOND else unread
    for row in ROWS:
        assert review.is_hidden(row) == (blind or review.sha256[row] in hidden)


@given(acts=st.lists(ACTS, min_size=10, max_size=25))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_counts_holds_and_is_hidden_follows_from_the_order_of_what_was_said(
    slide, acts, monkeypatch
):
    monkeypatch.setattr(Review, "confident", property(lambda _self: np.array(ROWS[:SAMPLE])))
    review, hand = slide(), ByHand()
    review.draw_audit(SAMPLE, 1, 0.9)
    try:
        for act, row in (*SETTLED, *acts):
            if act == "" and hand.reading is Reading.ADJUDICATION and not hand.holds(row):
                continue
            if act == "reopen":
                review = slide(review)
            else:
                act_on(review, act, row)
                hand.do(act, row)
            assert_same(review, hand)
        review = slide(review)
        assert_same(review, hand)
    finally:
        review._store.close()
