"""Keras comes from a fixture, so that tests of plain numpy code do not pay for TensorFlow."""

from __future__ import annotations

import os
import warnings
from types import ModuleType

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    with warnings.catch_warnings():
        # TensorFlow's own imports warn about their dependencies; that is not ours to mend.
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras", reason="needs the extra [train]")
