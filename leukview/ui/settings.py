"""What the window remembers between two starts; nothing about patients but paths and names."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from PySide6.QtCore import QByteArray, QSettings

from leukview.ui.models.kept_filter import Kept
from leukview.ui.theme import Wish

_RECENT = 8


@dataclass(frozen=True, slots=True)
class Recent:
    """A folder opened before: where, and what was left to do.

    Attributes:
        path: absolute.
        images: how many it had.
        decided: how many of them were decided.
        to_review: how many undecided ones needed review.
        session: name of its session, by which it is known again under another path.
    """

    path: str
    images: int
    decided: int = 0
    to_review: int = 0
    session: str = ""

    @property
    def name(self) -> str:
        return Path(self.path).name or self.path


class Settings:
    """Typed access to one QSettings file."""

    def __init__(self, store: QSettings | None = None) -> None:
        if store is None:
            folder = os.environ.get("LEUKVIEW_DATA")
            store = (
                QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
                if folder
                else QSettings("LeukView", "LeukView")
            )
        self._store = store

    @property
    def theme(self) -> Wish:
        try:
            return Wish(str(self._store.value("theme", Wish.SYSTEM.value)))
        except ValueError:
            return Wish.SYSTEM

    @theme.setter
    def theme(self, wish: Wish) -> None:
        self._store.setValue("theme", wish.value)

    @property
    def reviewer(self) -> str:
        return str(self._store.value("reviewer", "")) or _user()

    @reviewer.setter
    def reviewer(self, name: str) -> None:
        self._store.setValue("reviewer", name.strip())

    @property
    def reason(self) -> str:
        """The last reason for which an image was excluded."""
        return str(self._store.value("exclude_reason", ""))

    @reason.setter
    def reason(self, text: str) -> None:
        self._store.setValue("exclude_reason", text)

    @property
    def comments(self) -> list[str] | None:
        """Words to choose a comment from; None where the reader has not changed them."""
        try:
            return msgspec.json.decode(str(self._store.value("comments", "null")), type=list[str])
        except msgspec.DecodeError:
            return None

    @comments.setter
    def comments(self, words: list[str]) -> None:
        self._store.setValue("comments", msgspec.json.encode(words).decode())

    def flag(self, name: str, default: bool) -> bool:
        return str(self._store.value(name, "true" if default else "false")) == "true"

    def set_flag(self, name: str, value: bool) -> None:
        self._store.setValue(name, "true" if value else "false")

    @property
    def edge(self) -> int:
        try:
            return int(str(self._store.value("tile_edge", 144)))
        except ValueError:
            return 144

    @edge.setter
    def edge(self, value: int) -> None:
        self._store.setValue("tile_edge", value)

    def layout(self, name: str) -> QByteArray | None:
        value = self._store.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) and value.size() else None

    def set_layout(self, name: str, value: QByteArray) -> None:
        self._store.setValue(f"layout/{name}", value)

    @property
    def folded(self) -> list[str]:
        """Patients of the worklist whose slides are not shown; a damaged list is an empty one."""
        try:
            names = json.loads(str(self._store.value("folded_patients", "[]")))
        except ValueError:
            return []
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    @folded.setter
    def folded(self, names: list[str]) -> None:
        self._store.setValue("folded_patients", json.dumps(names))

    @property
    def filters(self) -> dict[str, Kept]:
        """Filters by the names that the reviewer gave them; damaged ones are none."""
        try:
            return msgspec.json.decode(
                str(self._store.value("filters", "{}")), type=dict[str, Kept]
            )
        except msgspec.DecodeError:
            return {}

    @filters.setter
    def filters(self, named: dict[str, Kept]) -> None:
        self._store.setValue("filters", msgspec.json.encode(named).decode())

    @property
    def recent(self) -> list[Recent]:
        """Newest first; a damaged list is an empty one."""
        try:
            return [Recent(**entry) for entry in json.loads(str(self._store.value("recent", "[]")))]
        except (ValueError, TypeError):
            return []

    def remember(self, entry: Recent) -> None:
        """Put a folder at the head of the list."""
        kept = [entry, *(r for r in self.recent if r.path != entry.path)][:_RECENT]
        self._store.setValue("recent", json.dumps([asdict(r) for r in kept]))

    def forget(self, path: str) -> None:
        """Take a folder off the list."""
        kept = [asdict(r) for r in self.recent if r.path != path]
        self._store.setValue("recent", json.dumps(kept))

    def sync(self) -> None:
        self._store.sync()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this user id, as in some containers
        return "reviewer"
