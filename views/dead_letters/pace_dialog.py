"""Asks for another pace of an operation that is under way."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from backend.contracts.dead_letter_operations import Operation
from controllers.dead_letters_operation_rows import pace_words
from controllers.dead_letters_rows import operation_title
from views.widgets.base import button, label, row
from views.widgets.number_box import set_up_number
from views.widgets.overlay import Overlay

MOST = 10_000.0


class PaceDialog(Overlay):
    """Signals: `chosen` with letters a second, None for as fast as the limits allow."""

    chosen = Signal(object)

    def __init__(self, operation: Operation, parent: QWidget) -> None:
        super().__init__(parent, width=460)
        self.pace = pace_box()
        self.pace.setValue(operation.options.per_second or 0.0)
        self.cancel_button = button("Cancel", name="pace-cancel")
        self.verb_button = button("Change pace", "primary", name="pace-verb")
        now = f", {operation.per_second_now:.1f} a second measured" if operation.per_second_now else ""
        self.body.addWidget(label("Change the pace", "heading"))
        self.body.addWidget(label(operation_title(operation), "muted", wrap=True))
        self.body.addWidget(label(f"Now: {pace_words(operation.options.per_second)}{now}.", wrap=True))
        self.body.addLayout(row(label("Letters a second"), self.pace, None))
        told = "It holds from the next letter on. The providers' limits hold as before."
        self.body.addWidget(label(told, "muted", wrap=True))
        self.body.addLayout(row(None, self.cancel_button, self.verb_button))
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self.pace.lineEdit().returnPressed.connect(self._on_verb)
        self.closed.connect(self.deleteLater)

    def ask(self) -> None:
        """Open it."""
        self.open(self.pace)
        self.pace.selectAll()

    @Slot()
    def _on_verb(self) -> None:
        self.pace.interpretText()
        self.chosen.emit(self.pace.value() or None)
        self.close_overlay()


def pace_box() -> QDoubleSpinBox:
    """A field for letters a second; 0 stands for as fast as the limits allow."""
    box = QDoubleSpinBox()
    box.setRange(0.0, MOST)
    box.setDecimals(1)
    box.setSpecialValueText("as the limits allow")
    set_up_number(box, "Letters a second", 190)
    return box
