from __future__ import annotations

from leukview.ui.settings import Recent, Settings
from leukview.ui.theme import Wish


def test_folders_are_remembered_newest_first_and_once(tmp_path):
    settings = Settings()
    for name in ("a", "b", "a"):
        settings.remember(Recent(path=str(tmp_path / name), images=3))
    settings.sync()
    again = Settings().recent
    assert [entry.name for entry in again] == ["a", "b"]
    assert again[0].images == 3


def test_a_damaged_list_is_an_empty_one():
    settings = Settings()
    settings._store.setValue("recent", "{")
    settings._store.setValue("theme", "purple")
    settings._store.setValue("tile_edge", "wide")
    assert settings.recent == []
    assert settings.theme is Wish.SYSTEM
    assert settings.edge == 144


def test_flags_and_names_survive_a_restart():
    settings = Settings()
    settings.set_flag("auto_advance", False)
    settings.reviewer = "  Dr. Müller "
    settings.theme = Wish.DARK
    settings.sync()
    again = Settings()
    assert not again.flag("auto_advance", True)
    assert again.reviewer == "Dr. Müller"
    assert again.theme is Wish.DARK
