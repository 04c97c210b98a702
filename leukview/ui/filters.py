"""Filters that are kept under a name, for all folders and models of this reviewer."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from leukview.ui.controller import Controller
from leukview.ui.models.kept_filter import Kept, filter_of, kept
from leukview.ui.settings import Settings
from leukview.ui.widgets.review_page import ReviewPage


class Filters(QObject):
    """Saves, recalls and removes what the popup names."""

    said = Signal(str)

    def __init__(self, page: ReviewPage, controller: Controller, settings: Settings) -> None:
        super().__init__(page)
        self._page, self._controller, self._settings = page, controller, settings
        popup = page.bar.popup
        popup.saved.connect(self.save)
        popup.recalled.connect(self.recall)
        popup.removed.connect(self.remove)
        popup.show_saved(settings.filters)

    def _ids(self) -> list[str]:
        review = self._controller.review
        return [one.id for one in review.classes] if review is not None else []

    def save(self, name: str) -> None:
        """Keep the filter in force; one of the same name gives way."""
        before = name in self._settings.filters
        self._put(self._settings.filters | {name: kept(self._page.filter, self._ids())})
        self.said.emit(f"Filter {name} {'replaced' if before else 'saved'}")

    def recall(self, name: str) -> None:
        """Filter by what was kept; classes that this model does not have are left out."""
        found = self._settings.filters.get(name)
        if found is None:
            return
        ids = self._ids()
        missing = [one for one in found.classes if one not in ids]
        self._page.set_filter(filter_of(found, ids))
        words = f"; this model has no {', '.join(missing)}" if missing else ""
        self.said.emit(f"Filter {name}{words}")

    def remove(self, name: str) -> None:
        """Forget a name; what is filtered now stays."""
        self._put({one: was for one, was in self._settings.filters.items() if one != name})
        self.said.emit(f"Filter {name} removed")

    def _put(self, named: dict[str, Kept]) -> None:
        self._settings.filters = named
        self._page.bar.popup.show_saved(named)
