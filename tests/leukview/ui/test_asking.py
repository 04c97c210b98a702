from __future__ import annotations

from pathlib import Path

from leukview import resources
from leukview.ui.asking import proposed_table


def test_a_table_is_proposed_beside_the_folder(tmp_path: Path) -> None:
    assert proposed_table(tmp_path / "slide 7") == tmp_path / "slide 7-reviewed.csv"


def test_the_table_of_the_samples_is_not_proposed_inside_the_installation() -> None:
    found = proposed_table(resources.path("samples", "pbc"))
    assert found.name == "pbc-reviewed.csv"
    assert not found.is_relative_to(resources.root())
    assert found.parent.is_dir()
