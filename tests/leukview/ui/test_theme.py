"""The tokens keep what the design promises: contrast, one place for colours, classes apart."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest
import qtawesome
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPalette, QPixmapCache
from qtawesome.iconic_font import CharIconPainter

from leukview.domain.classes import CellClass, Role
from leukview.ui import theme
from leukview.ui.theme import DARK, LIGHT, Tokens

ROOT = Path(__file__).resolve().parents[3]
READABLE, VISIBLE = 4.5, 3.0


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of `#RRGGBB`."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_black_on_white():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_text_is_readable_on_every_ground_it_lies_on(tokens: Tokens):
    grounds = (tokens.window, tokens.panel, tokens.surround, tokens.control, tokens.field)
    for ink in (tokens.text, tokens.text_2):
        for ground in (*grounds, tokens.row_selected, tokens.hover, tokens.segment):
            assert contrast(ink, ground) >= READABLE, (ink, ground)
    for ink in (tokens.ok, tokens.warn, tokens.error):
        for ground in (tokens.window, tokens.panel):
            assert contrast(ink, ground) >= READABLE, (ink, ground)
    assert contrast(tokens.text, tokens.warn_ground) >= READABLE
    assert contrast(tokens.warn, tokens.warn_ground) >= READABLE
    for fill in (tokens.accent_fill, tokens.accent_hover, tokens.accent_pressed):
        assert contrast(tokens.on_accent, fill) >= READABLE


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_what_shows_state_is_visible(tokens: Tokens):
    assert contrast(tokens.accent, tokens.tile_selected) >= VISIBLE
    assert contrast(tokens.accent, tokens.surround) >= VISIBLE
    assert contrast(tokens.text_2, tokens.surround) >= VISIBLE
    for ground in (tokens.window, tokens.panel, tokens.field):
        assert contrast(tokens.border_strong, ground) >= VISIBLE


def test_text_and_class_colours_stand_out_on_the_mount():
    assert DARK.mount == LIGHT.mount
    for ink in (DARK.mount_text, DARK.mount_text_2, DARK.mount_warn):
        assert contrast(ink, DARK.mount) >= READABLE
    for fill in theme.CLASS_COLOURS:
        assert contrast(fill, DARK.mount) >= VISIBLE
        ink = DARK.ink_light if fill == theme.BLUE else DARK.ink
        assert contrast(ink, fill) >= READABLE


def test_surfaces_are_exact_greys():
    for tokens in (DARK, LIGHT):
        for name in ("window", "panel", "surround", "mount", "control", "field", "tile_selected"):
            value = getattr(tokens, name)
            assert value[1:3] == value[3:5] == value[5:7], name


def test_no_colour_stands_outside_the_theme():
    hexes = re.compile(r"#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?\b")
    files = [*ROOT.glob("leukview/ui/**/*.py"), *ROOT.glob("resources/styles/*.qss")]
    assert len(files) > 20
    found = {
        str(path.relative_to(ROOT)): hexes.findall(path.read_text(encoding="utf-8"))
        for path in files
        if path.name != "theme.py"
    }
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_every_place_in_the_style_sheet_is_filled(qapp):
    for tokens in (DARK, LIGHT):
        sheet = theme.stylesheet(tokens)
        assert "$" not in sheet
        assert tokens.accent in sheet


def test_the_palette_greys_what_is_disabled(qapp):
    made = theme.palette(DARK)
    role = QPalette.ColorRole.ButtonText
    assert made.color(QPalette.ColorGroup.Disabled, role).name().upper() == DARK.text_disabled
    assert made.color(QPalette.ColorGroup.Active, role).name().upper() == DARK.text


def one(class_id: str, name: str) -> CellClass:
    return CellClass(id=class_id, name=name, key="", role=Role.LEUKOCYTE, malignant=False)


def test_known_classes_keep_their_colours_and_letters():
    looks = theme.looks([one("hem", "Normal"), one("all", "ALL blast")])
    assert [(k.fill, k.letters) for k in looks] == [(theme.SKY, "N"), (theme.VERMILLION, "B")]
    assert {k.ink for k in looks} == {DARK.ink}


def test_unknown_classes_get_different_letters():
    looks = theme.looks([one(f"c{n}", name) for n, name in enumerate(["Alpha", "Alpine", "Al"])])
    letters = [k.letters for k in looks]
    assert len(set(letters)) == 3
    assert all(1 <= len(text) <= 2 for text in letters)


def test_more_classes_than_colours_are_grey():
    looks = theme.looks([one(f"c{n}", f"Kind {n}") for n in range(9)])
    assert {k.fill for k in looks} == {theme.GREY}
    assert len({k.letters for k in looks}) == 9


def test_choosing_a_theme_tells_everyone(qapp, qtbot):
    chosen = theme.Theme()
    with qtbot.waitSignal(chosen.changed):
        chosen.choose(theme.Wish.DARK)
    assert chosen.dark
    with qtbot.waitSignal(chosen.changed):
        chosen.choose(theme.Wish.LIGHT)
    assert not chosen.dark
    assert chosen.tokens is LIGHT


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0])
@pytest.mark.parametrize("mode", [QIcon.Mode.Normal, QIcon.Mode.Disabled])
def test_an_icon_is_the_fonts_own_in_every_size_and_mode(qtbot, scale, mode):
    QPixmapCache.clear()
    ours = theme.icon("funnel", DARK.text, DARK.text_disabled)
    drawn = qtawesome.icon(
        "ph.funnel",
        color=DARK.text,
        color_disabled=DARK.text_disabled,
        color_active=DARK.text,
    )
    size = QSize(theme.ICON, theme.ICON)
    found, wanted = ours.pixmap(size, scale, mode), drawn.pixmap(size, scale, mode)
    assert found.devicePixelRatio() == wanted.devicePixelRatio() == scale
    assert found.toImage() == wanted.toImage()


def test_an_icon_is_drawn_once_however_often_it_is_painted(qtbot, monkeypatch):
    QPixmapCache.clear()
    drawn = []
    paint = CharIconPainter.paint

    def counted(self, *what):
        drawn.append(1)  # not what it was given: a kept painter outlives its pixmap
        paint(self, *what)

    monkeypatch.setattr(CharIconPainter, "paint", counted)
    size = QSize(theme.ICON, theme.ICON)
    for _ in range(3):
        theme.icon("funnel", DARK.text).pixmap(size, 1.0)
    assert len(drawn) == 1
    theme.icon("funnel", LIGHT.text).pixmap(size, 1.0)
    assert len(drawn) == 2


def test_a_copied_icon_that_is_changed_can_still_be_painted(qtbot):
    icon = theme.icon("funnel", DARK.text)
    wanted = icon.pixmap(QSize(theme.ICON, theme.ICON), 1.0).toImage()
    copied = QIcon(icon)
    copied.setIsMask(True)  # Qt clones the engine
    del icon
    gc.collect()
    QPixmapCache.clear()
    assert copied.pixmap(QSize(theme.ICON, theme.ICON), 1.0).toImage() == wanted
