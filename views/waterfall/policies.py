"""What a field does when sources disagree or cannot be asked, how long it keeps a value, and who needs it."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSpinBox, QWidget

from backend.contracts.waterfall import OnDisagreement, WaterfallField, WhenUnavailable
from controllers.waterfall_words import DISAGREEMENT, UNAVAILABLE
from views.widgets.base import label

_LONGEST = 3650


class Policies(QWidget):
    """Signals: `changed` when the operator chose something else."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.disagreement = QComboBox()
        self.unavailable = QComboBox()
        self.keep = QSpinBox()
        self.required = QCheckBox("Required for Gold")
        for policy, words in DISAGREEMENT.items():
            self.disagreement.addItem(words, policy)
        for choice, text in UNAVAILABLE.items():
            self.unavailable.addItem(text, choice)
        self._arrange()
        self.disagreement.activated.connect(self._on_changed)
        self.unavailable.activated.connect(self._on_changed)
        self.keep.valueChanged.connect(self._on_changed)
        self.required.clicked.connect(self._on_changed)

    def _arrange(self) -> None:
        self.keep.setRange(0, _LONGEST)
        self.keep.setKeyboardTracking(False)
        self.keep.setSpecialValueText("for ever")
        self.keep.setSuffix(" days")
        self.keep.lineEdit().setTextMargins(8, 0, 0, 0)
        self.required.setToolTip("A track without this field is not complete.")
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        named = (
            ("When sources disagree, take", self.disagreement),
            ("When one cannot be asked", self.unavailable),
            ("Keep a value", self.keep),
        )
        for place, (name, widget) in enumerate(named):
            caption = label(name, "faint")
            caption.setContentsMargins(0, 6 * (place // 2), 0, 0)
            caption.setBuddy(widget)
            widget.setAccessibleName(name)
            widget.setMinimumWidth(60)
            grid.addWidget(caption, place // 2 * 2, place % 2)
            grid.addWidget(widget, place // 2 * 2 + 1, place % 2)
        self.keep.lineEdit().setAccessibleName("Keep a value, days")
        grid.addWidget(self.required, 3, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.setLayout(grid)

    def show_field(self, field: WaterfallField) -> None:
        """Show the policies of a field."""
        with QSignalBlocker(self.keep):
            self.disagreement.setCurrentIndex(list(DISAGREEMENT).index(field.on_disagreement))
            self.unavailable.setCurrentIndex(list(UNAVAILABLE).index(field.when_unavailable))
            self.keep.setValue(field.keep_days or 0)
            self.required.setChecked(field.required_for_gold)

    def chosen(self) -> tuple[WhenUnavailable, OnDisagreement, int | None, bool]:
        """What is chosen now; days are none when a value is kept for ever."""
        return (
            list(UNAVAILABLE)[self.unavailable.currentIndex()],
            list(DISAGREEMENT)[self.disagreement.currentIndex()],
            self.keep.value() or None,
            self.required.isChecked(),
        )

    @Slot()
    def _on_changed(self) -> None:
        self.changed.emit()
