from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from leukview import __version__
from leukview.domain.errors import OutputError, SessionError, UsageError
from leukview.domain.progress import CancelToken
from leukview.session.index import data_folder
from leukview.workflows import identity, worklist
from leukview.workflows.opened import Batch, Opened, Opening, fresh_rows, run_model
from leukview.workflows.recorded import recorded, session_file
from leukview.workflows.table_rows import rows_of, snapshot
from leukview.workflows.worklist import Slide

FILES = {"hem/a.png": 20, "all/b.png": 240, "c.png": 120}


@pytest.fixture
def folder(image_folder):
    return image_folder(FILES, name="Kasten ü")


def open_with(folder: Path, model: Path) -> Opened:
    opening = Opening([folder], model=str(model), reviewer="R")
    list(opening.steps(CancelToken()))
    made = opening.take()
    assert made is not None
    return made


def run(opened: Opened) -> None:
    assert opened.choice is not None
    steps = run_model(opened, opened.choice.model, fresh_rows(opened), "cpu", CancelToken())
    for step in steps:
        if isinstance(step, Batch):
            opened.review.add_results(step.rows, step.results)


@pytest.fixture
def reviewed(folder, toy_model) -> Iterator[Opened]:
    """Classified, first row decided; still open and ready to write."""
    opened = open_with(folder, toy_model)
    run(opened)
    opened.review.decide([0], "hem")
    opened.store.flush()
    yield opened
    opened.close()


def contents(base: Path) -> dict[str, str]:
    """Hashes of the data folder's files; SQLite's own index of its WAL is no content."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in base.rglob("*")
        if path.is_file() and path.suffix != ".lkv-shm" and path.stat().st_size
    }


def test_what_a_window_recorded_is_read_while_it_goes_on(reviewed, folder):
    before = contents(data_folder())
    found = recorded([folder])
    review = found.review
    assert [image.name for image in review.images] == ["all/b.png", "c.png", "hem/a.png"]
    assert review.suggested.tolist()[::2] == [1, 0]
    assert review.decision(0).class_id == "hem"
    assert review.true_class.tolist() == [1, -1, 0]
    assert all(review.sha256)
    assert (found.identity.model_id, found.contract.model) == ("toy-2", "toy-2")
    assert found.unread == 0
    assert contents(data_folder()) == before
    assert found.store.head() == reviewed.store.head()
    assert found.store.head().events == 1


def test_its_table_is_that_of_the_window(reviewed, folder):
    found = recorded([folder])
    mine = list(rows_of(snapshot(found.review), found.identity, __version__))
    theirs = list(rows_of(snapshot(reviewed.review), found.identity, __version__))
    assert mine == theirs
    assert mine[0].decision == "hem"


def test_a_closed_session_is_read_and_stays_as_it_is(reviewed, folder):
    reviewed.close()
    before = contents(data_folder())
    found = recorded([folder])
    assert found.review.decision(0).class_id == "hem"
    assert contents(data_folder()) == before
    with pytest.raises(SessionError, match="reading only"):
        found.review.decide([1], "all")


def test_a_moved_folder_is_found_and_nothing_is_remembered_of_it(reviewed, folder, tmp_path):
    reviewed.close()
    moved = folder.rename(tmp_path / "elsewhere")
    before = contents(data_folder())
    found = recorded([moved])
    assert found.review.decision(0).class_id == "hem"
    assert [image.folder for image in found.review.images] == ["elsewhere"] * 3
    assert contents(data_folder()) == before


def test_without_the_file_of_the_model_its_classes_and_suggestions_are_there(
    folder, toy_model, tmp_path
):
    own = tmp_path / "own.onnx"
    shutil.copy(toy_model, own)
    opened = open_with(folder, own)
    run(opened)
    opened.review.decide([0], "hem")
    opened.close()
    own.write_bytes(b"another")
    found = recorded([folder])
    assert found.contract is None
    assert found.identity.sha256 == opened.choice.model.sha256
    assert [c.name for c in found.review.classes] == ["Normal", "ALL blast"]
    assert found.review.suggested.tolist()[::2] == [1, 0]
    assert found.review.decision(0).class_id == "hem"


def test_a_session_of_an_older_version_names_the_classes_by_their_ids(reviewed, folder):
    reviewed.store.set_meta("last model", "")
    reviewed.store.flush()
    found = recorded([folder])
    assert [c.name for c in found.review.classes] == ["hem", "all"]
    assert found.review.suggested.tolist()[::2] == [1, 0]
    assert found.identity.model_id == "toy-2"


def test_the_model_used_last_counts_not_the_one_that_spoke_last(reviewed, folder, toy_field_model):
    reviewed.close()
    open_with(folder, toy_field_model).close()
    assert recorded([folder]).identity.model_id == "toy-4"


def test_a_folder_that_was_never_reviewed_is_refused_and_nothing_is_made(folder):
    with pytest.raises(UsageError, match="never reviewed"):
        recorded([folder])
    assert not data_folder().exists()


def test_another_folder_is_refused_although_there_are_sessions(reviewed, image_folder):
    other = image_folder({"x.png": 77, "y.png": 78}, name="other")
    with pytest.raises(UsageError, match="'other' were never reviewed"):
        recorded([other])


def test_a_file_that_was_overwritten_does_not_keep_the_decision(reviewed, folder):
    reviewed.close()
    image = folder / "all" / "b.png"
    before = image.stat()
    data = bytearray(image.read_bytes())
    data[-1] ^= 1
    image.write_bytes(data)
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = recorded([folder])
    assert found.review.decision(0) is None
    assert found.review.sha256[0] == hashlib.sha256(data).hexdigest()


def test_a_file_that_cannot_be_read_keeps_what_was_known_and_is_counted(
    reviewed, folder, monkeypatch
):
    reviewed.close()
    true = identity.sha256_of

    def refuse(path: Path) -> str:
        if path.name == "b.png":
            raise OSError("bad sector")
        return true(path)

    monkeypatch.setattr(identity, "sha256_of", refuse)
    found = recorded([folder])
    assert found.unread == 1
    assert found.review.decision(0).class_id == "hem"
    assert found.review.checked.tolist() == [False, True, True]


def test_a_session_file_is_read_without_its_images(reviewed, folder):
    file = session_file([folder])
    reviewed.close()
    shutil.rmtree(folder)
    found = recorded([file])
    assert [image.name for image in found.review.images] == ["all/b.png", "c.png", "hem/a.png"]
    assert found.review.decision(0).class_id == "hem"
    assert found.review.suggested.tolist()[::2] == [1, 0]
    assert (found.unread, found.problems) == (0, ())


def test_a_stopped_reading_is_no_half_table(reviewed, folder):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(OutputError, match="stopped"):
        recorded([folder], cancel=cancel)


def test_slide_and_patient_are_those_of_the_worklist(reviewed, folder):
    slide = Slide(path=str(folder), name="S-7", patient="P-1")
    worklist.change(lambda slides: worklist.added(slides, [slide]))
    found = recorded([folder])
    found.store.close()
    rows = list(rows_of(snapshot(found.review), found.identity, __version__))
    assert {(row.slide, row.patient) for row in rows} == {("S-7", "P-1")}
