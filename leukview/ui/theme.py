"""All colours, sizes and type of the window. A hex colour stands nowhere else (a test greps).

Ratios and differences behind these values are recomputed by the tests from the values themselves.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from string import Template

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QGuiApplication,
    QIcon,
    QPalette,
)
from PySide6.QtWidgets import QApplication, QWidget

from leukview import resources
from leukview.domain.classes import CellClass
from leukview.ui.icon_engine import KeptIcon

# Lengths in device-independent pixels.
GAP_ICON, GAP, PAD_PANEL, PAD_CARD, PAD_DIALOG, GAP_SECTION = 4, 8, 12, 16, 24, 32
ICON, ICON_LIST, ICON_LARGE = 16, 20, 40
CONTROL, CONTROL_DENSE, DECISION, DECISION_DENSE = 32, 28, 40, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The colours of one theme, named after what they are for."""

    window: str
    panel: str
    surround: str
    control: str
    hover: str
    pressed: str
    field: str
    segment: str
    row_selected: str
    tile_selected: str
    border: str
    border_strong: str
    text: str
    text_2: str
    text_disabled: str
    accent: str
    accent_fill: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    ok: str
    warn: str
    warn_ground: str
    error: str
    # On the mount, which is the same in both themes so that stain looks the same in both.
    mount: str = "#232323"
    mount_text: str = "#EDEDED"
    mount_text_2: str = "#B4B4B4"
    mount_warn: str = "#E8B24A"
    mount_line: str = "#4A4A4A"
    ink: str = "#141414"
    ink_light: str = "#FFFFFF"


DARK = Tokens(
    window="#1A1A1A",
    panel="#212121",
    surround="#2C2C2C",
    control="#333333",
    hover="#3D3D3D",
    pressed="#2A2A2A",
    field="#171717",
    segment="#171717",
    row_selected="#343434",
    tile_selected="#5C5C5C",
    border="#3A3A3A",
    border_strong="#7A7A7A",
    text="#EDEDED",
    text_2="#B4B4B4",
    text_disabled="#7A7A7A",
    accent="#A3AEFF",
    accent_fill="#5A66D8",
    accent_hover="#5360CF",
    accent_pressed="#4652B8",
    on_accent="#FFFFFF",
    ok="#6CC58B",
    warn="#E8B24A",
    warn_ground="#332B1C",
    error="#FF9A90",
)
LIGHT = Tokens(
    window="#E9E9E9",
    panel="#F5F5F5",
    surround="#C9C9C9",
    control="#FFFFFF",
    hover="#E2E2E2",
    pressed="#D6D6D6",
    field="#FFFFFF",
    segment="#DDDDDD",
    row_selected="#DDDDDD",
    tile_selected="#FFFFFF",
    border="#D0D0D0",
    border_strong="#767676",
    text="#1A1A1A",
    text_2="#4D4D4D",
    text_disabled="#8C8C8C",
    accent="#3F49C4",
    accent_fill="#3F49C4",
    accent_hover="#353FB0",
    accent_pressed="#2B348F",
    on_accent="#FFFFFF",
    ok="#1B7340",
    warn="#855700",
    warn_ground="#FBF1DB",
    error="#B3261E",
)

# Okabe-Ito, in the order in which unknown sets of classes get them.
SKY, VERMILLION, BLUE, YELLOW = "#56B4E9", "#D55E00", "#0072B2", "#F0E442"
ORANGE, GREEN, PURPLE, GREY = "#E69F00", "#009E73", "#CC79A7", "#BFBFBF"
CLASS_COLOURS = (SKY, VERMILLION, BLUE, YELLOW, ORANGE, GREEN, PURPLE, GREY)
_KNOWN = {
    "hem": (SKY, "N"),
    "all": (VERMILLION, "B"),
    "early": (SKY, "Ea"),
    "pro": (VERMILLION, "Po"),
    "benign": (BLUE, "Be"),
    "pre": (YELLOW, "Pe"),
    "neutrophil": (SKY, "Ne"),
    "eosinophil": (VERMILLION, "Eo"),
    "lymphocyte": (BLUE, "Ly"),
    "ig": (YELLOW, "Ig"),
    "erythroblast": (ORANGE, "Er"),
    "monocyte": (GREEN, "Mo"),
    "basophil": (PURPLE, "Ba"),
    "platelet": (GREY, "Pl"),
}
# Names for where the whole one does not fit, longest first; the last resort are the letters.
_SHORT = {
    "neutrophil": ("Neutroph.", "Neut."),
    "eosinophil": ("Eosinoph.", "Eos."),
    "lymphocyte": ("Lymphoc.", "Lym."),
    "ig": ("Immature gran.", "Imm. gran.", "IG"),
    "erythroblast": ("Erythrobl.", "Eryth.", "NRBC"),
    "monocyte": ("Monoc.", "Mono."),
    "basophil": ("Basoph.", "Baso."),
    "platelet": ("Plat.", "PLT"),
}
_KNOWN_SETS = (
    {"hem", "all"},
    {"benign", "early", "pre", "pro"},
    {"basophil", "eosinophil", "erythroblast", "ig"}
    | {"lymphocyte", "monocyte", "neutrophil", "platelet"},
)


@dataclass(frozen=True, slots=True)
class ClassLook:
    """How one class is drawn: fill, the ink on it, letters, its name and shorter names."""

    fill: str
    ink: str
    letters: str
    name: str
    shorter: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """From the whole name to the letters."""
        return (self.name, *self.shorter, self.letters)

    def fitting(self, metrics: QFontMetrics, width: float) -> str:
        """The longest of its names that is not wider than this, or "" (the letters say it too)."""
        fits = (n for n in (self.name, *self.shorter) if metrics.horizontalAdvance(n) <= width)
        return next(fits, "")


def looks(classes: Sequence[CellClass]) -> tuple[ClassLook, ...]:
    """Colour and letters of every class; sets that we do not know get the colours in order."""
    if {c.id for c in classes} in _KNOWN_SETS:
        pairs = [_KNOWN[c.id] for c in classes]
    else:
        letters = _letters([c.name for c in classes])
        fills = CLASS_COLOURS if len(classes) <= len(CLASS_COLOURS) else [GREY] * len(classes)
        pairs = list(zip(fills, letters, strict=False))
    return tuple(
        ClassLook(
            fill, LIGHT.ink_light if fill == BLUE else LIGHT.ink, letters, c.name, _shorter(c)
        )
        for (fill, letters), c in zip(pairs, classes, strict=True)
    )


def _shorter(one: CellClass) -> tuple[str, ...]:
    """Shorter names: known ones, else the later words and then all words cut to a few letters."""
    known = _SHORT.get(one.id)
    if known is not None and len(known[0]) < len(one.name):
        return known
    words = one.name.split()
    tries = (
        " ".join([*words[:1], *(_cut(word, 4) for word in words[1:])]),
        " ".join(_cut(word, 4) for word in words),
    )
    return tuple(dict.fromkeys(t for t in tries if len(t) < len(one.name)))


def _cut(word: str, letters: int) -> str:
    return f"{word[:letters]}." if len(word) > letters + 2 else word


def _letters(names: Sequence[str]) -> list[str]:
    """One or two letters per name, all different."""
    taken: list[str] = []
    for name in names:
        plain = "".join(ch for ch in name if ch.isalnum()) or "?"
        first = plain[0].upper()
        choices = [first + ch.lower() for ch in plain[1:]] + [f"{first}{n}" for n in range(1, 100)]
        taken.append(next(c for c in choices if c not in taken))
    return taken


class Wish(enum.StrEnum):
    """Which theme the user wants; what the system says is asked only for SYSTEM."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Style(enum.Enum):
    """The five styles of type, as steps in points from the system's size."""

    CAPTION = -1.0
    BODY = 0.0
    GROUP = 1.0
    TITLE = 4.0
    FIGURE = 7.0


def font(style: Style = Style.BODY, *, strong: bool | None = None) -> QFont:
    """The system font in one of the five styles; digits are tabular."""
    return QFont(_font(style, strong))


@cache  # a gallery asks some hundred times per frame
def _font(style: Style, strong: bool | None) -> QFont:
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if not made.family() or made.family() == "Sans Serif":
        made.setStyleHint(QFont.StyleHint.SansSerif)
    made.setPointSizeF(made.pointSizeF() + style.value)
    heavy = style in (Style.GROUP, Style.TITLE, Style.FIGURE) if strong is None else strong
    made.setWeight(QFont.Weight.DemiBold if heavy else QFont.Weight.Normal)
    if hasattr(made, "setFeature"):  # Qt 6.7
        made.setFeature(QFont.Tag.fromString("tnum"), 1)
    return made


def icon(name: str, colour: str, disabled: str | None = None) -> QIcon:
    """A Phosphor icon in a colour; `name` without its prefix ("folder-open")."""
    import qtawesome  # it needs a running application, so it waits for the first icon

    off = disabled or colour
    drawn = qtawesome.icon(f"ph.{name}", color=colour, color_disabled=off, color_active=colour)
    return QIcon(KeptIcon(drawn, f"icon {name} {colour} {off}"))


def app_icon() -> QIcon:
    """The icon of the application, in the sizes that windows and task bars ask for."""
    drawn, made = QIcon(str(resources.path("icons", "leukview.svg"))), QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(drawn.pixmap(QSize(side, side), 1.0))
    return made


class Theme(QObject):
    """The theme in force. Everything that caches a colour listens to `changed`."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wish = Wish.SYSTEM
        self.tokens = LIGHT
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def dark(self) -> bool:
        return self.tokens is DARK

    def choose(self, wish: Wish) -> None:
        """Take a theme at once, for the whole application."""
        self.wish = wish
        hints = QGuiApplication.styleHints()
        scheme = {
            Wish.SYSTEM: Qt.ColorScheme.Unknown,
            Wish.LIGHT: Qt.ColorScheme.Light,
            Wish.DARK: Qt.ColorScheme.Dark,
        }[wish]
        hints.setColorScheme(scheme)
        # The offscreen platform reads back Unknown, so the wish is kept here and not asked for.
        dark = wish is Wish.DARK or (
            wish is Wish.SYSTEM and hints.colorScheme() == Qt.ColorScheme.Dark
        )
        self._apply(DARK if dark else LIGHT)

    def _system_changed(self) -> None:
        if self.wish is Wish.SYSTEM:
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            self._apply(DARK if dark else LIGHT)

    def _apply(self, tokens: Tokens) -> None:
        self.tokens = tokens
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(palette(tokens))
            app.setStyleSheet(stylesheet(tokens))
        self.changed.emit()

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """An icon in the colour of text, greyed when disabled."""
        return icon(name, colour or self.tokens.text, self.tokens.text_disabled)


def palette(t: Tokens) -> QPalette:
    """Every role of Qt's palette from the tokens, with the disabled group."""
    made = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, t.window),
        (role.WindowText, t.text),
        (role.Base, t.field),
        (role.AlternateBase, t.panel),
        (role.Text, t.text),
        (role.Button, t.control),
        (role.ButtonText, t.text),
        (role.BrightText, t.error),
        (role.Light, t.hover),
        (role.Midlight, t.hover),
        (role.Mid, t.border),
        (role.Dark, t.border_strong),
        (role.Shadow, t.border),
        (role.Highlight, t.accent_fill),
        (role.HighlightedText, t.on_accent),
        (role.Accent, t.accent),
        (role.Link, t.accent),
        (role.LinkVisited, t.accent),
        (role.PlaceholderText, t.text_2),
        (role.ToolTipBase, t.panel),
        (role.ToolTipText, t.text),
    ):
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.text_disabled))
    return made


def stylesheet(t: Tokens) -> str:
    """The one QSS, filled with the tokens."""
    template = resources.path("styles", "leukview.qss").read_text(encoding="utf-8")
    icons = resources.path("icons").as_posix()
    return Template(template).substitute(asdict(t), icons=icons)


def polish(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property that the QSS asks for, and let the style see it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
