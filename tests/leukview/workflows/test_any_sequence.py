"""Whatever is done in whatever order, what stands is what was decided, and the log says so.

A Hypothesis state machine runs models, compares them, decides, undoes, imports, changes the reader,
moves the folder and kills the program; beside it a plain dictionary is kept of what has to stand.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PIL import Image

from leukview.domain.progress import CancelToken
from leukview.session.verify import check
from leukview.workflows import second_model
from leukview.workflows.action_log import ActionLog
from leukview.workflows.actions import Adopted, Reading
from leukview.workflows.opened import (
    Opened,
    Opening,
    choice_for,
    fresh_rows,
    run_model,
    use_model,
)
from leukview.workflows.record import Mode

GREYS = (15, 70, 130, 190, 240)
ROWS = st.sets(st.integers(0, len(GREYS) - 1), min_size=1)
CLASSES = st.sampled_from(("hem", "all"))
NAMES = {Reading.FIRST: "Ada", Reading.SECOND: "Ben", Reading.ADJUDICATION: "Cleo"}
UNDECIDED = ("undecided", False, "")


@dataclass
class Side:
    """What stands in one reading, by row: what it was called, flag, comment; and its steps."""

    said: dict[int, tuple[str, bool, str]] = field(default_factory=dict)
    done: list[dict[int, tuple[str, bool, str]]] = field(default_factory=list)
    undone: list[dict[int, tuple[str, bool, str]]] = field(default_factory=list)


class Slide(RuleBasedStateMachine):
    """The program, and beside it what has to stand."""

    models: tuple[Path, Path]
    begun = 0

    @initialize()
    def begin(self) -> None:
        type(self).begun += 1
        self.patch = pytest.MonkeyPatch()
        self.home = Path(tempfile.mkdtemp(prefix="slide "))
        self.times = 0
        self.folder = self.home / "Prüfling 0"
        self.folder.mkdir()
        for number, grey in enumerate(GREYS):
            image = np.full((16, 16, 3), grey, np.uint8)
            Image.fromarray(image).save(self.folder / f"{number}.bmp")
        self.sides = {reading: Side() for reading in Reading}
        self.reading = Reading.FIRST
        self.at = [(self.reading, copy.deepcopy(self.sides))]  # after each event
        self.saved = 0
        self.data = self.home / "data 0"
        self.opened: Opened | None = None
        self.open(self.models[0])

    def open(self, model: Path | None = None) -> None:
        self.patch.setenv("LEUKVIEW_DATA", str(self.data))
        opening = Opening([self.folder], model=str(model or self.models[0]), reviewer="Ada")
        *_, self.opened = opening.steps(CancelToken())
        opening.take()
        self.opened.review.reviewer = NAMES[self.reading]
        self.opened.store.on_saved = self.hear

    def hear(self, seq: int, _at: str) -> None:
        self.saved = max(self.saved, seq)

    @property
    def review(self):
        return self.opened.review

    @property
    def side(self) -> Side:
        return self.sides[self.reading]

    def event(self) -> None:
        """One event was appended."""
        self.at.append((self.reading, copy.deepcopy(self.sides)))
        assert self.opened.store.head().events == len(self.at) - 1

    def act(self, rows, change) -> None:
        """What a person said about these rows, as it has to stand now."""
        if not rows:
            return
        side = self.side
        side.done.append(dict(side.said))
        side.undone.clear()
        for row in rows:
            side.said[row] = change(row, side.said.get(row, UNDECIDED))
        self.event()

    # What models do

    @rule(number=st.integers(0, 1))
    def run(self, number: int) -> None:
        choice, refusal = choice_for(self.review.images, str(self.models[number]))
        assert choice is not None, refusal
        use_model(self.opened, choice)
        rows = fresh_rows(self.opened)
        for step in run_model(self.opened, choice.model, rows, "cpu", CancelToken()):
            if hasattr(step, "results"):
                self.review.add_results(step.rows, step.results)
        assert (self.review.suggested >= 0).all()

    @rule(number=st.integers(0, 1))
    def compare(self, number: int) -> None:
        path = str(self.models[number])
        if second_model.load(Path(path)).sha256 == self.review.model_sha256:
            return
        model = second_model.load_second(path, self.review)
        for heard in second_model.hear(self.opened, model, "cpu", CancelToken()):
            self.review.keep_other(heard.rows, heard.results, self.review.classes)
        self.review.compare_with(model.sha256, model.contract.title)
        assert (self.review.other >= 0).all()

    # What people do

    @rule(rows=ROWS, class_id=CLASSES)
    def decide(self, rows, class_id) -> None:
        self.review.decide(sorted(rows), class_id)
        self.act(rows, lambda _row, old: (class_id, *old[1:]))

    @rule(rows=ROWS)
    def agree(self, rows) -> None:
        suggested = self.review.suggested.tolist()
        some = {row for row in rows if suggested[row] >= 0 and not self.review.blind}
        self.review.agree(sorted(rows))
        ids = [one.id for one in self.review.classes]
        self.act(some, lambda row, old: (ids[suggested[row]], *old[1:]))

    @rule(rows=ROWS, excluded=st.booleans())
    def put_aside(self, rows, excluded) -> None:
        if excluded:
            self.review.exclude(sorted(rows), "smudge")
        else:
            self.review.unsure(sorted(rows))
        word = "excluded" if excluded else "unsure"
        self.act(rows, lambda _row, old: (word, *old[1:]))

    @rule(rows=ROWS)
    def clear(self, rows) -> None:
        some = {row for row in rows if self.side.said.get(row, UNDECIDED)[0] != "undecided"}
        self.review.clear(sorted(rows))
        self.act(some, lambda _row, old: ("undecided", *old[1:]))

    @rule(rows=ROWS, on=st.booleans())
    def flag(self, rows, on) -> None:
        some = {row for row in rows if self.side.said.get(row, UNDECIDED)[1] != on}
        self.review.flag(sorted(rows), on)
        self.act(some, lambda _row, old: (old[0], on, old[2]))

    @rule(rows=ROWS, words=st.sampled_from(("", "pale", "Zelle ü")))
    def comment(self, rows, words) -> None:
        some = {row for row in rows if self.side.said.get(row, UNDECIDED)[2] != words}
        self.review.comment(sorted(rows), words)
        self.act(some, lambda _row, old: (*old[:2], words))

    @rule()
    def undo(self) -> None:
        side, did = self.side, self.review.undo()
        assert (did is None) == (not side.done)
        if did is not None:
            side.undone.append(dict(side.said))
            side.said = side.done.pop()
            self.event()

    @rule()
    def redo(self) -> None:
        side, did = self.side, self.review.redo()
        assert (did is None) == (not side.undone)
        if did is not None:
            side.done.append(dict(side.said))
            side.said = side.undone.pop()
            self.event()

    @rule(rows=ROWS, class_id=CLASSES, on=st.booleans())
    def take_in(self, rows, class_id, on) -> None:
        if not all(self.review.sha256):  # files of which nothing is known have no hash yet
            return
        said = {
            self.review.sha256[row]: Adopted(
                state="changed", class_id=class_id, reviewer="Dora", flag=on, comment="from a table"
            )
            for row in rows
        }
        self.review.adopt(said, "taken from a table")
        self.act(rows, lambda _row, old: (class_id, on or old[1], "from a table"))

    @rule(reading=st.sampled_from(list(Reading)))
    def change_reader(self, reading) -> None:
        self.review.begin(reading, NAMES[reading])
        self.reading = reading
        self.event()

    @rule(mode=st.sampled_from(list(Mode)))
    def read_blind_or_not(self, mode) -> None:
        if mode is not self.review.record.mode:
            self.review.set_mode(mode)
            self.event()

    # What happens to the program

    @rule(number=st.integers(0, 1))
    def move_the_folder(self, number) -> None:
        self.opened.close()
        self.times += 1
        to = self.home / f"verschoben {self.times}"
        self.folder.rename(to)
        self.folder = to
        self.open(self.models[number])
        assert self.opened.store.head().events == len(self.at) - 1, "it is the same session"

    @rule(at_once=st.booleans())
    def kill(self, at_once) -> None:
        """The files as they are on the disk at this moment are all that is left."""
        if not at_once:
            self.opened.store.flush()
        saved = self.saved
        self.times += 1
        left = self.home / f"data {self.times}"
        shutil.copytree(self.data, left, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
        self.opened.close()
        self.data = left
        self.open()
        count = self.opened.store.head().events
        assert saved <= count <= len(self.at) - 1
        assert at_once or count == len(self.at) - 1
        del self.at[count + 1 :]
        self.saved = count
        reading, sides = self.at[count]
        self.reading, self.sides = reading, copy.deepcopy(sides)
        self.review.reviewer = NAMES[reading]

    # What has to hold

    @invariant()
    def what_stands_is_what_was_said(self) -> None:
        if getattr(self, "opened", None) is None:
            return
        review = self.review
        assert review.record.reading is self.reading
        for row in range(review.count):
            decision = review.decision(row) if review.sha256[row] else None
            stands = (
                decision.called if decision else "undecided",
                bool(review.flagged[row]),
                review.comments.get(row, ""),
            )
            assert stands == self.side.said.get(row, UNDECIDED)

    def teardown(self) -> None:
        if getattr(self, "opened", None) is not None:
            store = self.opened.store
            store.flush()
            again, review = ActionLog(store), self.review
            assert again.record == review.record
            for reading in Reading:
                assert again.said(reading) == review._log.said(reading), "a replay is the same"
            path = store.path
            self.opened.close()
            assert not check(path).fault
        if hasattr(self, "home"):
            self.patch.undo()
            shutil.rmtree(self.home)


def test_no_run_import_move_or_crash_ever_changes_a_decision(
    tmp_path, toy_contract, write_toy_model
):
    first = write_toy_model(tmp_path / "one.onnx", toy_contract)
    other = write_toy_model(tmp_path / "other.onnx", toy_contract, offset=1.0)

    class Here(Slide):
        models = (first, other)

    machine = Here.TestCase
    machine.settings = settings(
        max_examples=500,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()
    assert Here.begun >= 500
