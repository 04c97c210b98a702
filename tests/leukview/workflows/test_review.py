from __future__ import annotations

import hashlib
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from leukview.domain import table
from leukview.domain.classes import CellClass, Role
from leukview.domain.errors import OutputError, SessionError
from leukview.domain.progress import CancelToken
from leukview.domain.records import (
    DecisionState,
    ImageFile,
    ImageResult,
    ModelIdentity,
    Suggestion,
)
from leukview.imaging.drive import Drive
from leukview.imaging.scan import scan
from leukview.session.store import SessionStore, open_store
from leukview.workflows import deciding as review_module
from leukview.workflows import identity
from leukview.workflows.columns import Changes
from leukview.workflows.export import Exportable, Order, Written, export
from leukview.workflows.review import LOOK_AT_ONCE, READ_AT_ONCE, Review
from leukview.workflows.table_rows import rows_of, snapshot

STATES = tuple(DecisionState)
CLASSES = tuple(
    CellClass(id=i, name=n, key="", role=Role.LEUKOCYTE, malignant=False)
    for i, n in (("hem", "Normal"), ("all", "ALL blast"))
)
OTHER = tuple(
    CellClass(id=i, name=i, key="", role=Role.LEUKOCYTE, malignant=False) for i in ("ig", "hem")
)
MODEL = ModelIdentity(model_id="toy", sha256="m" * 64, device="cpu")
# Row 3 is a copy of row 0: same bytes, another name.
CONTENTS = {"a.png": b"A", "b.png": b"B", "c.png": b"C", "d.png": b"A", "e.png": b"E"}


def folder_of(base: Path, name: str = "slides") -> tuple[ImageFile, ...]:
    folder = base / name
    folder.mkdir(exist_ok=True)
    for file, data in CONTENTS.items():
        if not (folder / file).exists():
            (folder / file).write_bytes(data)
    return tuple(
        ImageFile(
            path=path,
            name=path.name,
            folder=name,
            bytes=path.stat().st_size,
            modified_ns=path.stat().st_mtime_ns,
        )
        for path in sorted(folder.iterdir())
    )


def results(images: tuple[ImageFile, ...], said: str = "hem hem all hem all") -> list[ImageResult]:
    out = []
    for image, class_id in zip(images, said.split(), strict=True):
        share = 0.9 if class_id == "all" else 0.2
        out.append(
            ImageResult(
                image=image,
                sha256=hashlib.sha256(image.path.read_bytes()).hexdigest(),
                suggestion=Suggestion(
                    class_id=class_id,
                    confidence=max(share, 1 - share),
                    probabilities=(1 - share, share),
                    unfamiliarity=0.5,
                    unfamiliar=False,
                    needs_review=share == 0.2,
                ),
                model=MODEL,
                notes=("grey repeated to three channels",),
            )
        )
    return out


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[..., Review]]:
    """Factory: a review of the five images, in a session that each call closes and opens again."""
    stores: list[SessionStore] = []

    def make(*, run: bool = True, classes: tuple[CellClass, ...] = CLASSES) -> Review:
        for store in stores:
            store.close()
        stores.append(open_store(tmp_path / "data" / "s.lkv"))
        images = folder_of(tmp_path)
        review = Review(images, classes, stores[-1], reviewer="Dr. Ä")
        if run:
            review.add_results(range(5), results(images))
        return review

    yield make
    for store in stores:
        store.close()


def states(review: Review) -> list[str]:
    return [STATES[index].value for index in review.state]


def test_an_overridden_suggestion_is_changed_an_equal_one_agreed(reopen) -> None:
    review = reopen()
    review.decide([1], "all", queue="review")
    review.decide([2], "all")
    assert states(review)[1:3] == ["changed", "agreed"]
    assert review.decided.tolist() == [-1, 1, 1, -1, -1]
    decision = review.decision(1)
    assert (decision.suggestion, decision.reviewer, decision.queue) == ("hem", "Dr. Ä", "review")


def test_equal_files_share_one_decision(reopen) -> None:
    review = reopen()
    changes = review.decide([3], "all")
    assert sorted(changes.rows.tolist()) == [0, 3]
    assert review.decided.tolist() == [1, -1, -1, 1, -1]
    review.undo()
    assert states(review) == ["undecided"] * 5


def test_agree_takes_only_what_has_a_suggestion(reopen) -> None:
    review = reopen(run=False)
    assert review.agree(range(5)).rows.size == 0
    review.add_results([1], results(review.images)[1:2])
    assert review.agree(range(5)).rows.tolist() == [1]
    assert review.pending().tolist() == [0, 2, 3, 4]


def test_every_kind_of_action_is_there_after_a_restart_and_can_be_undone(reopen) -> None:
    review = reopen()
    review.decide([1], "all")
    review.unsure([2])
    review.exclude([4], "smudged")
    review.clear([1])
    review.undo()
    before = (states(review), review.decided.tolist(), dict(review.reasons))
    assert before[0] == ["undecided", "changed", "unsure", "undecided", "excluded"]
    again = reopen(run=False)
    assert (states(again), again.decided.tolist(), dict(again.reasons)) == before
    assert "cleared" in again.redo_text
    again.redo()
    assert states(again)[1] == "undecided"
    for _ in range(4):
        assert again.undo() is not None
    assert again.undo() is None
    assert again.undo_text is None
    assert states(again) == ["undecided"] * 5
    assert again.reasons == {}


def test_a_new_action_ends_what_could_be_redone(reopen) -> None:
    review = reopen()
    review.decide([1], "all")
    review.undo()
    review.decide([2], "hem")
    assert review.redo() is None


def test_a_decision_before_any_run_reads_the_file_itself(reopen) -> None:
    review = reopen(run=False)
    review.decide([0], "hem")
    assert states(review)[0] == "changed"
    assert review.decision(0).suggestion == ""
    review.add_results(range(5), results(review.images))
    assert states(review) == ["agreed", "undecided", "undecided", "agreed", "undecided"]


def exported(review: Review, row: int) -> tuple[str, str, str, bool | None]:
    one = list(rows_of(snapshot(review), MODEL, "0"))[row]
    return one.suggestion, one.decision, one.decision_state, one.suggestion_seen


def test_a_suggestion_that_comes_after_the_decision_is_compared_and_was_not_seen(reopen) -> None:
    review = reopen(run=False)
    review.decide([1, 2], "all")
    assert exported(review, 2) == ("", "all", "changed", False)
    review.add_results(range(5), results(review.images))
    review.mark_seen(range(5))
    assert exported(review, 1) == ("hem", "all", "changed", False)
    assert exported(review, 2) == ("all", "all", "agreed", False)
    assert states(review)[1:3] == ["changed", "agreed"]


def test_a_decision_is_compared_with_what_the_present_model_says(reopen) -> None:
    review = reopen()
    review.mark_seen([1])
    review.agree([1])
    assert exported(review, 1) == ("hem", "hem", "agreed", True)
    review.set_classes(CLASSES)
    review.add_results(range(5), results(review.images, "hem all all hem all"))
    assert exported(review, 1) == ("all", "hem", "changed", False)
    assert states(review)[1] == "changed"
    review.undo()
    review.redo()
    assert states(review)[1] == "changed"
    review.set_classes(CLASSES)
    review.load_stored(MODEL.sha256)  # the same file in this test, so what it said last
    assert states(review)[1] == "changed"


def test_an_image_that_cannot_be_read_cannot_be_decided(reopen) -> None:
    review = reopen(run=False)
    review.images[1].path.unlink()
    changes = review.decide([1], "hem")
    assert changes.left == 1
    assert "1 file could not be read: not decided" in changes.text
    assert "disappeared" in review.errors[1]
    assert states(review)[1] == "undecided"


def test_stored_suggestions_return_unless_the_file_changed(reopen, tmp_path: Path) -> None:
    review = reopen()
    review.decide([2], "hem")
    (tmp_path / "slides" / "c.png").write_bytes(b"other bytes")
    again = reopen(run=False)
    again.load_stored(MODEL.sha256)
    assert again.suggested.tolist() == [0, 0, -1, 0, 1]
    assert again.probabilities[4].tolist() == pytest.approx([0.1, 0.9])
    assert again.notes[0] == ("grey repeated to three channels",)
    assert states(again)[2] == "undecided"  # it was about other bytes
    assert again.load_stored("another model").rows.size == 0


def test_a_renamed_folder_keeps_decisions_and_suggestions(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    images = folder_of(tmp_path, "old")
    review = Review(images, CLASSES, store, reviewer="R")
    review.add_results(range(5), results(images))
    review.decide([1], "all")
    (tmp_path / "old").rename(tmp_path / "new")
    again = Review(folder_of(tmp_path, "new"), CLASSES, store, reviewer="R")
    again.load_stored(MODEL.sha256)
    assert again.decided.tolist() == [-1, 1, -1, -1, -1]
    assert again.pending().size == 0
    store.close()


def test_equal_names_in_two_folders_are_not_taken_for_each_other(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")

    def image(folder: str) -> ImageFile:
        path = tmp_path / folder / "1.png"
        return ImageFile(path=path, name="1.png", folder=folder, bytes=1, modified_ns=5)

    for folder, data in (("x", b"X"), ("y", b"Y"), ("z", b"Z")):
        (tmp_path / folder).mkdir()
        image(folder).path.write_bytes(data)
        os.utime(image(folder).path, ns=(5, 5))
    pair = (image("x"), image("y"))
    review = Review(pair, CLASSES, store, reviewer="R")
    review.add_results([0, 1], results(pair, "hem all"))
    review.decide([0], "all")
    again = Review((image("x"), image("y"), image("z")), CLASSES, store, reviewer="R")
    assert again.decided.tolist() == [1, -1, -1]
    store.close()


def test_another_model_never_touches_a_decision(reopen) -> None:
    review = reopen()
    review.decide([1], "all")
    review.decide([2], "hem")
    review.set_classes(OTHER)
    assert review.suggested.tolist() == [-1] * 5
    assert review.decided.tolist() == [-1, -1, 1, -1, -1]
    assert states(review)[1] == "changed"
    assert review.decision(1).class_id == "all"
    again = reopen(run=False, classes=CLASSES)
    assert again.decided.tolist() == [-1, 1, 0, -1, -1]


def test_a_refused_event_changes_nothing(reopen) -> None:
    review = reopen()
    review.decide([1], "all")
    review._store.flush()

    def refuse(kind: str, payload: object, at: str = "") -> int:
        raise SessionError("Your last action was NOT saved.")

    review._store.append = refuse
    for action in (lambda: review.decide([2], "hem"), review.undo, lambda: review.clear([1])):
        with pytest.raises(SessionError):
            action()
    assert states(review) == ["undecided", "changed", "undecided", "undecided", "undecided"]
    assert review.undo_text == "1 image decided as ALL blast"


def test_any_sequence_replays_to_the_same_state_and_undoes_to_nothing(reopen) -> None:
    review = reopen()
    dice = random.Random(7)
    for _ in range(300):
        rows = dice.sample(range(5), dice.randint(1, 3))
        dice.choice(
            [
                lambda r=rows: review.decide(r, dice.choice(["hem", "all"])),
                lambda r=rows: review.agree(r),
                lambda r=rows: review.unsure(r),
                lambda r=rows: review.exclude(r, "torn"),
                lambda r=rows: review.clear(r),
                review.undo,
                review.redo,
            ]
        )()
    final = (states(review), review.decided.tolist(), dict(review.reasons), review.undo_text)
    again = reopen(run=False)
    again.load_stored(MODEL.sha256)
    assert (states(again), again.decided.tolist(), dict(again.reasons), again.undo_text) == final
    while again.redo():
        pass
    everything = (states(again), again.decided.tolist(), dict(again.reasons))
    while again.undo():
        pass
    assert states(again) == ["undecided"] * 5
    while again.redo():
        pass
    assert (states(again), again.decided.tolist(), dict(again.reasons)) == everything


def written(review: Review, path: Path, **how: bool) -> int:
    """Export the table; how many images stand in it."""
    what = Exportable(kept=snapshot(review), identity=MODEL, head=review.head())
    *_, last = export(what, Order(path=path, **how))
    assert isinstance(last, Written)
    return last.images


def test_the_exported_table_reads_back(reopen, tmp_path: Path) -> None:
    review = reopen()
    review.decide([1], "all", queue="review")
    review.exclude([4], "=smudged")
    path = tmp_path / "out.csv"
    assert written(review, path) == 5
    assert path.read_bytes().startswith(b"\xef\xbb\xbfimage,folder,")
    rows = list(table.parse(path.read_text(encoding="utf-8").splitlines(keepends=True)))
    ids = [c.id for c in CLASSES]
    version = rows[0].app_version
    expected = [table.cells(row, ids) for row in rows_of(snapshot(review), MODEL, version)]
    head = review.head()
    ends = [str(head.events), head.sha256]
    assert [table.cells(row, ids) for row in rows] == [[*line[:-2], *ends] for line in expected]
    assert (rows[1].decision, rows[1].decision_state, rows[1].suggestion) == (
        "all",
        "changed",
        "hem",
    )
    assert (rows[1].queue, rows[1].suggestion_seen, rows[1].reviewer) == ("review", False, "Dr. Ä")
    assert (rows[4].excluded, rows[4].exclude_reason, rows[4].name_escaped) == (
        True,
        "=smudged",
        True,
    )
    assert np.isclose(rows[2].probabilities["all"], 0.9)
    assert time.strptime(rows[1].decided_at, "%Y-%m-%dT%H:%M:%SZ")


def test_an_existing_table_is_replaced_only_when_told(reopen, tmp_path: Path) -> None:
    review = reopen(run=False)
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        written(review, path)
    assert path.read_text() == "mine"
    assert written(review, path, force=True, bom=False) == 5
    assert path.read_text().startswith("image,")


def same_stat(path: Path, data: bytes) -> None:
    """Another file in the place of one, equal in name, size and time."""
    before = path.stat()
    assert len(data) == before.st_size
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def later(path: Path, data: bytes | None = None) -> None:
    """The file a second later, with other bytes or the same."""
    before = path.stat()
    if data is not None:
        path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))


def check(review: Review) -> Changes:
    """What the window does in the background: read all that was recalled or not read yet."""
    rows = np.concatenate(review.to_read()).tolist()
    batches = identity.reread(
        rows,
        review.images,
        review._store,
        done=lambda row: bool(review.checked[row]),
        model_sha256=lambda: review.model_sha256,
        drive=Drive(),
        cancel=CancelToken(),
    )
    return review.compare([one for batch in batches for one in batch])


def test_a_file_replaced_by_one_of_equal_name_size_and_time_is_noticed(reopen, tmp_path) -> None:
    review = reopen()
    review.decide([1], "all")
    same_stat(tmp_path / "slides" / "b.png", b"X")
    again = reopen(run=False)
    again.load_stored(MODEL.sha256)
    assert states(again)[1] == "changed"  # provisional: nothing on the disk says otherwise
    changes = check(again)
    assert changes.replaced.tolist() == [1]
    assert (states(again)[1], again.suggested[1], again.pending().tolist()) == (
        "undecided",
        -1,
        [1],
    )
    assert again.suggested.tolist() == [0, -1, 1, 0, 1]
    assert again.undo_text == "1 image decided as ALL blast"  # the record keeps it
    assert again.checked.all()
    (tmp_path / "slides" / "b.png").write_bytes(b"B")
    back = reopen(run=False)
    check(back)
    assert states(back)[1] == "changed"


def test_a_replaced_file_takes_what_was_said_about_its_own_bytes(reopen, tmp_path) -> None:
    review = reopen()
    review.unsure([2])
    same_stat(tmp_path / "slides" / "b.png", b"C")
    again = reopen(run=False)
    again.load_stored(MODEL.sha256)
    check(again)
    assert again.suggested[1] == again.suggested[2] == 1
    assert states(again)[1:3] == ["unsure", "unsure"]


def test_nobody_decides_for_bytes_that_were_not_shown(reopen, tmp_path) -> None:
    review = reopen()
    later(tmp_path / "slides" / "b.png", b"changed")
    changes = review.decide([1, 2], "all")
    assert (changes.left, changes.replaced.tolist()) == (1, [1])
    assert sorted(changes.rows.tolist()) == [1, 2]
    assert changes.text.startswith("1 image decided as ALL blast. 1 file has changed on the disk")
    assert states(review)[1:3] == ["undecided", "agreed"]
    assert review.suggested[1] == -1
    assert review.decide([1], "all").left == 0  # it was loaded again and looked at
    assert states(review)[1] == "changed"
    assert review.decision(1).suggestion == ""


def test_a_recalled_image_is_read_before_it_is_decided(reopen, tmp_path) -> None:
    reopen().decide([1], "all")
    same_stat(tmp_path / "slides" / "b.png", b"X")
    again = reopen(run=False)
    again.load_stored(MODEL.sha256)
    changes = again.clear([1])
    assert (changes.left, changes.replaced.tolist()) == (1, [1])
    assert states(again)[1] == "undecided"
    assert again.undo_text == "1 image decided as ALL blast"


def test_a_file_that_was_only_touched_is_decided_without_a_word(reopen, tmp_path) -> None:
    review = reopen()
    later(tmp_path / "slides" / "b.png")
    changes = review.decide([1], "all")
    assert (changes.left, changes.text) == (0, "1 image decided as ALL blast")
    assert review.images[1].modified_ns == (tmp_path / "slides" / "b.png").stat().st_mtime_ns


def test_a_file_that_changed_before_the_run_read_it_is_shown_again(reopen, tmp_path) -> None:
    review = reopen(run=False)
    later(tmp_path / "slides" / "b.png", b"changed")
    files = folder_of(tmp_path)
    changes = review.add_results([1], results(files)[1:2])
    assert changes.replaced.tolist() == [1]
    assert review.images[1] == files[1]
    assert review.decide([1], "all").left == 0


def test_a_decision_that_turns_up_is_shown_and_not_overwritten(reopen, tmp_path) -> None:
    reopen().decide([1], "all")
    again = reopen(run=False)
    forget(again)
    changes = again.decide([1], "hem")
    assert changes.left == 1
    assert "turned out to be decided already" in changes.text
    assert again.decided[1] == 1
    assert again.decide([1], "hem").left == 0
    assert again.decided[1] == 0


def forget(review: Review) -> None:
    """As for a copy of the folder with new times, too large to be read on opening."""
    review.sha256 = [""] * review.count
    review._rows.clear()
    review._show_standings(np.arange(review.count))


def test_hashes_read_for_a_decision_are_known_the_next_time(reopen) -> None:
    review = reopen(run=False)
    review.decide([1], "all")
    again = reopen(run=False)
    assert again.sha256[1] == hashlib.sha256(b"B").hexdigest()
    assert states(again)[1] == "changed"


def test_many_unread_files_are_not_read_while_a_key_waits(reopen, tmp_path) -> None:
    for n in range(READ_AT_ONCE):
        (tmp_path / "slides").mkdir(exist_ok=True)
        (tmp_path / "slides" / f"more{n}.png").write_text(str(n))
    review = reopen(run=False)
    rows = range(review.count)
    changes = review.decide(rows, "all")
    assert changes.waiting.tolist() == list(rows)
    assert "looked at first; then 69 images are decided as ALL blast" in changes.text
    assert (review.state == 0).all()
    review.compare([identity.read_again(row, review.images[row]) for row in rows])
    assert changes.then().left == 0
    assert (review.state != 0).all()


@pytest.fixture
def many(reopen, tmp_path) -> Review:
    """More images than are looked at while a key waits, read and classified as `hem`."""
    (tmp_path / "slides").mkdir()
    for n in range(LOOK_AT_ONCE):
        (tmp_path / "slides" / f"more{n:03}.png").write_text(str(n))
    review = reopen(run=False)
    files = tuple(review.images)
    review.add_results(range(review.count), results(files, "hem " * review.count))
    return review


def looked(review: Review, changes: Changes) -> Changes:
    """What the window does with a decision that waits for its files."""
    rows = changes.waiting.tolist()
    for one in identity.look(rows, review.images, Drive(), CancelToken()):
        review.checked[list(one.touched)] = False
    open_ = [row for row in rows if not review.checked[row]]
    review.compare([identity.read_again(row, review.images[row]) for row in open_])
    return changes.then()


def test_files_that_cannot_be_read_do_not_keep_the_others_from_being_decided(
    many, reopen, tmp_path
) -> None:
    gone = range(100, 100 + READ_AT_ONCE + 10)
    again = reopen(run=False)
    again.load_stored(MODEL.sha256)
    for row in gone:
        again.images[row].path.unlink()
    for _ in range(2):
        check(again)
        changes = again.decide(range(300), "all")
        changes = looked(again, changes) if changes.then else changes
        assert changes.left == len(gone)
        assert "226 images decided as ALL blast. 74 files could not be read: not" in changes.text
        assert np.flatnonzero(again.state[:300] == 0).tolist() == list(gone)


def test_thousands_of_files_are_not_looked_at_while_a_key_waits(many, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(identity, "touched", lambda _: pytest.fail("the window waits for this"))
        changes = many.decide(range(many.count), "all")
    assert len(changes.waiting) == many.count
    later(many.images[7].path, b"changed")
    many.unsure([8])
    many.mark_seen(range(many.count))
    done = looked(many, changes)
    assert done.text.startswith("515 images decided as ALL blast. 1 file has changed")
    assert "1 image turned out to be decided already" in done.text
    assert (states(many)[7], states(many)[8]) == ("undecided", "unsure")
    assert not many.decision(9).suggestion_seen, "it was not when the key was pressed"


def test_agreeing_later_is_with_what_was_shown_then(many) -> None:
    changes = many.agree(range(many.count))
    many.set_classes(OTHER)
    assert looked(many, changes).left == 0
    assert many.decision(5).class_id == "hem"
    assert many.decision(5).state is DecisionState.AGREED


def test_a_slow_drive_is_not_said_to_be_silent(many, looks, monkeypatch) -> None:
    gate, slowly = threading.Event(), threading.Event()

    def slow(image: ImageFile) -> bool:
        if image.name == "more009.png":
            slowly.set()
            gate.wait(30)
        return False

    clock = SimpleNamespace(monotonic=lambda: 100.0 if slowly.is_set() else 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(identity, "time", clock)
        patch.setattr(identity, "touched", slow)
        changes = many.decide(range(20), "all")
        second = many.decide([0], "all")
    gate.set()
    assert "does not answer" not in changes.text + second.text
    assert len(changes.waiting) == 20
    assert second.waiting.tolist() == [0], "it is not asked twice at a time"
    for thread in looks():
        thread.join()
    assert looked(many, changes).left == 0


def test_a_copied_folder_finds_everything_by_the_bytes(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.lkv")
    count = 400  # more than are read on opening
    (tmp_path / "old").mkdir()
    for n in range(count):
        (tmp_path / "old" / f"{n:03}.png").write_text(str(n))
    images = folder_of(tmp_path, "old")
    review = Review(images, CLASSES, store, reviewer="R")
    said = " ".join(["hem", "all"] * 200 + ["hem"] * 5)
    review.add_results(range(len(images)), results(images, said))
    review.decide(range(len(images)), "all")
    (tmp_path / "parent").mkdir()
    shutil.copytree(tmp_path / "old", tmp_path / "parent" / "in", copy_function=shutil.copyfile)
    copies = scan([tmp_path / "parent"]).images
    again = Review(copies, CLASSES, store, reviewer="R")
    again.load_stored(MODEL.sha256)
    assert (again.state == 0).any()
    assert len(check(again).replaced) == 0
    assert (again.state != 0).all()
    assert again.pending().size == 0
    store.flush()
    third = Review(copies, CLASSES, store, reviewer="R")
    assert all(third.sha256)
    store.close()


def test_a_session_that_knows_nothing_reads_nothing(reopen) -> None:
    review = reopen(run=False)
    assert [rows.tolist() for rows in review.to_read()] == [[], []]


def test_files_out_of_reach_keep_what_is_known_and_can_be_decided_if_they_were_read(
    reopen, tmp_path
) -> None:
    reopen().decide([1], "all")
    again = reopen(run=False)
    again.load_stored(MODEL.sha256)
    again.compare([identity.read_again(2, again.images[2])])
    (tmp_path / "slides").rename(tmp_path / "away")
    check(again)
    assert states(again)[1] == "changed"
    assert again.suggested.tolist() == [0, 0, 1, 0, 1]
    assert again.errors == {}
    assert again.decide([2], "hem").left == 0
    refused = again.decide([4], "hem")
    assert (refused.left, refused.text[:24]) == (1, "1 file could not be read")
    (tmp_path / "away").rename(tmp_path / "slides")
    assert again.decide([4], "hem").left == 0


def test_a_drive_that_never_answers_holds_nobody_up(reopen, looks, monkeypatch) -> None:
    review = reopen()
    gate = threading.Event()
    monkeypatch.setattr(review_module, "ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(identity, "touched", lambda files: gate.wait(30))
    changes = review.decide([1], "all")
    gate.set()
    assert "does not answer" in changes.text
    assert states(review)[1] == "undecided"
    for thread in looks():
        thread.join()


def test_only_suggestions_that_were_on_the_screen_count_as_seen(reopen) -> None:
    review = reopen()
    review.mark_seen([1, 4])
    review.agree([0, 1, 2, 4])
    seen = {row: review.decision(row).suggestion_seen for row in (0, 1, 2, 4)}
    assert seen == {0: False, 1: True, 2: False, 4: True}
    again = reopen(run=False)
    assert {row: again.decision(row).suggestion_seen for row in (0, 1, 2, 4)} == seen
    assert not again.seen.any()


def test_another_suggestion_has_not_been_seen(reopen) -> None:
    review = reopen()
    review.mark_seen(range(5))
    review.add_results([1], results(review.images)[1:2])
    assert review.seen.tolist() == [True, False, True, True, True]
    review.set_classes(OTHER)
    review.mark_seen(range(5))
    assert not review.seen.any()


def test_what_was_never_suggested_was_not_seen(reopen) -> None:
    review = reopen(run=False)
    review.decide([0], "all")
    found = review.decision(0)
    assert found is not None
    assert not found.suggestion_seen


def test_decisions_reach_a_table_that_is_written_before_any_run(reopen) -> None:
    review = reopen()
    review.decide([1], "all")
    again = reopen(run=False)
    again.sha256[1] = ""  # as for a copy of the folder with new times
    check(again)
    rows = rows_of(snapshot(again), MODEL, "0")
    assert [row.decision for row in rows] == ["", "all", "", "", ""]
