"""Moving a source to a position by its number."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from controllers.waterfall_rows import StepRow
from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay


class MoveToDialog(Overlay):
    """Signals: `picked` with a place from 0."""

    picked = Signal(int)

    def __init__(self, step: StepRow, parent: QWidget) -> None:
        super().__init__(parent, width=380)
        self.number = QSpinBox()
        self.number.setRange(1, step.of)
        self.number.setValue(step.place)
        self.number.setSuffix(f" of {step.of}")
        self.number.setFixedWidth(120)
        self.number.lineEdit().setTextMargins(8, 0, 0, 0)
        self.number.setAccessibleName(f"Position of {step.provider}, 1 to {step.of}")
        self.number.lineEdit().setAccessibleName(self.number.accessibleName())
        self.cancel_button = button("Cancel", name="move-to-cancel")
        self.verb_button = button("Move", "primary", name="move-to-verb")
        self.body.addWidget(label(f"Move {step.provider} to position", "heading"))
        self.body.addLayout(row(self.number, None))
        self.body.addLayout(row(None, self.cancel_button, self.verb_button))
        self.number.lineEdit().returnPressed.connect(self._pick)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._pick)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.number)
        self.number.selectAll()

    @Slot()
    def _pick(self) -> None:
        place = self.number.value() - 1
        self.close_overlay()
        self.picked.emit(place)
