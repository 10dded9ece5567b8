"""A question before something serious: what it will do, a verb to press, and Cancel in the focus."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from views.widgets.base import button, label, row
from views.widgets.overlay import Overlay
from views.widgets.typed_name import TypedName


class ConfirmOverlay(Overlay):
    """Asks once.

    Signals: `confirmed` when the verb was pressed.
    """

    confirmed = Signal()

    def __init__(self, parent: QWidget, title: str, consequence: str, verb: str, type_name: str = "") -> None:
        super().__init__(parent, width=560)
        self.cancel_button = button("Cancel", name="confirm-cancel")
        self.verb_button = button(verb, "danger", name="confirm-verb")
        self.typed = TypedName()
        self.body.addWidget(label(title, "heading"))
        self.body.addWidget(label(consequence, wrap=True))
        self.body.addLayout(row(self.typed, None, self.cancel_button, self.verb_button))
        self.typed.changed.connect(self.verb_button.setEnabled)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._on_verb)
        self.closed.connect(self.deleteLater)
        self.typed.ask(type_name)

    def ask(self) -> None:
        """Open it."""
        self.open(self.cancel_button)

    @Slot()
    def _on_verb(self) -> None:
        self.confirmed.emit()
        self.close_overlay()
