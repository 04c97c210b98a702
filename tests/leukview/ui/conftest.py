"""A review without a store or a model: the columns that the window reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from leukview.domain.classes import CellClass, Role
from leukview.domain.records import DecisionState, ImageFile
from leukview.workflows.record import Record

STATES = tuple(DecisionState)


def image(number: int) -> ImageFile:
    name = f"{number}.png"
    return ImageFile(path=Path(name), name=name, folder="slides", bytes=1, modified_ns=1)


@pytest.fixture
def cell_classes() -> tuple[CellClass, ...]:
    leukocyte = Role.LEUKOCYTE
    return (
        CellClass(id="hem", name="Normal", key="1", role=leukocyte, malignant=False),
        CellClass(id="all", name="ALL blast", key="2", role=leukocyte, malignant=True),
        CellClass(id="platelet", name="Platelet", key="3", role=Role.PLATELET, malignant=False),
    )


def _shares(confidence: list[float], suggested: list[int], kinds: int) -> np.ndarray:
    """Probabilities (N, kinds) with this confidence for the suggested class, the rest spread."""
    rest = (1 - np.array(confidence, np.float32)) / (kinds - 1)
    shares = np.tile(rest[:, None], (1, kinds))
    for row, (value, place) in enumerate(zip(confidence, suggested, strict=True)):
        shares[row, place] = value if place >= 0 else np.nan
    return shares


@pytest.fixture
def columns(cell_classes: tuple[CellClass, ...]) -> Callable[..., SimpleNamespace]:
    """Factory: `columns(suggested=[0, 1, -1], confidence=[...], ...)`; the rest is filled in."""

    def make(
        *,
        suggested: list[int],
        confidence: list[float] | None = None,
        decided: list[int] | None = None,
        state: list[DecisionState] | None = None,
        needs_review: list[bool] | None = None,
        true_class: list[int] | None = None,
        errors: dict[int, str] | None = None,
    ) -> SimpleNamespace:
        count = len(suggested)
        states = state or [DecisionState.UNDECIDED] * count
        values = confidence or [0.9] * count
        return SimpleNamespace(
            images=[image(n) for n in range(count)],
            classes=cell_classes,
            count=count,
            suggested=np.array(suggested, np.int16),
            confidence=np.array(values, np.float32),
            decided=np.array(decided or [-1] * count, np.int16),
            state=np.array([STATES.index(one) for one in states], np.int8),
            needs_review=np.array(needs_review or [False] * count),
            unfamiliar=np.zeros(count, bool),
            true_class=np.array(true_class or [-1] * count, np.int16),
            errors=errors or {},
            record=Record(),
            blind_said=lambda: None,
            reasons={},
            notes={},
            probabilities=_shares(values, suggested, len(cell_classes)),
            disagree=np.zeros(count, bool),
            hidden=np.zeros(count, bool),
            is_hidden=lambda _row: False,
            audit_rows=np.zeros(0, np.int64),
            flagged=np.zeros(count, bool),
            comments={},
        )

    return make
