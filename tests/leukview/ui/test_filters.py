"""What a filter lets through, what it must not tell, and how it is written down."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from leukview.domain.records import DecisionState
from leukview.ui.models import queue
from leukview.ui.models.kept_filter import Kept, filter_of, kept
from leukview.ui.models.queue import Filter, Order, Tab
from leukview.ui.settings import Settings

S = DecisionState


@pytest.fixture
def review(columns):
    """Six images: open, agreed, changed, unsure, excluded, and agreed with what is hidden."""
    made = columns(
        suggested=[0, 0, 0, 1, 1, 1],
        confidence=[0.9, 0.8, 0.7, 0.6, 0.5, 0.95],
        state=[S.UNDECIDED, S.AGREED, S.CHANGED, S.UNSURE, S.EXCLUDED, S.AGREED],
        decided=[-1, 0, 1, -1, -1, 1],
    )
    made.hidden[5] = True
    made.unfamiliar[[2, 5]] = True
    made.flagged[[1, 5]] = True
    made.comments = {3: "smudge", 5: "look again"}
    for image, name in zip(made.images, "abcdef", strict=True):
        object.__setattr__(image, "name", f"ig/IG_{name}1.png")
    return made


def shown(review, **words) -> list[int]:
    return queue.build(review, Tab.ALL, Filter(**words), Order.FILE).tolist()


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ({"states": frozenset({S.CHANGED})}, [2]),
        ({"states": frozenset({S.UNSURE, S.EXCLUDED})}, [3, 4]),
        ({"states": frozenset({S.UNSURE}), "undecided": True}, [0, 3]),
        ({"flagged": True}, [1, 5]),
        ({"commented": True}, [3, 5]),
        ({"commented": True, "flagged": True}, [5]),
        ({"name": "_B"}, [1]),
        ({"name": "ig/ig_[ab]*"}, [0, 1]),
        ({"name": "?g/*c1.png"}, [2]),
        ({"name": "["}, []),
    ],
)
def test_images_are_filtered_by_what_a_person_did_and_by_their_names(review, words, rows):
    assert shown(review, **words) == rows


def test_no_filter_tells_anything_of_a_hidden_suggestion_or_name(review):
    """Row 5 is agreed with, unfamiliar, of confidence 0.95 and of a known name."""
    for words in (
        {"states": frozenset({S.AGREED})},
        {"unfamiliar": True},
        {"low": 0.94},
        {"name": "f1"},
        {"cell": queue.Cell(1, 1, truth=False)},
    ):
        assert 5 not in shown(review, **words), words
    assert shown(review, unfamiliar=True) == [2]
    review.hidden[5] = False
    assert shown(review, unfamiliar=True) == [2, 5]
    assert shown(review, states=frozenset({S.AGREED})) == [1, 5]


@given(
    st.builds(
        Filter,
        classes=st.frozensets(st.integers(0, 2)),
        low=st.floats(0, 0.5),
        high=st.floats(0.5, 1),
        undecided=st.booleans(),
        states=st.frozensets(st.sampled_from([S.AGREED, S.CHANGED, S.UNSURE, S.EXCLUDED])),
        unfamiliar=st.booleans(),
        flagged=st.booleans(),
        commented=st.booleans(),
        name=st.text(max_size=8),
    )
)
def test_a_filter_comes_back_as_it_was_written_down(chosen: Filter) -> None:
    ids = ["hem", "all", "platelet"]
    written = msgspec.json.encode(kept(chosen, ids))
    assert filter_of(msgspec.json.decode(written, type=Kept), ids) == chosen


def test_another_model_gets_its_own_numbers_and_no_class_that_it_lacks() -> None:
    one = kept(Filter(classes=frozenset({0, 2}), low=0.25), ["hem", "all", "platelet"])
    assert filter_of(one, ["platelet", "ig"]) == Filter(classes=frozenset({0}), low=0.25)


def test_damaged_settings_hold_no_filter(tmp_path) -> None:
    store = QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    settings.filters = {"unsure ones": Kept(states=(S.UNSURE,))}
    assert Settings(store).filters == {"unsure ones": Kept(states=(S.UNSURE,))}
    store.setValue("filters", '{"x": {"states": ["no such"]}}')
    assert settings.filters == {}


def test_a_name_that_no_image_has_lets_none_through(columns) -> None:
    made = columns(suggested=[0, 1] * 50)
    found = queue.mask(made, Tab.ALL, Filter(name="nothing has this"))
    assert found.shape == (100,)
    assert found.dtype == np.bool_
    assert not found.any()
