"""The window: menus, toolbar, pages, status bar, and the wires between them and the controller."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from leukview.domain.classes import Unit
from leukview.ui import theme
from leukview.ui.actions import Actions
from leukview.ui.asking import Asking
from leukview.ui.controller import Controller, Stage
from leukview.ui.dropping import Dropping
from leukview.ui.finishing import Finishing
from leukview.ui.keys import WindowKeys
from leukview.ui.models.queue import Cell, Filter
from leukview.ui.notices import Notices
from leukview.ui.readings import Readings
from leukview.ui.reviewing import Reviewing
from leukview.ui.second_model import SecondModel
from leukview.ui.settings import Settings
from leukview.ui.slides import Slides
from leukview.ui.taking_in import TakingIn
from leukview.ui.theme import Style, Theme, Wish
from leukview.ui.verifying import Verifying
from leukview.ui.widgets import parts
from leukview.ui.widgets.overview import Overview
from leukview.ui.widgets.review_page import ReviewPage
from leukview.ui.widgets.start_page import StartPage
from leukview.ui.widgets.status_bar import StatusBar
from leukview.ui.widgets.toolbar import OVERVIEW, REVIEW, Toolbar
from leukview.workflows.review import Changes


class MainWindow(QMainWindow):
    """Composes the regions; what they do stands in their own modules."""

    def __init__(self, controller: Controller, settings: Settings, theme_: Theme) -> None:
        super().__init__()
        self._controller, self._settings, self._theme = controller, settings, theme_
        self.theme_ = theme_
        self.setWindowTitle("LeukView")
        self.setMinimumSize(1024, 680)
        self.actions_ = Actions(self.menuBar(), self)
        a = self.actions_
        self.toolbar = Toolbar(theme_, a["open"], a["run"], a["stop"])
        self.start = StartPage(theme_)
        self.page = ReviewPage(theme_, controller, settings)
        self.overview = Overview(theme_)
        self.status = StatusBar(theme_)
        self.reviewing = Reviewing(self.page, controller, settings, theme_)
        self.stack = QStackedWidget()
        for page in (self.start, self.page, self.overview):
            self.stack.addWidget(page)
        middle = parts.panel("ground")
        body = parts.column(gap=0)
        middle.setLayout(body)
        body.addWidget(self.toolbar)
        body.addWidget(parts.hairline())
        body.addWidget(self.stack, 1)
        body.addWidget(parts.hairline())
        body.addWidget(self.status)
        self.setCentralWidget(middle)
        self._corner = parts.label(style=Style.CAPTION, tone="second")
        self._corner.setContentsMargins(0, 0, theme.PAD_PANEL, 0)
        self._corner.setMinimumHeight(self.menuBar().sizeHint().height())
        self.menuBar().setCornerWidget(self._corner, Qt.Corner.TopRightCorner)
        self._notices = Notices(self.page.banner, self.status, controller, self)
        self.asking = Asking(self, controller, settings)
        self.finishing = Finishing(self, controller)
        self.readings = Readings(self, controller, settings)
        self.second = SecondModel(self, controller)
        self.taking_in = TakingIn(self, controller)
        self.verifying = Verifying(self, controller)
        self.slides = Slides(self, controller, settings)
        WindowKeys(self, a)
        Dropping(self, controller)
        self._wire_actions()
        self._wire_controller()
        self._show_start()
        kept = settings.layout("window")
        if kept is None or not self.restoreGeometry(kept):
            self.resize(1440, 900)

    def _wire_actions(self) -> None:
        a, page, c = self.actions_, self.page, self._controller
        for name, act in (
            ("open", self.asking.folder),
            ("export", self.asking.export),
            ("close_folder", self.close_folder),
            ("quit", self.close),
            ("review", lambda: self.show_page(REVIEW)),
            ("overview", lambda: self.show_page(OVERVIEW)),
            ("zoom_in", page.inspector.image.zoom_in),
            ("zoom_out", page.inspector.image.zoom_out),
            ("fit", page.inspector.image.fit),
            ("filter", page.bar.open_filter),
            ("clear_filter", lambda: page.set_filter(Filter())),
            ("refresh", page.rebuild),
            ("reviewer", self.asking.reviewer),
            ("run", c.run),
            ("stop", c.stop),
            ("keys", self.asking.keys),
            ("about", self.asking.about),
        ):
            a.bind(name, act)
        self.reviewing.bind(a)
        s = self._settings
        a.toggle("whole", s.flag("whole_image", False), page.show_whole)
        for name, key in (("advance", "auto_advance"), ("run_on_open", "run_on_open")):
            a.toggle(name, s.flag(key, True), partial(s.set_flag, key))
        a.add_themes(self._theme.wish, self._choose_theme)

    def _wire_controller(self) -> None:
        c = self._controller
        c.stage_changed.connect(self._stage)
        c.opened.connect(self._opened)
        c.open_failed.connect(self._open_failed)
        c.model_changed.connect(self._model)
        c.choosing.kept.connect(self._show_models)
        c.device_changed.connect(lambda: self.toolbar.show_device(c.device))
        c.changed.connect(self._changed)
        self.toolbar.model_chosen.connect(c.choose_model)
        self.toolbar.page_chosen.connect(self.show_page)
        self.toolbar.device_clicked.connect(self._notices.why_device)
        self._notices.unfamiliar.queue_wished.connect(self.page.set_filter)
        self.start.open_clicked.connect(self.asking.folder)
        self.start.path_chosen.connect(lambda path: self.open([Path(path)]))
        self.start.stop_clicked.connect(c.stop_opening)
        self.start.removed.connect(c.recents.forget)
        c.recents.changed.connect(self._show_recent)
        self.page.overview_wished.connect(lambda: self.show_page(OVERVIEW))
        self.overview.cell_chosen.connect(self._show_cell)
        self.overview.queue_chosen.connect(self.page.show_tab)
        self.overview.export_clicked.connect(self.asking.export)
        self.status.problems.connect(self.asking.show_problems)
        self.reviewing.said.connect(self.status.run.setText)

    # Opening

    def open(self, paths: list[Path]) -> None:
        """Open folders or files, as from the dialog, a drop or the command line."""
        if self.asking.may_leave("Open another folder"):
            self.start.show_problem("")
            self._controller.open(paths)

    def close_folder(self) -> None:
        if self.asking.may_leave("Close the folder"):
            self._controller.leave()
            self._show_start()

    def _show_start(self) -> None:
        self._show_recent()
        self._controller.recents.look()
        self.stack.setCurrentWidget(self.start)
        self.toolbar.pages.hide()
        self.toolbar.show_device(None)
        self.toolbar.show_models(self._controller.model_wish, None, "")
        self.status.show_problems(0)
        self.setWindowTitle("LeukView")
        self._corner.setText("")
        self._stage()

    def _opened(self) -> None:
        folder = self._controller.folder
        if folder is None:
            return
        self.show_corner()
        self._show_recent()
        self._controller.recents.look()
        self.toolbar.pages.show()
        self.show_page(REVIEW)
        self._show_problem_count()

    def _show_recent(self) -> None:
        """Folders opened before, on the start page and under the worklist."""
        recents = self._controller.recents
        self.start.show_recent(recents.entries, recents.missing)
        self.slides.show()

    def show_corner(self) -> None:
        """Title; folder and reviewer at the right of the menus."""
        self.setWindowTitle(self.readings.title())
        self._corner.setText(self.readings.corner())
        # Set again, because a menu bar measures its corner only then.
        self.menuBar().setCornerWidget(self._corner, Qt.Corner.TopRightCorner)

    def _open_failed(self, words: str) -> None:
        self._show_start()
        self.start.show_problem(words)

    # What is shown

    def show_page(self, number: int) -> None:
        """Review or Overview."""
        c = self._controller
        if c.review is None or (number == OVERVIEW and c.blind):
            return
        self.toolbar.pages.choose(number)
        if number == OVERVIEW:
            self.overview.refresh()
        self.stack.setCurrentWidget(self.overview if number == OVERVIEW else self.page)
        self._enable()
        if number == REVIEW:
            self.page.gallery.setFocus()
        else:
            self.toolbar.pages.take_focus()

    def _show_cell(self, cell: Cell) -> None:
        self.page.show_cell(cell)
        self.show_page(REVIEW)

    def _stage(self) -> None:
        c = self._controller
        stops = c.can_stop or c.stopping
        self.toolbar.show_run(stops=stops, busy=c.stopping, ready=c.can_run, fresh=c.has_fresh)
        opening = c.stage is Stage.OPENING
        if opening:
            self.stack.setCurrentWidget(self.start)
            self.toolbar.pages.hide()
        self.start.show_opening(c.note if opening else "")
        self._notices.show_stage()
        self._enable()

    def _enable(self) -> None:
        here = self.stack.currentWidget() is self.page
        has = self._controller.review is not None
        self.actions_.enable_page(here and has)
        for name in ("export", "close_folder", "review", "overview", "delete_session"):
            self.actions_[name].setEnabled(has)
        self.finishing.enable(self.actions_)
        self.readings.show()
        self.second.enable()
        self._undo_words()

    def _model(self) -> None:
        c = self._controller
        self._show_models()
        review = c.review
        if review is None:
            return
        self.show_corner()
        contract = c.choice.model.contract if c.choice else None
        self.actions_.set_classes(review.classes, self.reviewing.deciding.decide)
        unit = contract.unit if contract else Unit.CELL
        self.overview.show_review(review, unit, c.threshold)
        self.toolbar.show_device(c.device)
        self._notices.show_model()
        if self.stack.currentWidget() is self.overview:
            self.overview.refresh()
        self._stage()

    def _show_models(self) -> None:
        c = self._controller
        self.toolbar.show_models(c.model_wish, c.choice, c.refusal)

    def _changed(self, _changes: Changes) -> None:
        if self.stack.currentWidget() is self.overview:
            self.overview.refresh()
        self._show_problem_count()
        self._undo_words()

    def _undo_words(self) -> None:
        review = self._controller.review
        for name, word, text in (
            ("undo", "&Undo", review.undo_text if review else None),
            ("redo", "&Redo", review.redo_text if review else None),
        ):
            self.actions_[name].setText(f"{word}: {text}" if text else word)
            self.actions_[name].setEnabled(bool(text))

    def _show_problem_count(self) -> None:
        self.status.show_problems(len(self.asking.problems()))

    def _choose_theme(self, wish: Wish) -> None:
        self._settings.theme = wish
        self._theme.choose(wish)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.asking.may_leave():
            event.ignore()
            return
        self._settings.set_layout("window", self.saveGeometry())
        self.page.loader.stop(0)  # its threads end while the rest does
        self._controller.close()
        for one in (self.second, self.taking_in, self.verifying, self._notices.unfamiliar):
            one.shut_down()
        self.page.stop()
        super().closeEvent(event)
