"""What to leave out of the queue, and filters kept under a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from leukview.domain.classes import CellClass
from leukview.domain.records import DecisionState
from leukview.ui import theme
from leukview.ui.models.queue import Filter
from leukview.ui.theme import Style
from leukview.ui.widgets import parts

_STATES = {
    DecisionState.AGREED: "Agreed",
    DecisionState.CHANGED: "Changed",
    DecisionState.UNSURE: "Unsure",
    DecisionState.EXCLUDED: "Excluded",
}
_TELLING = (DecisionState.AGREED, DecisionState.CHANGED)
_TYPED_MS = 250  # without a key before a name is looked for


class FilterPopup(QFrame):
    """All that can be filtered by. It closes at a click beside it, or Esc."""

    changed = Signal(object)
    saved = Signal(str)  # this filter, under a name
    recalled = Signal(str)  # the filter of a name
    removed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self.setMinimumWidth(472)
        self._shown = Filter()
        self._boxes: list[QCheckBox] = []
        body = parts.column(margins=(16, 12, 16, 16), gap=10)
        self.setLayout(body)
        sides = parts.row(gap=24)
        left, right = parts.column(gap=6), parts.column(gap=6)
        sides.addLayout(left, 1)
        sides.addLayout(right, 1)
        self._class_title = parts.label(style=Style.CAPTION, tone="second")
        left.addWidget(self._class_title)
        self._classes = parts.column(gap=6)
        left.addLayout(self._classes)
        left.addStretch(1)
        self._build_right(right)
        body.addLayout(sides)
        body.addWidget(parts.hairline())
        self._build_name(body)
        body.addWidget(parts.hairline())
        self._build_kept(body)
        self.reset = QPushButton("Clear the filter")
        body.addWidget(self.reset)
        self.reset.clicked.connect(lambda: self.changed.emit(Filter()))
        self.show_filter(Filter())
        self.set_blind(False)
        self.show_saved(())

    def _build_right(self, right: QVBoxLayout) -> None:
        """States, marks and confidence."""
        right.addWidget(parts.label("Decision", Style.CAPTION, tone="second"))
        self.undecided = self._box("Undecided")
        self.states = {state: self._box(words) for state, words in _STATES.items()}
        for box in (self.undecided, *self.states.values()):
            right.addWidget(box)
        right.addSpacing(theme.GAP)
        right.addWidget(parts.label("Only images that are", Style.CAPTION, tone="second"))
        self.unfamiliar = self._box("Unlike the training images")
        self.flagged, self.commented = self._box("Flagged"), self._box("Commented")
        for box in (self.unfamiliar, self.flagged, self.commented):
            right.addWidget(box)
        right.addSpacing(theme.GAP)
        title = parts.label("Confidence of the suggestion", Style.CAPTION, tone="second")
        self.low, self.high = self._spin("Least"), self._spin("Most")
        words = parts.label("from"), parts.label("to")
        line = parts.row()
        for word, spin in zip(words, (self.low, self.high), strict=True):
            line.addWidget(word)
            line.addWidget(spin, 1)
        right.addWidget(title)
        right.addLayout(line)
        right.addStretch(1)
        telling = [self.states[state] for state in _TELLING]
        self._of_model = [title, *words, self.low, self.high, self.unfamiliar, *telling]

    def _build_name(self, body: QVBoxLayout) -> None:
        line = parts.row()
        word = parts.label("Name has")
        self.name = QLineEdit()
        self.name.setPlaceholderText("Part of a name, or a pattern like */IG_12*")
        self.name.setAccessibleName("Part or pattern of the name")
        self.name.setClearButtonEnabled(True)
        word.setBuddy(self.name)
        line.addWidget(word)
        line.addWidget(self.name, 1)
        body.addLayout(line)
        self._typed = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._typed.timeout.connect(self._read)
        self.name.textChanged.connect(lambda: self._typed.start())
        self.name.returnPressed.connect(self._read)
        self._of_names = [word, self.name]

    def _build_kept(self, body: QVBoxLayout) -> None:
        line = parts.row()
        self.kept = QComboBox()
        self.kept.setEditable(True)
        self.kept.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        field = self.kept.lineEdit()
        assert field is not None
        field.setPlaceholderText("Name for this filter")
        self.kept.setAccessibleName("Saved filters, or a name for this one")
        self.save, self.remove = QPushButton("Save"), QPushButton("Remove")
        line.addWidget(self.kept, 1)
        line.addWidget(self.save)
        line.addWidget(self.remove)
        body.addLayout(line)
        self.kept.activated.connect(lambda _: self.recalled.emit(self.kept.currentText()))
        self.kept.editTextChanged.connect(lambda _: self._name_typed())
        self.save.clicked.connect(lambda: self.saved.emit(self.kept.currentText().strip()))
        self.remove.clicked.connect(lambda: self.removed.emit(self.kept.currentText().strip()))

    def _box(self, words: str) -> QCheckBox:
        made = QCheckBox(words)
        made.toggled.connect(self._read)
        return made

    def _spin(self, name: str) -> QDoubleSpinBox:
        made = QDoubleSpinBox()
        made.setRange(0.0, 1.0)
        made.setSingleStep(0.05)
        made.setDecimals(2)
        made.setAccessibleName(f"{name} confidence")
        made.setKeyboardTracking(False)
        # A style sheet's padding is not heard.
        made.lineEdit().setTextMargins(theme.GAP - 2, 0, 0, 0)
        made.valueChanged.connect(self._read)
        return made

    def set_classes(self, classes: Sequence[CellClass]) -> None:
        parts.clear(self._classes)
        self._boxes = []
        for one in classes:
            box = self._box(one.name)
            self._boxes.append(box)
            self._classes.addWidget(box)
        marks = (self.unfamiliar, self.flagged, self.commented, self.low, self.high)
        kept = (self.name, self.kept, self.save, self.remove, self.reset)
        parts.in_order([*self._boxes, self.undecided, *self.states.values(), *marks, *kept])

    def set_blind(self, blind: bool) -> None:
        """Without suggestions and names only what the reader said can be filtered."""
        self._class_title.setText(
            "Class that you decided" if blind else "Class (decision, else suggestion)"
        )
        for widget in (*self._of_model, *self._of_names):
            widget.setVisible(not blind)

    @property
    def boxes(self) -> Sequence[QCheckBox]:
        return self._boxes

    def show_saved(self, names: Iterable[str]) -> None:
        """The names under which filters are kept."""
        text = self.kept.currentText()
        self.kept.blockSignals(True)
        self.kept.clear()
        self.kept.addItems(sorted(names, key=str.casefold))
        self.kept.setEditText(text)
        self.kept.blockSignals(False)
        self._name_typed()

    def _name_typed(self) -> None:
        text = self.kept.currentText().strip()
        self.save.setEnabled(bool(text) and self._shown.active)
        self.remove.setEnabled(self.kept.findText(text, Qt.MatchFlag.MatchExactly) >= 0)

    def show_filter(self, chosen: Filter) -> None:
        """Show a filter without saying that it changed."""
        self._shown = chosen
        marks = (self.undecided, self.unfamiliar, self.flagged, self.commented)
        boxes = (*self._boxes, *self.states.values(), *marks)
        widgets = (*boxes, self.low, self.high, self.name)
        for widget in widgets:
            widget.blockSignals(True)
        for number, box in enumerate(self._boxes):
            box.setChecked(number in chosen.classes)
        for state, box in self.states.items():
            box.setChecked(state in chosen.states)
        self.undecided.setChecked(chosen.undecided)
        self.unfamiliar.setChecked(chosen.unfamiliar)
        self.flagged.setChecked(chosen.flagged)
        self.commented.setChecked(chosen.commented)
        self.low.setValue(chosen.low)
        self.high.setValue(chosen.high)
        if self.name.text().strip() != chosen.name:  # not under the hand of who types a space
            self.name.setText(chosen.name)
        for widget in widgets:
            widget.blockSignals(False)
        self.reset.setEnabled(chosen != Filter())
        self._name_typed()

    def _read(self) -> None:
        self._typed.stop()
        chosen = replace(
            self._shown,
            classes=frozenset(n for n, box in enumerate(self._boxes) if box.isChecked()),
            low=min(self.low.value(), self.high.value()),
            high=max(self.low.value(), self.high.value()),
            undecided=self.undecided.isChecked(),
            states=frozenset(s for s, box in self.states.items() if box.isChecked()),
            unfamiliar=self.unfamiliar.isChecked(),
            flagged=self.flagged.isChecked(),
            commented=self.commented.isChecked(),
            name=self.name.text().strip(),
        )
        if chosen != self._shown:
            self.changed.emit(chosen)
