"""The colours of classes, recomputed from ui/theme.py: on their ground, and apart for all eyes.

Differences are CIEDE2000 (Sharma, Wu, Dalal 2005, doi 10.1002/col.20070, whose test pairs are
below). Colour blindness is simulated after Machado, Oliveira and Fernandes 2009
(doi 10.1109/TVCG.2009.113), severity 1.0, in linear RGB.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from leukview.domain.classes import CellClass, Role
from leukview.ui import theme
from leukview.ui.theme import CLASS_COLOURS, DARK, LIGHT
from leukview.ui.widgets import chips

VISIBLE, READABLE = 3.0, 4.5
EYES = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
SETS = {
    "two": ("hem", "all"),
    "four": ("benign", "early", "pre", "pro"),
    "eight": (
        *("basophil", "eosinophil", "erythroblast", "ig"),
        *("lymphocyte", "monocyte", "neutrophil", "platelet"),
    ),
}
# The plan's floors: the smallest difference between two classes of a set.
FLOORS = {
    "two": {"all colours": 52, "deuteranopia": 52, "protanopia": 52, "tritanopia": 62},
    "four": {"all colours": 22, "deuteranopia": 22, "protanopia": 20, "tritanopia": 19.9},
    # Side by side they differ; by memory they do not, so the letters are not optional.
    "eight": {"all colours": 21, "deuteranopia": 11, "protanopia": 12, "tritanopia": 10},
}


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    light = np.array([0.2126, 0.7152, 0.0722])
    high, low = sorted((float(light @ linear(c)) for c in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, white D65."""
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    x, y, z = (matrix @ np.clip(rgb, 0, 1)) / matrix.sum(axis=1)
    f = [v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    (l1, a1, b1), (l2, a2, b2) = one, other
    c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c**7 / (c**7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    dh = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dl, dc, dh2 = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    hm = h1 + h2 if c1 * c2 == 0 else (h1 + h2) / 2
    if c1 * c2 and abs(h1 - h2) > 180:
        hm += 180 if h1 + h2 < 360 else -180
    t = 1 - 0.17 * np.cos(np.radians(hm - 30)) + 0.24 * np.cos(np.radians(2 * hm))
    t += 0.32 * np.cos(np.radians(3 * hm + 6)) - 0.20 * np.cos(np.radians(4 * hm - 63))
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    turn = 60 * np.exp(-(((hm - 275) / 25) ** 2))
    rt = -2 * np.sqrt(cm**7 / (cm**7 + 25.0**7)) * np.sin(np.radians(turn))
    terms = (dl / sl) ** 2 + (dc / sc) ** 2 + (dh2 / sh) ** 2 + rt * (dc / sc) * (dh2 / sh)
    return float(np.sqrt(terms))


def smallest(colours: list[str], eye: str) -> float:
    seen = [lab(EYES[eye] @ linear(colour)) for colour in colours]
    return min(ciede2000(a, b) for a, b in itertools.combinations(seen, 2))


def fills(ids: tuple[str, ...]) -> list[str]:
    leukocyte = Role.LEUKOCYTE
    kinds = [CellClass(id=i, name=i, key="", role=leukocyte, malignant=False) for i in ids]
    return [look.fill for look in theme.looks(kinds)]


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_of_the_published_pairs(one, other, difference):
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(difference, abs=1e-4)
    assert ciede2000(np.array(other), np.array(one)) == pytest.approx(difference, abs=1e-4)


def test_white_and_a_grey_have_no_hue():
    for colour in ("#FFFFFF", "#777777"):
        _light, a, b = lab(linear(colour))
        assert abs(a) < 0.02
        assert abs(b) < 0.02


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", SETS)
def test_classes_of_a_set_are_apart_for_all_eyes(name, eye):
    found = smallest(fills(SETS[name]), eye)
    assert found >= FLOORS[name][eye], f"{found:.1f}"


def test_no_other_four_of_the_eight_colours_are_further_apart():
    def worst(four) -> float:
        return min(smallest(list(four), eye) for eye in EYES)

    best = max(itertools.combinations(CLASS_COLOURS, 4), key=worst)
    assert set(best) == set(fills(SETS["four"]))


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_frames_and_bars_are_visible_on_the_tiles_ground_in_both_themes(tokens):
    for colour in CLASS_COLOURS:
        assert contrast(colour, tokens.mount) >= VISIBLE
    # The mount itself is told from the gallery: by its brightness in light, its edge in dark.
    assert contrast(tokens.mount, tokens.surround) > 1.1


def test_letters_are_readable_on_their_chips():
    leukocyte = Role.LEUKOCYTE
    for ids in SETS.values():
        kinds = [CellClass(id=i, name=i, key="", role=leukocyte, malignant=False) for i in ids]
        for look in theme.looks(kinds):
            assert contrast(look.ink, look.fill) >= READABLE, look


def test_chips_that_are_pale_on_a_light_panel_have_a_keyline_that_is_not(qtbot):
    """Black at 45 % over the chip's edge: what bounds the chip must be seen, whatever its fill."""
    pale = [c for c in CLASS_COLOURS if contrast(c, LIGHT.panel) < VISIBLE]
    assert pale, "else no keyline would be needed"
    for colour in pale:
        channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        line = "#" + "".join(
            f"{round(value * (1 - chips._KEYLINE_ALPHA / 255)):02X}" for value in channels
        )
        assert contrast(line, LIGHT.panel) >= VISIBLE, (colour, line)
