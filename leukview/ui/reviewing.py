"""What a reader can do on the review page, put together: decide, filter, compare, look up."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from leukview.ui.actions import Actions
from leukview.ui.activation_map import ActivationMap
from leukview.ui.comparing import Comparing
from leukview.ui.controller import Controller
from leukview.ui.deciding import Deciding
from leukview.ui.filters import Filters
from leukview.ui.image_history import ImageHistory
from leukview.ui.settings import Settings
from leukview.ui.theme import Theme
from leukview.ui.widgets.review_page import ReviewPage


class Reviewing(QObject):
    """Builds them, binds their keys, and passes on what they say."""

    said = Signal(str)

    def __init__(
        self, page: ReviewPage, controller: Controller, settings: Settings, theme_: Theme
    ) -> None:
        super().__init__(page)
        self._page = page
        self.comparing = Comparing(page, controller, theme_)
        self.deciding = Deciding(page, controller, settings, self.comparing)
        self.filters = Filters(page, controller, settings)
        self.history = ImageHistory(page, controller)
        self.map = ActivationMap(page, controller, theme_)
        page.gallery.dropped.connect(
            lambda group: self.deciding.decide(page.grouping.index_of(group))
        )
        own = (self.comparing, self.deciding, self.filters, self.map)
        for one in (*own, page.scanning, page.grouping):
            one.said.connect(self.said)

    def bind(self, actions: Actions) -> None:
        """Their keys and menus; those of classes are bound by class."""
        for one in (self.deciding, self._page.scanning, self._page.grouping):
            one.bind(actions)
        actions.bind("side_by_side", self.comparing.open)
        actions.bind("history", self.history.open)
        actions.bind("map", self.map.turn)
