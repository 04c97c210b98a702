"""The worklist in the window: kept, folded, and marked where folders are gone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QSettings

from leukview.ui.recents import Recents
from leukview.ui.settings import Settings
from leukview.ui.worklist import Worklist
from leukview.workflows.record import Record, State
from leukview.workflows.worklist import Slide, worklist_file

WAIT = 60_000


@pytest.fixture
def settings(tmp_path):
    return Settings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def slides(tmp_path):
    return [
        Slide(path=str(tmp_path / name), name=name, patient=patient)
        for name, patient in (("S1", "P1"), ("S2", "P1"), ("S3", "P2"))
    ]


def test_slides_and_folded_patients_are_there_after_a_restart(qapp, qtbot, settings, slides):
    first = Worklist(settings)
    with qtbot.waitSignal(first.changed, timeout=WAIT):
        first.add(slides)
    first.fold("P1", True)
    again = Worklist(settings)
    assert [one.name for one in again.slides] == ["S1", "S2", "S3"]
    assert again.folded == {"P1"}


def test_a_patient_without_slides_is_not_folded_for_ever(qapp, settings, slides):
    made = Worklist(settings)
    made.add(slides)
    made.fold("P1", True)
    made.remove([slides[0].path, slides[1].path])
    made.fold("P2", True)
    assert made.folded == {"P2"}


def test_an_opened_slide_brings_its_list_up_to_date(qapp, settings, slides, columns, tmp_path):
    recents = Recents(settings)
    recents.worklist.add(slides)
    review = columns(suggested=[0, 1, -1], needs_review=[True, False, False], decided=[-1, 1, -1])
    review.record = Record(state=State.FINAL, open=False)
    store = SimpleNamespace(path=tmp_path / "session-7.sqlite")
    opened = SimpleNamespace(folder=tmp_path / "S2", review=review, store=store)
    recents.remember(opened)
    line = Worklist(settings).find(slides[1].path)
    assert (line.name, line.patient, line.images, line.suggested) == ("S2", "P1", 3, 2)
    assert (line.to_review, line.record, line.session) == (1, "final", "session-7")
    review.record = Record(state=State.AMENDED, open=True)
    recents.remember(opened)
    assert Worklist(settings).find(slides[1].path).record == "draft", "it is being amended"
    recents.remember(SimpleNamespace(folder=tmp_path / "x", review=review, store=store))
    assert len(recents.worklist.slides) == 3, "a folder on no worklist stays on none"
    assert recents.shut_down()


def test_slides_whose_folder_is_gone_are_known(qtbot, qapp, settings, slides, tmp_path):
    (tmp_path / "S1").mkdir()
    recents = Recents(settings)
    recents.worklist.add(slides)
    recents.look()
    qtbot.waitUntil(lambda: not recents._runner.busy, timeout=WAIT)
    assert recents.worklist.missing == {slides[1].path, slides[2].path}
    assert recents.shut_down()


def test_a_list_that_cannot_be_written_is_said_and_stays_as_it_was(qtbot, qapp, settings, slides):
    made = Worklist(settings)
    made.add(slides[:1])
    worklist_file().rename(worklist_file().with_name("aside"))
    worklist_file().mkdir()  # a folder takes no text
    with qtbot.waitSignal(made.failed, timeout=WAIT) as said:
        made.add(slides)
    assert "was not kept" in said.args[0]
    assert [one.name for one in made.slides] == ["S1"]
