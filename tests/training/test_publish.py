from __future__ import annotations

import pytest

from training.data.catalogue import SETS

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]


def test_a_trunk_takes_the_terms_of_its_images_along() -> None:
    pytest.importorskip("keras", reason="needs the extra [train]")
    from training.publish import notice_of

    said = notice_of(SETS["cnmc"], (SETS["pbc"], SETS["all4"]))
    assert said.startswith("Weights for research: the trunk was first fitted on all4")
    assert said.endswith(SETS["cnmc"].notice)
    assert notice_of(SETS["cnmc"], (SETS["pbc"],)) == SETS["cnmc"].notice
