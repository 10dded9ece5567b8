"""Asks why, before something is done to one letter."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay


class ReasonDialog(Overlay):
    """Signals: `given` with the reason."""

    given = Signal(str)

    def __init__(self, parent: QWidget, title: str, consequence: str, verb: str) -> None:
        super().__init__(parent, width=560)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why? It is kept with your name.")
        self.reason.setMaxLength(2000)
        self.cancel_button = button("Cancel", name="reason-cancel")
        self.verb_button = button(verb, "danger", name="reason-verb")
        self.body.addWidget(label(title, "heading"))
        self.body.addWidget(label(consequence, wrap=True))
        self.body.addWidget(self.reason)
        self.body.addLayout(row(None, self.cancel_button, self.verb_button))
        self.reason.textChanged.connect(self._enable)
        self.reason.returnPressed.connect(self._on_verb)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self.closed.connect(self.deleteLater)
        self._enable()

    def ask(self) -> None:
        """Open it."""
        self.open(self.reason)

    @Slot()
    def _enable(self) -> None:
        self.verb_button.setEnabled(bool(self.reason.text().strip()))

    @Slot()
    def _on_verb(self) -> None:
        if self.verb_button.isEnabled():
            self.given.emit(self.reason.text().strip())
            self.close_overlay()
