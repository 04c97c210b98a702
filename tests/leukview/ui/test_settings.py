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


def test_a_folder_is_taken_off_the_list_and_sessions_are_kept():
    settings = Settings()
    for name in ("a", "b", "c"):
        settings.remember(Recent(f"x/{name}", 3, session=f"s{name}"))
    settings.forget("x/b")
    settings.forget("x/never there")
    assert [(one.name, one.session) for one in Settings(settings._store).recent] == [
        ("c", "sc"),
        ("a", "sa"),
    ]


def test_a_list_from_before_there_were_sessions_in_it_is_read():
    settings = Settings()
    settings._store.setValue("recent", '[{"path": "x/a", "images": 3, "decided": 1}]')
    assert settings.recent == [Recent("x/a", 3, 1)]


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
